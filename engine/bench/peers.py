"""This program beside others in one run: equal weights, prompt and threads, taking turns.

    main.py bench peers [--cuda] [--out FILE]

transformers always; with mamba_ssm installed (CUDA only) it uses its kernels, which the name then says; on CUDA a
Mistral-shaped transformer of about that size too, which computes something else; llama.cpp where the Python packages
llama_cpp and gguf can be imported. Before the clock starts, each peer's logits after the prompt are
compared with transformers' in fp32 on the same device: one that computes something else is no contestant.
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from engine.bench import roofline
from engine.bench.constant_speed import transformer
from engine.bench.harness import Figures, contest, distance, show, surroundings, write
from engine.bench.shapes import FP8, PRECISIONS, SHAPE_7B, SHAPE_130M, read, save, written
from engine.errors import KnownError
from engine.network.config import FalconMambaConfig
from engine.network.device import configure_cpu, thread_count
from engine.network.memory import chunk_length
from engine.network.model import FalconMamba
from engine.network.precision import multiplies_fp8
from engine.network.weights import load_model, random_model

ALLOWED = {"fp32": 1e-4, "bf16": 0.05, "int8": 0.1, "fp8": 0.25, "int4": 0.5}
ALLOWED |= {"F32": 1e-4, "BF16": 0.05, "Q8_0": 0.1, "Q4_0": 0.5}
"""Largest difference of logits, as a share of the largest, that a contestant may show by its precision."""


def peers(device: str = "cpu", tokens: int = 512, decode_tokens: int = 16, rounds: int = 3) -> Figures:
    """Measure prefill of `tokens` and decode of `decode_tokens` after it by every contestant, beside the limits.

    The 130M shape on the CPU, the 7B shape on a GPU. Raises KnownError when a contestant's logits are not the
    reference's.
    """
    configure_cpu()
    cuda = device == "cuda"
    shape = SHAPE_7B if cuda else SHAPE_130M
    config = FalconMambaConfig.from_dict(shape)
    ids = torch.randint(0, config.vocab_size, (tokens,), generator=torch.Generator().manual_seed(0))
    chunk = chunk_length(config, device, torch.bfloat16)
    works: dict[str, Callable[[], Any]] = {}
    differences: dict[str, float] = {}
    ours: dict[str, FalconMamba] = {}
    chosen = {name: PRECISIONS[name] for name in (("bf16", "int8", "int4") if cuda else PRECISIONS)}
    chosen |= {"fp8": FP8} if cuda and multiplies_fp8(device) else {}
    half = torch.bfloat16
    with tempfile.TemporaryDirectory(dir=_roomy_folder() if cuda else None) as name:
        folder = Path(name)
        save(random_model(config, device, half if cuda else torch.float32), shape, folder)
        theirs = _transformers(folder, device, half if cuda else torch.float32)
        expected = _their_read(theirs, ids)[0]
        label = "transformers with mamba_ssm" if cuda and installed("mamba_ssm") else "transformers"
        label += " bf16" if cuda else " fp32"
        works[f"{label}: prefill"] = partial(_their_read, theirs, ids)
        cache = _their_read(theirs, ids[:16])[1]
        works[f"{label}: decode"] = partial(_their_write, theirs, cache, decode_tokens)
        for precision, kind in chosen.items():
            model = load_model(folder, device, *kind)
            logits, state = read(model, ids, chunk)
            differences[f"ours {precision}"] = distance(logits, expected)
            ours[f"ours {precision}"] = model
            works[f"ours {precision}: prefill"] = partial(read, model, ids, chunk)
            works[f"ours {precision}: decode"] = partial(written, model, state, logits, decode_tokens)
        if not cuda and installed("llama_cpp") and installed("gguf"):
            from engine.bench import llama_file, llama_peer

            for precision in llama_file.PRECISIONS:
                file = folder / f"{precision}.gguf"
                llama_file.write_gguf(folder, file, precision)
                peer = llama_peer.LlamaPeer(file, max(tokens + decode_tokens, 64), thread_count(), mapped=False)
                file.unlink()
                differences[f"llama.cpp {precision}"] = distance(torch.from_numpy(peer.read(ids.tolist())), expected)
                works[f"llama.cpp {precision}: prefill"] = partial(peer.read, ids.tolist())
                works[f"llama.cpp {precision}: decode"] = partial(peer.write, decode_tokens)
    if cuda:
        other = transformer(device)
        works["Mistral shape in transformers bf16: prefill"] = partial(_attend, other, ids)
        works["Mistral shape in transformers bf16: decode"] = partial(
            _attend_on, other, _attend(other, ids), decode_tokens
        )
    for name, difference in differences.items():
        if not difference <= ALLOWED[name.split()[-1]] + (ALLOWED["bf16"] if cuda else 0):
            raise KnownError(
                f"{name} differs from transformers by {difference:.2g} of the scale; its speed means nothing"
            )

    dtypes = [dtype for dtype, bits in chosen.values() if bits is None]
    probes = roofline.probes(config, device, dtypes, chunk)
    best, _ = contest(works | {name: probe.work for name, probe in probes.items()}, rounds)
    measured = roofline.reached(probes, best, dtypes)
    names = list(dict.fromkeys(name.split(":", maxsplit=1)[0] for name in works))
    rows = [
        {
            "contestant": name,
            "prefill, tokens/s": tokens / best[f"{name}: prefill"],
            "times transformers": best[f"{label}: prefill"] / best[f"{name}: prefill"],
            "decode, tokens/s": decode_tokens / best[f"{name}: decode"],
            "times transformers ": best[f"{label}: decode"] / best[f"{name}: decode"],
            "logits differ by": 0.0 if name == label else differences.get(name),
            **_shares(name, tokens / best[f"{name}: prefill"], decode_tokens / best[f"{name}: decode"], ours, measured),
        }
        for name in names
    ]
    return {
        **surroundings(device),
        "shape": "7B (d_model 4096, 64 layers)" if cuda else "130M (d_model 768, 24 layers)",
        "prompt tokens": tokens,
        **{f"products in {dtype}, GFLOP/s": most.product_rate / 1e9 for dtype, most in measured.items()},
        "read bandwidth, GB/s": measured[half].bandwidth / 1e9,
        "contestants": rows,
    }


def _shares(
    name: str, prefill: float, decode: float, ours: dict[str, FalconMamba], measured: dict[torch.dtype, roofline.Limits]
) -> Figures:
    """Return the shares of the run's limits for the tokens per second of our precision `name`; empty for a peer."""
    if name not in ours:
        return {"prefill share": None, "decode share": None}
    model = ours[name]
    most = measured[model.dtype]
    prefill, decode = prefill / most.prefill(model.config), decode / most.decode(model)
    return {"prefill share": f"{prefill:.0%}", "decode share": f"{decode:.0%}"}


