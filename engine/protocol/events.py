"""Events: facts about a job, named in the past tense. engine.protocol.wire encodes them and gives their order. Light:
no torch, no Qt."""

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
    """The job has resumed."""


class JobContinues(Event, frozen=True, kw_only=True):
    """The job computes and has nothing else to say: sent after eight seconds of silence, anywhere before its end."""

    tokens: int
    """Tokens that the model has computed for the job so far, those of several sequences together."""
    seconds: float
    """Seconds since the job began."""


class ModelLoading(Event, frozen=True, kw_only=True):
    """Loading a checkpoint begins."""

    folder: str


class ModelLoadAdvanced(Event, frozen=True, kw_only=True):
    """Loading goes on: `n_bytes` of the `of_bytes` of the weights are in memory. Sent about once a second while a model
    takes longer than a second; both are 0 while files are hashed or a tokenizer is checked."""

    n_bytes: int
    of_bytes: int


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
reading went on from a rounded state, so that its end state differs slightly from one read without a break.
stored_decrypted: the text of a document that a password opened is stored in the library in the clear."""


class Notice(Event, frozen=True, kw_only=True):
    """The user should know something that stops nothing."""

    kind: NoticeKind
    detail: str = ""
    """bad_command: the error; file_replaced, stored_decrypted: the name of the file."""


class DocumentOpened(Event, frozen=True, kw_only=True):
    """The file was opened. `page_count` is None when it is known only at the end."""

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


class ReadingEstimated(Event, frozen=True, kw_only=True):
    """Sent when a document is opened, and before it is read and its model is loaded: how long reading takes here.

    A window can say "This document: about 14 min with Falcon3-Mamba in int4, 2 min with the included reader", and offer
    to read it, to stop after some pages (Cancel at a PrefillAdvanced of that page; what was read is kept), or to leave
    it. PrefillAdvanced.seconds_left keeps the estimate true. Pages that were read before are in it.
    """

    tokens: int
    """Tokens of the document, estimated from its pages or its size."""
    model: str
    precision: str
    seconds: float | None
    """None where no reading was measured on this computer yet."""
    reader_seconds: float | None = None
    """Seconds with the reader that comes with the program; None where that is the model, or it was not measured."""
    included: bool = False
    """The models are those that come with the program."""


class ReadingResumed(Event, frozen=True, kw_only=True):
    """Prefill begins: behind the tokens of a saved state, which are not read again, or at 0."""

    document_id: int
    tokens: int
    page: int


class PrefillAdvanced(Event, frozen=True, kw_only=True):
    """The state has advanced. `total_tokens` is None at first, an estimate while pages arrive, exact at the end."""

    tokens: int
    page: int
    page_count: int | None
    total_tokens: int | None
    total_is_exact: bool
    tokens_per_second: float
    seconds_left: float | None
    resident_bytes: int


class CheckpointSaved(Event, frozen=True, kw_only=True):
    """A checkpoint was saved in the library: state, pages and coverage in one transaction."""

    snapshot_id: int
    tokens: int
    page: int
    kind: str


class ReadingFinished(Event, frozen=True, kw_only=True):
    """The whole file is in the state. The event lists the parts read and the parts not readable (I8)."""

    document_id: int | None
    tokens: int
    tokens_reused: int
    pages: int
    pages_read: int
    pages_without_text: list[int]
    problems: dict[str, str]
    """Page number (as text, for JSON) -> the problem of the page."""
    sections: int
    trained_context: int | None
    seconds: float
    outcome: str
    """Outcome of reading the file, a term of engine.documents."""
    left_out: dict[str, int] = {}
    """Page number -> running heads, feet and page numbers that were left out of the page."""
    recognised: dict[str, float] = {}
    """Page number -> mean certainty, 0 to 1, of a page that was read by text recognition (OCR)."""


class SectionsRead(Event, frozen=True, kw_only=True):
    """Of the document's `of` sections, `sections` were read by themselves: their states are saved for questions, or the
    scores of their sentences for a summary."""

    document_id: int
    sections: int
    of: int


class RetentionMeasured(Event, frozen=True, kw_only=True):
    """Retention of each section was measured: the upper bound on the share of it that remains in the document state.

    The lists have one entry per section, in order. The event is not sent when nothing was measured (the document was
    read by an older version).
    """

    document_id: int | None
    tokens: int
    """Tokens that the state has consumed."""
    first_pages: list[int]
    last_pages: list[int]
    retained: list[float]
    """Share in [0, 1], as engine.reading.retention defines it."""
    faded_to_page: int
    """Last of the pages, from page 1 on, that have decayed from the state; 0 when none have."""


class FollowWaiting(Event, frozen=True, kw_only=True):
    """A followed file has been read to its end; the job waits for it to grow, and other jobs may run."""

    path: str


class LedgerEntered(Event, frozen=True, kw_only=True):
    """One date, amount or name that the pages hold; most important first within its kind."""

    kind: str
    """date, amount or name."""
    text: str
    """Text of the entity on its first page."""
    value: str
    """Value for sorting and comparing: 2024-03-12 (2024-03, 2024), "48200 EUR", the name itself."""
    count: int
    pages: list[int]
    """Pages that contain the entity, in order."""


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
    """Sections of the document; of the part read so far while it is being read."""
    heading: str
    first_page: int
    last_page: int
    text: str
    line_pages: list[list[int]] = []
    """Source pages of each line of `text`; empty for a line without a source."""
    has_findings: bool = True
    """True when `text` contains a finding, about the focus if there is one."""
    saved: bool = False
    """True when the summary was already in the library."""


class SummaryDelta(Event, frozen=True, kw_only=True):
    """The next piece of the summary's text."""

    text: str
    pages: list[int] = []
    """Source pages of the line that ends with this piece (before its line end, if it has one)."""


