"""What the worker can be asked for, in imperatives; engine.protocol.wire puts them on the wire. Light."""

from __future__ import annotations

from dataclasses import dataclass

from engine.protocol.message import Command

METHODS = ("auto", "state", "sections")
LENGTHS = ("paragraph", "page", "outline")
"""Of a summary: how it is made, and how long it is."""


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
