"""From a restart to an answer: a long document is read, the process ends, a new one is started and asked.

    main.py bench restart [--pages 500] [--tokens-a-page 400] [--shape demo|130m] [--their-pages N] [--out FILE]

Each contestant has the same weights, the same document and the same two questions, in token ids, and two processes. The
first one reads the document, saves what it can of its state, and notes the logits after the question. The second one is
timed from its start: it loads the model, comes to the state again, reads the question, and decodes the answer. Then it
is asked the second question. A process loads only what its program needs (`restart_process`).

- ours: the state is a row of a library (checksum, one transaction), as the program stores it; also with the state
  rounded to bf16 and to int8.
- llama.cpp: the state of its sequence is saved to a file and restored, through llama_cpp; the weights are a GGUF file
  that is mapped into memory.
- transformers: it has no file for a state, and reads the document again, token by token: its prefill starts from an
  empty state only, and for so long a text at once it would take more memory than there is. Its second question starts
  from a copy of the cache in memory. With --their-pages it reads only so many pages, and its time is multiplied: every
  token takes it the same time.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.bench.harness import Figures, distance, show, surroundings, write
from engine.bench.peers import installed
from engine.bench.restart_llama import GGUF
from engine.bench.restart_process import STEPS
from engine.bench.shapes import COMMON, SHAPE_130M, save
from engine.errors import KnownError
from engine.network.config import FalconMambaConfig
from engine.network.device import thread_count
from engine.network.weights import random_model
from engine.resources import source_root

SHAPE_DEMO: dict[str, Any] = {
    **COMMON,
    "model_type": "mamba",
    "hidden_size": 512,
    "intermediate_size": 1024,
    "num_hidden_layers": 8,
    "time_step_rank": 32,
    "vocab_size": 3072,
    "tie_word_embeddings": True,
}
"""The demonstration model's, as the model type that llama.cpp reads too."""
SHAPES = {"demo": SHAPE_DEMO, "130m": SHAPE_130M}
QUESTION = 24
"""Tokens of a question."""

CONTESTANTS: dict[str, tuple[str, str]] = {
    "ours, fp32 state": ("engine.bench.restart_ours", "fp32"),
    "ours, bf16 state": ("engine.bench.restart_ours", "bf16"),
    "ours, int8 state": ("engine.bench.restart_ours", "int8"),
    "llama.cpp F32": ("engine.bench.restart_llama", "F32"),
    "transformers fp32": ("engine.bench.restart_transformers", "fp32"),
}
"""Name -> the module of its process, and the kind in which its state is stored."""
READERS = ("ours, fp32 state", "llama.cpp F32")
"""The contestants that read the document and save its state; one reading of ours stores every kind."""


