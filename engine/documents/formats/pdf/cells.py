"""Rows of a page -> lines of text, with a tab between cells; a cell that a table's row lacks is an empty one.

Without it the values to the right of an empty cell would stand one column too far to the left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from engine.documents.formats.pdf.segment import Row, Segment

_CELL_GAP = 1.2
"""Gap in heights from which on two segments of a row are cells."""
_WORD_GAP = 0.13
_SECTION_NUMBER = re.compile(r"\d+(?:\.\d+)+\.?")
"""The number of a heading, which is no cell however many headings a page has."""
_FEWEST_COLUMNS = 3
_ROW_GAP = 2.5
"""Heights between two rows of one table, at most."""
_OUTSIDE = 0.1
"""Share of a cell's width that may reach beyond its column's borders."""


class _Cell(NamedTuple):
    text: str
    left: float
    right: float


def as_texts(rows: Sequence[Row]) -> list[str]:
    """Return the text of each line that has any."""
    lines: list[str] = []
    for table in _tables(rows):
        lines += [line for cells in _padded(table) if (line := "\t".join([cell.text for cell in cells]).rstrip())]
    return lines


def joined(row: Row) -> str:
    """Return the segments of a row as a line: nothing, a space or a tab between them, by the gap."""
    return "\t".join([cell.text for cell in _cells(row)]).strip()


def _cells(row: Row) -> list[_Cell]:
    cells = []
    left, pieces = row[0].left, [row[0].text]
    for before, after in pairwise(row):
        height = max(before.height, after.height)
        gap = after.left - before.right
        is_narrow = after.begins_cell and not _SECTION_NUMBER.fullmatch("".join(pieces))
        if gap > _CELL_GAP * height or is_narrow:
            cells.append(_Cell("".join(pieces), left, before.right))
            left, pieces = after.left, [after.text]
            continue
        if gap > _WORD_GAP * height or before.ends_word:
            pieces.append(" ")
        elif _is_raised(before, after):
            pieces.append("^")
        pieces.append(after.text)
    cells.append(_Cell("".join(pieces), left, row[-1].right))
    return cells


def _is_raised(before: Segment, after: Segment) -> bool:
    """Return whether `after` is a raised number beside a letter or figure."""
    return (
        after.height < 0.85 * before.height
        and after.low - before.low > 0.15 * before.height
        and before.text[-1:].isalnum()
        and after.text[:1].isdigit()
    )


def _tables(rows: Sequence[Row]) -> Iterator[list[list[_Cell]]]:
    """Yield the cells of all rows; rows that follow each other closely come together."""
    run: list[list[_Cell]] = []
    for number, row in enumerate(rows):
        if run and not _is_close(rows[number - 1][0], row[0]):
            yield run
            run = []
        run.append(_cells(row))
    if run:
        yield run


def _is_close(above: Segment, below: Segment) -> bool:
    height = max(above.height, below.height)
    return -height < above.low - below.high < _ROW_GAP * height


def _padded(rows: list[list[_Cell]]) -> Iterator[list[_Cell]]:
    """Yield the rows, with empty cells where a row of a table has none in a column between others."""
    count = max(map(len, rows))
    if count < _FEWEST_COLUMNS or all(len(row) in (1, count) for row in rows):
        yield from rows
        return
    borders = _borders([row for row in rows if len(row) == count])
    for row in rows:
        columns = [_column(cell, borders) for cell in row] if borders and 1 < len(row) < count else []
        if not columns or None in columns or len(set(columns)) < len(columns):
            yield row
            continue
        cells = [_Cell("", 0.0, 0.0)] * count
        for column, cell in zip(columns, row, strict=True):
            assert column is not None
            cells[column] = cell
        yield cells


def _borders(full: Sequence[list[_Cell]]) -> list[float]:
    """Return the borders between the columns of full rows; none where the rows are not of one table."""
    lefts = [min(row[column].left for row in full) for column in range(len(full[0]))]
    rights = [max(row[column].right for row in full) for column in range(len(full[0]))]
    if any(left <= right for right, left in zip(rights, lefts[1:], strict=False)):
        return []
    return [(right + left) / 2 for right, left in zip(rights, lefts[1:], strict=False)]


def _column(cell: _Cell, borders: Sequence[float]) -> int | None:
    """Return the column that a cell stands in, None if it stands across borders."""
    margin = _OUTSIDE * (cell.right - cell.left)
    first = sum(border <= cell.left + margin for border in borders)
    last = sum(border < cell.right - margin for border in borders)
    return first if first == last else None
