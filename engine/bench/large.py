"""The 7B shape on a CPU: loading, peak memory, prefill and decode in each precision, in processor seconds.

    main.py bench large [--layers 4] [--precision int4 ...] [--chunk 256 ...] [--out FILE]

The network has random weights and `--layers` of the 64 layers; 64 need 15 GB of disk and of memory. Processor seconds
are those of all threads, so other programs disturb them less than the wall clock. Every precision runs in a process of
its own. int4 is loaded twice, the second time from its copy (`engine.network.quantised_copy`).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from engine.bench.harness import Figures, show, surroundings, write
from engine.bench.roofline import bytes_per_token
from engine.bench.roofline import measure as limits
from engine.bench.shapes import PRECISIONS, SHAPE_7B
from engine.network.config import FalconMambaConfig
from engine.network.device import configure_cpu
from engine.network.footprint import CPU_LONGEST_LARGE, footprint
from engine.network.linear import matmul
from engine.network.model import FalconMamba
from engine.network.shapes import expected_shapes
from engine.network.weights import load_model

NAMES = ("bf16", "int8", "int4")
LAYERS = 64
"""Layers of the published network, to which the figures are scaled."""


def save_random(shape: dict[str, Any], folder: Path) -> None:
    """Write a checkpoint of random bf16 weights, one shard per layer, of which one is in memory at a time."""
    config = FalconMambaConfig.from_dict(shape)
    generator = torch.Generator().manual_seed(0)
    weight_map: dict[str, str] = {}
    shards: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, size in expected_shapes(config).items():
        shards.setdefault(name.split(".")[1] if name.startswith("layers.") else "ends", {})[name] = size
    for part, sizes in shards.items():
        file = f"model-{part}.safetensors"
        tensors = {name: _random(name, size, generator) for name, size in sizes.items()}
        save_file(tensors, folder / file, metadata={"format": "pt"})
        weight_map.update(dict.fromkeys(tensors, file))
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    (folder / "config.json").write_text(json.dumps(shape))


def _random(name: str, size: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    if name.endswith("A_log"):
        return torch.arange(1.0, size[1] + 1).log().expand(size).bfloat16().contiguous()
    if name.endswith(("mixer.D", "norm.weight", "norm_f.weight")):
        return torch.ones(size, dtype=torch.bfloat16)
    if name.endswith("bias"):
        return torch.full(size, -4.6 if "dt_proj" in name else 0.0, dtype=torch.bfloat16)
    return torch.empty(size, dtype=torch.bfloat16).uniform_(-(size[-1] ** -0.5), size[-1] ** -0.5, generator=generator)


def measure(folder: Path, precision: str, chunks: Sequence[int], copies: Path | None = None) -> Figures:
    """Load the checkpoint in this process and measure it. `copies`: only load, with the copies of that folder."""
    configure_cpu()
    dtype, bits = PRECISIONS[precision]
    config = FalconMambaConfig.from_folder(folder)
    with _peak_of_private_memory() as peak:
        before, began = time.process_time(), time.perf_counter()
        model = load_model(folder, "cpu", dtype, bits, None, copies)
        figures: Figures = {
            "load, processor s": time.process_time() - before,
            "load, wall s": time.perf_counter() - began,
            "weights, GB": model.nbytes / 1e9,
            "peak while loading, GB": peak() / 1e9,
        }
        if copies is not None:
            return figures
        scale = LAYERS / config.n_layers
        rate = _product_rate(config, dtype)
        for chunk in chunks:
            seconds, wall = _least(lambda chunk=chunk: _read(model, chunk), 3)  # type: ignore[misc]
            share = 2 * _multiplied(config) * chunk / rate / seconds
            figures[f"chunk of {chunk}: processor s, 64 layers"] = seconds * scale
            figures[f"chunk of {chunk}: share of product rate"] = share
            figures[f"chunk of {chunk}: wall, tokens/s, 64 layers"] = chunk / wall / scale
        state, token = model.new_state(), torch.tensor([[5]])
        decode, wall = _least(lambda: model(token, state), 12)
        figures |= {
            "decode: processor ms": 1e3 * decode,
            "decode: GB per processor s": bytes_per_token(model) / decode / 1e9,
            "decode: wall, tokens/s": 1 / wall,
            "decode: wall, GB/s": bytes_per_token(model) / wall / 1e9,
            "compiled decode step": model._decode_step is not None,
            "peak, GB": peak() / 1e9,
            "estimated need, GB": footprint(config, dtype.itemsize, bits).needed / 1e9,
            "product rate, GFLOP per processor s": rate / 1e9,
        }
    bandwidth = limits(config, "cpu", dtype, max(chunks)).bandwidth  # after the peak, which its buffer would raise
    figures["limit: bandwidth, GB/s"] = bandwidth / 1e9
    return figures


def _read(model: FalconMamba, tokens: int) -> None:
    model(torch.arange(tokens)[None] % model.config.vocab_size, model.new_state())


def _multiplied(config: FalconMambaConfig) -> int:
    """Return the weights of all projections, which multiply every token of a chunk."""
    c = config
    return c.n_layers * c.d_inner * (3 * c.d_model + 2 * c.dt_rank + 2 * c.d_state)


def _product_rate(config: FalconMambaConfig, dtype: torch.dtype, tokens: int = 1024) -> float:
    """Return the operations per processor second of in_proj's matmul with a float weight."""
    x, weight = (torch.randn(size, config.d_model).to(dtype) for size in (tokens, 2 * config.d_inner))
    return 2 * tokens * weight.numel() / _least(lambda: matmul(x, weight, None), 3)[0]


