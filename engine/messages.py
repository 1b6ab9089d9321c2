"""What the window, the worker and the command line say to each other: commands and events.

Each is a frozen dataclass of JSON values; on the wire it is one JSON object a line, with the class name under "type".
Commands are imperatives, events are facts in the past tense. Every job ends in exactly one terminal event: JobFinished,
JobCancelled or JobFailed. A receiver ignores fields it does not know (a newer peer of the same protocol may add some)
and refuses types it does not know.

Of one job come, in this order and each only where it applies:

    OpenDocument  DocumentOpened
    Read          DocumentOpened, (ModelLoading, ModelLoaded), ReadingResumed, (PageExtracted, PrefillAdvanced,
                  CheckpointSaved)*, ReadingFinished, RetentionMeasured, (SectionsRead)*; with follow: FollowWaiting,
                  and all but the model's again after every growth, until Cancel
    Summarize     as Read, then (LedgerEntered)*, LedgerFinished, (SectionSummarized)*, (SummaryDelta)*,
                  SummaryFinished
    Ask           as Read, then (AnswerDelta)*, AnswerFinished
    Configure     nothing of its own

Light: no torch, no Qt.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

PROTOCOL_VERSION = 2
MAX_LINE = 4 * 1024 * 1024
"""Longest line either side accepts, bytes: far above any message, low enough that garbage cannot fill memory."""

METHODS = ("auto", "state", "sections")
LENGTHS = ("paragraph", "page", "outline")
"""Of a summary: how it is made, and how long it is."""


class ProtocolError(ValueError):
    """A line that is no message of this protocol; the text says what is wrong with it."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """Anything on the wire."""

    job_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Command(Message):
    """Asks the worker for something."""


@dataclass(frozen=True, kw_only=True)
class Event(Message):
    """Reports something that happened in the job named by job_id ("" for the worker itself)."""


# Commands


@dataclass(frozen=True, kw_only=True)
class OpenDocument(Command):
    """Open a file: what it is, how many pages, whether it can be read. Reads no text."""

    path: str
    password: str | None = None


@dataclass(frozen=True, kw_only=True)
class Read(Command):
    """Read a file into a document state and save it.

    With `follow` the job goes on until it is cancelled: whenever the file has changed, what is new is read. While it
    waits for that (FollowWaiting) other jobs are done.
    """

    path: str
    password: str | None = None
    follow: bool = False


@dataclass(frozen=True, kw_only=True)
class Summarize(Command):
    """Read what is not read yet, then summarise.

    method: one of METHODS. length: one of LENGTHS; an outline (headings with pages and a line each) is always made by
    sections. focus: only what the document says about this. ledger: first the dates, amounts and names of the
    pages. Section notes that are in the library already are sent again, not written again.
    """

    path: str
    password: str | None = None
    method: str = "auto"
    focus: str | None = None
    length: str = "page"
    ledger: bool = False


@dataclass(frozen=True, kw_only=True)
class Ask(Command):
    """Read what is not read yet, then answer `question`; with `page`, as of the end of that page.

    With `parent` the question follows that saved turn's answer. seed None: greedy; else sampled with that seed.
    reread: auto (where the answer is not certain), always or never read the evidence pages again, the question first.
    """

    path: str
    question: str
    password: str | None = None
    page: int | None = None
    parent: int | None = None
    seed: int | None = None
    reread: str = "auto"


@dataclass(frozen=True, kw_only=True)
class Configure(Command):
    """Change settings of the running worker; None leaves one as it is.

    quota_bytes: what all saved states of the library may take (`--quota` at the start). What is over it is
    dropped at once, or, where no job has opened the library yet, with the next state that is saved.
    """

    quota_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Cancel(Command):
    """Stop the job named by job_id; what it has read so far is kept."""


@dataclass(frozen=True, kw_only=True)
class Pause(Command):
    """Hold the job named by job_id at its next chunk."""


@dataclass(frozen=True, kw_only=True)
class Resume(Command):
    """Let a held job go on."""


@dataclass(frozen=True, kw_only=True)
class ListDocuments(Command):
    """Report every document of the library, one DocumentListed each."""


@dataclass(frozen=True, kw_only=True)
class RemoveDocument(Command):
    """Take a document out of the library with everything saved of it; the file itself is not touched."""

    document_id: int


@dataclass(frozen=True, kw_only=True)
class Shutdown(Command):
    """Save, then end the worker. End of input does the same."""


# Events


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
    """Share in [0, 1]; see engine.retention for what it is a share of."""
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
    nearest: list[int] = dataclasses.field(default_factory=list)
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


def _leaves(cls: type[Message]) -> list[type[Message]]:
    below = cls.__subclasses__()
    return [leaf for sub in below for leaf in _leaves(sub)] if below else [cls]


_TYPES = {cls.__name__: cls for cls in _leaves(Message)}


def encode(message: Message) -> str:
    """One line of JSON, without the line end."""
    return json.dumps({"type": type(message).__name__, **dataclasses.asdict(message)}, ensure_ascii=False)


def decode(line: str) -> Message:
    """The message in one line. Raises ProtocolError."""
    if len(line) > MAX_LINE:
        raise ProtocolError(f"a line of {len(line)} characters is too long for a message")
    try:
        fields: Any = json.loads(line)
    except ValueError as error:
        raise ProtocolError(f"not JSON: {line[:80]!r}") from error
    if not isinstance(fields, dict) or not isinstance(fields.get("type"), str):
        raise ProtocolError(f"not a message: {line[:80]!r}")
    cls = _TYPES.get(fields.pop("type"))
    if cls is None:
        raise ProtocolError(f"unknown message type in {line[:80]!r}")
    known = {field.name: field for field in dataclasses.fields(cls)}
    values = {name: value for name, value in fields.items() if name in known}
    for name, value in values.items():
        _check(cls.__name__, known[name], value)
    try:
        return cls(**values)
    except TypeError as error:
        raise ProtocolError(f"{cls.__name__}: {error}") from error


_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "None": (type(None),),
    "list[int]": (list,),
    "list[float]": (list,),
    "list[list[int]]": (list,),
    "list[str]": (list,),
    "dict[str, str]": (dict,),
}


@cache
def _allowed(declared: str) -> tuple[type, ...]:
    return tuple(t for part in declared.split(" | ") for t in _JSON_TYPES[part])


def _check(owner: str, field: dataclasses.Field[Any], value: Any) -> None:
    allowed = _allowed(str(field.type))
    if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
        raise ProtocolError(f"{owner}.{field.name} is {type(value).__name__}, expected {field.type}")
