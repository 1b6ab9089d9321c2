"""Commands: the requests to the worker, in imperatives. engine.protocol.wire encodes them. Light: no torch, no Qt."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from engine.protocol.vocabulary import Length, Method, Reread

Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""A whole number that a library row can hold."""


class Command(msgspec.Struct, frozen=True, kw_only=True, tag=True, tag_field="type"):
    """Asks the worker for something, as the job `job_id`."""

    job_id: str = ""


class OpenDocument(Command, frozen=True, kw_only=True):
    """Open a file and report its kind, its number of pages and whether it can be read. Reads no text."""

    path: str
    password: str | None = None


class Read(Command, frozen=True, kw_only=True):
    """Read a file into a document state and save it.

    With `follow` the job runs until it is cancelled and reads new text whenever the file has changed. While it waits
    for a change (FollowWaiting) other jobs run.
    """

    path: str
    password: str | None = None
    follow: bool = False
    store: bool = True
    """Whether text, states, summaries and answers are stored in the library; else they stay in memory until the
    worker ends."""
    rows: bool = False
    """Whether an instruct model then adds rows from the running text."""
    scored: bool = True
    """Whether the sentences of a text that is quoted are scored ahead of its summary. Questions need no scores."""


class Summarize(Command, frozen=True, kw_only=True):
    """Read the unread part of the document, then summarise.

    An outline is always made by sections. focus: only what the document says about this. ledger: first the dates,
    amounts and names of the pages. Section summaries that are in the library are sent again, not written again.
    """

    path: str
    password: str | None = None
    method: Method = "auto"
    focus: str | None = None
    length: Length = "page"
    ledger: bool = False
    again: bool = False
    """Write a new summary where the library has one of the same length, method and focus, instead of sending that."""
    store: bool = True
    """See Read."""


class Ask(Command, frozen=True, kw_only=True):
    """Read the unread part of the document, then answer `question`; with `page`, as of the end of that page.

    With `parent` the question follows that saved turn's answer. `seed` None decodes greedily; a number samples with
    that seed. `reread` is auto (when the answer is uncertain), always or never: the evidence pages are read again, the
    question first.
    """

    path: str
    question: str
    password: str | None = None
    page: Int64 | None = None
    parent: Int64 | None = None
    seed: Int64 | None = None
    reread: Reread = "auto"
    store: bool = True
    """See Read."""


class ReadFolder(Command, frozen=True, kw_only=True):
    """Read the files of a folder into a collection, each that was not read before or has changed.

    With `watch` the job runs until it is cancelled and looks for new and changed files.
    """

    path: str
    collection: str | None = None
    """Name of the collection; default: that of the folder."""
    order: Literal["newest", "smallest"] = "newest"
    watch: bool = False
    cluster: str | None = None
    """Address of a Ray cluster that reads the files, "auto" for one on this machine; not with `watch`."""
    actors: int | None = None
    """Readers of the cluster; default: one for each GPU, or for each four cores."""


class AskCollection(Command, frozen=True, kw_only=True):
    """Answer `question` from the documents of a collection that were read; reads nothing."""

    collection: str
    question: str


class EditCollection(Command, frozen=True, kw_only=True):
    """Put documents into a collection, which is made where there is none of this name, or take them out; with `delete`
    remove the collection. Its documents stay in the library."""

    collection: str
    add: list[Int64] = []
    take_out: list[Int64] = []
    delete: bool = False


class Configure(Command, frozen=True, kw_only=True):
    """Change settings of the running worker; None leaves a setting unchanged.

    `quota_bytes` is the limit of all saved states of the library together (`--quota` at the start). States over it are
    dropped at once, or, when no job has opened the library yet, with the next state that is saved.
    """

    quota_bytes: Int64 | None = None


class Cancel(Command, frozen=True, kw_only=True):
    """Stop the job named by job_id; the part read so far is kept."""


class Pause(Command, frozen=True, kw_only=True):
    """Hold the job named by job_id at its next chunk."""


class Resume(Command, frozen=True, kw_only=True):
    """Let a held job go on."""


class Prepare(Command, frozen=True, kw_only=True):
    """Open the library for writing and load the models, so that the first question need not wait for them."""


class ListDocuments(Command, frozen=True, kw_only=True):
    """Report every document of the library, one DocumentListed each."""


class RemoveDocument(Command, frozen=True, kw_only=True):
    """Take a document out of the library with everything saved of it; the file itself is not touched."""

    document_id: Int64


class EditDocument(Command, frozen=True, kw_only=True):
    """Change what a person has noted about a document: its title ("" for the file's own) and its tags; None leaves
    either as it is."""

    document_id: Int64
    title: str | None = None
    tags: list[str] | None = None


class FreeSpace(Command, frozen=True, kw_only=True):
    """Delete the saved states that can be made again, of one document or (None) of all, and give the space back."""

    document_id: Int64 | None = None


class Shutdown(Command, frozen=True, kw_only=True):
    """Save, then end the worker. End of input does the same."""
