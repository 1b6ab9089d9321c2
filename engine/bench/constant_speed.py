"""The claims of the Falcon Mamba announcement, beside a transformer of the same size in one run.

    main.py bench headline [--cuda] [--tokens N] [--positions [P ...]] [--memory-gb 24] [--out FILE]

1. Speed of decode and memory at several positions of a text: ours after reading that much, the transformer with a cache
   of that many (random) keys and values, through transformers with its default cache.
2. One uninterrupted text of N tokens: tokens per second and memory, window by window.
3. The longest prompt that fits into a given memory, read at once and in chunks: a straight line through the peaks of
   two lengths.

Each part is left out for 0 tokens, no positions or 0 GB; 130,000 tokens of a 7B shape take eight minutes.

The demo model's shape on the CPU, 7B shapes in bf16 on a GPU; random weights. The check: reading in chunks and at once
end in the same logits.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

from engine.bench.harness import Figures, distance, show, surroundings, timed, write
from engine.bench.memory import peak_resident_bytes
from engine.bench.shapes import COMMON, GREEDY, SHAPE_7B, read
from engine.errors import KnownError
from engine.generation.generate import decode
from engine.network.config import FalconMambaConfig
from engine.network.device import configure_cpu
from engine.network.footprint import parameter_count
from engine.network.memory import chunk_length
from engine.network.model import FalconMamba
from engine.network.weights import random_model

DEMO_SHAPE: dict[str, Any] = {
    **COMMON,
    "model_type": "falcon_mamba",
    "hidden_size": 384,
    "intermediate_size": 768,
    "num_hidden_layers": 8,
    "time_step_rank": 24,
    "vocab_size": 2048,
    "tie_word_embeddings": True,
}
# Mistral's proportions; the number of layers brings the size near the network beside it.
TRANSFORMERS: dict[str, dict[str, Any]] = {
    "cpu": {
        "hidden_size": 384,
        "intermediate_size": 1344,
        "num_hidden_layers": 4,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "vocab_size": 2048,
        "tie_word_embeddings": True,
    },
    "cuda": {
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "vocab_size": 65024,
        "tie_word_embeddings": False,
    },
}
POSITIONS = (1000, 30_000, 130_000)
KINDS = ("ours, in chunks", "ours, at once", "transformer, at once")
SAME_LOGITS = 0.05  # of the scale, in bf16


def measure(
    device: str = "cpu",
    tokens: int = 20_000,
    positions: tuple[int, ...] = POSITIONS,
    memory_gb: float = 24,
    decoded: int = 64,
    lengths: tuple[int, int] = (8192, 16_384),
) -> Figures:
    """Measure all parts that are asked for. Raises KnownError when the check fails."""
    configure_cpu()
    ours = _ours(device)
    chunk = chunk_length(ours.config, device, ours.dtype)
    longest = max((1024, *positions))
    ids = torch.randint(0, ours.config.vocab_size, (longest,), generator=torch.Generator().manual_seed(0))
    whole, cut = read(ours, ids[:1024], 1024)[0], read(ours, ids[:1024], 128)[0]
    if distance(whole, cut) > SAME_LOGITS:
        raise KnownError("reading in chunks does not end in the logits of reading at once; the figures mean nothing")
    figures: Figures = {
        **surroundings(device),
        "ours": f"{parameter_count(ours.config) / 1e6:,.0f} million parameters, {ours.dtype}",
        "check: chunks against at once, of the scale": distance(whole, cut),
    }
    if positions:
        theirs = transformer(device)
        figures["transformer"] = f"{sum(p.numel() for p in theirs.parameters()) / 1e6:,.0f} million parameters"
        at = []
        for position in sorted(positions):
            rate, state_bytes = _our_speed(ours, ids[:position], chunk, decoded)
            their_rate, cache_bytes = _their_speed(theirs, position, min(decoded, 16))
            at.append(
                {
                    "position": position,
                    "ours, tokens/s": rate,
                    "ours, state MB": state_bytes / 1e6,
                    "transformer, tokens/s": their_rate,
                    "transformer, cache MB": cache_bytes / 1e6,
                }
            )
        figures["decode at a position"] = at
        del theirs
    if tokens:
        figures["one text"] = _one_text(ours, ids[:16], tokens)
    del ours
    if device == "cuda":
        torch.cuda.empty_cache()
    if memory_gb:
        rows = [_longest(kind, device, lengths, memory_gb * 1e9) for kind in KINDS]
        figures[f"longest prompt in {memory_gb:g} GB"] = rows
    return figures


def _ours(device: str) -> FalconMamba:
    config = FalconMambaConfig.from_dict(SHAPE_7B if device == "cuda" else DEMO_SHAPE)
    return random_model(config, device, torch.bfloat16)


def transformer(device: str) -> Any:
    """Return a Mistral-shaped network with random weights in bf16, without a sliding window."""
    from transformers import MistralConfig, MistralForCausalLM

    config = MistralConfig(**TRANSFORMERS[device], sliding_window=None, max_position_embeddings=1 << 20)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        with torch.device(device):
            return MistralForCausalLM(config).eval()
    finally:
        torch.set_default_dtype(before)


def _our_speed(model: FalconMamba, ids: torch.Tensor, chunk: int, count: int) -> tuple[float, int]:
    """Return the tokens per second after `ids`, and the bytes of the state."""
    logits, state = read(model, ids, chunk)
    list(decode(model, state, logits, GREEDY, (), 8))
    seconds = min(timed(lambda: list(decode(model, state, logits, GREEDY, (), count)))[0] for _ in range(2))
    return count / seconds, state.nbytes


@torch.inference_mode()
def _their_speed(model: Any, position: int, count: int) -> tuple[float, int]:
    """Return the tokens per second with a cache of `position` keys and values, and the cache's bytes."""
    from transformers import DynamicCache

    c, cache = model.config, DynamicCache()
    size = (1, c.num_key_value_heads, position, c.hidden_size // c.num_attention_heads)
    for layer in range(c.num_hidden_layers):
        keys, values = (torch.randn(size, device=model.device, dtype=model.dtype) for _ in range(2))
        cache.update(keys, values, layer)

    def step(token: torch.Tensor) -> torch.Tensor:
        logits = model(token, past_key_values=cache, use_cache=True).logits
        return logits[:, -1:].argmax(-1)

    def steps() -> torch.Tensor:
        token = torch.zeros(1, 1, dtype=torch.int64, device=model.device)
        for _ in range(count):
            token = step(token)
        return token.cpu()

    steps()
    seconds = min(timed(steps)[0] for _ in range(2))
    return count / seconds, 2 * c.num_hidden_layers * size[1] * position * size[3] * model.dtype.itemsize


def _one_text(model: FalconMamba, ids: torch.Tensor, tokens: int, windows: int = 10) -> list[Figures]:
    """Read `tokens` tokens in one text: speed and memory of each of `windows` parts."""
    logits, state = read(model, ids, len(ids))
    text, size, rows = decode(model, state, logits, GREEDY, (), tokens), tokens // windows, []
    for window in range(windows):
        seconds, _ = timed(lambda: [next(text) for _ in range(size)])
        on_gpu = model.device.type == "cuda"
        memory = torch.cuda.max_memory_allocated() if on_gpu else peak_resident_bytes()
        rows.append({"tokens": (window + 1) * size, "tokens/s": size / seconds, "peak MB": memory / 1e6})
    return rows


def _longest(kind: str, device: str, lengths: tuple[int, int], memory: float) -> Figures:
    """Return the longest prompt of one way of reading in `memory` bytes, from the peaks at two lengths."""
    short, long = (_measured_peak(kind, device, length) for length in lengths)
    a_token = (long - short) / (lengths[1] - lengths[0])
    flat = long < 1.02 * short
    most = f"{int((memory - short) / a_token + lengths[0]):,}" if not flat else "any"
    return {
        "": kind,
        **{f"peak MB at {length:,}": peak / 1e6 for length, peak in zip(lengths, (short, long), strict=True)},
        "KB a token": max(0.0, a_token) / 1e3,
        "longest prompt": most if short <= memory else f"under {lengths[0]:,}",
    }


def _measured_peak(kind: str, device: str, tokens: int) -> int:
    """Measure the peak: torch counts on a GPU, on a CPU each reading has its own process."""
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        return _peak_of_reading(kind, device, tokens)
    command = [sys.executable, "-m", "engine.bench.constant_speed", "--child", kind, str(tokens), "--device", device]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


@torch.inference_mode()
def _peak_of_reading(kind: str, device: str, tokens: int) -> int:
    """Return the peak bytes of this process (CPU) or of torch on the GPU while `tokens` tokens are read."""
    configure_cpu()
    if kind.startswith("ours"):
        model = _ours(device)
        ids = torch.zeros(tokens, dtype=torch.int64)
        read(model, ids, tokens if kind.endswith("at once") else chunk_length(model.config, device, model.dtype))
    else:
        theirs = transformer(device)
        theirs(torch.zeros(1, tokens, dtype=torch.int64, device=device), use_cache=True, logits_to_keep=1)
    return torch.cuda.max_memory_allocated() if device == "cuda" else peak_resident_bytes()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="main.py bench headline", description="Constant speed, flat memory.")
    parser.add_argument("--cuda", action="store_true", help="7B shapes on the GPU")
    parser.add_argument("--tokens", type=int, help="of the one text (20000; on a GPU 0, which leaves it out)")
    parser.add_argument("--positions", type=int, nargs="*", default=list(POSITIONS))
    parser.add_argument("--memory-gb", type=float, default=24)
    parser.add_argument("--out", type=Path, help="also write the figures here, as JSON")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--device", default="cpu", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.child:
        print(_peak_of_reading(chosen.child[0], chosen.device, int(chosen.child[1])))
        return
    tokens = chosen.tokens if chosen.tokens is not None else 0 if chosen.cuda else 20_000
    figures = measure("cuda" if chosen.cuda else "cpu", tokens, tuple(chosen.positions), chosen.memory_gb)
    show("The headline", figures)
    write(chosen.out, figures)


if __name__ == "__main__":
    main()
