"""How fast documents become pages: pages/s and tokens/s for every document of a folder.

    main.py bench extraction FOLDER [--processes 1 2] [--prefill RATE] [--out FILE]

Tokens are estimated at four bytes of UTF-8 each, which is near what large vocabularies need for English prose. With the
tokens a second at which a model reads (`bench speed`), the last line says which of the two waits for the other.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from engine.bench.harness import surroundings, write
from engine.documents.extraction.extractor import open_document
from engine.documents.pages import DocumentError

BYTES_PER_TOKEN = 4


@dataclass(frozen=True)
class Measurement:
    """One reading of one document."""

    name: str
    processes: int
    pages: int
    tokens: int
    first_page_seconds: float
    """Seconds from opening to the first page."""
    seconds: float
    """Seconds from opening to the last page."""
    cpu_seconds: float
    """CPU seconds of this process and its extractors."""
    end: str


def measure(path: Path, processes: int) -> Measurement:
    """Read `path` once."""
    started, cpu = time.monotonic(), _cpu_seconds()
    first = 0.0
    pages = tokens = 0
    try:
        with open_document(path, processes=processes) as document:
            for page in document.pages():
                first = first or time.monotonic() - started
                pages += 1
                tokens += len(page.text.encode()) // BYTES_PER_TOKEN
        end = document.outcome.kind if document.outcome else "closed"
    except DocumentError as error:
        end = error.kind
    seconds = time.monotonic() - started
    return Measurement(path.name, processes, pages, tokens, first, seconds, _cpu_seconds() - cpu, end)


def _cpu_seconds() -> float:
    times = psutil.Process().cpu_times()
    return times.user + times.system + times.children_user + times.children_system


def _table(measurements: list[Measurement]) -> Table:
    table = Table("document", "processes", "pages", "first page s", "all s", "CPU s", "pages/s", "tokens/s", "end")
    for column in table.columns[1:-1]:
        column.justify = "right"
    for m in measurements:
        speeds = (f"{m.pages / m.seconds:.0f}", f"{m.tokens / m.seconds:,.0f}")
        times = (f"{m.first_page_seconds:.2f}", f"{m.seconds:.2f}", f"{m.cpu_seconds:.2f}")
        table.add_row(m.name, str(m.processes), str(m.pages), *times, *speeds, m.end)
    return table


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="main.py bench extraction", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--prefill", type=float, metavar="RATE", help="tokens/s at which a model reads")
    parser.add_argument("--out", type=Path, help="also write the figures here, as JSON")
    options = parser.parse_args(arguments)
    paths = sorted(path for path in options.folder.iterdir() if path.is_file())
    measurements = [measure(path, processes) for processes in options.processes for path in paths]
    for processes in options.processes:
        group = [m for m in measurements if m.processes == processes]
        measurements.append(
            Measurement(
                "all",
                processes,
                sum(m.pages for m in group),
                sum(m.tokens for m in group),
                max((m.first_page_seconds for m in group), default=0.0),
                sum(m.seconds for m in group),
                sum(m.cpu_seconds for m in group),
                "",
            )
        )
    console = Console()
    console.width = max(console.width, 120)  # a table cut short in a pipe tells nothing
    console.print(_table(measurements))
    totals = [m for m in measurements if not m.end]
    if options.prefill:
        console.print(verdict(max(m.tokens / m.seconds for m in totals), options.prefill))
    write(options.out, {**surroundings(), "documents": [asdict(m) for m in measurements]})


def verdict(extracted: float, read: float) -> str:
    """Return a sentence that names the slower of extraction and reading, given in tokens a second."""
    if extracted >= read:
        return f"extraction keeps up: {extracted / read:.1f} times as fast as {read:,.0f} tokens/s of reading"
    return f"extraction is the bottleneck: {extracted:,.0f} tokens/s against {read:,.0f} of reading"


if __name__ == "__main__":
    main()
