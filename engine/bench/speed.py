"""Prefill and decode speed of the network on this machine, beside the limits of its processor and memory.

    main.py bench speed --cpu     130M shape in fp32, bf16, int8 and int4
    main.py bench speed --cuda    7B shape in bf16: lengths, decode of one row and of many, fp8, int8 and int4

Weights are random, and every speed comes with a check that the numbers behind it are right. `--out FILE` also writes
the figures as JSON. The same beside other programs is `main.py bench peers`.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from engine.bench import roofline
from engine.bench.harness import Figures, contest, distance, show, surroundings, timed, write
from engine.bench.shapes import GREEDY, PRECISIONS, SHAPE_7B, SHAPE_130M, in_fp8, read, save, written
from engine.bench.shapes import finish as _finish
from engine.generation.generate import SequenceToken, decode, decode_batch, prefill_batch
from engine.network.chunk_graphs import AFTER_CHUNKS
from engine.network.config import FalconMambaConfig
from engine.network.device import choose_device, configure_cpu
from engine.network.footprint import parameter_count
from engine.network.memory import chunk_length
from engine.network.model import FalconMamba
from engine.network.precision import choose_precision, multiplies_fp8
from engine.network.state import MambaState
from engine.network.weights import load_model, random_model
from kernels import implementation, operations
from kernels.quantisation import FP8

FAR = 0.05  # of the scale, between logits that differ in the order of roundings to bf16
DEMO_MODEL = Path(__file__).parents[2] / "resources" / "models" / "demo"


def cpu_speed(
    tokens: int = 512, long_tokens: int = 2048, decode_tokens: int = 32, rounds: int = 5, names: tuple[str, ...] = ()
) -> Figures:
    """Measure prefill and decode of the 130M shape in each precision of `names` (default: all), and a start.

    The precisions take turns for `rounds` rounds and the best of each counts. The same weights throughout; the logits
    after `tokens` are compared with those of fp32.
    """
    configure_cpu()
    config = FalconMambaConfig.from_dict(SHAPE_130M)
    ids = torch.randint(0, config.vocab_size, (long_tokens,), generator=torch.Generator().manual_seed(0))
    chunk = chunk_length(config, "cpu", torch.float32)
    chosen = {name: PRECISIONS[name] for name in names or PRECISIONS}
    with tempfile.TemporaryDirectory() as folder:
        save(random_model(config), SHAPE_130M, Path(folder))
        models = {name: load_model(folder, "cpu", *precision) for name, precision in chosen.items()}
        exact = load_model(folder, "cpu", torch.float32)
        starts = {"130M shape, bf16": start_seconds(Path(folder), "bf16")}
    if DEMO_MODEL.is_dir():
        starts["demo model, as it comes"] = start_seconds(DEMO_MODEL, "auto")
    expected = read(exact, ids[:tokens], chunk)[0]

    works: dict[str, Callable[[], Any]] = {}
    for name, model in models.items():
        logits, state = read(model, ids[:16], chunk)
        works[f"{name} prefill"] = partial(read, model, ids[:tokens], chunk)
        works[f"{name} long"] = partial(read, model, ids, chunk)
        works[f"{name} decode"] = partial(written, model, state, logits, decode_tokens)
    dtypes = list(dict.fromkeys(dtype for dtype, _ in chosen.values()))
    probes = roofline.probes(config, "cpu", dtypes, chunk)
    best, results = contest(works | {name: probe.work for name, probe in probes.items()}, rounds)
    measured = roofline.reached(probes, best, dtypes)

    rows: list[Figures] = []
    for name, model in models.items():
        most = measured[chosen[name][0]]
        prefill, decoding = tokens / best[f"{name} prefill"], decode_tokens / best[f"{name} decode"]
        rows.append(
            {
                "precision": name,
                "weights MB": model.nbytes / 1e6,
                f"prefill {tokens}, tokens/s": prefill,
                f"prefill {long_tokens}, tokens/s": long_tokens / best[f"{name} long"],
                "its limit": most.prefill(config),
                "prefill share": _percent(prefill / most.prefill(config)),
                "decode, tokens/s": decoding,
                "limit": most.decode(model),
                "decode share": _percent(decoding / most.decode(model)),
                "logits differ from fp32": distance(results[f"{name} prefill"][0], expected),
            }
        )
    parts = [{"precision": name, **chunk_parts(models[name], chunk)} for name in chosen if chosen[name][1] is None]
    return {
        **surroundings(),
        "kernels": implementation("cpu").name,
        "shape": "130M (d_model 768, 24 layers)",
        "chunk length": chunk,
        "read bandwidth, GB/s": next(iter(measured.values())).bandwidth / 1e9,
        **{f"products in {_short(d)}, GFLOP/s": most.product_rate / 1e9 for d, most in measured.items()},
        "speed": rows,
        "milliseconds of a chunk, operation by operation": parts,
        "start: seconds from a new process to its first token read": [{"model": m, **s} for m, s in starts.items()],
    }


def chunk_parts(model: FalconMamba, tokens: int) -> Figures:
    """Return the milliseconds of each operation in all layers for one chunk of `tokens` tokens, timed alone."""
    c, layer = model.config, model.layers[0]
    hidden, state = torch.randn(1, tokens, c.d_model).to(model.dtype), model.new_state()
    residual, ops = torch.randn(1, tokens, c.d_model), operations(model.device)

    with torch.inference_mode():
        x, z = torch.split(layer.in_proj(hidden), c.d_inner, dim=-1)
        convolved = ops.causal_conv(x, layer.conv, layer.conv_bias, state.conv[0])
        projected = layer.x_proj(convolved)
        dt, B, C = torch.split(projected, [c.dt_rank, c.d_state, c.d_state], dim=-1)
        steps = layer.dt_proj(dt)
        works = {
            "in_proj": lambda: layer.in_proj(hidden),
            "x_proj, dt_proj": lambda: (layer.x_proj(convolved), layer.dt_proj(dt)),
            "out_proj": lambda: layer.out_proj(convolved),
            "scan": lambda: ops.selective_scan(
                convolved, steps, layer.A, B, C, layer.D, z, layer.dt_bias, state.ssm[0]
            ),
            "convolution": lambda: ops.causal_conv(x, layer.conv, layer.conv_bias, state.conv[0]),
            "norm": lambda: ops.rms_norm(hidden, layer.norm, c.norm_eps, residual),
        }
        best, _ = contest(works, 7)
    return {name: 1e3 * c.n_layers * seconds for name, seconds in best.items()}


def start_seconds(folder: Path, precision: str) -> Figures:
    """Return the seconds of a new process until the imports are done, the model is loaded and 16 tokens are read.

    Twice, and the second counts: its files are in the page cache.
    """
    command = [sys.executable, "-m", "engine.bench.speed", "--start", str(folder), "--precision", precision]
    for _ in range(2):
        began = time.time()
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
        imported, loaded, first = (float(moment) - began for moment in done[-3:])
    return {"imports": imported, "model loaded": loaded, "first token read": first}


def _start(folder: Path, precision: str) -> None:
    """Run the process that `start_seconds` measures."""
    configure_cpu()
    imported = time.time()
    device = choose_device("auto").device
    taken = choose_precision(FalconMambaConfig.from_folder(folder), device, precision)
    model = load_model(folder, device, taken.dtype, taken.bits)
    loaded = time.time()
    float(model(torch.arange(16)[None], model.new_state()).sum())
    print(imported, loaded, time.time())


def cuda_speed(
    lengths: tuple[int, ...] = (2048, 8192, 131_072),
    decode_tokens: int = 256,
    many: tuple[int, ...] = (16, 64),
    few_bits: bool = True,
    folder: str | None = None,
    shape: dict[str, Any] | None = None,
) -> Figures:
    """Measure prefill at `lengths`, decode of one and of `many` sequences, and memory, for 7B in bf16 on the first GPU.

    With `folder` the random weights are saved there (15 GB) and loaded from there, which is timed too. Checks:
    reading in chunks of another length ends in the same logits to bf16 accuracy, decode by captured graph gives the
    tokens of plain decode, and every logit is a number. `few_bits` adds decode in int8 and int4, and where the GPU
    multiplies fp8, prefill and decode in that.
    """
    shape = shape or SHAPE_7B
    config = FalconMambaConfig.from_dict(shape)
    device = choose_device("cuda").device
    figures: Figures = {
        **surroundings(device),
        "kernels": implementation(device).name,
        "shape": f"{parameter_count(config) / 1e9:.2f}B (d_model {config.d_model}, {config.n_layers} layers)",
    }
    model = random_model(config, device, torch.bfloat16)
    if folder:
        with tempfile.TemporaryDirectory(dir=folder) as checkpoint:
            figures["checkpoint made, seconds"], _ = timed(partial(save, model, shape, Path(checkpoint)))
            del model
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
            figures["load seconds"], model = timed(lambda: load_model(checkpoint, device, torch.bfloat16))
            figures["load peak GB"] = torch.cuda.max_memory_allocated() / 1e9
    chunk = figures["chunk length"] = chunk_length(config, device, torch.bfloat16)
    most = roofline.measure(config, device, torch.bfloat16, chunk)
    torch.cuda.empty_cache()
    figures["read bandwidth, GB/s"], figures["products, TFLOP/s"] = most.bandwidth / 1e9, most.product_rate / 1e12
    figures["weights GB"], figures["state GB"] = model.nbytes / 1e9, model.new_state().nbytes / 1e9

    ids = torch.randint(0, config.vocab_size, (max(lengths),), generator=torch.Generator().manual_seed(1))
    figures["first chunk seconds (compiles the kernels)"], _ = timed(lambda: read(model, ids[:chunk], chunk))
    figures["check: chunks of 1/8 against whole, of the scale"] = distance(
        read(model, ids[:chunk], chunk)[0], read(model, ids[:chunk], max(1, chunk // 8))[0]
    )
    prefills, logits, state = _prefills("bf16", model, ids, lengths, chunk, most.prefill(config))
    figures["prefill"] = prefills
    decodes = [_decode_row("bf16", model, state, logits, decode_tokens, most)]
    if few_bits:
        for name in ("int8", "int4"):
            small = random_model(config, device, torch.bfloat16, bits=PRECISIONS[name][1])
            small_logits, small_state = read(small, ids[:2048], chunk)
            decodes.append(_decode_row(name, small, small_state, small_logits, decode_tokens, most))
            del small
            torch.cuda.empty_cache()
    if few_bits and multiplies_fp8(device):
        most_fp8 = roofline.measure(config, device, FP8, chunk)
        figures["products in fp8, TFLOP/s"] = most_fp8.product_rate / 1e12
        small = in_fp8(model)
        rows, small_logits, small_state = _prefills(
            "fp8", small, ids, lengths, chunk, most.prefill(config, most_fp8), other=model
        )
        prefills += rows
        decodes.append(_decode_row("fp8", small, small_state, small_logits, decode_tokens, most))
        del small
        torch.cuda.empty_cache()
    figures["decode of one row"] = decodes
    figures["decode of rows together"] = [_decode_many(model, rows, ids) for rows in many]
    figures["peak GB allocated"] = torch.cuda.max_memory_allocated() / 1e9
    return figures


def _prefills(
    name: str, model: FalconMamba, ids: torch.Tensor, lengths: tuple[int, ...], chunk: int, limit: float,
    other: FalconMamba | None = None,
) -> tuple[list[Figures], torch.Tensor, MambaState]:  # fmt: skip
    """Measure prefill at `lengths`; return the rows, and the logits and state of the last.

    `other` is the same network in whole weights, with which the logits are compared. Raises RuntimeError if a logit is
    no number.
    """
    rows: list[Figures] = []
    for length in lengths:
        torch.cuda.reset_peak_memory_stats()
        # A last chunk of this length may be new to the compiler, and is captured after some.
        for _ in range(AFTER_CHUNKS + 2 if length <= chunk else 1):
            read(model, ids[: min(length, chunk)], chunk)
        seconds, (logits, state) = timed(lambda length=length: read(model, ids[:length], chunk))  # type: ignore[misc]
        rate = length / seconds
        rows.append(
            {
                "precision": name,
                "tokens": length,
                "tokens/s": rate,
                "limit": limit,
                "share": _percent(rate / limit),
                "peak GB": torch.cuda.max_memory_allocated() / 1e9,
            }
        )
    if not math.isfinite(float(logits.abs().max())):
        raise RuntimeError("the logits are not numbers")
    if other is not None:
        rows[0]["off bf16"] = distance(
            read(model, ids[: lengths[0]], chunk)[0], read(other, ids[: lengths[0]], chunk)[0]
        )
    return rows, logits, state


def _decode_row(
    name: str, model: FalconMamba, state: Any, logits: torch.Tensor, count: int, most: roofline.Limits
) -> Figures:
    """Measure decode of one sequence with the CUDA graph.

    Checks 32 tokens against the plain path, and the logits against those of a chunk of one token, which come from other
    kernels. Raises RuntimeError if those are far from it.
    """
    kept = state.clone()
    token = logits.argmax(-1, keepdim=True)
    one = torch.ones(1, dtype=torch.int64)
    off = distance(model(token, kept.clone()), model(token, kept.clone(), lengths=one))
    if not off < FAR:
        raise RuntimeError(f"one token by itself and as a chunk differ by {off:.1%} of the scale in {name}")
    list(decode(model, state, logits, GREEDY, (), 8))  # captures the graph
    state.copy_(kept)
    seconds, tokens = timed(lambda: list(decode(model, state, logits, GREEDY, (), count)))
    model.graphs_enabled = False
    state.copy_(kept)
    few = min(32, count)
    plain_seconds, plain = timed(lambda: list(decode(model, state, logits, GREEDY, (), few)))
    model.graphs_enabled = True
    limit = most.decode(model)
    return {
        "precision": name,
        "weights GB": model.nbytes / 1e9,
        "tokens/s": count / seconds,
        "limit": limit,
        "share": _percent(count / seconds / limit),
        "without the graph": few / plain_seconds,
        "same tokens": plain == tokens[:few],
        "off a chunk": off,
    }


def _decode_many(model: FalconMamba, rows: int, ids: torch.Tensor, row_tokens: int = 256, count: int = 64) -> Figures:
    """Measure `rows` texts of unequal length, read together, then decoded together."""
    ids = ids.repeat(-(-rows * row_tokens // len(ids)))[: rows * row_tokens].reshape(rows, row_tokens)
    texts = [row[: row_tokens - 3 * (index % 16)] for index, row in enumerate(ids)]
    length = chunk_length(model.config, model.device, model.dtype, batch_size=rows)
    _finish(prefill_batch(model, model.new_state(rows), texts, length))  # compiles the kernels for unequal rows
    state = model.new_state(rows)
    read_seconds, logits = timed(lambda: _finish(prefill_batch(model, state, texts, length)))
    list(decode_batch(model, state, logits, GREEDY, (), 8))
    seconds, events = timed(lambda: list(decode_batch(model, state, logits, GREEDY, (), count)))
    return {
        "rows": rows,
        "prefill tokens/s": sum(map(len, texts)) / read_seconds,
        "decode tokens/s": sum(isinstance(event, SequenceToken) for event in events) / seconds,
    }


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _short(dtype: torch.dtype) -> str:
    return {torch.float32: "fp32", torch.bfloat16: "bf16"}[dtype]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="main.py bench speed", description="Speed of prefill and decode.")
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--cpu", action="store_true", help="130M shape on the CPU")
    place.add_argument("--cuda", action="store_true", help="7B shape on the GPU")
    place.add_argument("--start", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--precision", default="auto", help=argparse.SUPPRESS)
    parser.add_argument("--lengths", type=int, nargs="+", default=[2048, 8192, 131_072], help="of --cuda's prefills")
    parser.add_argument("--rows", type=int, nargs="*", default=[16, 64], help="of --cuda's decodes together")
    parser.add_argument("--whole-weights", action="store_true", help="leave int8 and int4 out of --cuda")
    parser.add_argument("--folder", help="of --cuda: save 15 GB of weights there, load them and time that too")
    parser.add_argument("--rounds", type=int, default=5, help="of --cpu")
    parser.add_argument("--precisions", nargs="+", choices=list(PRECISIONS), default=list(PRECISIONS), help="of --cpu")
    parser.add_argument("--out", type=Path, help="also write the figures here, as JSON")
    chosen = parser.parse_args(arguments)
    if chosen.start:
        _start(chosen.start, chosen.precision)
        return
    if chosen.cpu:
        figures = cpu_speed(rounds=chosen.rounds, names=tuple(chosen.precisions))
    else:
        rows, lengths = tuple(chosen.rows), tuple(chosen.lengths)
        figures = cuda_speed(lengths, many=rows, few_bits=not chosen.whole_weights, folder=chosen.folder)
    show("Speed", figures)
    write(chosen.out, figures)


if __name__ == "__main__":
    main()
