"""Records: the rows that go into the library and come out of it.

Times are seconds since 1970 and for people only; order is by `id`, so a clock that goes backwards does no harm.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from engine.library.prefix import Prefix
from engine.protocol.evidence import Evidence, SummaryBasis

SnapshotKind = Literal["end", "checkpoint", "section", "turn"]
Blob = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class Rounding:
    """How older checkpoints are stored in fewer bytes."""

    dtype: str
    """Precision of the stored recurrent state."""
    rounded: Callable[[bytearray], Blob | None]
    """The bytes of an fp32 state -> those of the same state in `dtype`; None where they are no state."""


ReadingState = Literal["running", "stopped", "interrupted", "stale", "done"]


class FileInfo(Protocol):
    """Facts of a file that its document stores; `engine.documents.pages.DocumentInfo` is one."""

    @property
    def path(self) -> Any: ...
    @property
    def sha256(self) -> str: ...
    @property
    def title(self) -> str | None: ...
    @property
    def kind(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def page_count(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class NewPage:
    """A page as read: `first_token` is its position in the document state's token sequence."""

    number: int
    text: str
    first_token: int
    n_tokens: int
    problem: str | None = None
    label: str | None = None
    removed: tuple[str, ...] = ()
    """Lines left out of `text`: running heads, feet, page numbers."""
    notes: tuple[str, ...] = ()
    """Remarks on the page: pictures and NUL bytes left out, a guessed encoding."""
    certainty: float | None = None
    """Mean certainty of text recognition (OCR), 0 to 1; None where the text stands in the file."""
    raw: str | None = None
    """Text before lines were left out, of a recognised page that lost some."""


@dataclass(frozen=True, slots=True)
class NewSnapshot:
    """A state to save: `data` is its bytes, `prefix` the sequence that it has consumed."""

    kind: SnapshotKind
    prefix: Prefix
    data: Blob
    dtype: str
    """Precision of the stored recurrent state: fp32 is exact, bf16 half the size, int8 in blocks about a quarter."""
    pinned: bool = False
    exact: bool = True
    """False where a rounded state is among those it was computed from."""
    decay: bytes | None = None
    """The decay sums by then; see engine.reading.retention."""


@dataclass(frozen=True, slots=True)
class NewSection:
    """A section as read, with its own state when there is one."""

    number: int
    heading: str
    text: str
    first_page: int
    last_page: int
    first_token: int
    n_tokens: int
    snapshot: NewSnapshot | None = None
    decay: bytes | None = None
    """The decay sums at its end; see engine.reading.retention."""
    mark: bytes | None = None
    """Hash of the document's tokens up to its end, where it was read by itself."""


@dataclass(frozen=True, slots=True)
class NewSummary:
    """A summary to store."""

    method: str
    text: str
    n_tokens: int
    """Tokens that the state it came from had read."""
    focus: str = ""
    basis: SummaryBasis | None = None
    length: str = "page"


@dataclass(frozen=True, slots=True)
class NewTurn:
    """A question and its answer, to store."""

    question: str
    answer: str
    evidence: Evidence | None = None
    parent: int | None = None
    """The turn it follows; None for the document itself."""
    snapshot: NewSnapshot | None = None
    """The state after the answer."""
    as_of_page: int | None = None
    seed: int | None = None
    kept: bool = False
    """True when the state is exempt from eviction under the quota."""
    tokens: Sequence[int] | None = None
    """All tokens that the turn consumed, so that its state can be found, or made again, from the document's."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document and how far its latest reading got."""

    id: int
    sha256: str
    path: str
    title: str
    kind: str
    size: int
    n_pages: int | None
    """Pages of the file; None while unknown."""
    added: float
    opened: float
    pages_read: int
    pages_with_problem: int
    tokens_read: int
    state: ReadingState | None
    """State of the latest reading; None when there was none."""
    model: str | None
    n_snapshots: int
    snapshot_bytes: int
    replaced: float | None
    """Time when another content took over its path; None while the path leads to this content, as far as is known."""
    paths: list[str]
    """All paths that lead to this content, or led to it last; the most recently seen first."""
    renamed: bool = False
    """True when a person gave it its title."""
    tags: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reading:
    """One document read by one model. A reading resumes after a crash and when the file grows."""

    id: int
    document: int
    identity: int
    model: str
    state: ReadingState
    """running; stopped by somebody; interrupted by a crash; stale: the file has changed since; done."""
    pages_read: int
    tokens_read: int
    tokens_saved: int
    """Tokens that the latest run found in the library instead of reading them."""
    tokens_timed: int
    seconds: float
    """Time that `tokens_timed` tokens took, over all runs."""
    note: str
    started: float
    updated: float
    state_tokens: int | None = None
    """Tokens that the document state has consumed, where only the states of sections have read on; None: all."""

    @property
    def speed(self) -> float:
        """Tokens a second; 0 where nothing was timed."""
        return self.tokens_timed / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Page:
    """A page; its token positions are those of the asked or latest reading, None where that did not get to it."""

    number: int
    label: str | None
    text: str
    problem: str | None
    first_token: int | None
    n_tokens: int | None
    removed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    certainty: float | None = None
    raw: str | None = None
    """Lines left out, remarks, certainty of text recognition and text before the lines were left out, as in
    `NewPage`."""


