"""Cells of a table's row: the one in the column that a question names. Light: no torch.

A page's text has a tab between the cells of a row.
"""

from __future__ import annotations

from collections.abc import Collection

from engine.grounding.words import terms


def cell_in_column(columns: str, row: str, wanted: Collection[str], language: str) -> tuple[int, int] | None:
    """Return the characters of the cell of `row` whose head in `columns` has the most of the stems `wanted`.

    None where the row has another number of cells, no head has one of the stems, two have as many, or the cell itself
    is what the question names.
    """
    heads, cells = columns.split("\t"), row.split("\t")
    if len(heads) != len(cells) or len(cells) < 2:
        return None
    held = [len(set(wanted) & set(terms(head, language))) for head in heads]
    most = max(held)
    if not most or held.count(most) > 1:
        return None
    number = held.index(most)
    cell = cells[number].strip()
    if not cell or set(terms(cell, language)) & set(wanted):
        return None
    start = sum(len(other) + 1 for other in cells[:number])
    start += len(cells[number]) - len(cells[number].lstrip())
    return start, start + len(cell)
