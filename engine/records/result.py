"""The result of a question over records: a number, its rows with their places, and remarks. Light: no torch."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.library.typed_records import RecordRow


@dataclass(frozen=True)
class AnswerRow:
    """A row of an answer, with its place."""

    document: int
    page: int
    start: int
    end: int
    quoted: str
    cells: tuple[str, ...] = ()


def answer_row(row: RecordRow, cells: tuple[str, ...] | None = None) -> AnswerRow:
    """Return a row of a table as one of an answer; `cells`: other cells than its own."""
    own = tuple(cell.text for cell in row.cells) if cells is None else cells
    return AnswerRow(row.document, row.page, row.start, row.end, row.quoted, own)


@dataclass
class RecordAnswer:
    """An answer over records."""

    number: str
    """The count, the total or the value, in words of one line."""
    rows: list[AnswerRow]
    columns: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    """Sentences about the way of counting, and a second number where the first one leaves something open."""
    listed: bool = False
    """The question asks for the rows themselves."""
