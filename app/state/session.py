"""All that the window knows of one document: facts, moved on by the worker's events. No Qt, no decisions."""

from __future__ import annotations

import bisect
import enum
from dataclasses import dataclass, field
from pathlib import Path

from app.state.conversation import Conversation
from engine.protocol import wire as m
from engine.protocol.evidence import SummaryBasis

_MEMORY_POINTS = 100


class Aspect(enum.IntFlag):
    """What changed; a pane redraws only its own."""

    DOCUMENT = enum.auto()
    PROGRESS = enum.auto()
    STRIP = enum.auto()
    SUMMARY = enum.auto()
    TURNS = enum.auto()
    TROUBLE = enum.auto()
    LEDGER = enum.auto()
    ALL = DOCUMENT | PROGRESS | STRIP | SUMMARY | TURNS | TROUBLE | LEDGER


class Phase(enum.Enum):
    """Where the work on a document stands."""

    IDLE = "idle"
    OPENING = "opening"
    WAITING = "waiting"
    LOADING = "loading the model"
    READING = "reading"
    SUMMARISING = "summarising"
    ANSWERING = "answering"

    @property
    def busy(self) -> bool:
        return self is not Phase.IDLE


@dataclass(frozen=True)
class Trouble:
    """Something that went wrong, for the place where it matters."""

    sentence: str
    reason: str = ""
    details: str = ""
    command: m.Command | None = None
    """What to send again when the person has mended it."""


@dataclass(frozen=True)
class SectionNote:
    """The summary of one section."""

    number: int
    of: int
    heading: str
    first_page: int
    last_page: int
    text: str
    line_pages: list[list[int]] = field(default_factory=list)
    """The pages that each line of the text stands on."""


@dataclass(frozen=True)
class LedgerEntry:
    """A date, an amount or a name, and all pages it stands on."""

    kind: str
    text: str
    value: str
    count: int
    pages: list[int]


@dataclass
class Ledger:
    """The dates, amounts and names of a document."""

    entries: list[LedgerEntry] = field(default_factory=list)
    whole: bool = False
    left_out: int = 0
    pages: int = 0
    """Number of pages searched; 0 where it is not known."""


@dataclass(frozen=True)
class Retention:
    """How much of each section the document state can still hold, 0 to 1."""

    first_pages: list[int]
    last_pages: list[int]
    retained: list[float]
    faded_to_page: int = 0

    def of_page(self, page: int) -> float:
        """The share of the section that holds `page`; 1 where nothing is known."""
        place = bisect.bisect_right(self.first_pages, page) - 1
        known = 0 <= place < len(self.retained) and page <= self.last_pages[place]
        return min(max(self.retained[place], 0.0), 1.0) if known else 1.0


@dataclass
class SummaryText:
    """A summary, streaming or whole."""

    text: str = ""
    line_pages: list[list[int]] = field(default_factory=list)
    """The pages that each line stands on, as far as they are known."""
    length: str = ""
    focus: str = ""
    basis: SummaryBasis | None = None
    """How it was made and what it covers; None until it is complete."""

    def add(self, piece: str, pages: list[int]) -> None:
        """The next piece, with the pages of the line that ends with it."""
        self.text += piece
        if pages:
            line = self.text.rstrip("\n").count("\n")
            self.line_pages += [[] for _ in range(line + 1 - len(self.line_pages))]
            self.line_pages[line] = list(pages)


@dataclass
class Progress:
    """How far a reading has come."""

    tokens: int = 0
    page: int = 0
    page_count: int | None = None
    total_tokens: int | None = None
    exact: bool = False
    tokens_per_second: float = 0.0
    seconds_left: float | None = None
    reused_tokens: int = 0
    reused_page: int = 0
    memory: list[tuple[int, int]] = field(default_factory=list)
    """(tokens read, resident bytes), thinned so that it stays small."""

    def sample(self, tokens: int, resident: int) -> None:
        """Add a point of the memory plot."""
        if resident > 0:
            self.memory.append((tokens, resident))
            if len(self.memory) > _MEMORY_POINTS:
                self.memory = self.memory[::2] + self.memory[-1:]


