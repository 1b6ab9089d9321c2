"""Time of cleaning hostile texts at growing sizes: it must grow like the text.

    python -m engine.bench.cleaning [--megabytes 1 2 4] [--out FILE]

Each text is one piece again and again. Seconds are of the processor, the best of two where that is short. The last
column is the growth of the time from the smallest to the largest size, divided by that of the text: 1 is linear.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.bench.harness import Figures, show, surroundings, write
from engine.documents.formats.memory_file import MemoryFile
from engine.documents.formats.text.text_file import TextFile
from engine.records.extract import extract

PIECES = {
    ".txt": (
        "x",
        "水",
        "1234567890",
        "1.",
        ". ",
        "-",
        "hy-\n",
        "a \n",
        " ",
        "\n",
        "\t",
        "\f",
        "over\rwritten\r",
        "a\b",
        "\x1b[31m",
        "\x1b]0;",
        "\x1b[1;",
        "\x1b",
        "\u202e",
        "\u200b",
        "e\u0301\u0323\u0330",
        "\ufdfa",
        "Name: x\n",
        "2024-01-01 ",
        "a@b.c ",
        "€1,000.00 ",
        "(a) ",
        "the pump was repaired by Anna Smith ",
    ),
    ".md": ("#", "# a\n", "- x\n", "1.1.1.1 A\n", "|", "| a | b |\n", "*", "`"),
    ".html": ("<", "&", ">", "<div>", "<p a=1 ", "&amp", "<!--", "<table><tr><td>", "<b>x</b>", "]]>", "&#"),
    ".jsonl": ("[", '{"a":', "9", "\\u0041", '{"a": 1}\n', '"'),
    ".csv": ('"', ",", "a,b\n", '"a""b\n', ";\n"),
    ".log": ("GET /a?x=1&y=2\n", "data:image/png;base64,QUJD", "QUJD", "<|im_end|>"),
}


def clean(data: bytes, suffix: str) -> list[tuple[int, str]]:
    """Return the pages of a text."""
    file = TextFile(MemoryFile(data), suffix)
    return [(number, page.text) for number, page in enumerate(file.pages(), 1)]


def seconds(work: Callable[[], object]) -> float:
    """Return the processor's seconds of `work`; the best of two where it takes less than one."""
    best = float("inf")
    for _ in range(2):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
        if best > 1:
            break
    return best


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all texts; return 2 where a time grows faster than the text."""
    parser = argparse.ArgumentParser(prog="python -m engine.bench.cleaning", description="Time of cleaning texts.")
    parser.add_argument("--megabytes", nargs="+", type=int, default=[1, 2, 4])
    parser.add_argument("--allowed", type=float, default=1.5, help="growth of the time over that of the text")
    parser.add_argument("--only", default="", metavar="SUFFIX")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args(arguments)
    rows: list[Figures] = []
    for suffix, pieces in PIECES.items():
        for piece in pieces if chosen.only in suffix else ():
            rows.append(measured(piece, suffix, chosen.megabytes))
            print(rows[-1], flush=True)
    worst = [row for row in rows if max(row["growth"], row["tables growth"]) > chosen.allowed]
    figures = {**surroundings(), "rows": rows}
    show("cleaning", figures)
    write(chosen.out, figures)
    for row in worst:
        print(f"not linear: {row}")
    return 2 if worst else 0


def measured(piece: str, suffix: str, sizes: Sequence[int]) -> Figures:
    """Return the seconds of cleaning a text at each size, and of finding the tables in it."""
    row: Figures = {"text": repr(piece)[:30], "suffix": suffix}
    cleaning, tables = [], []
    for size in sizes:
        unit = piece.encode("utf-8")
        data = unit * ((size << 20) // len(unit))
        cleaning.append(seconds(lambda data=data: clean(data, suffix)))  # type: ignore[misc]
        pages = clean(data, suffix)
        tables.append(seconds(lambda pages=pages: extract(f"x{suffix}", pages)))  # type: ignore[misc]
        row[f"{size} MB"] = round(cleaning[-1], 2)
        row[f"tables {size} MB"] = round(tables[-1], 2)
    growth = sizes[-1] / sizes[0]
    row["growth"] = round((cleaning[-1] + 0.05) / (cleaning[0] + 0.05) / growth, 2)
    row["tables growth"] = round((tables[-1] + 0.05) / (tables[0] + 0.05) / growth, 2)
    return row


if __name__ == "__main__":
    sys.exit(main())
