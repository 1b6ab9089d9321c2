"""I2, constant memory: the peak of a process that reads a long record beside that of a short one.

    python -m engine.bench.memory [--model DIR] [--tokens 50000 1000000] [--out FILE]

Each length is read by a process of its own, on the CPU, page by page through the same prefill as a document, with a
state stored as bytes now and then. The figure is the largest resident size of the process.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

DEMO_MODEL = Path(__file__).parents[2] / "resources" / "models" / "demo"
PAGE_TOKENS = 700
PAGES_A_SNAPSHOT = 36  # a stored state for every 25,000 tokens
ALLOWED_GROWTH = 0.05

# Stands in where there is no demo model: small enough that a million tokens take a minute or two.
SMALL_SHAPE: dict[str, Any] = {
    "model_type": "falcon_mamba",
    "hidden_act": "silu",
    "hidden_size": 128,
    "intermediate_size": 256,
    "num_hidden_layers": 4,
    "state_size": 16,
    "conv_kernel": 4,
    "time_step_rank": 8,
    "layer_norm_epsilon": 1e-5,
    "vocab_size": 4096,
    "use_bias": False,
    "use_conv_bias": True,
    "residual_in_fp32": True,
}


def memory_use(model: Path | None, lengths: list[int]) -> dict[str, Any]:
    """Measure the peak resident size of a process for each of `lengths`, and the growth from first to last."""
    readings = [_in_own_process(model, tokens) for tokens in lengths]
    growth = readings[-1]["peak bytes"] / readings[0]["peak bytes"] - 1
    return {
        "model": str(model.name) if model else "small random network",
        "readings": readings,
        "growth": growth,
        "within 5 %": growth <= ALLOWED_GROWTH,
    }


def read_record(model_folder: Path | None, tokens: int) -> dict[str, Any]:
    """Read `tokens` random tokens in this process and report its peak."""
    import torch

    from engine.generation.generate import prefill
    from engine.network.config import FalconMambaConfig
    from engine.network.device import configure_cpu
    from engine.network.memory import chunk_length
    from engine.network.precision import compute_dtype
    from engine.network.weights import load_model, random_model

    configure_cpu()
    if model_folder:
        model = load_model(model_folder, "cpu", compute_dtype("cpu", FalconMambaConfig.from_folder(model_folder)))
    else:
        model = random_model(FalconMambaConfig.from_dict(SMALL_SHAPE))
    chunk = chunk_length(model.config, "cpu", model.dtype)
    generator = torch.Generator().manual_seed(0)
    state = model.new_state()
    start = time.perf_counter()
    for page, first in enumerate(range(0, tokens, PAGE_TOKENS), 1):
        size = min(PAGE_TOKENS, tokens - first)
        ids = torch.randint(0, model.config.vocab_size, (size,), generator=generator)
        for _ in prefill(model, state, ids, chunk):
            pass
        if page % PAGES_A_SNAPSHOT == 0:
            state.to_bytes()
    return {
        "tokens": int(state.n_tokens[0]),
        "peak bytes": peak_resident_bytes(),
        "tokens/s": tokens / (time.perf_counter() - start),
    }


def _in_own_process(model: Path | None, tokens: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "engine.bench.memory", "--child", str(tokens)]
    command += ["--model", str(model)] if model else ["--random"]
    finished = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(finished.stdout)


def peak_resident_bytes() -> int:
    """Return the largest resident size of this process so far."""
    status = Path("/proc/self/status")
    if status.exists():  # VmHWM starts anew with the program; getrusage would carry over the parent's peak
        lines = status.read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    if sys.platform == "win32":
        import psutil

        return psutil.Process().memory_info().peak_wset
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def show(figures: dict[str, Any]) -> None:
    """Print the readings as a table."""
    table = Table("tokens", "peak MB", "tokens/s", title=f"Peak resident memory, {figures['model']}")
    for reading in figures["readings"]:
        table.add_row(f"{reading['tokens']:,}", f"{reading['peak bytes'] / 1e6:,.1f}", f"{reading['tokens/s']:,.0f}")
    console = Console(width=110)
    console.print(table)
    verdict = "within" if figures["within 5 %"] else "NOT within"
    console.print(f"growth {figures['growth']:+.1%}, {verdict} {ALLOWED_GROWTH:.0%}")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m engine.bench.memory", description="Peak memory of long records.")
    parser.add_argument("--model", type=Path, help="checkpoint folder (the demo model where it is there)")
    parser.add_argument("--random", action="store_true", help="a small random network instead of a checkpoint")
    parser.add_argument("--tokens", type=int, nargs="+", default=[50_000, 1_000_000])
    parser.add_argument("--out", type=Path, help="also write the figures here, as JSON")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    model = chosen.model or (DEMO_MODEL if (DEMO_MODEL / "config.json").is_file() else None)
    model = None if chosen.random else model
    if chosen.child:
        print(json.dumps(read_record(model, chosen.child)))
        return
    figures = memory_use(model, chosen.tokens)
    show(figures)
    if chosen.out:
        chosen.out.write_text(json.dumps(figures, indent=2))
    if not figures["within 5 %"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
