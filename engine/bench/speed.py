"""How fast the network reads and writes, on this machine's CPU or GPU, with random weights of a published shape.

    python -m engine.bench.speed --cpu     130M shape, against transformers in the same run with the same threads
    python -m engine.bench.speed --cuda    7B shape, bf16: load, prefill 131,072 tokens, decode, peak memory

`--out FILE` also writes the figures as JSON. Every figure comes with a check that the numbers behind it are right.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from safetensors.torch import save_file

from engine import hardware
from engine.config import FalconMambaConfig
from engine.generate import RowToken, Sampling, decode, decode_batch, prefill, prefill_batch
from engine.linear import Linear
from engine.model import FalconMamba, Layer
from engine.weights import load_model, random_model
from kernels import implementation

COMMON: dict[str, Any] = {
    "hidden_act": "silu",
    "state_size": 16,
    "conv_kernel": 4,
    "layer_norm_epsilon": 1e-5,
    "use_bias": False,
    "use_conv_bias": True,
    "residual_in_fp32": True,
    "eos_token_id": 0,
}
SHAPE_130M: dict[str, Any] = {
    **COMMON,
    "model_type": "mamba",
    "hidden_size": 768,
    "intermediate_size": 1536,
    "num_hidden_layers": 24,
    "time_step_rank": 48,
    "vocab_size": 50280,
    "tie_word_embeddings": True,
}
SHAPE_7B: dict[str, Any] = {
    **COMMON,
    "model_type": "falcon_mamba",
    "hidden_size": 4096,
    "intermediate_size": 8192,
    "num_hidden_layers": 64,
    "time_step_rank": 256,
    "vocab_size": 65024,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}
CPU_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
GREEDY = Sampling(loop_tokens=0)  # random weights chant, and the bench wants its tokens all the same

Figures = dict[str, Any]


def cpu_speed(tokens: int = 512, long_tokens: int = 4096, decode_tokens: int = 16, rounds: int = 3) -> Figures:
    """Prefill and decode of the 130M shape in fp32 and bf16, and transformers' own on the same weights in fp32.

    The contestants take turns for `rounds` rounds and the best of each counts, so that other work on the machine hits
    all alike. `tokens` are read by all; `long_tokens` only by us (transformers' time and memory grow too fast).
    transformers' logits after `tokens` are the check.
    """
    from transformers import MambaForCausalLM

    threads = hardware.thread_count()
    torch.set_num_threads(threads)
    config = FalconMambaConfig.from_dict(SHAPE_130M)
    ids = torch.randint(0, config.vocab_size, (1, long_tokens), generator=torch.Generator().manual_seed(0))
    with tempfile.TemporaryDirectory() as folder:
        _save(random_model(config), SHAPE_130M, Path(folder))
        reference: Any = MambaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        models = {name: load_model(folder, "cpu", dtype) for name, dtype in CPU_DTYPES.items()}
    chunk = hardware.chunk_length(config, "cpu", torch.float32)

    with torch.inference_mode():
        cache = reference(ids[:, :16], use_cache=True).cache_params
    contest: dict[str, Callable[[], Any]] = {
        "transformers prefill": partial(_reference_read, reference, ids[:, :tokens]),
        "transformers decode": partial(_reference_write, reference, cache, decode_tokens),
    }
    for name, model in models.items():
        logits, state = _read(model, ids[0, :16], chunk)
        contest[f"{name} prefill"] = partial(_read, model, ids[0, :tokens], chunk)
        contest[f"{name} long prefill"] = partial(_read, model, ids[0], chunk)
        contest[f"{name} decode"] = partial(_write, model, state, logits, decode_tokens)
    for work in contest.values():
        work()  # compiles and warms
    best = dict.fromkeys(contest, math.inf)
    results: dict[str, Any] = {}
    for _ in range(rounds):
        for name, work in contest.items():
            seconds, results[name] = _timed(work)
            best[name] = min(best[name], seconds)

    figures: Figures = {
        "shape": "130M (d_model 768, 24 layers)",
        "torch": torch.__version__,
        "threads": threads,
        "kernels": implementation("cpu").name,
        "tokens": tokens,
        "chunk length": chunk,
    }
    counts = {"prefill": tokens, "long prefill": long_tokens, "decode": decode_tokens}
    for name, seconds in best.items():
        contestant, part = name.split(" ", 1)
        title = f"prefill of {long_tokens} tokens" if part == "long prefill" else part
        figures[f"{contestant} {title}, tokens/s"] = counts[part] / seconds
    for name in models:
        expected = results["transformers prefill"]
        figures[f"{name} logits differ by, of their scale"] = _distance(results[f"{name} prefill"][0], expected)
        figures[f"{name} prefill, times transformers"] = best["transformers prefill"] / best[f"{name} prefill"]
        figures[f"{name} decode, times transformers"] = best["transformers decode"] / best[f"{name} decode"]
    return figures


@torch.inference_mode()
def _reference_read(reference: Any, ids: torch.Tensor) -> torch.Tensor:
    """Logits of a transformers model after `ids`, its cache filled as for decoding."""
    return reference(ids, use_cache=True, logits_to_keep=1).logits[:, -1]


@torch.inference_mode()
def _reference_write(reference: Any, cache: Any, count: int) -> None:
    """Decode with a transformers model, on from `cache`, which is advanced."""
    token = torch.zeros(1, 1, dtype=torch.int64)
    for _ in range(count):
        token = reference(token, cache_params=cache, use_cache=True).logits[:, -1:].argmax(-1)


def cuda_speed(
    tokens: int = 131_072,
    decode_tokens: int = 256,
    rows: int = 16,
    row_tokens: int = 2048,
    folder: str | None = None,
    shape: dict[str, Any] | None = None,
) -> Figures:
    """Load, prefill and decode of the 7B shape in bf16 on the first GPU; then `rows` texts at once.

    The random weights are made on the GPU, saved to `folder` (a temporary one by default; 15 GB) and loaded from there.
    Checks: reading in chunks of another length ends in the same logits to bf16 accuracy, decode by captured graph
    gives the tokens of plain decode, and every logit is a number.
    """
    shape = shape or SHAPE_7B
    config = FalconMambaConfig.from_dict(shape)
    device = hardware.choose_device("cuda").device
    figures: Figures = {
        "device": torch.cuda.get_device_name(device),
        "torch": torch.__version__,
        "kernels": implementation(device).name,
        "shape": f"{hardware.parameter_count(config) / 1e9:.2f}B (d_model {config.d_model}, {config.n_layers} layers)",
    }
    with tempfile.TemporaryDirectory(dir=folder) as checkpoint:
        figures["checkpoint made, seconds"], _ = _timed(
            lambda: _save(random_model(config, device, torch.bfloat16), shape, Path(checkpoint))
        )
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        figures["load seconds"], model = _timed(lambda: load_model(checkpoint, device, torch.bfloat16))
        figures["load peak GB"] = torch.cuda.max_memory_allocated() / 1e9
    figures["weights GB"] = model.nbytes / 1e9

    ids = torch.randint(0, config.vocab_size, (tokens,), generator=torch.Generator().manual_seed(1))
    chunk = figures["chunk length"] = hardware.chunk_length(config, device, torch.bfloat16)
    figures["first chunk seconds (compiles the kernels)"], _ = _timed(lambda: _read(model, ids[:chunk], chunk))
    figures["check: chunks of 1/8 against whole, of the scale"] = _distance(
        _read(model, ids[:chunk], chunk)[0], _read(model, ids[:chunk], chunk // 8)[0]
    )
    torch.cuda.reset_peak_memory_stats()
    seconds, (logits, state) = _timed(lambda: _read(model, ids, chunk))
    figures["prefill tokens"] = tokens
    figures["prefill tokens/s"] = tokens / seconds

    kept = state.clone()
    list(decode(model, state, logits, GREEDY, (), 8))  # captures the graph
    state.copy_(kept)
    seconds, written = _timed(lambda: list(decode(model, state, logits, GREEDY, (), decode_tokens)))
    figures["decode tokens"] = decode_tokens
    figures["decode tokens/s"] = decode_tokens / seconds
    model.graphs_enabled = False
    state.copy_(kept)
    seconds, plain = _timed(lambda: list(decode(model, state, logits, GREEDY, (), 32)))
    figures["decode tokens/s without the graph"] = 32 / seconds
    figures["check: graph and plain decode agree"] = plain == written[:32]
    model.graphs_enabled = True
    figures["peak GB allocated"] = torch.cuda.max_memory_allocated() / 1e9
    figures["peak GB reserved"] = torch.cuda.max_memory_reserved() / 1e9
    free, total = torch.cuda.mem_get_info()
    figures["GB in use on the device after that"] = (total - free) / 1e9
    figures["state GB"] = state.nbytes / 1e9
    figures["state to bytes, seconds"], data = _timed(state.to_bytes)
    figures["state from bytes, seconds"], _ = _timed(lambda: type(state).from_bytes(data, device))

    batch = torch.randint(0, config.vocab_size, (rows, row_tokens), generator=torch.Generator().manual_seed(2))
    texts = [row[: row_tokens - 7 * index] for index, row in enumerate(batch)]
    length = hardware.chunk_length(config, device, torch.bfloat16, batch_size=rows)
    many = model.new_state(rows)
    _finish(prefill_batch(model, model.new_state(rows), texts, length))  # compiles the kernels for unequal rows
    seconds, batch_logits = _timed(lambda: _finish(prefill_batch(model, many, texts, length)))
    figures[f"prefill tokens/s, {rows} rows"] = sum(map(len, texts)) / seconds
    list(decode_batch(model, many, batch_logits, GREEDY, (), 8))
    seconds, events = _timed(lambda: list(decode_batch(model, many, batch_logits, GREEDY, (), 64)))
    figures[f"decode tokens/s, {rows} rows together"] = sum(isinstance(e, RowToken) for e in events) / seconds
    if not math.isfinite(float(logits.abs().max())):
        raise RuntimeError("the logits are not numbers")
    return figures


def _save(model: FalconMamba, shape: dict[str, Any], folder: Path) -> None:
    """Write a model as a checkpoint folder with one shard for every eight layers."""
    names = {
        "norm": "norm.weight",
        "in_proj": "mixer.in_proj.weight",
        "conv": "mixer.conv1d.weight",
        "conv_bias": "mixer.conv1d.bias",
        "x_proj": "mixer.x_proj.weight",
        "dt_proj": "mixer.dt_proj.weight",
        "dt_bias": "mixer.dt_proj.bias",
        "A": "mixer.A_log",
        "D": "mixer.D",
        "out_proj": "mixer.out_proj.weight",
    }

    def stored(layer: Layer, name: str) -> torch.Tensor:
        part = getattr(layer, name)
        tensor = _dense(part) if isinstance(part, Linear) else part
        tensor = tensor.neg().log() if name == "A" else tensor[:, None] if name == "conv" else tensor
        return tensor.to("cpu", model.dtype).contiguous()

    def shard(number: int, tensors: dict[str, torch.Tensor]) -> None:
        file = f"model-{number:05}.safetensors"
        save_file(tensors, folder / file, metadata={"format": "pt"})
        weight_map.update(dict.fromkeys(tensors, file))

    weight_map: dict[str, str] = {}
    for start in range(0, len(model.layers), 8):
        layers = enumerate(model.layers[start : start + 8], start)
        shard(start // 8, {f"backbone.layers.{i}.{names[n]}": stored(l, n) for i, l in layers for n in names})
    ends = {"backbone.embeddings.weight": model.embeddings, "backbone.norm_f.weight": model.norm_f}
    if model.head.weight is not model.embeddings:
        ends["lm_head.weight"] = _dense(model.head)
    shard(len(model.layers), {name: tensor.cpu() for name, tensor in ends.items()})
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    (folder / "config.json").write_text(json.dumps(shape))


def _dense(linear: Linear) -> torch.Tensor:
    return linear.weight.to_dense() if linear.weight.is_mkldnn else linear.weight


def _read(model: FalconMamba, ids: Any, chunk: int) -> tuple[torch.Tensor, Any]:
    """Logits and state after a prefill from nothing."""
    state = model.new_state()
    return _finish(prefill(model, state, ids, chunk)), state


def _write(model: FalconMamba, state: Any, logits: torch.Tensor, count: int) -> list[int]:
    return list(decode(model, state, logits, GREEDY, (), count))


def _finish(generator: Generator[int, None, torch.Tensor | None]) -> torch.Tensor:
    while True:
        try:
            next(generator)
        except StopIteration as stop:
            return stop.value


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that `work` takes, the GPU's part included, and its result."""
    _synchronize()
    start = time.perf_counter()
    result = work()
    _synchronize()
    return time.perf_counter() - start, result


def _synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _distance(one: torch.Tensor, other: torch.Tensor) -> float:
    """Largest difference, as a share of the largest value."""
    one, other = one.float(), other.float()
    return float((one - other).abs().max() / other.abs().max())


def show(title: str, figures: Figures) -> None:
    """Print the figures as a table."""
    table = Table("", "", title=title, show_header=False)
    for name, value in figures.items():
        table.add_row(name, f"{value:,.4g}" if isinstance(value, float) and value < 100 else _plain(value))
    Console(width=110).print(table)


def _plain(value: Any) -> str:
    return f"{value:,.0f}" if isinstance(value, float) else str(value)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m engine.bench.speed", description="Speed of prefill and decode.")
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--cpu", action="store_true", help="130M shape on the CPU, against transformers")
    place.add_argument("--cuda", action="store_true", help="7B shape on the GPU")
    parser.add_argument("--tokens", type=int, help="tokens to prefill (512 on the CPU, 131072 on the GPU)")
    parser.add_argument("--folder", help="where the 15 GB of random weights of --cuda may lie for a while")
    parser.add_argument("--out", type=Path, help="also write the figures here, as JSON")
    chosen = parser.parse_args(arguments)
    if chosen.cpu:
        figures = cpu_speed(chosen.tokens or 512)
    else:
        figures = cuda_speed(chosen.tokens or 131_072, folder=chosen.folder or _roomy_folder())
    figures = {"machine": platform.platform(), **figures}
    show("Speed", figures)
    if chosen.out:
        chosen.out.write_text(json.dumps(figures, indent=2))


def _roomy_folder() -> str | None:
    """Shared memory where 20 GB are free there, which keeps the disk out of the figures; else the system's default."""
    shared = Path("/dev/shm")
    return str(shared) if shared.is_dir() and shutil.disk_usage(shared).free > 20e9 else None


if __name__ == "__main__":
    main()
