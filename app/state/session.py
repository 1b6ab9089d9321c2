"""The state of one open document in the window, updated by the worker's events. No Qt, no decisions."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from pathlib import Path

from app.state.conversation import Conversation
from engine.library.records import Ledger, LedgerEntry, Retention, SectionNote
from engine.protocol import wire as m
from engine.protocol.evidence import SummaryBasis

_MEMORY_POINTS = 100
SILENT_SECONDS = 8.0
"""Seconds of silence after which the worker says that a job goes on."""


class Aspect(enum.IntFlag):
    """The part of a session that changed; a pane redraws only its own."""

    DOCUMENT = enum.auto()
    PROGRESS = enum.auto()
    STRIP = enum.auto()
    SUMMARY = enum.auto()
    TURNS = enum.auto()
    TROUBLE = enum.auto()
    LEDGER = enum.auto()
    ALL = DOCUMENT | PROGRESS | STRIP | SUMMARY | TURNS | TROUBLE | LEDGER


class Phase(enum.Enum):
    """The step that the work on a document is in."""

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
    """An error, shown where it happened."""

    sentence: str
    reason: str = ""
    details: str = ""
    command: m.Command | None = None
    """The command to send again when the user has fixed the cause."""

    @property
    def asks_password(self) -> bool:
        """Return whether a password solves the problem."""
        return self.reason in ("needs_password", "wrong_password")


@dataclass
class SummaryText:
    """A summary, streaming or complete."""

    text: str = ""
    line_pages: list[list[int]] = field(default_factory=list)
    """The pages of each line, as far as they are known."""
    length: str = ""
    focus: str = ""
    basis: SummaryBasis | None = None
    """Method and coverage of the summary; None until the summary is complete."""

    def add(self, piece: str, pages: list[int]) -> None:
        """Append the next piece, with the pages of the line that ends with it."""
        self.text += piece
        if pages:
            line = self.text.rstrip("\n").count("\n")
            self.line_pages += [[] for _ in range(line + 1 - len(self.line_pages))]
            self.line_pages[line] = list(pages)


@dataclass
class Progress:
    """Progress of a reading."""

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

    def resume(self, event: m.ReadingResumed) -> None:
        """Begin behind what is saved."""
        self.reused_tokens, self.reused_page = event.tokens, event.page
        self.tokens, self.page = max(self.tokens, event.tokens), max(self.page, event.page)

    def advance(self, event: m.PrefillAdvanced) -> None:
        """Note how far the reading has come."""
        self.tokens, self.page = event.tokens, event.page
        self.page_count = event.page_count or self.page_count
        self.total_tokens, self.exact = event.total_tokens, event.total_is_exact
        self.tokens_per_second, self.seconds_left = event.tokens_per_second, event.seconds_left
        self.sample(event.tokens, event.resident_bytes)

    def wait(self) -> None:
        """Count down the time left while a chunk is read."""
        if self.seconds_left is not None:
            self.seconds_left = max(0.0, self.seconds_left - SILENT_SECONDS)

    def finish(self, event: m.ReadingFinished) -> None:
        """Note the end of the reading."""
        self.tokens = self.total_tokens = event.tokens
        self.page, self.exact, self.seconds_left = event.pages, True, 0.0

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
    given_title: str = ""
    """A person's title for the document; "" where it has its own."""
    tags: list[str] = field(default_factory=list)
    kind: str = ""
    size: int = 0
    page_count: int | None = None
    opened: bool = False
    password: str | None = None
    store: bool = True
    """Whether its text, summary and answers are stored in the library."""
    phase: Phase = Phase.IDLE
    paused: bool = False
    progress: Progress = field(default_factory=Progress)
    pages_extracted: int = 0
    problems: dict[int, str] = field(default_factory=dict)
    """Page -> what could not be read on it."""
    snapshots: dict[int, str] = field(default_factory=dict)
    """Page -> kind of the snapshot that stands at its end."""
    fully_read: bool = False
    outcome: str = ""
    """Outcome of reading the file, as a sentence of engine.documents."""
    notes: list[SectionNote] = field(default_factory=list)
    """The section summaries, in order."""
    section_count: int = 0
    """Sections that the summary is made from; 0 until one is summarised."""
    summary: SummaryText = field(default_factory=SummaryText)
    summary_done: bool = False
    summaries: list[SummaryText] = field(default_factory=list)
    """The saved summaries, newest first."""
    summary_running: bool = False
    """A summary was requested and is not complete."""
    ledger: Ledger | None = None
    """Dates, amounts and names; None until they have been searched for."""
    retention: Retention | None = None
    conversation: Conversation = field(default_factory=Conversation)
    evidence: tuple[int, int] | None = None
    trouble: Trouble | None = None
    notices: list[m.Notice] = field(default_factory=list)
    load_share: float | None = None
    """Share of the model that is loaded; None where it is not known."""
    silent_seconds: float = 0.0
    """Seconds that a job has taken which has had nothing else to say for a while; 0 where it says something."""
    estimate: m.ReadingEstimated | None = None
    """How long the reading of the whole document takes here; None where that is not known."""
    long_seconds: float | None = None
    """Expected time of a reading that is so long that it waits for the user to begin it."""
    stopped: bool = False
    """The user stopped the reading before its end."""
    _entries: list[LedgerEntry] = field(default_factory=list)
    """Entries of the ledger that is arriving."""

    @property
    def name(self) -> str:
        """The document's title, a person's first, or its file name."""
        return self.given_title or self.title or Path(self.path).name

    @property
    def is_pdf(self) -> bool:
        return (self.kind or Path(self.path).suffix.lstrip(".")).lower() == "pdf"

    @property
    def pages(self) -> int:
        """Number of pages known so far."""
        return self.page_count or max(self.progress.page_count or 0, self.pages_extracted, self.progress.page)

    @property
    def fraction(self) -> float:
        """Share of the document that is in the state, 0 to 1."""
        if self.fully_read:
            return 1.0
        progress = self.progress
        if progress.total_tokens:
            return min(1.0, progress.tokens / progress.total_tokens)
        return min(1.0, progress.page / self.page_count) if self.page_count else 0.0

    def begin_summary(self) -> None:
        """Clear the summary that is shown: a new one is on its way."""
        self.summary = SummaryText()
        self.summary_done = False
        self.notes, self.section_count = [], 0
        self._entries = []

    def keep_summary(self, summary: SummaryText) -> None:
        """Put a summary first among the saved ones, in place of one of the same length and focus."""
        others = [kept for kept in self.summaries if (kept.length, kept.focus) != (summary.length, summary.focus)]
        self.summaries = [summary, *others]

    def show_summary(self, place: int) -> None:
        """Show one of the saved summaries."""
        if not self.summary_running and place < len(self.summaries):
            self.summary, self.summary_done = self.summaries[place], True

    def apply(self, event: m.Event) -> Aspect:
        """Take in one event of one of this document's jobs; returns what changed."""
        self.silent_seconds = event.seconds if isinstance(event, m.JobContinues) else 0.0
        return (
            self._apply_to_job(event)
            or self._apply_to_reading(event)
            or self._apply_to_summary(event)
            or self._apply_to_answer(event)
        )

    def _apply_to_job(self, event: m.Event) -> Aspect:
        match event:
            case m.JobPaused():
                self.paused = True
            case m.JobResumed():
                self.paused = False
            case m.ModelLoading():
                self.phase, self.load_share = Phase.LOADING, None
            case m.ModelLoadAdvanced():
                self.load_share = event.n_bytes / event.of_bytes if event.of_bytes else None
            case m.JobContinues():
                if self.phase is Phase.READING:
                    self.progress.wait()
                return Aspect.PROGRESS | Aspect.TURNS
            case m.ModelLoaded():
                self.phase = Phase.WAITING if self.phase is Phase.LOADING else self.phase
            case m.Notice():
                if (event.kind, event.detail) not in {(notice.kind, notice.detail) for notice in self.notices}:
                    self.notices.append(event)
            case _:
                return Aspect(0)
        return Aspect.PROGRESS

    def _apply_to_reading(self, event: m.Event) -> Aspect:
        match event:
            case m.DocumentOpened():
                self._open(event)
                return Aspect.DOCUMENT | Aspect.STRIP | Aspect.TROUBLE
            case m.ReadingEstimated():
                self.estimate = event
                return Aspect.PROGRESS
            case m.PageExtracted():
                self.pages_extracted = max(self.pages_extracted, event.page)
                if event.problem:
                    self.problems[event.page] = event.problem
            case m.ReadingResumed():
                self.document_id = event.document_id
                self.progress.resume(event)
                return Aspect.PROGRESS | Aspect.STRIP
            case m.PrefillAdvanced():
                self.phase = Phase.READING
                self.progress.advance(event)
                self.page_count = event.page_count or self.page_count
                return Aspect.PROGRESS | Aspect.STRIP
            case m.CheckpointSaved():
                self.snapshots[event.page] = event.kind
            case m.ReadingFinished():
                self._finish_reading(event)
                return Aspect.PROGRESS | Aspect.STRIP | Aspect.DOCUMENT
            case m.RetentionMeasured():
                self.retention = Retention(
                    event.tokens, event.first_pages, event.last_pages, event.retained, event.faded_to_page
                )
            case _:
                return Aspect(0)
        return Aspect.STRIP

    def _apply_to_summary(self, event: m.Event) -> Aspect:
        match event:
            case m.SectionSummarized():
                if self.phase is not Phase.READING:  # key sentences come while the document is still being read
                    self.phase = Phase.SUMMARISING
                self.section_count = event.sections
                self.notes = [note for note in self.notes if note.number != event.section] + [_note(event)]
                return Aspect.SUMMARY | Aspect.PROGRESS
            case m.SummaryDelta():
                self.phase = Phase.SUMMARISING
                self.summary.add(event.text, event.pages)
                return Aspect.SUMMARY | Aspect.PROGRESS
            case m.SummaryFinished():
                pages = [list(pages) for pages in event.basis.line_pages]
                self.summary = SummaryText(event.text, pages, event.length, event.basis.focus, event.basis)
                self.summary_done = True
                self.keep_summary(self.summary)
                return Aspect.SUMMARY
            case m.LedgerEntered():
                self._entries.append(LedgerEntry(event.kind, event.text, event.value, event.count, event.pages))
            case m.LedgerFinished():
                self.ledger = Ledger(self._entries, event.left_out, event.pages)
                self._entries = []
                return Aspect.LEDGER
        return Aspect(0)

    def _apply_to_answer(self, event: m.Event) -> Aspect:
        turn = self.conversation.by_job(event.job_id)
        match event:
            case m.AnswerDelta() if turn is not None:
                turn.answer += event.text
                self.phase = Phase.ANSWERING
                return Aspect.TURNS | Aspect.PROGRESS
            case m.AnswerFinished() if turn is not None:
                turn.finish(event.text, event.evidence, event.turn_id)
                self.evidence = turn.pages
                return Aspect.TURNS | Aspect.STRIP
        return Aspect(0)

    def _open(self, event: m.DocumentOpened) -> None:
        self.opened = True
        self.document_id = event.document_id if event.document_id is not None else self.document_id
        self.title, self.kind, self.size = event.title, event.kind, event.size
        self.page_count = event.page_count or self.page_count
        self.trouble = None

    def _finish_reading(self, event: m.ReadingFinished) -> None:
        self.document_id = event.document_id if event.document_id is not None else self.document_id
        self.fully_read, self.outcome = True, event.outcome
        self.page_count = event.pages or self.page_count
        self.progress.finish(event)
        self.problems.update({int(page): why for page, why in event.problems.items() if page.isdecimal()})
        for page in event.pages_without_text:
            self.problems.setdefault(page, "no text on this page")
        if self.phase is Phase.READING:
            self.phase = Phase.WAITING


def _note(event: m.SectionSummarized) -> SectionNote:
    """Return the section summary of an event; the window does not need its row and its focus."""
    return SectionNote(
        0,
        event.section,
        event.heading,
        event.first_page,
        event.last_page,
        "",
        event.text,
        event.line_pages,
        event.has_findings,
    )