def installed(module: str) -> bool:
    """Return whether a Python package can be imported here."""
    return importlib.util.find_spec(module) is not None


def _transformers(folder: Path, device: str, dtype: torch.dtype) -> Any:
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    return model.to(device).eval()


@torch.inference_mode()
def _their_read(model: Any, ids: torch.Tensor) -> tuple[torch.Tensor, Any]:
    """Return the last logits and the cache of a transformers model after `ids`."""
    out = model(ids[None].to(model.device), use_cache=True, logits_to_keep=1)
    return out.logits[:, -1].float(), out.cache_params


@torch.inference_mode()
def _their_write(model: Any, cache: Any, count: int) -> None:
    """Decode with a transformers model, on from `cache`, which is advanced."""
    token = torch.zeros(1, 1, dtype=torch.int64, device=model.device)
    for _ in range(count):
        token = model(token, cache_params=cache, use_cache=True).logits[:, -1:].argmax(-1)


@torch.inference_mode()
def _attend(model: Any, ids: torch.Tensor) -> Any:
    """Return the cache of a transformer after `ids`."""
    return model(ids[None].to(model.device), use_cache=True, logits_to_keep=1).past_key_values


@torch.inference_mode()
def _attend_on(model: Any, cache: Any, count: int) -> None:
    """Decode with a transformer, on from `cache`, which grows."""
    token = torch.zeros(1, 1, dtype=torch.int64, device=model.device)
    for _ in range(count):
        token = model(token, past_key_values=cache, use_cache=True).logits[:, -1:].argmax(-1)


def _roomy_folder() -> str | None:
    """Return the folder of shared memory if there is one, which keeps the disk out of the figures."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="main.py bench peers", description="Beside other programs in one run.")
    parser.add_argument("--cuda", action="store_true", help="7B shape on the GPU (default: 130M shape on the CPU)")
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="also write the figures here, as JSON")
    chosen = parser.parse_args(arguments)
    figures = peers("cuda" if chosen.cuda else "cpu", chosen.tokens, rounds=chosen.rounds)
    show("Beside other programs", figures)
    write(chosen.out, figures)


if __name__ == "__main__":
    main()
