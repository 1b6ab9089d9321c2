"""Start-up time of a process: to an answer from a saved state, and to the first tokens of a new file.

    main.py bench start [--tokens 100000] [--runs 7] [--model DIR] [--device cuda] [--precision bf16] [--out FILE]

A made-up record is read once; then every run is a new `main.py`, timed from outside by the events that it prints, each
on a library as the reading left it. Model, libraries and compiled kernels are in the page cache by then. The
time of a Python process that only imports torch is measured beside it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.bench.harness import Figures, show, surroundings, write
from engine.bench.record_harness import SEED
from engine.errors import KnownError
from engine.generation.runtime import DEMO_MODEL
from engine.prompting.tokenizer import Tokenizer
from engine.training.records import records, words
from engine.training.records.questions import ask
from engine.training.records.writer import Writer

MAIN = Path(__file__).parents[2] / "main.py"
ENDED = "ended"
ASKING = {
    "ready to work (imports)": "JobStarted",
    "model loaded": "ModelLoaded",
    "state taken from the library": "ReadingFinished",
    "first token of the answer": "AnswerDelta",
    "process ended": ENDED,
}
READING = {
    "ready to work (imports)": "JobStarted",
    "file opened": "DocumentOpened",
    "model loaded": "ModelLoaded",
    "first page taken": "PageExtracted",
    "first tokens in the state": "PrefillAdvanced",
    "process ended": ENDED,
}
SHORT = 500
"""Tokens of the new file: less than a chunk, so that the first event of prefill is that of its first tokens."""
FACTS = 500
"""Tokens of a record for each fact in it."""


def start(options: Sequence[str], model: Path = DEMO_MODEL, tokens: int = 100_000, runs: int = 7) -> Figures:
    """Measure the seconds from the start of the process to each step, over `runs` runs; `options` go to `main.py`."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        long, questions = _record(folder / "record.txt", model, tokens, runs)
        short, _ = _record(folder / "short.txt", model, SHORT, 1)
        read = folder / "read.db"
        given = [*options, "--model", str(model)]
        first_seen([*given, "--library", str(read), "read", str(long)])
        asking: list[dict[str, float]] = []
        reading: list[dict[str, float]] = []
        alone: list[float] = []
        for run in range(runs):
            library = folder / f"{run}.db"
            shutil.copy(read, library)
            asking.append(first_seen([*given, "--library", str(library), "ask", str(long), questions[run]]))
            reading.append(first_seen([*given, "--library", str(folder / f"new-{run}.db"), "read", str(short)]))
            alone.append(_bare())
        return {
            **surroundings(),
            "model": model.name,
            "tokens read before": tokens,
            "runs": runs,
            "python -c 'import torch' to its end, s": min(alone),
            "asking a document that was read before": _steps(ASKING, asking),
            "reading a new file": _steps(READING, reading),
        }


def first_seen(arguments: Sequence[str]) -> dict[str, float]:
    """Return the seconds from the start of `main.py` to its first event of each type, and to its end (ENDED).

    Raises KnownError where the command did not do what it should.
    """
    seen: dict[str, float] = {}
    started = time.perf_counter()
    command = [sys.executable, str(MAIN), "--json", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            seen.setdefault(event["type"], time.perf_counter() - started)
            if event["type"] == "JobFailed":
                raise KnownError(f"the process that was to be timed failed: {event['message']}")
    seen[ENDED] = time.perf_counter() - started
    if process.returncode:
        raise KnownError(f"the process that was to be timed ended with status {process.returncode}")
    return seen


def _bare() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    return time.perf_counter() - started


def _steps(steps: dict[str, str], runs: Sequence[dict[str, float]]) -> list[dict[str, Any]]:
    """Return a row for each step: best and median of its moment, and the median of its own duration."""
    rows: list[dict[str, Any]] = []
    before = [0.0] * len(runs)
    for name, event in steps.items():
        reached = [run[event] for run in runs]
        rows.append(
            {
                "until": name,
                "best, s": round(min(reached), 3),
                "median, s": round(statistics.median(reached), 3),
                "this step, s": round(statistics.median(b - a for a, b in zip(before, reached, strict=True)), 3),
            }
        )
        before = reached
    return rows


def _record(file: Path, model: Path, tokens: int, questions: int) -> tuple[Path, list[str]]:
    """Write a file of about `tokens` tokens of `model`; return it and questions about it."""
    tokenizer = Tokenizer.from_folder(model)
    writer = Writer(SEED + tokens, held_out=True)
    record = records.make_record(
        writer,
        kind=words.KINDS[0],
        tokens=tokens,
        facts=max(1, tokens // FACTS),
        findings=0,
        count_tokens=lambda text: len(tokenizer.encode_document(text)),
    )
    file.write_text("\n\n".join(record.pages) + "\n", encoding="utf-8")
    facts = [record.facts[at % len(record.facts)] for at in range(questions)]
    return file, [ask(writer, fact).question for fact in facts]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="main.py bench start", description="Time from a cold process to its work.")
    parser.add_argument("--model", type=Path, default=DEMO_MODEL)
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--precision", default="auto", help="of the weights")
    parser.add_argument("--tokens", type=int, default=100_000, help="length of the document that was read before")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--out", type=Path, help="also write the figures here, as JSON")
    chosen = parser.parse_args(arguments)
    options = ["--device", chosen.device, "--precision", chosen.precision]
    figures = start(options, chosen.model, chosen.tokens, chosen.runs)
    show("From a new process to its first work", figures)
    write(chosen.out, figures)


if __name__ == "__main__":
    main()