@dataclass(frozen=True, slots=True)
class PageSpan:
    """A page without its text, for the strip of page cells."""

    number: int
    first_token: int | None
    n_tokens: int | None
    problem: str | None
    removed: int = 0
    """Number of lines left out."""
    certainty: float | None = None
    """Mean certainty of text recognition (OCR), 0 to 1; None where the text stands in the file."""


@dataclass(frozen=True, slots=True)
class Section:
    """A section; `snapshot` is the id of its own state."""

    id: int
    reading: int
    number: int
    heading: str
    text: str
    first_page: int
    last_page: int
    first_token: int
    n_tokens: int
    snapshot: int | None


@dataclass(frozen=True, slots=True)
class SectionHit:
    """A section that a search found; a higher score is a better match."""

    section: Section
    score: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A saved state, without its bytes."""

    id: int
    document: int
    identity: int
    kind: SnapshotKind
    n_tokens: int
    dtype: str
    size: int
    pinned: bool
    last_used: float
    created: float
    exact: bool = True
    """False where a rounded state is among those it was computed from."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary; `n_tokens` is how far the state it came from had read."""

    id: int
    document: int
    model: str
    method: str
    focus: str
    text: str
    basis: SummaryBasis | None
    n_tokens: int
    created: float
    length: str = "page"
    sha256: str = ""
    """SHA-256 of the content that it was made from."""
    current: bool = True
    """True when the document still has exactly this content."""


@dataclass(frozen=True, slots=True)
class SectionNote:
    """The summary of one section. `section` is its row, `line_pages` the source pages of each line of `text`."""

    section: int
    number: int
    heading: str
    first_page: int
    last_page: int
    focus: str
    text: str
    line_pages: list[list[int]]
    has_findings: bool = True


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A date, an amount or a name, and every page that contains it."""

    kind: str
    """date, amount or name."""
    text: str
    """Text of the entity on its first page."""
    value: str
    """Value for sorting and comparing: 2024-03-12 (2024-03, 2024), "48200 EUR", the name itself."""
    count: int
    pages: list[int]


@dataclass(frozen=True, slots=True)
class Ledger:
    """Entities of a document, most important first within each kind."""

    entries: list[LedgerEntry]
    left_out: int
    """Number of less frequent entries that are not among them."""
    pages: int
    """Number of pages searched; 0 where version 0.1.0 made the ledger, which did not store it."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Retention of each section in the document state; see engine.reading.retention."""

    tokens: int
    """Tokens of the document in the state."""
    first_pages: list[int]
    last_pages: list[int]
    retained: list[float]
    faded_to_page: int
    """Pages 1 to this one have decayed from the state; 0 where none have."""

    def of_page(self, page: int) -> float:
        """Return the share of the section that contains `page`; 1 where it is not known."""
        place = bisect.bisect_right(self.first_pages, page) - 1
        known = 0 <= place < len(self.retained) and page <= self.last_pages[place]
        return min(max(self.retained[place], 0.0), 1.0) if known else 1.0


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer; turns form a tree under the document."""

    id: int
    document: int
    parent: int | None
    model: str
    question: str
    answer: str
    evidence: Evidence | None
    as_of_page: int | None
    seed: int | None
    snapshot: int | None
    """The state after the answer; None where none was saved or it was dropped for space."""
    kept: bool
    created: float
    sha256: str = ""
    """SHA-256 of the content that it was made from."""
    current: bool = True
    """True when the document still has exactly this content."""


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of `Maintenance.verify`."""

    checked: int
    damaged: list[Snapshot]
    """Snapshots whose bytes do not agree with their checksum; dropped, unless the library is open for reading."""
    problems: list[str]
    """Other faults of the file, a sentence each; empty when it is sound."""

    @property
    def sound(self) -> bool:
        return not self.damaged and not self.problems
