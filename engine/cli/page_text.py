"""The command `text`: prints the text of a file page by page, as the model would read it. Needs no model."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from engine.cli.options import shortened
from engine.cli.output import Output
from engine.cli.text import one_line
from engine.documents.pages import DocumentError, Outcome, Page
from engine.errors import KnownError

_RANGE = re.compile(r"(\d{1,9})(?:(-)(\d{1,9})?)?")
_LAST = 1 << 40


class PageRanges(click.ParamType[list[tuple[int, int]]]):
    """Ranges of pages: "1,4-6" is [(1, 1), (4, 6)], "12-" begins at page 12."""

    name = "range"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> list[tuple[int, int]]:
        ranges = []
        for part in str(value).split(","):
            found = _RANGE.fullmatch(part.strip())
            first = int(found[1]) if found else 0
            last = (int(found[3]) if found[3] else _LAST if found[2] else first) if found else 0
            if not 0 < first <= last:
                self.fail(f"{shortened(value)} is not a range of pages; write it as 3-7 or 1,4-6", param, ctx)
            ranges.append((first, last))
        return ranges


def print_texts(
    folder: Path, paths: Sequence[Path], password: str | None, pages: list[tuple[int, int]] | None, *, as_json: bool
) -> int:
    """Print the pages of the documents of a folder, or the reason that one cannot be read; return 0 if any was.

    Raises KnownError where none was.
    """
    out, err = Output(sys.stdout), Output(sys.stderr, required=False)
    read = 0
    for path in paths:
        name = one_line(path.relative_to(folder).as_posix())
        if not as_json:
            out.line(f"=== {name} ===")
        try:
            read += print_text(path, password, pages, as_json=as_json, name=name) == 0
        except KnownError as error:
            if as_json:
                out.json_line(json.dumps({"file": name, "error": str(error)}, ensure_ascii=False))
            else:
                err.line(f"{name}: {error}")
    if not read:
        raise KnownError(f"no document of {one_line(folder.name)} could be read")
    return 0


def print_text(
    path: Path,
    password: str | None = None,
    pages: list[tuple[int, int]] | None = None,
    *,
    as_json: bool = False,
    name: str = "",
) -> int:
    """Print the pages of a file and return 0. pages: ranges; None for all. name: of the file, in lines of JSON.

    Raises KnownError for a file, or pages of it, that hold no text.
    """
    from engine.documents.extraction.extractor import open_document

    out, err = Output(sys.stdout), Output(sys.stderr, required=False)
    ranges = pages or [(1, _LAST)]
    first, last = min(start for start, _ in ranges), max(end for _, end in ranges)
    shown = 0
    is_whole = True
    with open_document(path, password) as document:
        for page in document.pages(first):
            if page.number > last:
                is_whole = False
                break
            if any(start <= page.number <= end for start, end in ranges):
                shown += 1
                if as_json:
                    out.json_line(_as_json(page, name))
                else:
                    out.line(_as_text(page))
        outcome = document.outcome if is_whole else None
    if outcome is not None:
        if outcome.kind == "changed" or (not outcome.is_readable and pages is None):
            raise DocumentError(outcome.kind, outcome.sentence)
        if as_json:
            out.json_line(_outcome_as_json(outcome, name))
        elif pages is None:
            err.line(outcome.sentence)
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


def _as_json(page: Page, name: str) -> str:
    fields = {
        **({"file": name} if name else {}),
        "page": page.number,
        "label": page.label,
        "text": page.text,
        "problem": page.problem,
        "removed": page.removed,
        "notes": page.notes,
        "certainty": page.certainty,
    }
    return json.dumps(fields, ensure_ascii=False)


def _outcome_as_json(outcome: Outcome, name: str) -> str:
    fields = {
        **({"file": name} if name else {}),
        "outcome": outcome.kind,
        "sentence": outcome.sentence,
        "problems": {str(number): problem for number, problem in outcome.problems},
        "left_out": {str(number): lines for number, lines in outcome.left_out},
        "recognised": {str(number): certainty for number, certainty in outcome.recognised},
    }
    return json.dumps(fields, ensure_ascii=False)
