"""Tables of a text file (CSV, TSV) in columns: each field is padded to the width of its column."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from app.document.shaped import Shaped, Span

SEPARATORS = (",", ";", "\t", "|")
WIDEST = 40
"""Cells of a column at most; a longer field is shown whole and moves its row."""
GAP = "  "
LOOKED_AT = 200
"""Lines from which the separator is told."""


def in_columns(pages: list[str]) -> list[Shaped]:
    """Return the pages of a table with aligned columns; unchanged where no line has a separator."""
    lines = [line for page in pages for line in page.split("\n") if line.strip()]
    separator = separator_of(lines[:LOOKED_AT])
    widths: list[int] = []
    for line in lines if separator else []:
        for place, (start, end) in enumerate(fields(line, separator)):
            widths += [0] * (place + 1 - len(widths))
            widths[place] = max(widths[place], min(cells(line[start:end]), WIDEST))
    return [_shaped(page, separator, widths) for page in pages]


def separator_of(lines: list[str]) -> str:
    """Return the separator that divides most lines into the same number of fields; "" where none does."""
    best, most = "", 0
    for separator in SEPARATORS:
        counts = [sum(1 for _ in fields(line, separator)) for line in lines]
        usual = max(set(counts), key=counts.count, default=1)
        agreeing = counts.count(usual) if usual > 1 else 0
        if agreeing > most:
            best, most = separator, agreeing
    return best


def fields(line: str, separator: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each field of a line, without the quotation marks around it."""
    start, quoted = 0, False
    for place, letter in enumerate(line):
        if letter == '"':
            quoted = not quoted
        elif letter == separator and not quoted:
            yield _unquoted(line, start, place)
            start = place + 1
    yield _unquoted(line, start, len(line))


def _unquoted(line: str, start: int, end: int) -> tuple[int, int]:
    quoted = end - start > 1 and line[start] == line[end - 1] == '"'
    return (start + 1, end - 1) if quoted else (start, end)


def cells(text: str) -> int:
    """Return the columns of a fixed-width font that a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(one) else 1 + (unicodedata.east_asian_width(one) in "WF") for one in text)


def _shaped(page: str, separator: str, widths: list[int]) -> Shaped:
    shaped = Shaped()
    at = 0
    for number, line in enumerate(page.split("\n")):
        if number:
            shaped.add("\n", at - 1)
        begin = len(shaped.text)
        spans = list(fields(line, separator)) if separator else [(0, len(line))]
        for place, (start, end) in enumerate(spans):
            shaped.add(line[start:end], at + start)
            if place + 1 < len(spans):
                shaped.add(" " * max(widths[place] - cells(line[start:end]), 0) + GAP)
        if number == 0:
            shaped.spans.append(Span(begin, len(shaped.text), "bold"))
        at += len(line) + 1
    return shaped
