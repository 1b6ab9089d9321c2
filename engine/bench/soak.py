"""A long day: one worker in mixed use for many minutes, its memory, descriptors, threads and children over time.

    python -m engine.bench.soak [--minutes 30] [--jobs N] [--model DIR] [--seed 1] [--out FILE] [--plot FILE]

A fresh worker first reads one document and answers one question: its peak is the base. Then another worker gets jobs
of all kinds, on documents that are new, known, removed and changed, one after the other, some cancelled and some
paused. Its memory after them is compared with the base; the limit is 1.2 times. Without --model a small random network
is used, so that thousands of jobs fit into the time.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from engine.bench.attack.pdf_writer import write_record
from engine.bench.attack.place import write_model, write_pages
from engine.bench.harness import Figures, show, surroundings, write
from engine.errors import KnownError
from engine.library.library import Library
from engine.protocol import wire

ALLOWED = 1.2
"""Memory after the jobs, as a multiple of the peak of one reading plus one answer."""
LOOK_SECONDS = 1.0
JOB_SECONDS = 300.0
KEPT = 12
"""Documents in the library; then the oldest is removed for each new one."""
MAIN = Path(__file__).parents[2] / "main.py"


class Worker:
    """A worker process: jobs in, their events out, measured once a second."""

    def __init__(self, model: Path, library: Path, temporary: Path) -> None:
        command = [sys.executable, str(MAIN), "worker", "--model", str(model), "--library", str(library)]
        self._process = subprocess.Popen(
            [*command, "--device", "cpu"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": str(temporary)},
        )
        self._measured = psutil.Process(self._process.pid)
        self._started = time.monotonic()
        self._closed = threading.Event()
        self.jobs = 0
        self.samples: list[dict[str, float]] = []
        self.peak = 0
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()

    def run(self, command: wire.Command, meanwhile: Sequence[wire.Command] = ()) -> list[wire.Event]:
        """Run one job to its end; `meanwhile` is sent with it. Raises KnownError where no end comes."""
        assert self._process.stdin is not None and self._process.stdout is not None
        for message in (command, *meanwhile):
            self._process.stdin.write((wire.encode(message) + "\n").encode())
        self._process.stdin.flush()
        seen: list[wire.Event] = []
        for line in self._process.stdout:
            event = wire.decode_event(line)
            seen.append(event)
            if isinstance(event, wire.TERMINAL) and event.job_id == command.job_id:
                self.jobs += 1
                return seen
        raise KnownError(f"the worker ended in job {command.job_id}")

    def sample(self) -> dict[str, float]:
        """Measure the worker now."""
        with self._measured.oneshot():
            resident = self._measured.memory_info().rss
            self.peak = max(self.peak, resident)
            return {
                "seconds": round(time.monotonic() - self._started, 1),
                "jobs": self.jobs,
                "MB": round(resident / 2**20, 1),
                "descriptors": self._measured.num_fds(),
                "threads": self._measured.num_threads(),
                "children": len(self._measured.children()),
            }

    def _look(self) -> None:
        with contextlib.suppress(psutil.Error):
            while not self._closed.wait(LOOK_SECONDS / 10):
                self.peak = max(self.peak, self._measured.memory_info().rss)
                if not self.samples or time.monotonic() - self._started - self.samples[-1]["seconds"] >= LOOK_SECONDS:
                    self.samples.append(self.sample())

    def close(self) -> int:
        """End it; return its exit status."""
        self._closed.set()
        self._watch.join()
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.read()
        self._process.stdout.close()
        return self._process.wait(JOB_SECONDS)


class Day:
    """The jobs of a long day, drawn at random."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._chance = folder, random.Random(seed)
        self._files: list[Path] = []
        self._ids: dict[Path, int] = {}
        self._made = self._number = 0
        self.kinds: Counter[str] = Counter()

    def jobs(self) -> Iterator[tuple[wire.Command, list[wire.Command]]]:
        """Yield jobs, each with what is sent meanwhile, without end."""
        while True:
            self._number += 1
            kind = self._chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
            if not self._files or kind == "new":
                kind = "new"
                self._new_file()
            self.kinds[kind] += 1
            path = self._chance.choice(self._files[-KEPT:] if kind != "new" else self._files[-1:])
            if kind in ("cancelled", "grown"):
                self._grow(path)
            yield self._job(kind, f"{self._number}", str(path))

    def _job(self, kind: str, job: str, path: str) -> tuple[wire.Command, list[wire.Command]]:
        match kind:
            case "ask":
                question = f"Which gauge was read on day {self._chance.randint(1, 9)}?"
                return wire.Ask(job_id=job, path=path, question=question), []
            case "page":
                return wire.Ask(job_id=job, path=path, question="Which gauge was it?", page=1), []
            case "paused":
                ask = wire.Ask(job_id=job, path=path, question="Which unit?")
                return ask, [wire.Pause(job_id=job), wire.Resume(job_id=job)]
            case "summarize":
                length: Any = self._chance.choice(["paragraph", "page", "outline"])
                return wire.Summarize(job_id=job, path=path, length=length), []
            case "list":
                return wire.ListDocuments(job_id=job), []
            case "open":
                return wire.OpenDocument(job_id=job, path=path), []
            case "missing":
                return wire.Read(job_id=job, path=path + ".none"), []
            case "cancelled":
                return wire.Read(job_id=job, path=path), [wire.Cancel(job_id=job)]
            case "removed":
                return wire.RemoveDocument(job_id=job, document_id=max(1, self._made - KEPT)), []
            case _:
                return wire.Read(job_id=job, path=path), []

    def _new_file(self) -> None:
        self._made += 1
        pages, seed = self._chance.randint(2, 9), self._chance.randint(2, 999)
        if self._chance.random() < 0.3:
            path = write_record(self._folder / f"{self._made}.pdf", pages, seed)
        else:
            path = write_pages(self._folder / f"{self._made}.txt", pages, self._chance.randint(30, 70), seed)
        self._files.append(path)
        for old in self._files[:-KEPT]:
            old.unlink(missing_ok=True)

    def _grow(self, path: Path) -> None:
        if path.suffix == ".txt" and path.exists():
            with path.open("a") as file:
                file.write(f"Later, reading {self._number} of gauge {self._chance.randint(1, 999)} was normal.\n")


