"""Extraction: the records of a document's pages. No model; light: no torch.

Two sorts are found: tables with typed cells (engine.records.tables), and the dates, amounts, identifiers and names of
the running text, each with its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Literal

from engine.grounding.dates import dates
from engine.grounding.identifiers import find_identifiers
from engine.grounding.languages import language_of
from engine.grounding.names import names
from engine.grounding.numbers import amounts
from engine.records.cells import Writing, typed
from engine.records.delimited import file_tables
from engine.records.labelled import labelled_tables
from engine.records.lines import Line, lines_of
from engine.records.tabbed import tabbed_tables
from engine.records.tables import Table, Unread

STRUCTURED = (".docx", ".odt", ".pptx", ".xlsx", ".html", ".htm", ".epub", ".rtf", ".eml", ".mbox", ".md", ".zip")
"""Suffixes of files that keep the cells of their tables apart."""
MentionKind = Literal["date", "amount", "identifier", "name"]


@dataclass(frozen=True)
class Mention:
    """A date, an amount, an identifier or a name in the text of a page."""

    kind: MentionKind
    page: int
    start: int
    end: int
    text: str
    value: str
    """Normal form; of a date that can be read in two ways, its text."""
    number: float | None = None
    unit: str = ""
    confidence: float = 1.0


@dataclass
class Extraction:
    """Everything that was found on the pages of one document."""

    tables: list[Table] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)

    @property
    def unread_tables(self) -> int:
        """Return the number of tables of which nothing, or not every row, could be read."""
        return len(self.unread) + sum(table.unread > 0 for table in self.tables)


def extract(path: str, pages: Iterable[tuple[int, str]]) -> Extraction:
    """Return the records of `pages`, (number, text), of the file at `path`, whose suffix says how its cells are kept
    apart."""
    texts = list(pages)
    lines = list(lines_of(texts))
    found = Extraction()
    whole = file_tables(path, lines)
    if whole is not None:
        found.tables, found.unread = whole
    else:
        suffix = PurePath(path).suffix.lower()
        found.tables, found.unread, used = tabbed_tables(lines, structured=suffix in STRUCTURED)
        found.tables += labelled_tables([_without_tabs(line) for line in lines], _form_lines(lines, found, used))
    for number, text in texts:
        found.mentions += mentions(number, text)
    return found


def mentions(page: int, text: str) -> Iterator[Mention]:
    """Yield the dates, amounts, identifiers and names of one page."""
    writing = Writing.of([text])
    taken: list[tuple[int, int]] = []
    for date in dates(text):
        cell = typed(date.text, writing)
        if date.values:
            value = cell.value if cell.kind == "date" else " ".join(date.text.split())
            yield Mention("date", page, date.start, date.end, date.text, value, confidence=1.0 if cell.value else 0.5)
            taken.append((date.start, date.end))
    for amount in amounts(text):
        if not _overlaps(taken, amount.start, amount.end):
            yield Mention(
                "amount", page, amount.start, amount.end, amount.text, amount.value, amount.number, amount.unit
            )
    for start, end, identifier in find_identifiers(text):
        if any(character.isdigit() for character in identifier) and not _overlaps(taken, start, end):
            yield Mention("identifier", page, start, end, text[start:end], identifier.casefold())
            taken.append((start, end))
    for name in names(text, language_of(text)):
        words = " ".join(text[name.start : name.end].split())
        if len(words.split()) > 1 and not _overlaps(taken, name.start, name.end):
            yield Mention("name", page, name.start, name.end, words, words.casefold(), confidence=0.7)


def _overlaps(taken: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    return any(a < end and start < b for a, b in taken)


def _form_lines(lines: Sequence[Line], found: Extraction, used: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return the places of the lines that are rows of a table: the others with tabs may be labels of a form."""
    taken = used & {(row.page, row.start) for table in found.tables for row in table.rows}
    return {(line.page, line.start) for line in lines if (line.page, line.start) in taken}


def _without_tabs(line: Line) -> Line:
    return Line(line.page, line.start, line.text.replace("\t", " ")) if ":\t" in line.text else line
