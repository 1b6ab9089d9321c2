"""Events: what happened in a job, in the past tense. engine.protocol.wire encodes them and gives their order. Light."""

from __future__ import annotations

from typing import Literal

import msgspec

from engine.protocol.evidence import Evidence, SummaryBasis


class Event(msgspec.Struct, frozen=True, kw_only=True, tag=True, tag_field="type"):
    """Reports something that happened in the job `job_id` ("" for the worker itself)."""

    job_id: str = ""


class WorkerStarted(Event, frozen=True, kw_only=True):
    """The worker's first event."""

    protocol_version: int
    app_version: str
    pid: int


class JobStarted(Event, frozen=True, kw_only=True):
    """The job left the queue; `command` is the type of its command."""

    command: str


class JobPaused(Event, frozen=True, kw_only=True):
    """The job holds at a chunk or token boundary."""


class JobResumed(Event, frozen=True, kw_only=True):
    """The job goes on."""


class ModelLoading(Event, frozen=True, kw_only=True):
    """Loading a checkpoint begins."""

    folder: str


class ModelLoaded(Event, frozen=True, kw_only=True):
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


NoticeKind = Literal["demo_model", "bad_command", "file_replaced", "rounded_checkpoint", "stored_decrypted"]
"""demo_model: the document is unlike all that the demonstration model was trained on. bad_command: a line was not a
command. file_replaced: a followed file was truncated or replaced, and is read from its start. rounded_checkpoint: the
reading went on from a state rounded to bf16, so that its end state differs slightly from one read without a break.
stored_decrypted: the text of a document that a password opened is stored in the library in the clear."""


class Notice(Event, frozen=True, kw_only=True):
    """The user should know something that stops nothing."""

    kind: NoticeKind
    detail: str = ""
    """bad_command: the error; file_replaced, stored_decrypted: the name of the file."""


class DocumentOpened(Event, frozen=True, kw_only=True):
    """What was found when the file was opened. page_count None: only known at the end."""

    document_id: int | None
    path: str
    title: str
    kind: str
    size: int
    page_count: int | None


class PageExtracted(Event, frozen=True, kw_only=True):
    """A page's text is there, or `problem` says why not."""

    page: int
    n_tokens: int
    problem: str | None = None


class ReadingResumed(Event, frozen=True, kw_only=True):
    """Prefill begins: behind the tokens of a saved state, which are not read again, or at 0."""

    document_id: int
    tokens: int
    page: int


class PrefillAdvanced(Event, frozen=True, kw_only=True):
    """How far the state has come. total_tokens: None at first, an estimate while pages come, exact in the end."""

    tokens: int
    page: int
    page_count: int | None
    total_tokens: int | None
    total_is_exact: bool
    tokens_per_second: float
    seconds_left: float | None
    resident_bytes: int


class CheckpointSaved(Event, frozen=True, kw_only=True):
    """A snapshot stands in the library: state, pages and coverage in one transaction."""

    snapshot_id: int
    tokens: int
    page: int
    kind: str


class ReadingFinished(Event, frozen=True, kw_only=True):
    """The whole file is in the state: what was read, and what could not be read (I8)."""

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
    outcome: str
    """How the reading of the file went, in the words of engine.documents."""


class SectionsRead(Event, frozen=True, kw_only=True):
    """So many sections of a document that has been read now have a state of their own, kept for its questions."""

    document_id: int
    sections: int
    of: int


class RetentionMeasured(Event, frozen=True, kw_only=True):
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


class FollowWaiting(Event, frozen=True, kw_only=True):
    """A followed file has been read as far as it goes; the job waits for it to grow, and other jobs may run."""

    path: str


class LedgerEntered(Event, frozen=True, kw_only=True):
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


class LedgerFinished(Event, frozen=True, kw_only=True):
    """The ledger is complete."""

    entries: int
    """LedgerEntered events that were sent."""
    left_out: int
    """Number of less frequent entries that were not."""
    pages: int
    """Number of pages searched; 0 where it is not known."""


class SectionSummarized(Event, frozen=True, kw_only=True):
    """The summary of one section, in order, with its pages."""

    section: int
    sections: int
    heading: str
    first_page: int
    last_page: int
    text: str
    line_pages: list[list[int]] = []
    """The pages that each line of `text` stands on; empty for a line that no page was found for."""
    has_findings: bool = True
    """Whether `text` says anything, about the focus where there is one."""
    saved: bool = False
    """It was in the library already."""


class SummaryDelta(Event, frozen=True, kw_only=True):
    """The next piece of the summary's text."""

    text: str
    pages: list[int] = []
    """What the line rests on that ends with this piece (before its line end, where it has one)."""


class SummaryFinished(Event, frozen=True, kw_only=True):
    """The summary is complete and saved."""

    text: str
    length: str
    basis: SummaryBasis
    tokens_per_second: float
    summary_id: int | None = None
    """Its row in the library."""
    saved: bool = False
    """It was made before."""


class AnswerDelta(Event, frozen=True, kw_only=True):
    """The next piece of the answer's text."""

    text: str


class AnswerFinished(Event, frozen=True, kw_only=True):
    """The answer is complete and saved."""

    text: str
    evidence: Evidence
    turn_id: int | None
    """Its row in the library."""
    seconds_to_first_token: float


class StatesDropped(Event, frozen=True, kw_only=True):
    """Old saved states were deleted to keep the quota. They are made again when they are needed."""

    states: int
    n_bytes: int
    quota_bytes: int


class DocumentListed(Event, frozen=True, kw_only=True):
    """One document of the library."""

    document_id: int
    path: str
    title: str
    pages: int
    tokens: int
    state: str
    snapshots: int
    snapshot_bytes: int


class DocumentRemoved(Event, frozen=True, kw_only=True):
    """The document is out of the library."""

    document_id: int


class JobFinished(Event, frozen=True, kw_only=True):
    """The job did what it was asked to."""


class JobCancelled(Event, frozen=True, kw_only=True):
    """The job stopped because it was told to; what it had read is saved."""

    tokens: int = 0


class JobFailed(Event, frozen=True, kw_only=True):
    """kind "known": a cause a person can act on, in one sentence; "bug": ours, with a traceback in `details`.

    reason is a short fixed word for programs ("needs password", "missing", "damaged", ...), "" where there is none.
    """

    kind: str
    message: str
    reason: str = ""
    details: str = ""


TERMINAL = (JobFinished, JobCancelled, JobFailed)
