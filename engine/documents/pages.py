"""Records of an opened document: pages, outline, description and outcome.

Dataclasses only. Pages are numbered from 1. Sentences say what happened and what the user can do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.errors import KnownError

OutcomeKind = Literal[
    "text",  # every page that has something on it was read
    "partial",  # text, but some pages are named as not read
    "no_text",  # pictures only: a scan
    "unreadable_fonts",  # text is there, its characters cannot be told
    "placeholder",  # a page that asks for another program (dynamic XFA)
    "needs_password",
    "wrong_password",
    "needs_certificate",
    "damaged",
    "not_pdf",
    "not_text",
    "empty",
    "too_big",
    "timed_out",
    "missing",
    "not_a_file",
    "no_access",
    "changed",
    "unsupported",  # a known format that is not read
]
"""Outcomes of a document. The last six are known before any reading starts."""

ProblemKind = Literal[
    "no_text", "unreadable_fonts", "unrecognised", "placeholder", "damaged", "too_big", "timed_out", "crashed"
]
"""Reasons for an unread page or part of a page."""

DocumentKind = Literal["pdf", "text", "office"]
"""Ways of reading a file: a PDF by page number, a text as a stream, an office file or book as a list of parts."""


class DocumentError(KnownError):
    """The document cannot be read. `str()` is one sentence: what happened, what to do."""

    def __init__(self, kind: OutcomeKind, sentence: str) -> None:
        super().__init__(sentence, reason=kind)
        self.kind: OutcomeKind = kind
        self.sentence = sentence


@dataclass(frozen=True)
class Page:
    """One page as the model is to read it."""

    number: int
    """Page number, from 1. Text files have pages too: about 3,000 characters each, cut at line ends."""
    text: str
    """Cleaned text; empty for a blank page and for a page that could not be read."""
    problem: str | None = None
    """Unread part of the page with the reason, as the end of "Page 7: ..."; None when all of it was read."""
    label: str | None = None
    """The document's own label of the page ("iv", "A-3"), where it differs from the number."""
    problem_kind: ProblemKind | None = None
    removed: tuple[str, ...] = ()
    """Running heads, feet and page numbers that were taken out of `text`, from the top down."""
    notes: tuple[str, ...] = ()
    """Remarks on a page that was read: pictures left out, a guessed encoding."""
    certainty: float | None = None
    """Mean certainty of text recognition (OCR), 0 to 1; None where the text stands in the file."""
    raw: str | None = None
    """Text before lines were left out, of a recognised page that lost some; from it the page need not be recognised
    again."""


@dataclass(frozen=True)
class OutlineEntry:
    """A bookmark of the document."""

    title: str
    page: int
    level: int
    """Level, from 1 for the outermost."""


@dataclass(frozen=True)
class DocumentInfo:
    """Description of an open document, before its pages are read."""

    path: str
    kind: DocumentKind
    sha256: str
    """SHA-256 of the first `size` bytes, in hexadecimal."""
    size: int
    """Bytes at the moment of opening; a log that grows is read up to here."""
    title: str
    """Title from the document where it has one, else the file's name."""
    page_count: int | None
    """None for text files: their pages are cut while they are read."""
    outline: tuple[OutlineEntry, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """Outcome of a reading."""

    kind: OutcomeKind
    sentence: str
    pages_read: int
    """Pages that gave text."""
    pages_seen: int
    """Pages seen, blank and unread ones included."""
    problems: tuple[tuple[int, str], ...] = ()
    """(page number, problem) of every page that was not read in full."""
    left_out: tuple[tuple[int, int], ...] = ()
    """(page number, lines) of every page whose running heads, feet and page numbers were taken out."""
    recognised: tuple[tuple[int, float], ...] = ()
    """(page number, certainty) of every page read by text recognition."""

    @property
    def removed_lines(self) -> int:
        """Running heads, feet and page numbers taken out."""
        return sum(lines for _, lines in self.left_out)

    @property
    def is_readable(self) -> bool:
        """Return whether any text was read."""
        return self.kind in ("text", "partial")
