"""What the window, the worker and the command line say to each other: commands and events.

The commands stand in engine.protocol.commands, the events in engine.protocol.events; everyone takes both from here.
Each is a frozen
dataclass of JSON values; on the wire it is one JSON object a line, with the class name under "type". Commands are
imperatives, events are facts in the past tense. Every job ends in exactly one terminal event: JobFinished, JobCancelled
or JobFailed. A receiver ignores fields it does not know (a newer peer of the same protocol may add some) and refuses
types it does not know.

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
from functools import cache
from typing import Any

from engine.protocol.commands import (
    LENGTHS,
    METHODS,
    Ask,
    Cancel,
    Configure,
    ListDocuments,
    OpenDocument,
    Pause,
    Read,
    RemoveDocument,
    Resume,
    Shutdown,
    Summarize,
)
from engine.protocol.events import (
    TERMINAL,
    AnswerDelta,
    AnswerFinished,
    CheckpointSaved,
    DocumentListed,
    DocumentOpened,
    DocumentRemoved,
    FollowWaiting,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobPaused,
    JobResumed,
    JobStarted,
    LedgerEntered,
    LedgerFinished,
    ModelLoaded,
    ModelLoading,
    Notice,
    PageExtracted,
    PrefillAdvanced,
    ReadingFinished,
    ReadingResumed,
    RetentionMeasured,
    SectionsRead,
    SectionSummarized,
    SummaryDelta,
    SummaryFinished,
    WorkerStarted,
)
from engine.protocol.message import Command, Event, Message

__all__ = [
    "LENGTHS",
    "MAX_LINE",
    "METHODS",
    "PROTOCOL_VERSION",
    "TERMINAL",
    "AnswerDelta",
    "AnswerFinished",
    "Ask",
    "Cancel",
    "CheckpointSaved",
    "Command",
    "Configure",
    "DocumentListed",
    "DocumentOpened",
    "DocumentRemoved",
    "Event",
    "FollowWaiting",
    "JobCancelled",
    "JobFailed",
    "JobFinished",
    "JobPaused",
    "JobResumed",
    "JobStarted",
    "LedgerEntered",
    "LedgerFinished",
    "ListDocuments",
    "Message",
    "ModelLoaded",
    "ModelLoading",
    "Notice",
    "OpenDocument",
    "PageExtracted",
    "Pause",
    "PrefillAdvanced",
    "ProtocolError",
    "Read",
    "ReadingFinished",
    "ReadingResumed",
    "RemoveDocument",
    "Resume",
    "RetentionMeasured",
    "SectionSummarized",
    "SectionsRead",
    "Shutdown",
    "Summarize",
    "SummaryDelta",
    "SummaryFinished",
    "WorkerStarted",
    "decode",
    "encode",
]

PROTOCOL_VERSION = 2
MAX_LINE = 4 * 1024 * 1024
"""Longest line either side accepts, bytes: far above any message, low enough that garbage cannot fill memory."""


class ProtocolError(ValueError):
    """A line that is no message of this protocol; the text says what is wrong with it."""


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