class SummaryFinished(Event, frozen=True, kw_only=True):
    """The summary is complete and saved."""

    text: str
    length: str
    basis: SummaryBasis
    tokens_per_second: float
    summary_id: int | None = None
    """Row id in the library."""
    saved: bool = False
    """True when the summary was already in the library."""


class AnswerDelta(Event, frozen=True, kw_only=True):
    """The next piece of the answer's text."""

    text: str
    emphasis: tuple[int, int] | None = None
    """Characters of `text` that answer the question, within a sentence that is quoted."""


class AnswerFinished(Event, frozen=True, kw_only=True):
    """The answer is complete and saved."""

    text: str
    evidence: Evidence
    turn_id: int | None
    """Row id in the library."""
    seconds_to_first_token: float


class FileRead(Event, frozen=True, kw_only=True):
    """A file of a folder was read, or could not be: `number` of `files` in this run."""

    path: str
    number: int
    files: int
    document_id: int | None
    error: str = ""
    """Why it could not be read; "" where it was."""


class FolderRead(Event, frozen=True, kw_only=True):
    """All files of a folder were looked at."""

    collection: str
    read: int
    """Files that were opened in this run and are read."""
    failed: int
    documents: int
    """Documents of the collection by now."""
    failed_files: int
    """Files of the collection that could not be read, in this run or before."""
    others: tuple[str, ...] = ()
    """Names of files of kinds that are not read."""
    seconds: float


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


class SpaceFreed(Event, frozen=True, kw_only=True):
    """Saved states were deleted on request. They are made again when they are needed."""

    states: int
    n_bytes: int


class DocumentEdited(Event, frozen=True, kw_only=True):
    """Title and tags of a document as they are now."""

    document_id: int
    title: str
    tags: list[str]


class JobFinished(Event, frozen=True, kw_only=True):
    """The job was completed."""


class JobCancelled(Event, frozen=True, kw_only=True):
    """The job was cancelled; the part read so far is saved."""

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