_WEIGHTS = {
    "new": 8, "again": 14, "ask": 24, "page": 4, "summarize": 10, "list": 12, "open": 8, "missing": 4, "cancelled": 4,
    "paused": 4, "grown": 6, "removed": 4,
}  # fmt: skip


def soak(model: Path, minutes: float, jobs: int | None, seed: int, folder: Path) -> Figures:
    """Run jobs for `minutes`, at most `jobs`; return the figures."""
    temporary = folder / "tmp"
    temporary.mkdir()
    base = _base(model, folder, temporary)
    files = folder / "files"
    files.mkdir()
    library = folder / "library.db"
    worker, day = Worker(model, library, temporary), Day(files, seed)
    bugs: list[str] = []
    end = time.monotonic() + 60 * minutes
    for command, meanwhile in day.jobs():
        for event in worker.run(command, meanwhile):
            if isinstance(event, wire.JobFailed) and event.kind == "bug":
                bugs.append(event.message)
        if time.monotonic() > end or worker.jobs == jobs:
            break
    last = worker.sample()
    status = worker.close()
    with Library.open(library) as opened:
        sound = opened.maintenance.verify().sound
    after = [row["MB"] for row in worker.samples if row["jobs"] >= 1000] or [last["MB"]]
    return {
        **surroundings(),
        "model": model.name,
        "seed": seed,
        "minutes": round(worker.samples[-1]["seconds"] / 60, 1),
        "jobs": worker.jobs,
        "peak of one reading and one answer, MB": base,
        "at the end, MB": last["MB"],
        "most after 1,000 jobs, MB": max(after),
        "most of all, MB": round(worker.peak / 2**20, 1),
        "end over base": round(last["MB"] / base, 2),
        "most after 1,000 jobs over base": round(max(after) / base, 2),
        "within 1.2": max(after) <= ALLOWED * base,
        "bugs": len(bugs),
        "exit status": status,
        "library sound": sound,
        "temporary files left": sum(1 for _ in temporary.iterdir()),
        "descriptors at the end": last["descriptors"],
        "threads at the end": last["threads"],
        "children at the end": last["children"],
        "kinds of job": [{"kind": kind, "jobs": count} for kind, count in sorted(day.kinds.items())],
        "first bugs": "; ".join(bugs[:3]),
        "samples": worker.samples,
    }


