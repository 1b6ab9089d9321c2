"""The wire: commands (engine.protocol.commands) and events (engine.protocol.events) as lines of JSON.

A message is one JSON object a line, with its class name under "type". Every job ends in exactly one terminal event:
JobFinished, JobCancelled or JobFailed. A receiver ignores fields that it does not know, because a newer peer of the
same protocol may add some, and refuses unknown types and values of the wrong type.

Of one job come, in this order and each only where it applies:

    OpenDocument  DocumentOpened, (ReadingEstimated)
    Read          DocumentOpened, (ReadingEstimated), (ModelLoading, (ModelLoadAdvanced)*, ModelLoaded), ReadingResumed,
                  (PageExtracted, PrefillAdvanced, CheckpointSaved)*, ReadingFinished, RetentionMeasured,
                  (SectionsRead)*; with follow: FollowWaiting, and all but the model's again after every growth, until
                  Cancel
    Summarize     as Read, then (LedgerEntered)*, LedgerFinished, (SectionSummarized)*, (SummaryDelta)*,
                  SummaryFinished; a summary by selection sends SectionSummarized from the first checkpoint on, while
                  the document is read, each section once
    Ask           as Read, then (AnswerDelta)*, AnswerFinished
    EditDocument  DocumentEdited
    FreeSpace     SpaceFreed
    Prepare       ModelLoading, ModelLoaded, unless the model is in memory
    ReadFolder    (ModelLoading, ModelLoaded, PrefillAdvanced, FileRead)*, FolderRead; with watch: FollowWaiting, and
                  all again after every change, until Cancel
    AskCollection (ModelLoading, ModelLoaded), AnswerDelta, AnswerFinished without a turn
    EditCollection nothing of its own
    Configure     nothing of its own
    every job     JobContinues where it is silent for long; StatesDropped before its end, where it deleted saved states
                  to keep the quota

Light: no torch, no Qt.
"""

from __future__ import annotations

from typing import TypeVar, Union

import msgspec

from engine.protocol.commands import (
    Ask,
    AskCollection,
    Cancel,
    Command,
    Configure,
    EditCollection,
    EditDocument,
    FreeSpace,
    ListDocuments,
    OpenDocument,
    Pause,
    Prepare,
    Read,
    ReadFolder,
    RemoveDocument,
    Resume,
    Shutdown,
    Summarize,
)
from engine.protocol.encoding import to_json
from engine.protocol.events import (
    TERMINAL,
    AnswerDelta,
    AnswerFinished,
    CheckpointSaved,
    DocumentEdited,
    DocumentListed,
    DocumentOpened,
    DocumentRemoved,
    Event,
    FileRead,
    FolderRead,
    FollowWaiting,
    JobCancelled,
    JobContinues,
    JobFailed,
    JobFinished,
    JobPaused,
    JobResumed,
    JobStarted,
    LedgerEntered,
    LedgerFinished,
    ModelLoadAdvanced,
    ModelLoaded,
    ModelLoading,
    Notice,
    PageExtracted,
    PrefillAdvanced,
    ReadingEstimated,
    ReadingFinished,
    ReadingResumed,
    RetentionMeasured,
    SectionsRead,
    SectionSummarized,
    SpaceFreed,
    StatesDropped,
    SummaryDelta,
    SummaryFinished,
    WorkerStarted,
)
from engine.protocol.model_events import (
    CheckDone,
    DownloadAdvanced,
    DownloadPlanned,
    ModelChecked,
    ModelListed,
    ModelReady,
    ModelRemoved,
)

__all__ = [
    "MAX_LINE",
    "PROTOCOL_VERSION",
    "TERMINAL",
    "AnswerDelta",
    "AnswerFinished",
    "Ask",
    "AskCollection",
    "Cancel",
    "CheckDone",
    "CheckpointSaved",
    "Command",
    "Configure",
    "DocumentEdited",
    "DocumentListed",
    "DocumentOpened",
    "DocumentRemoved",
    "DownloadAdvanced",
    "DownloadPlanned",
    "EditCollection",
    "EditDocument",
    "Event",
    "FileRead",
    "FolderRead",
    "FollowWaiting",
    "FreeSpace",
    "JobCancelled",
    "JobContinues",
    "JobFailed",
    "JobFinished",
    "JobPaused",
    "JobResumed",
    "JobStarted",
    "LedgerEntered",
    "LedgerFinished",
    "ListDocuments",
    "ModelChecked",
    "ModelListed",
    "ModelLoadAdvanced",
    "ModelLoaded",
    "ModelLoading",
    "ModelReady",
    "ModelRemoved",
    "Notice",
    "OpenDocument",
    "PageExtracted",
    "Pause",
    "PrefillAdvanced",
    "Prepare",
    "ProtocolError",
    "Read",
    "ReadFolder",
    "ReadingEstimated",
    "ReadingFinished",
    "ReadingResumed",
    "RemoveDocument",
    "Resume",
    "RetentionMeasured",
    "SectionSummarized",
    "SectionsRead",
    "Shutdown",
    "SpaceFreed",
    "StatesDropped",
    "Summarize",
    "SummaryDelta",
    "SummaryFinished",
    "WorkerStarted",
    "decode_command",
    "decode_event",
    "encode",
]

M = TypeVar("M", Command, Event)

PROTOCOL_VERSION = 3
MAX_LINE = 4 * 1024 * 1024
"""Longest line that either side accepts, in bytes: far above any message, too short to fill the memory."""
_SHOWN = 20
"""Characters of a bad line that an error quotes: enough to recognise it, too few to put a password into a log."""


class ProtocolError(ValueError):
    """A line is not a message of this protocol; the text says why. `job_id` is that of the line where it has one."""

    def __init__(self, text: str, job_id: str = "") -> None:
        super().__init__(text)
        self.job_id = job_id


class _Job(msgspec.Struct):
    job_id: str = ""


# Union of a tuple made at run time has no other spelling before Python 3.14.
_commands: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Union[tuple(Command.__subclasses__())])  # noqa: UP007
_events: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Union[tuple(Event.__subclasses__())])  # noqa: UP007
_job = msgspec.json.Decoder(_Job)


def encode(message: Command | Event) -> str:
    """Return a message as one line of JSON, without the line end; see `to_json`."""
    return to_json(message)


def decode_command(line: str | bytes) -> Command:
    """Return the command in one line. Raises ProtocolError."""
    return _decoded(_commands, line)


def decode_event(line: str | bytes) -> Event:
    """Return the event in one line. Raises ProtocolError."""
    return _decoded(_events, line)


def _decoded(decoder: msgspec.json.Decoder[M], line: str | bytes) -> M:
    if len(line) > MAX_LINE:
        raise ProtocolError(f"a line of {len(line):,} characters is longer than {MAX_LINE:,}")
    try:
        return decoder.decode(line)
    except msgspec.ValidationError as error:
        raise ProtocolError(str(error), _job_of(line)) from None
    except (msgspec.DecodeError, UnicodeError):
        raise ProtocolError(f"not JSON: {line[:_SHOWN]!r}") from None
    except RecursionError:
        raise ProtocolError(f"nested too deeply: {line[:_SHOWN]!r}") from None


def _job_of(line: str | bytes) -> str:
    try:
        return _job.decode(line).job_id
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""
