"""Speed of a CPU by threads: the shipped reader's shape and two layers of the 7B shape, in every precision.

    main.py bench threads [--threads 1 2 4 8 16] [--shape reader 7b] [--out FILE]

Weights are random. Every number of threads has a process of its own, bound to as many processors; the best of
`--rounds` rounds counts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from engine.bench.harness import Figures, contest, show, surroundings, write
from engine.bench.shapes import COMMON, PRECISIONS, SHAPE_7B, read, written
from engine.network.config import FalconMambaConfig
from engine.network.device import configure_cpu
from engine.network.memory import chunk_length
from engine.network.weights import random_model

READER: dict[str, Any] = {
    **COMMON,
    "model_type": "falcon_mamba",
    "hidden_size": 640,
    "intermediate_size": 1280,
    "num_hidden_layers": 14,
    "time_step_rank": 40,
    "vocab_size": 16_384,
    "tie_word_embeddings": True,
}
SHAPES = {"reader": (READER, 2048, 64), "7b": (SHAPE_7B | {"num_hidden_layers": 2}, 1024, 16)}
"""Shape, tokens of a prompt and tokens decoded, by name."""


def measure(name: str, precisions: list[str], rounds: int) -> list[Figures]:
    """Return tokens a second of prefill and decode in each precision, on this process's processors."""
    configure_cpu()
    shape, tokens, count = SHAPES[name]
    config = FalconMambaConfig.from_dict(shape)
    ids = torch.randint(0, config.vocab_size, (tokens,), generator=torch.Generator().manual_seed(0))
    works: dict[str, Callable[[], Any]] = {}
    for precision in precisions:
        dtype, bits = PRECISIONS[precision]
        model = random_model(config, "cpu", dtype, bits=bits)
        chunk = chunk_length(config, "cpu", dtype, bits=bits)
        logits, state = read(model, ids[:16], chunk)
        works[f"{precision} prefill"] = partial(read, model, ids, chunk)
        works[f"{precision} decode"] = partial(written, model, state, logits, count)
    best, _ = contest(works, rounds)
    return [
        {
            "shape": name,
            "threads": torch.get_num_threads(),
            "precision": precision,
            "prefill, tokens/s": tokens / best[f"{precision} prefill"],
            "decode, tokens/s": count / best[f"{precision} decode"],
        }
        for precision in precisions
    ]


def threads(counts: list[int], shapes: list[str], precisions: list[str], rounds: int) -> Figures:
    """Measure `shapes` with each number of threads, in processes of their own."""
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    rows: list[Figures] = []
    for name in shapes:
        for count in counts:
            command = [sys.executable, "-m", "engine.bench.threads", "--child", name, "--rounds", str(rounds)]
            command += ["--precision", *precisions]
            bound = {"preexec_fn": partial(os.sched_setaffinity, 0, allowed[:count])} if allowed else {}
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **bound)  # type: ignore[call-overload]
            rows += json.loads(done.stdout.splitlines()[-1])
    return {**surroundings(), "processors": len(allowed), "speed": rows}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="main.py bench threads", description="Speed of a CPU by threads.")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--shape", nargs="+", choices=list(SHAPES), default=list(SHAPES))
    parser.add_argument("--precision", nargs="+", choices=list(PRECISIONS), default=list(PRECISIONS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", choices=list(SHAPES), help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help="also write the figures here, as JSON")
    chosen = parser.parse_args(arguments)
    if chosen.child:
        print(json.dumps(measure(chosen.child, chosen.precision, chosen.rounds)))
        return
    figures = threads(chosen.threads, chosen.shape, chosen.precision, chosen.rounds)
    show("Threads", figures)
    write(chosen.out, figures)


if __name__ == "__main__":
    main()