def _base(model: Path, folder: Path, temporary: Path) -> float:
    """Return the peak, in MB, of a worker that reads one document and answers one question about it; the second of
    two, because the first may compile the kernels."""
    file = write_pages(folder / "base.txt", 9)
    for number in (1, 2):
        worker = Worker(model, folder / f"base-{number}.db", temporary)
        worker.run(wire.Read(job_id="1", path=str(file)))
        worker.run(wire.Ask(job_id="2", path=str(file), question="Which gauge was read on day 2?"))
        worker.close()
    return round(worker.peak / 2**20, 1)


def plot(figures: Figures, path: Path) -> None:
    """Draw memory over time as SVG. Raises KnownError without matplotlib."""
    try:
        import matplotlib
    except ImportError as error:
        raise KnownError("the plot needs matplotlib; install it with: pip install matplotlib") from error
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "soak"
    matplotlib.rcParams["svg.fonttype"] = "none"
    from matplotlib import pyplot

    rows = figures["samples"]
    rows = rows[:: max(1, len(rows) // 600)]
    base = figures["peak of one reading and one answer, MB"]
    picture, axis = pyplot.subplots(figsize=(8, 3.2))
    axis.plot([row["seconds"] / 60 for row in rows], [row["MB"] for row in rows], color="#2a6f97", label="worker")
    axis.axhline(base, color="#8d99ae", label="peak of one reading and one answer")
    axis.axhline(ALLOWED * base, color="#bc6c25", linestyle="--", label="1.2 times that")
    axis.set(xlabel=f"minutes ({figures['jobs']:,} jobs)", ylabel="resident MB", ylim=(0, None))
    axis.legend(frameon=False, fontsize=8, loc="lower right")
    where = f"python -m engine.bench.soak, {figures['machine']}, {figures['date']}"
    picture.text(0.01, 0.01, where, fontsize=6, color="#666666")
    picture.tight_layout(rect=(0, 0.03, 1, 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.savefig(path, metadata={"Date": None})
    pyplot.close(picture)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the soak; return 2 where memory grew too much or anything was left behind."""
    parser = argparse.ArgumentParser(prog="python -m engine.bench.soak", description="A long day of one worker.")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--jobs", type=int, help="end after so many jobs")
    parser.add_argument("--model", type=Path, help="folder of a model (default: a small random one)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    parser.add_argument("--plot", type=Path, help="draw the memory as SVG")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="readthrough-soak-") as temporary:
        folder = Path(temporary)
        model = chosen.model
        if model is None:
            model = folder / "small"
            write_model(model)
        figures = soak(model, chosen.minutes, chosen.jobs, chosen.seed, folder)
    write(chosen.out, figures)
    if chosen.plot:
        plot(figures, chosen.plot)
    show("a long day", {name: value for name, value in figures.items() if name != "samples"})
    clean = figures["library sound"] and not (
        figures["bugs"] or figures["exit status"] or figures["temporary files left"]
    )
    return 0 if figures["within 1.2"] and clean else 2


if __name__ == "__main__":
    sys.exit(main())
