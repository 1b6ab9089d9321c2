"""Messages between an extractor process and its parent: one JSON object a line, checked when it is decoded.

Commands go to the child, answers come back. A line that does not fit one of these types raises msgspec.MsgspecError.
"""

from __future__ import annotations

import msgspec

from engine.documents.pages import DocumentKind, OutcomeKind, ProblemKind


class OpenFile(msgspec.Struct, tag="open", tag_field="do", kw_only=True):
    """Open a file. The first answer after it is `Opening`, `Opened` or `Refused`."""

    path: bytes
    """Path as the file system spells it; it need not be UTF-8."""
    size: int
    identity: tuple[int, int]
    kind: DocumentKind
    suffix: str
    password: str | None
    readers: list[str]
    structure: bool
    """True if title, outline and labels are requested too."""
    hidden_layers: list[str] = []
    """Layers that an earlier opening found to be switched off."""
    unmapped_fonts: list[str] | None = None
    """Fonts that may have no map to characters, as an earlier opening found them; None if unknown."""


class Prepare(msgspec.Struct, tag="prepare", tag_field="do"):
    """Load what reads files of a kind, before one is opened. Not answered."""

    kind: DocumentKind


class ReadPages(msgspec.Struct, tag="read", tag_field="do", kw_only=True):
    """Read the pages `first` to `last`; to the end where `last` is None. Answered by `PageRead`s, then `Done`."""

    first: int
    last: int | None
    readers: list[str]
    known: list[int] = []
    """Pages that the parent has already; they are answered without being read."""


Command = OpenFile | Prepare | ReadPages


class Opening(msgspec.Struct, tag="opening", tag_field="event"):
    """A reader starts to open the file."""

    reader: str


class Opened(msgspec.Struct, tag="opened", tag_field="event", kw_only=True):
    """The file is open. Everything but the fact itself is there only where structure was asked for."""

    page_count: int | None = None
    readers: list[str] = []
    """Readers that can read this file's pages, the preferred one first."""
    password: str = ""
    """The password that opened the file; empty for most."""
    title: str = ""
    outline: list[tuple[str, int, int]] = []
    """(title, page from 1, level from 1)"""
    labels: dict[str, str] = {}
    """Page number -> the document's label of the page, where the two differ."""
    hidden_layers: list[str] = []
    """Layers that are switched off; what is on them is not read."""
    unmapped_fonts: list[str] | None = None
    """Fonts that may have no map to characters; None if unknown."""
    sha256: str = ""
    """SHA-256 of the bytes read, in hexadecimal; empty unless the whole file is read at opening."""
    notes: list[str] = []
    """Unread parts of the file, as sentences for the coverage."""


class Refused(msgspec.Struct, tag="refused", tag_field="event"):
    """The file cannot be opened."""

    kind: OutcomeKind
    detail: str = ""
    """A sentence that fits better than the usual one for `kind`; "{name}" in it stands for the file's name."""


class Reading(msgspec.Struct, tag="reading", tag_field="event"):
    """A second reader starts on a page."""

    page: int
    reader: str


class PageRead(msgspec.Struct, tag="page", tag_field="event", kw_only=True):
    """One page."""

    page: int
    text: str
    problem: ProblemKind | None = None
    notes: list[str] = []
    """Omissions from the text, as ends of "Page 7: ..."."""
    certainty: float | None = None
    """Mean certainty of text recognition, 0 to 1; None where the text was not recognised from a picture."""
    fault: str = ""
    """Traceback of an error that the page was read in spite of; for the log."""
    label: str = ""
    """Name of the page where the format has no pages: "Sheet Prices", "Slide 3"."""


class Done(msgspec.Struct, tag="done", tag_field="event"):
    """All pages of a `ReadPages` have come."""

    end: bool
    """True at the end of the file."""
    sha256: str = ""
    """SHA-256 of the bytes read, in hexadecimal; only for a text read to its end."""


Answer = Opening | Opened | Refused | Reading | PageRead | Done

decode_answer = msgspec.json.Decoder(Answer).decode
decode_command = msgspec.json.Decoder(Command).decode


def encode(message: Command | Answer) -> bytes:
    """Return `message` as one line. Lone surrogates become question marks."""
    try:
        return msgspec.json.encode(message) + b"\n"
    except UnicodeEncodeError:
        return msgspec.json.encode(_without_surrogates(msgspec.to_builtins(message))) + b"\n"


def _without_surrogates(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    return value
