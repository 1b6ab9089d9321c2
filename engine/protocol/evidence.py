"""Evidence: the basis of an answer or a summary, as facts. It travels in events and is stored in library rows.

The engine fills these records; the window and the command line turn them into sentences, each in its own words. A row
holds one record as JSON. Rows of version 0.1.0 hold English sentences; they are read as records of kind or method
"text", whose `text` is that sentence. Light: no torch, no Qt.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from engine.protocol.encoding import to_json
from engine.protocol.vocabulary import EndReason

Source = Literal["state", "section", "reread", "records", "not_found", "text"]
"""Source of an answer: the document state, one section's state, or pages that were read again; "records" for rows that
were counted without a model; "not_found" without an answer; "text" for a row of version 0.1.0, which describes its
source in words."""
MadeFrom = Literal["state", "sections", "selection", "text"]
"""Basis of a summary: the document state, the section summaries, or quoted sentences chosen from the pages; "text" for
a row of version 0.1.0."""


class Sentence(msgspec.Struct, frozen=True, kw_only=True):
    """A passage of a page that supports an answer: characters `start` to `end` of the page's text in the library."""

    page: int
    start: int
    end: int
    text: str


class PageSpan(msgspec.Struct, frozen=True):
    """Pages `first` to `last`, both included."""

    first: int
    last: int


class FoundRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of an answer over records, with its place."""

    document_id: int
    title: str
    """Title of the document."""
    page: int
    start: int
    end: int
    text: str
    """The words of the page."""
    cells: tuple[str, ...] = ()


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that were counted, listed or added up by a search of all records, and what the search has covered."""

    columns: tuple[str, ...] = ()
    rows: tuple[FoundRow, ...] = ()
    """The first rows; `total` of them there are."""
    total: int = 0
    notes: tuple[str, ...] = ()
    """Remarks on the way of counting; a second number where the first leaves something open."""
    documents: int = 1
    documents_of: int = 1
    """Documents that were asked, and those of the collection."""
    sections: int = 0
    sections_of: int = 0
    """Sections that were looked at, and those of the documents; 0 while one of them is still being read."""
    tables_unread: int = 0
    """Tables that could not be read in full."""
    pages_unread: int = 0
    """Pages that could not be read in full."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """The facts that support an answer, and those that contradict it."""

    version: int = 1
    kind: Source
    first_page: int = 0
    """Pages that the answer is based on: the page of `sentence`, else the pages that the state has read."""
    last_page: int = 0
    heading: str = ""
    """Heading of the section, for kind "section"."""
    reread_pages: tuple[int, ...] = ()
    """Pages that were read again for the question, for kind "reread"."""
    sentence: Sentence | None = None
    """The sentence that supports the answer; None where none was found."""
    span: Sentence | None = None
    """The words of `sentence` that answer the question; None where the whole sentence does, or the model writes."""
    further: tuple[Sentence, ...] = ()
    """Sentences that support further parts of an answer, in its order; without an answer, the closest sentences."""
    also: tuple[Sentence, ...] = ()
    """The next best sentences, which are no part of the answer: the last lines of its text, one each, behind a line
    that announces them."""
    complete: bool = True
    """True when the state had read the whole document."""
    as_of_page: int | None = None
    """Page at whose end the state answered, for a question about an earlier page."""
    unverified: tuple[str, ...] = ()
    """Figures and names in the answer that its pages do not contain."""
    doubtful: bool = False
    """A short answer of low probability, one whose sentence contains little of the question, or a quotation of low
    certainty."""
    contradicted: bool = False
    """Another sentence matches the question better and says something else."""
    faded_to_page: int = 0
    """Pages 1 to this one have decayed from the asked document state; 0 where none have, or pages were read again."""
    certainty: float | None = None
    """Mean probability of the answer's tokens, 0 to 1; of a quotation, the probability that it answers; None where it
    was not measured."""
    weakest: float | None = None
    """Lowest probability of one of these tokens."""
    recognised_pages: tuple[int, ...] = ()
    """Pages of the answer that were read by text recognition (OCR), whose words may be wrong."""
    recognition: float | None = None
    """Lowest mean certainty, 0 to 1, of the recognition of these pages; None without such pages."""
    nearest: tuple[PageSpan, ...] = ()
    """Sections that match the question best, best first, when no answer was found."""
    absent: tuple[str, ...] = ()
    """Identifiers of the question that an exact search did not find in the document."""
    sections_asked: int = 0
    """Section states that were asked."""
    sections: int = 0
    """Sections of the document."""
    end: EndReason = "stop"
    """Reason for the end of the answer."""
    steps: int = 0
    """Tokens that the model was fed for the answer, over all attempts."""
    text: str = ""
    """The words of version 0.1.0, for kind "text"."""
    counted: Counted | None = None
    """Rows and coverage, for kind "records"."""

    @property
    def found(self) -> bool:
        """Return whether an answer was found."""
        return self.kind != "not_found"


class SummaryBasis(msgspec.Struct, frozen=True, kw_only=True):
    """The method of a summary, the pages that it covers and the parts that it leaves out."""

    version: int = 1
    made_from: MadeFrom
    first_page: int = 0
    """Pages that the summary covers; 0 without pages."""
    last_page: int = 0
    pages_without_text: tuple[int, ...] = ()
    """Pages of the document that could not be read, or not in full."""
    sections: int = 0
    """Section summaries that it was made from."""
    sections_with_findings: int = 0
    """Section summaries that say something, about `focus` where there is one."""
    sections_cut: int = 0
    """Section summaries that grew too long and were cut."""
    merges: int = 0
    """Rounds of merging; 0 where the sections' lines were joined."""
    merges_rejected: int = 0
    """Number of merges that named things which none of their section summaries names; their lines are shown unmerged.
    """
    joined: bool = False
    """The last texts were too long to be merged and follow each other."""
    lines_corrected: int = 0
    """Number of lines whose figures were corrected from their page."""
    lines_dropped: int = 0
    """Number of lines dropped because their section does not contain the things that they name."""
    findings: int = 0
    """Findings that a short summary was chosen from."""
    findings_kept: int = 0
    """Findings among them that it shows."""
    end: EndReason = "stop"
    """Reason for the end of the text."""
    focus: str = ""
    line_pages: tuple[tuple[int, ...], ...] = ()
    """Source pages of each line of the text; empty for a line without a source."""
    unverified: tuple[str, ...] = ()
    """Figures and names in the text that no page contains."""
    text: str = ""
    """The words of version 0.1.0, for "text"."""