def _least(work: Callable[[], Any], times: int) -> tuple[float, float]:
    """Return the least processor seconds and wall seconds of a call of `work`, after one that does not count."""
    work()
    found = []
    for _ in range(times):
        before, began = time.process_time(), time.perf_counter()
        work()
        found.append((time.process_time() - before, time.perf_counter() - began))
    return min(processor for processor, _ in found), min(wall for _, wall in found)


@contextmanager
def _peak_of_private_memory() -> Iterator[Callable[[], int]]:
    """Watch the private memory of this process; the function yielded returns its peak so far in bytes.

    Pages of mapped files are left out: the system takes them back when it needs memory.
    """
    status, peak, done = Path("/proc/self/status"), 0, threading.Event()

    def now() -> int:
        nonlocal peak
        lines = status.read_text(encoding="ascii", errors="replace").splitlines() if status.exists() else []
        peak = max(peak, *(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon")), 0)
        return peak

    def watch() -> None:
        while not done.wait(0.01):
            now()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield now
    finally:
        done.set()
        watcher.join()


def large(layers: int, names: Sequence[str], chunks: Sequence[int]) -> Figures:
    """Measure every precision of `names`, each in its own process."""
    rows: list[Figures] = []
    with tempfile.TemporaryDirectory(prefix="readthrough-large-") as place:
        folder, copies = Path(place) / "model", Path(place) / "copies"
        folder.mkdir()
        save_random({**SHAPE_7B, "num_hidden_layers": layers}, folder)
        for name in names:
            rows.append({"precision": name, **_in_own_process(folder, name, chunks)})
            if name == "int4":
                for when in ("int4, first load with copy", "int4, second load with copy"):
                    rows.append({"precision": when, **_in_own_process(folder, name, (), copies)})
    return {
        **surroundings(),
        "layers": layers,
        "chunk of the program": CPU_LONGEST_LARGE,
        "measured": _columns(rows),
    }


def _columns(rows: Sequence[Figures]) -> list[Figures]:
    """Turn figures of precisions into a row per figure."""
    names = [name for name in dict.fromkeys(key for row in rows for key in row) if name != "precision"]
    return [{"figure": name, **{row["precision"]: row.get(name) for row in rows}} for name in names]


def _in_own_process(folder: Path, precision: str, chunks: Sequence[int], copies: Path | None = None) -> Figures:
    command = [sys.executable, "-m", "engine.bench.large", "--child", str(folder), "--precision", precision]
    command += ["--chunk", *map(str, chunks)] if chunks else []
    command += ["--copies", str(copies)] if copies else []
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: Figures = json.loads(done.splitlines()[-1])
    return found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="main.py bench large", description="The 7B shape on a CPU.")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--precision", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--chunk", type=int, nargs="+", default=[256, 512, 1024])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--copies", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.child:
        print(json.dumps(measure(chosen.child, chosen.precision[0], chosen.chunk, chosen.copies)))
        return
    figures = large(chosen.layers, chosen.precision, chosen.chunk)
    show("7B on a CPU", figures)
    write(chosen.out, figures)


if __name__ == "__main__":
    main()