def restart(
    shape: str = "demo",
    pages: int = 500,
    tokens_a_page: int = 400,
    answer: int = 32,
    runs: int = 3,
    their_pages: int | None = None,
) -> Figures:
    """Measure every contestant that is installed. `runs`: restarts of each, of which the median counts; transformers is
    restarted once, and reads `their_pages` pages (default: all)."""
    share = min(their_pages or pages, pages) / pages
    names = [name for name in CONTESTANTS if "llama" not in name or (installed("llama_cpp") and installed("gguf"))]
    config = FalconMambaConfig.from_dict(SHAPES[shape])
    numbers = torch.Generator().manual_seed(0)

    def drawn(count: int) -> list[int]:
        return torch.randint(1, config.vocab_size, (count,), generator=numbers).tolist()

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save(random_model(config, "cpu", torch.float32), SHAPES[shape], folder)
        task = {"document": drawn(pages * tokens_a_page), "questions": [drawn(QUESTION) for _ in range(2)]}
        about = {**task, "answer": answer, "share": share, "threads": thread_count()}
        (folder / "task.json").write_text(json.dumps(about))
        if any("llama" in name for name in names):
            from engine.bench.llama_file import write_gguf

            write_gguf(folder, folder / GGUF, "F32")
        rows, reads = [], {name: _process(name, "read", folder) for name in names if name in READERS}
        for contestant in names:
            reads_again = contestant.startswith("transformers")
            program, kind = contestant.split()[0].rstrip(","), CONTESTANTS[contestant][1]
            read = next((found for name, found in reads.items() if name.startswith(program)), {})
            phase, times = ("again", 1) if reads_again else ("ask", runs)
            asked = [_process(contestant, phase, folder) for _ in range(times)]
            middle = {step: statistics.median(one[step] for one in asked) for step in STEPS}
            if reads_again:
                middle |= _of_all_pages(middle, share)
            rows.append(
                {
                    "contestant": contestant,
                    "reading, s": read.get("seconds"),
                    "state on disk, MB": read[f"bytes {kind}"] / 1e6 if read else None,
                    "libraries imported, s": middle["imported"],
                    "model loaded, s": middle["loaded"],
                    "state there, s": middle["restored"],
                    "first token, s": middle["first"],
                    "last token, s": middle["last"],
                    "second question, s": middle["second"],
                    "logits differ from before the restart by": _difference(folder, contestant, program),
                    "from ours by": _difference(folder, contestant, "ours") if share == 1 or not reads_again else None,
                }
            )
    return {
        **surroundings(),
        "shape": f"{shape}: d_model {config.d_model}, {config.n_layers} layers",
        "document": f"{pages} pages, {pages * tokens_a_page:,} tokens",
        "answer": f"question of {QUESTION} tokens, {answer} tokens decoded",
        **({"transformers": f"read {share:.0%} of the document; its reading time is multiplied"} if share < 1 else {}),
        "contestants": rows,
    }


def _of_all_pages(middle: dict[str, float], share: float) -> dict[str, float]:
    """Return the steps with the time of reading all pages instead of `share` of them."""
    more = (middle["restored"] - middle["loaded"]) * (1 / share - 1)
    return {step: middle[step] + more for step in ("restored", "first", "last")}


def _process(contestant: str, phase: str, folder: Path) -> dict[str, float]:
    """Return what a new process of a contestant measured; times are from before its start."""
    module, kind = CONTESTANTS[contestant]
    started = time.time()
    command = [sys.executable, "-P", "-m", module, phase, kind, str(folder), f"{contestant} {phase}.npy"]
    paths = os.pathsep.join([str(source_root()), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise KnownError(f"the process of {contestant} ended with code {done.returncode}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return {name: value - started if name in STEPS[:-1] else value for name, value in found.items()}


def _difference(folder: Path, contestant: str, program: str) -> float | None:
    """Return how far the logits of a contestant after the restart are from those of `program` before it."""
    before = next((folder / f"{name} read.npy" for name in READERS if name.startswith(program)), None)
    after = folder / f"{contestant} ask.npy"
    if before is None or not before.exists():
        return None
    if not after.exists():
        after = folder / f"{contestant} again.npy"
    return distance(torch.from_numpy(np.load(after)), torch.from_numpy(np.load(before)))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="main.py bench restart", description="From a restart to an answer.")
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--tokens-a-page", type=int, default=400)
    parser.add_argument("--shape", choices=list(SHAPES), default="demo")
    parser.add_argument("--answer", type=int, default=32, help="tokens of an answer")
    parser.add_argument("--runs", type=int, default=3, help="restarts, of which the median counts")
    parser.add_argument("--their-pages", type=int, help="pages that transformers reads (default: all)")
    parser.add_argument("--out", type=Path, help="also write the figures here, as JSON")
    chosen = parser.parse_args(arguments)
    figures = restart(chosen.shape, chosen.pages, chosen.tokens_a_page, chosen.answer, chosen.runs, chosen.their_pages)
    show("From a restart to an answer", figures)
    write(chosen.out, figures)
