"""What happened in a job, in the past tense; engine.protocol.wire puts it on the wire and says what comes when.
Light."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.protocol.message import Event


@dataclass(frozen=True, kw_only=True)
class WorkerStarted(Event):
    """The worker's first event."""

    protocol_version: int
    app_version: str
    pid: int


@dataclass(frozen=True, kw_only=True)
class JobStarted(Event):
    """The job left the queue; `command` is the type of its command."""

    command: str


@dataclass(frozen=True, kw_only=True)
class JobPaused(Event):
    """The job holds at a chunk or token boundary."""


@dataclass(frozen=True, kw_only=True)
class JobResumed(Event):
    """The job goes on."""


@dataclass(frozen=True, kw_only=True)
class ModelLoading(Event):
    """Loading a checkpoint begins."""

    folder: str


@dataclass(frozen=True, kw_only=True)
class ModelLoaded(Event):
    """The model is in memory. trained_context in tokens, None where the checkpoint does not say."""

    name: str
    demo: bool
    parameters: int
    device: str
    dtype: str
    implementation: str
    reason: str
    trained_context: int | None
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Notice(Event):
    """Something the person should know that stops nothing. `reason`, for programs: "demo_model", or ""."""

    text: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class DocumentOpened(Event):
    """What was found when the file was opened. page_count None: only known at the end."""

    document_id: int | None
    path: str
    title: str
    kind: str
    size: int
    page_count: int | None


@dataclass(frozen=True, kw_only=True)
class PageExtracted(Event):
    """A page's text is there, or `problem` says why not."""

    page: int
    n_tokens: int
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReadingResumed(Event):
    """Prefill begins: behind the tokens of a saved state, which are not read again, or at 0."""

    document_id: int
    tokens: int
    page: int


@dataclass(frozen=True, kw_only=True)
class PrefillAdvanced(Event):
    """How far the state has come. total_tokens: None at first, an estimate while pages come, exact in the end."""

    tokens: int
    page: int
    page_count: int | None
    total_tokens: int | None
    total_is_exact: bool
    tokens_per_second: float
    seconds_left: float | None
    resident_bytes: int


@dataclass(frozen=True, kw_only=True)
class CheckpointSaved(Event):
    """A snapshot stands in the library: state, pages and coverage in one transaction."""

    snapshot_id: int
    tokens: int
    page: int
    kind: str


@dataclass(frozen=True, kw_only=True)
class ReadingFinished(Event):
    """The whole file is in the state. Honest coverage (I8)."""

    document_id: int | None
    tokens: int
    tokens_reused: int
    pages: int
    pages_read: int
    pages_without_text: list[int]
    problems: dict[str, str]
    """Page number (as text, for JSON) -> what was wrong with it."""
    sections: int
    trained_context: int | None
    seconds: float
    sentence: str
    """Coverage in words."""


@dataclass(frozen=True, kw_only=True)
class SectionsRead(Event):
    """So many sections of a document that has been read now have a state of their own, kept for its questions."""

    document_id: int
    sections: int
    of: int


@dataclass(frozen=True, kw_only=True)
class RetentionMeasured(Event):
    """How much of what each section left in the document state can still be in it: the section-th entry of each list
    is of one section, in order. Nothing is sent where nothing was measured (read by an older version).
    """

    document_id: int | None
    tokens: int
    """Where the state stands."""
    first_pages: list[int]
    last_pages: list[int]
    retained: list[float]
    """Share in [0, 1]; see engine.reading.retention for what it is a share of."""
    faded_to_page: int
    """Of the pages up to this one the document state holds next to nothing any more; 0 where all is within reach."""


@dataclass(frozen=True, kw_only=True)
class FollowWaiting(Event):
    """A followed file has been read as far as it goes; the job waits for it to grow, and other jobs may run."""

    path: str


@dataclass(frozen=True, kw_only=True)
class LedgerEntered(Event):
    """One date, amount or name that the pages hold; most important first within its kind."""

    kind: str
    """date, amount or name."""
    text: str
    """As it stands on its first page."""
    value: str
    """For sorting and comparing: 2024-03-12 (2024-03, 2024), "48200 EUR", the name itself."""
    count: int
    pages: list[int]
    """All it stands on, in order."""


