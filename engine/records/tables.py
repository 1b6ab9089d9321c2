"""Tables: the rows that a document's layout says, with column heads, before they are stored. Light: no torch.

A table comes from lines with tabs (office files, web pages, PDF), from delimited text or JSON, from lists, from lines
that begin with a time, and from groups of "label: value" lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from engine.records.cells import Cell, Writing, head_unit, typed

Form = Literal["table", "labels", "list", "log"]
"""Layout that a table comes from."""
_TOTAL = re.compile(
    r"(?:(?:grand|net|overall) |sub-?)?(?:totals?|sum)|(?:zwischen|gesamt)?summe|gesamt|insgesamt|(?:sous-)?total|"
    r"somme|итого|合計|小計|总计",
    re.IGNORECASE,
)
_OF_TOTAL = re.compile(
    r"(?:[ :]+(?:costs?|amount|sum|price|due|net|gross|hours|général|[A-Z]{3}|[€$£]|(?:19|20)\d\d|\([^)]*\)))*[ :.]*"
)
"""Words behind "Total" that still make a row a sum; "Total size in dmesg" is a row like others."""
_UNNAMED = "column {}"
_LONGEST_HEAD = 60


@dataclass(frozen=True)
class Row:
    """One row: its place on a page and its cells as written."""

    page: int
    start: int
    end: int
    cells: tuple[str, ...]
    confidence: float = 1.0


@dataclass
class Table:
    """Rows of one layout under the same columns."""

    form: Form
    caption: str
    """Line above the rows, or the heading that they stand under; empty where there is none."""
    columns: list[str]
    rows: list[Row] = field(default_factory=list)
    named: bool = True
    """Whether the document names the columns."""
    unread: int = 0
    """Lines inside the table whose cells could not be assigned to its columns."""

    def typed_rows(self) -> list[list[Cell]]:
        """Return the typed cells of each row."""
        by_column = [[row.cells[place] for row in self.rows] for place in range(len(self.columns))]
        style = Writing.of(text for texts in by_column for text in texts)
        units = [head_unit(head) for head in self.columns]
        found: list[list[Cell]] = []
        for row in self.rows:
            found.append([typed(text, style, unit) for text, unit in zip(row.cells, units, strict=True)])
        return found


@dataclass(frozen=True)
class Unread:
    """A stretch that looks like a table and could not be read."""

    page: int
    start: int
    lines: int


def is_total(cells: Sequence[str]) -> bool:
    """Return whether a row sums up the others: its first text is "Total" or "Total cost (EUR)"."""
    first = next((cell for cell in cells if cell.strip()), "")
    found = _TOTAL.match(first.strip())
    return found is not None and _OF_TOTAL.fullmatch(first.strip(), found.end()) is not None


def fill(cells: Sequence[str], n: int) -> tuple[str, ...]:
    """Return `cells` with empty ones behind them, `n` in all."""
    return (*(cell.strip() for cell in cells), *[""] * (n - len(cells)))


def head_of(rows: Sequence[Sequence[str]], *, structured: bool) -> bool:
    """Return whether the first of `rows` holds the heads of the columns.

    A head names every column in a few words and holds no figure or date of its own where the column below has them. In
    a table of texts alone the first row is the head if it is shorter than the rows below, or if the file itself keeps
    cells apart (`structured`).
    """
    if len(rows) < 2:
        return False
    first, body = rows[0], rows[1:]
    heads = [cell.strip() for cell in first]
    if any(len(head) > _LONGEST_HEAD for head in heads) or is_total(first):
        return False
    named = [head for head in heads if head]
    if len(named) < max(1, len(heads) - 1) or len(set(map(str.casefold, named))) != len(named):
        return False
    plain = Writing()
    kinds = [typed(head, plain).kind for head in heads]
    figures = [kind in ("date", "amount", "number", "unclear") for kind in kinds]
    below = [[typed(row[place], plain).kind for row in body if place < len(row)] for place in range(len(heads))]
    typed_below = [_mostly_typed(column) for column in below]
    if any(typed_below):
        said = [not figure for figure, of_column in zip(figures, typed_below, strict=True) if of_column]
        years = (
            all(
                kind == "number" and re.fullmatch(r"(?:1[89]|20)\d\d", head)
                for kind, head in zip(kinds[1:], heads[1:], strict=True)
            )
            if len(heads) > 1
            else False
        )
        return all(said) or (years and not figures[0])
    if any(figures) or any(kind == "identifier" for kind in kinds):
        return False
    if any(re.search(r"[.!?;]$", head) for head in named):
        return False
    if structured:
        return True
    words = [len(head.split()) for head in heads]
    if re.search(r"[”“_\d/()\\$<>|=]", "".join(heads)):
        return False
    return max(words) <= 4 and any(
        words[place] < _middle([len(row[place].split()) for row in body if place < len(row)])
        for place in range(len(heads))
    )


def _mostly_typed(kinds: Sequence[str]) -> bool:
    filled = [kind for kind in kinds if kind != "empty"]
    return bool(filled) and sum(kind in ("date", "amount", "number", "unclear", "identifier") for kind in filled) >= (
        0.6 * len(filled)
    )


def _middle(values: Sequence[int]) -> float:
    return sorted(values)[len(values) // 2] if values else 0


def names_of(heads: Sequence[str]) -> list[str]:
    """Return the names of columns: heads in one line each, numbered where there is none, all different."""
    names: list[str] = []
    taken: set[str] = set()
    for number, head in enumerate(heads, 1):
        name = " ".join(head.split()).strip(" :") or _UNNAMED.format(number)
        if name.casefold() in taken:
            name = f"{name} ({number})"
        taken.add(name.casefold())
        names.append(name)
    return names