def encoded(record: Evidence | SummaryBasis | None) -> str:
    """Return a record as the JSON that a row holds; null for None."""
    return to_json(record)


def evidence_from(row: str) -> Evidence | None:
    """Return the record in a turn's row; None where it holds none. Never raises."""
    stored = _stored(row)
    if stored is None:
        return None
    if not isinstance(stored, dict):
        return Evidence(kind="text", text=str(stored))
    if "version" in stored:
        try:
            return msgspec.convert(stored, Evidence)
        except msgspec.ValidationError:
            return None
    return _evidence_of_0_1_0(stored)


def basis_from(row: str) -> SummaryBasis | None:
    """Return the record in a summary's row; None where it holds none. Never raises."""
    stored = _stored(row)
    if stored is None:
        return None
    if not isinstance(stored, dict):
        return SummaryBasis(made_from="text", text=str(stored))
    if "version" in stored:
        try:
            return msgspec.convert(stored, SummaryBasis)
        except msgspec.ValidationError:
            return None
    words = [_text(stored, name).rstrip(".") for name in ("basis", "coverage")]
    pages = stored.get("line_pages")
    return SummaryBasis(
        made_from="text",
        text=". ".join(part[:1].upper() + part[1:] for part in words if part),
        line_pages=tuple(_pages(line) for line in pages) if isinstance(pages, list) else (),
        unverified=_strings(stored.get("unverified")),
    )


def _stored(row: str) -> Any:
    try:
        return msgspec.json.decode(row)
    except (msgspec.DecodeError, RecursionError):
        return None


def _evidence_of_0_1_0(stored: dict[str, Any]) -> Evidence:
    """Return the record of a row of version 0.1.0: its own sentence, and the facts stored beside it."""
    page = _number(stored, "page")
    sentence = Sentence(
        page=page, start=_number(stored, "start"), end=_number(stored, "end"), text=_text(stored, "sentence")
    )
    certainty, weakest = stored.get("certainty"), stored.get("weakest")
    words = [_text(stored, name).rstrip(".") for name in ("basis", "warning")]
    return Evidence(
        kind="text" if stored.get("found", True) else "not_found",
        first_page=_number(stored, "first_page"),
        last_page=_number(stored, "last_page"),
        sentence=sentence if page and sentence.text else None,
        unverified=_strings(stored.get("unverified")),
        doubtful=stored.get("doubtful") is True,
        certainty=certainty if isinstance(certainty, float) else None,
        weakest=weakest if isinstance(weakest, float) else None,
        nearest=tuple(PageSpan(first, first) for first in _pages(stored.get("nearest"))),
        steps=_number(stored, "steps"),
        text=". ".join(part[:1].upper() + part[1:] for part in words if part),
    )


def _number(stored: dict[str, Any], name: str) -> int:
    value = stored.get(name)
    return value if type(value) is int else 0


def _text(stored: dict[str, Any], name: str) -> str:
    value = stored.get(name)
    return value if isinstance(value, str) else ""


def _strings(values: object) -> tuple[str, ...]:
    return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def _pages(values: object) -> tuple[int, ...]:
    return tuple(value for value in values if type(value) is int) if isinstance(values, list) else ()
