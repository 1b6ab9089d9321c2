"""The result of a question over records: a number, its rows with their places, and remarks. Light: no torch."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class AnswerRow:
    """A row of an answer, with its place."""

    document: int
    page: int
    start: int
    end: int
    quoted: str
    cells: tuple[str, ...] = ()


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