@dataclass(frozen=True, kw_only=True)
class LedgerFinished(Event):
    """The ledger is complete."""

    entries: int
    """LedgerEntered events that were sent."""
    left_out: int
    """Entries of less weight that were not."""
    basis: str
    """What was looked through, in words."""


@dataclass(frozen=True, kw_only=True)
class SectionSummarized(Event):
    """The summary of one section, in order, with its pages."""

    section: int
    sections: int
    heading: str
    first_page: int
    last_page: int
    text: str
    line_pages: list[list[int]] = field(default_factory=list)
    """The pages that each line of `text` stands on; empty for a line that no page was found for."""
    saved: bool = False
    """It was in the library already."""


@dataclass(frozen=True, kw_only=True)
class SummaryDelta(Event):
    """The next piece of the summary's text."""

    text: str
    pages: list[int] = field(default_factory=list)
    """What the line rests on that ends with this piece (before its line end, where it has one)."""


@dataclass(frozen=True, kw_only=True)
class SummaryFinished(Event):
    """The whole summary, how it was made and what it rests on."""

    text: str
    method: str
    """state or sections; never auto."""
    basis: str
    tokens_per_second: float
    length: str = "page"
    focus: str = ""
    line_pages: list[list[int]] = field(default_factory=list)
    """The pages that each line of `text` stands on; empty for a line that no page was found for."""
    coverage: str = ""
    """In words: the sections and pages it covers, and what it leaves out."""
    unverified: list[str] = field(default_factory=list)
    """Figures and names in the text that no page bears out."""
    summary_id: int | None = None
    """Its row in the library."""


@dataclass(frozen=True, kw_only=True)
class AnswerDelta(Event):
    """The next piece of the answer's text."""

    text: str


@dataclass(frozen=True, kw_only=True)
class AnswerFinished(Event):
    """The whole answer and its evidence: pages first_page to last_page, or all that was read."""

    text: str
    basis: str
    first_page: int
    last_page: int
    found: bool
    unverified: list[str]
    """Figures and names in the answer that those pages do not bear out."""
    turn_id: int | None
    seconds_to_first_token: float
    page: int | None = None
    """The page whose text bears the answer out; None where no one page does."""
    sentence: str = ""
    """What bears it out, word for word: characters start to end of that page's text as the library has it."""
    start: int = 0
    end: int = 0
    nearest: list[int] = field(default_factory=list)
    """Not found: first pages of the sections that come nearest to the question, best first."""
    certainty: float | None = None
    """The model's own, 0 to 1: the mean probability of the answer's tokens; None where it was not looked at."""
    weakest: float | None = None
    """The lowest probability of one of these tokens."""
    doubtful: bool = False
    """A short answer that the model was unsure of, or whose sentence says little of what was asked; `warning` says so
    too."""
    reread: bool = False
    """The answer comes from the evidence pages read again with the question before them."""
    warning: str = ""
    """What to keep in mind about the basis, in a sentence; empty where nothing speaks against it."""
    token_steps: int = 0
    """What asking cost: tokens that the model was fed for it, over all candidates."""


@dataclass(frozen=True, kw_only=True)
class DocumentListed(Event):
    """One document of the library."""

    document_id: int
    path: str
    title: str
    pages: int
    tokens: int
    state: str
    snapshots: int
    snapshot_bytes: int


@dataclass(frozen=True, kw_only=True)
class DocumentRemoved(Event):
    """The document is out of the library."""

    document_id: int


@dataclass(frozen=True, kw_only=True)
class JobFinished(Event):
    """The job did what it was asked to."""


@dataclass(frozen=True, kw_only=True)
class JobCancelled(Event):
    """The job stopped because it was told to; what it had read is saved."""

    tokens: int = 0


@dataclass(frozen=True, kw_only=True)
class JobFailed(Event):
    """kind "known": a cause a person can act on, in one sentence; "bug": ours, with a traceback in `details`.

    reason is a short fixed word for programs ("needs password", "missing", "damaged", ...), "" where there is none.
    """

    kind: str
    message: str
    reason: str = ""
    details: str = ""


TERMINAL = (JobFinished, JobCancelled, JobFailed)
