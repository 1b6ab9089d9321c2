"""Records of the service's own requests and replies. Their JSON schemas are the OpenAPI description and the MCP tools'.

Light: no torch.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from engine.protocol.commands import Int64
from engine.protocol.evidence import Evidence, SummaryBasis
from engine.protocol.vocabulary import Length, Method, Reread

MOST_PAGES = 100
"""Pages of one reply."""
MOST_ROWS = 2_000
"""Rows of a document's tables in one reply."""
MOST_QUESTION, MOST_FOCUS, MOST_CLAIM = 8_000, 1_000, 20_000
"""Characters of a question, a focus, and a text that is looked up."""

Number = Annotated[int, Meta(ge=1, le=2**63 - 1)]
"""A number from 1, of a page or a row."""
Name = Annotated[str, Meta(min_length=1, max_length=4_096)]
DocumentName = Number | Name
"""Number, path, file name or title of a document in the library."""


class Request(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request's body."""


class ReadRequest(Request, frozen=True, kw_only=True):
    """Read a file of this machine, or what is new in it."""

    path: Annotated[str, Meta(min_length=1, max_length=4_096, description="Path of the file on this machine.")]
    password: Annotated[str, Meta(max_length=1_024)] | None = None
    stream: Annotated[bool, Meta(description="Send the progress as server-sent events.")] = False


class AskRequest(Request, frozen=True, kw_only=True):
    """Ask a document, or a collection, a question. Exactly one of both is named."""

    document: Annotated[DocumentName, Meta(description="Number, path, file name or title of a document.")] | None = None
    collection: Annotated[Name, Meta(description="Name of a collection.")] | None = None
    question: Annotated[str, Meta(min_length=1, max_length=MOST_QUESTION, pattern=r"\S")]
    page: Annotated[Number, Meta(description="Use pages 1 to this one only.")] | None = None
    parent: Annotated[Number, Meta(description="Number of the turn that the question follows.")] | None = None
    reread: Annotated[Reread, Meta(description="Read the evidence pages again before answering.")] = "auto"
    seed: Annotated[Int64, Meta(description="Sample with this seed instead of decoding greedily.")] | None = None
    stream: bool = False


class SummaryRequest(Request, frozen=True, kw_only=True):
    """Summarise a document. A summary of the same kind that was made before is sent again."""

    document: Annotated[DocumentName, Meta(description="Number, path, file name or title of a document.")]
    length: Length = "page"
    method: Method = "auto"
    focus: Annotated[str, Meta(max_length=MOST_FOCUS)] | None = None
    again: Annotated[bool, Meta(description="Write a new summary even where there is one of this kind.")] = False
    stream: bool = False


class DigestRequest(Request, frozen=True, kw_only=True):
    """Quote the key sentences of a document, with their pages."""

    document: Annotated[DocumentName, Meta(description="Number, path, file name or title of a document.")]
    length: Length = "page"
    focus: Annotated[str, Meta(max_length=MOST_FOCUS)] | None = None


class TableRequest(Request, frozen=True, kw_only=True):
    """List the tables of a document, and its dates, amounts and names."""

    document: Annotated[DocumentName, Meta(description="Number, path, file name or title of a document.")]


class PagesRequest(Request, frozen=True, kw_only=True):
    """Return the text of pages."""

    document: Annotated[DocumentName, Meta(description="Number, path, file name or title of a document.")]
    first: Number = 1
    last: Number | None = None


class EvidenceRequest(Request, frozen=True, kw_only=True):
    """Look a text up in a document: the passages that support each of its sentences."""

    document: Annotated[DocumentName, Meta(description="Number, path, file name or title of a document.")]
    text: Annotated[str, Meta(min_length=1, max_length=MOST_CLAIM, pattern=r"\S")]


class Citation(Struct, frozen=True):
    """A passage of a page: characters `start` to `end` of the text that `pages` returns."""

    document: int
    page: int
    text: str
    start: int
    end: int


class Answer(Struct, frozen=True, kw_only=True):
    """An answer with its evidence."""

    document: int | None
    """None for an answer from a collection: its citations name their documents."""
    question: str
    text: str
    found: bool
    pages: list[int]
    """Pages of the citations; without a citation the pages that the answer is based on, at most the first hundred."""
    citations: list[Citation]
    source: str
    """The source of the answer in a sentence."""
    doubts: list[str]
    """What speaks against the answer, a sentence each."""
    evidence: Evidence
    turn: int | None
    """Number of the turn, for a question that follows this one."""
    seconds: float


class Line(Struct, frozen=True):
    """A line of a summary and the pages that support it."""

    text: str
    pages: list[int]


class Summary(Struct, frozen=True, kw_only=True):
    """A summary with its pages."""

    document: int
    text: str
    lines: list[Line]
    length: str
    method: str
    """Basis of the summary: state, sections or selection."""
    coverage: str
    """How it was made, what it covers and leaves out, in sentences."""
    basis: SummaryBasis
    saved: bool
    """True when it was made before."""


class TableRow(Struct, frozen=True):
    """One date, amount or name, with every page that has it."""

    kind: str
    text: str
    value: str
    count: int
    pages: list[int]


class RecordLine(Struct, frozen=True):
    """A row of a table, a list or labels, with its place: characters `start` to `end` of the page."""

    page: int
    start: int
    end: int
    cells: list[str]


class FoundTable(Struct, frozen=True, kw_only=True):
    """A table, a list or a group of labels of the document."""

    form: str
    caption: str
    columns: list[str]
    rows: list[RecordLine]


class Table(Struct, frozen=True, kw_only=True):
    """The tables of a document, and its dates, amounts and names."""

    document: int
    rows: list[TableRow]
    left_out: int
    """Less frequent entries that are not among the rows."""
    pages_searched: int
    tables: list[FoundTable]
    table_rows_left_out: int
    """Rows of tables beyond the first MOST_ROWS."""
    tables_unread: int
    """Tables that could not be read in full."""


class Page(Struct, frozen=True):
    """A page as it was read."""

    number: int
    label: str | None
    text: str
    problem: str | None


class PageList(Struct, frozen=True, kw_only=True):
    """Pages of a document, in order."""

    document: int
    pages: list[Page]
    pages_read: int
    """Pages of the document that were read."""


class State(Struct, frozen=True, kw_only=True):
    """A saved state, without its bytes."""

    number: int
    kind: str
    tokens: int
    stored_in: str
    exact: bool
    """False where a rounded state is among those it was computed from, or it is itself rounded."""
    size: int
    created: float


class Document(Struct, frozen=True, kw_only=True):
    """A document of the library and how far it was read."""

    number: int
    title: str
    path: str
    kind: str
    size: int
    pages: int
    pages_read: int
    pages_with_problem: int
    tokens: int
    state: str
    """done, running, stopped, interrupted, stale or none."""
    model: str | None
    sha256: str
    added: float
    states: int
    state_bytes: int


class DocumentList(Struct, frozen=True, kw_only=True):
    """The documents of the library, the last used first."""

    documents: list[Document]


class DocumentDetail(Document, frozen=True, kw_only=True):
    """A document with its saved states."""

    note: str
    """Coverage of the latest reading, in sentences."""
    faded_to_page: int
    """Pages 1 to this one have decayed from the document state; 0 where none have."""
    saved_states: list[State]


class Collection(Struct, frozen=True, kw_only=True):
    """A collection of documents."""

    name: str
    documents: int
    failed: int
    """Files of its folders that could not be read."""
    folders: list[str]


class CollectionList(Struct, frozen=True, kw_only=True):
    """The collections of the library."""

    collections: list[Collection]


class Reading(Struct, frozen=True, kw_only=True):
    """The result of reading a file."""

    document: Document
    coverage: str
    tokens: int
    tokens_reused: int
    pages_read: int
    pages_without_text: list[int]
    problems: dict[str, str]
    seconds: float


class Removed(Struct, frozen=True):
    """The number of a document that was removed from the library."""

    removed: int


class Support(Struct, frozen=True, kw_only=True):
    """A sentence of the text that was looked up."""

    sentence: str
    citation: Citation | None
    """The passage that supports it; None where none was found."""
    not_found: list[str]
    """Figures, dates and names of the sentence that are on no page read."""


class Lookup(Struct, frozen=True, kw_only=True):
    """The sentences of a text and the passages of a document that support them."""

    document: int
    sentences: list[Support]
    pages_searched: int


class TurnEvidence(Struct, frozen=True, kw_only=True):
    """The evidence of an answer that was given before."""

    turn: int
    document: int
    question: str
    text: str
    current: bool
    """False when the document's file has changed since."""
    citations: list[Citation]
    source: str
    doubts: list[str]
    evidence: Evidence | None


def citations_of(evidence: Evidence | None, document: int | None) -> list[Citation]:
    """Return the passages of `evidence`, the one that supports the answer first: sentences of `document`, or rows of
    several documents. The next best ones are no part of the answer and are left out."""
    if evidence is None:
        return []
    if evidence.counted is not None and evidence.counted.rows:
        return [Citation(row.document_id, row.page, row.text, row.start, row.end) for row in evidence.counted.rows]
    first = (evidence.sentence,) if evidence.sentence is not None else ()
    return [Citation(document or 0, s.page, s.text, s.start, s.end) for s in (*first, *evidence.further)]


def plain(record: object) -> dict[str, object]:
    """Return a record as the dictionary that its JSON means."""
    value = msgspec.to_builtins(record)
    assert isinstance(value, dict)
    return value
