"""The command `text`: prints the text of a file page by page, as the model would read it. Needs no model."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from typing import IO

from engine.documents.pages import DocumentError, Outcome, Page
from engine.errors import KnownError

_RANGE = re.compile(r"(\d{1,9})(?:(-)(\d{1,9})?)?")
_LAST = 1 << 40


def add_text_command(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to a command line; `add` is called with name, help, function and arguments."""
    command = add("text", "print the text of a file page by page, as it is read", run, "FILE")
    command.add_argument("file", metavar="FILE", help="a PDF, an office file, a book, mail or text")
    command.add_argument("--password", metavar="WORD", help="what opens an encrypted PDF")
    command.add_argument("--pages", type=page_ranges, metavar="RANGE", help="only these pages: 3, 3-7, 12- or 1,4-6")


def page_ranges(text: str) -> list[tuple[int, int]]:
    """Return the ranges of "1,4-6" as [(1, 1), (4, 6)]. Raises ArgumentTypeError for anything else."""
    ranges = []
    for part in text.split(","):
        found = _RANGE.fullmatch(part.strip())
        first = int(found[1]) if found else 0
        last = (int(found[3]) if found[3] else _LAST if found[2] else first) if found else 0
        if not 0 < first <= last:
            raise argparse.ArgumentTypeError(f"{text!r} is no range of pages; write it as 3-7 or 1,4-6")
        ranges.append((first, last))
    return ranges


def run(options: argparse.Namespace) -> int:
    """Print the pages and return 0. Raises KnownError for a file, or pages of it, that hold no text."""
    from engine.documents.extraction.extractor import open_document

    ranges: list[tuple[int, int]] = options.pages or [(1, _LAST)]
    first, last = min(start for start, _ in ranges), max(end for _, end in ranges)
    shown = 0
    is_whole = True
    with open_document(options.file, options.password) as document:
        for page in document.pages(first):
            if page.number > last:
                is_whole = False
                break
            if any(start <= page.number <= end for start, end in ranges):
                shown += 1
                _write(sys.stdout, _as_json(page) if options.json else _as_text(page))
        outcome = document.outcome if is_whole else None
    if outcome is not None:
        if outcome.kind == "changed" or (not outcome.is_readable and options.pages is None):
            raise DocumentError(outcome.kind, outcome.sentence)
        if options.json:
            _write(sys.stdout, _outcome_as_json(outcome))
        elif options.pages is None:
            _write(sys.stderr, outcome.sentence)
    if not shown:
        raise KnownError("the file has no pages in this range; choose others")
    return 0


def _as_text(page: Page) -> str:
    label = f" ({page.label})" if page.label else ""
    remarks = [page.problem] if page.problem else []
    remarks += page.notes
    if page.certainty is not None:
        remarks.append(f"read by text recognition (OCR), certainty {page.certainty:.0%}")
    if page.removed:
        remarks.append("left out: " + " | ".join(page.removed))
    lines = [f"--- page {page.number}{label} ---", *(f"[{remark}]" for remark in remarks), page.text]
    return "\n".join(lines)


def _as_json(page: Page) -> str:
    fields = {
        "page": page.number,
        "label": page.label,
        "text": page.text,
        "problem": page.problem,
        "removed": page.removed,
        "notes": page.notes,
        "certainty": page.certainty,
    }
    return json.dumps(fields, ensure_ascii=False)


def _outcome_as_json(outcome: Outcome) -> str:
    return json.dumps({"outcome": outcome.kind, "sentence": outcome.sentence}, ensure_ascii=False)


def _write(out: IO[str], text: str) -> None:
    """Write a line; characters that the terminal's encoding lacks become question marks."""
    encoding = out.encoding or "utf-8"
    out.write(text.encode(encoding, "replace").decode(encoding) + "\n")
    out.flush()