@dataclass
class DocumentSession:
    """One document in the window."""

    path: str
    document_id: int | None = None
    title: str = ""
    kind: str = ""
    size: int = 0
    page_count: int | None = None
    opened: bool = False
    password: str | None = None
    phase: Phase = Phase.IDLE
    paused: bool = False
    progress: Progress = field(default_factory=Progress)
    pages_extracted: int = 0
    problems: dict[int, str] = field(default_factory=dict)
    """Page -> what was wrong with it."""
    snapshots: dict[int, str] = field(default_factory=dict)
    """Page -> kind of the snapshot that stands at its end."""
    fully_read: bool = False
    coverage: str = ""
    """Coverage in the reader's own words."""
    notes: list[SectionNote] = field(default_factory=list)
    summary: SummaryText = field(default_factory=SummaryText)
    summary_done: bool = False
    summaries: list[SummaryText] = field(default_factory=list)
    """All that were made and are kept, the newest first."""
    summary_running: bool = False
    """A summary was asked for and is not there yet."""
    ledger: Ledger = field(default_factory=Ledger)
    retention: Retention | None = None
    conversation: Conversation = field(default_factory=Conversation)
    evidence: tuple[int, int] | None = None
    trouble: Trouble | None = None
    notices: list[m.Notice] = field(default_factory=list)
    stopped: bool = False
    """The person stopped the reading before its end."""

    @property
    def name(self) -> str:
        """The document's title, or its file name."""
        return self.title or Path(self.path).name

    @property
    def is_pdf(self) -> bool:
        return (self.kind or Path(self.path).suffix.lstrip(".")).lower() == "pdf"

    @property
    def pages(self) -> int:
        """Pages known of so far."""
        return self.page_count or max(self.progress.page_count or 0, self.pages_extracted, self.progress.page)

    @property
    def fraction(self) -> float:
        """How much of the document is in the state, 0 to 1."""
        if self.fully_read:
            return 1.0
        progress = self.progress
        if progress.total_tokens:
            return min(1.0, progress.tokens / progress.total_tokens)
        return min(1.0, progress.page / self.pages) if self.pages else 0.0

    def begin_summary(self) -> None:
        """A new summary is on its way: the old one gives up its place."""
        self.summary = SummaryText()
        self.summary_done = False
        self.notes = []
        if not self.ledger.whole:
            self.ledger = Ledger()

    def keep_summary(self, summary: SummaryText) -> None:
        """Put a summary first among those that are kept, in place of one of the same kind."""
        others = [kept for kept in self.summaries if (kept.length, kept.focus) != (summary.length, summary.focus)]
        self.summaries = [summary, *others]

    def show_summary(self, place: int) -> None:
        """Show one of the kept summaries."""
        if not self.summary_running and place < len(self.summaries):
            self.summary, self.summary_done = self.summaries[place], True

    def apply(self, event: m.Event) -> Aspect:
        """Take in one event of one of this document's jobs; returns what changed."""
        handler = getattr(self, f"_on_{type(event).__name__}", None)
        return handler(event) if handler else Aspect(0)

    def _on_JobPaused(self, event: m.JobPaused) -> Aspect:
        self.paused = True
        return Aspect.PROGRESS

    def _on_JobResumed(self, event: m.JobResumed) -> Aspect:
        self.paused = False
        return Aspect.PROGRESS

    def _on_ModelLoading(self, event: m.ModelLoading) -> Aspect:
        self.phase = Phase.LOADING
        return Aspect.PROGRESS

    def _on_ModelLoaded(self, event: m.ModelLoaded) -> Aspect:
        if self.phase is Phase.LOADING:
            self.phase = Phase.WAITING
        return Aspect.PROGRESS

    def _on_Notice(self, event: m.Notice) -> Aspect:
        if event.text not in {notice.text for notice in self.notices}:
            self.notices.append(event)
        return Aspect.PROGRESS

    def _on_DocumentOpened(self, event: m.DocumentOpened) -> Aspect:
        self.opened = True
        self.document_id = event.document_id if event.document_id is not None else self.document_id
        self.title, self.kind, self.size = event.title, event.kind, event.size
        self.page_count = event.page_count or self.page_count
        self.trouble = None
        return Aspect.DOCUMENT | Aspect.STRIP | Aspect.TROUBLE

    def _on_PageExtracted(self, event: m.PageExtracted) -> Aspect:
        self.pages_extracted = max(self.pages_extracted, event.page)
        if event.problem:
            self.problems[event.page] = event.problem
        return Aspect.STRIP

    def _on_ReadingResumed(self, event: m.ReadingResumed) -> Aspect:
        self.document_id = event.document_id
        self.progress.reused_tokens, self.progress.reused_page = event.tokens, event.page
        self.progress.tokens = max(self.progress.tokens, event.tokens)
        self.progress.page = max(self.progress.page, event.page)
        return Aspect.PROGRESS | Aspect.STRIP

    def _on_PrefillAdvanced(self, event: m.PrefillAdvanced) -> Aspect:
        progress = self.progress
        self.phase = Phase.READING
        progress.tokens, progress.page = event.tokens, event.page
        progress.page_count = event.page_count or progress.page_count
        progress.total_tokens, progress.exact = event.total_tokens, event.total_is_exact
        progress.tokens_per_second, progress.seconds_left = event.tokens_per_second, event.seconds_left
        progress.sample(event.tokens, event.resident_bytes)
        if event.page_count and event.page_count != self.page_count:
            self.page_count = event.page_count
        return Aspect.PROGRESS | Aspect.STRIP

    def _on_CheckpointSaved(self, event: m.CheckpointSaved) -> Aspect:
        self.snapshots[event.page] = event.kind
        return Aspect.STRIP

    def _on_ReadingFinished(self, event: m.ReadingFinished) -> Aspect:
        progress = self.progress
        self.document_id = event.document_id if event.document_id is not None else self.document_id
        self.fully_read, self.coverage = True, event.sentence
        self.page_count = event.pages or self.page_count
        progress.tokens = progress.total_tokens = event.tokens
        progress.page, progress.exact, progress.seconds_left = event.pages, True, 0.0
        self.problems.update({int(page): why for page, why in event.problems.items() if page.isdigit()})
        for page in event.pages_without_text:
            self.problems.setdefault(page, "no text on this page")
        if self.phase is Phase.READING:
            self.phase = Phase.WAITING
        return Aspect.PROGRESS | Aspect.STRIP | Aspect.DOCUMENT

    def _on_SectionSummarized(self, event: m.SectionSummarized) -> Aspect:
        self.phase = Phase.SUMMARISING
        note = SectionNote(
            event.section,
            event.sections,
            event.heading,
            event.first_page,
            event.last_page,
            event.text,
            [list(pages) for pages in event.line_pages],
        )
        self.notes = [other for other in self.notes if other.number != note.number] + [note]
        return Aspect.SUMMARY | Aspect.PROGRESS

    def _on_SummaryDelta(self, event: m.SummaryDelta) -> Aspect:
        self.phase = Phase.SUMMARISING
        self.summary.add(event.text, event.pages)
        return Aspect.SUMMARY | Aspect.PROGRESS

    def _on_SummaryFinished(self, event: m.SummaryFinished) -> Aspect:
        pages = [list(pages) for pages in event.basis.line_pages]
        self.summary = SummaryText(event.text, pages, event.length, event.basis.focus, event.basis)
        self.summary_done = True
        self.keep_summary(self.summary)
        return Aspect.SUMMARY

    def _on_LedgerEntered(self, event: m.LedgerEntered) -> Aspect:
        if self.ledger.whole:
            self.ledger = Ledger()
        self.ledger.entries.append(LedgerEntry(event.kind, event.text, event.value, event.count, list(event.pages)))
        return Aspect.LEDGER

    def _on_LedgerFinished(self, event: m.LedgerFinished) -> Aspect:
        entries = [] if self.ledger.whole else self.ledger.entries
        self.ledger = Ledger(entries, True, event.left_out, event.pages)
        return Aspect.LEDGER

    def _on_RetentionMeasured(self, event: m.RetentionMeasured) -> Aspect:
        self.retention = Retention(event.first_pages, event.last_pages, event.retained, event.faded_to_page)
        return Aspect.STRIP

    def _on_AnswerDelta(self, event: m.AnswerDelta) -> Aspect:
        turn = self.conversation.by_job(event.job_id)
        if turn is None:
            return Aspect(0)
        turn.answer += event.text
        self.phase = Phase.ANSWERING
        return Aspect.TURNS | Aspect.PROGRESS

    def _on_AnswerFinished(self, event: m.AnswerFinished) -> Aspect:
        turn = self.conversation.by_job(event.job_id)
        if turn is None:
            return Aspect(0)
        turn.answer, turn.evidence, turn.turn_id, turn.done = event.text.strip(), event.evidence, event.turn_id, True
        self.evidence = turn.pages
        return Aspect.TURNS | Aspect.STRIP
