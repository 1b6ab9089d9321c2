"""Read a folder into a collection: each file once, the outcome of each kept, unchanged files never opened again.

A file whose size, time and inode are those of its last reading is not opened. Another one is opened, and one whose
content the library knows is not read again. The outcome of a file is stored with its document in one transaction after
its reading, so a killed process loses at most the file in hand, and that one resumes from its last checkpoint.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, get_args

from engine.collections.folder import current, files_of
from engine.control import Cancelled, Control
from engine.documents.pages import OutcomeKind
from engine.errors import KnownError
from engine.library.collections import CollectionFile
from engine.library.library import Library
from engine.protocol import wire
from engine.protocol.wire import Event

_KEPT = (wire.ModelLoading, wire.ModelLoaded, wire.PrefillAdvanced, wire.StatesDropped)
"""Events of a file's reading that the folder's job sends on."""
_OF_FILE = frozenset(get_args(OutcomeKind))
"""Reasons that lie in a file itself."""
POLL_SECONDS = 2.0
_STEP_SECONDS = 0.1


class Jobs(Protocol):
    """Anything that can run a command, such as a Session."""

    def run(self, command: wire.Command, control: Control) -> Iterator[Event]: ...


def read_folder(session: Jobs, library: Library, command: wire.ReadFolder, control: Control) -> Iterator[Event]:
    """Read the files of the folder; with `watch` until the job is cancelled. Raises KnownError, Cancelled."""
    folder = Path(command.path)
    name = command.collection or folder.name or "files"
    files_of(folder)  # a folder that is missing makes no collection
    library.collections.make(name)
    library.collections.add_folder(name, str(folder))
    waiting = False
    while True:
        found = files_of(folder, command.order)
        work = _work(library, name, folder, found.readable)
        if work or not waiting:
            yield from _read_files(session, library, command, name, work, tuple(found.others), control)
        if not command.watch:
            return
        if not waiting or work:
            waiting = True
            yield wire.FollowWaiting(job_id=command.job_id, path=str(folder))
        _wait(control, POLL_SECONDS)


def _work(library: Library, name: str, folder: Path, found: list[CollectionFile]) -> list[CollectionFile]:
    """Return the files to read; forget those that are gone. A file that failed is tried again when it has changed."""
    known = library.collections.files(name)
    below = f"{folder}/"
    for path in known.keys() - {file.path for file in found}:
        if path.startswith(below):
            library.collections.forget_file(name, path)
    return [file for file in found if not (file.path in known and known[file.path].is_same(file))]


def _read_files(
    session: Jobs,
    library: Library,
    command: wire.ReadFolder,
    name: str,
    work: list[CollectionFile],
    others: tuple[str, ...],
    control: Control,
) -> Iterator[Event]:
    started = time.monotonic()
    done = failed = 0
    for number, file in enumerate(work, 1):
        control.wait_while_paused()
        if control.cancelled:
            raise Cancelled
        error = file.error
        document: int | None = None
        reading = wire.Read(job_id=command.job_id, path=file.path, scored=False)
        for event in () if error else session.run(reading, control):
            match event:
                case wire.JobFailed(kind="bug"):
                    error = f"something is wrong in Readthrough itself ({event.message})"
                case wire.JobFailed() if event.reason in _OF_FILE:
                    error = event.message
                case wire.JobFailed():
                    raise KnownError(event.message, event.reason)  # the model, the disk: no fault of this file
                case wire.JobCancelled():
                    raise Cancelled
                case wire.ReadingFinished():
                    document = event.document_id
                case _ if isinstance(event, _KEPT):
                    yield event
        now = current(file.path)
        if now is None or not now.is_same(file):
            continue  # it changed meanwhile: the next look reads it
        done, failed = done + (not error), failed + bool(error)
        library.collections.note_file(
            name, CollectionFile(file.path, file.size, file.modified, file.inode, None if error else document, error)
        )
        yield wire.FileRead(
            job_id=command.job_id, path=file.path, number=number, files=len(work), document_id=document, error=error
        )
    found = library.collections.get(name)
    yield wire.FolderRead(
        job_id=command.job_id,
        collection=found.name,
        read=done,
        failed=failed,
        documents=found.documents,
        failed_files=found.failed,
        others=others,
        seconds=time.monotonic() - started,
    )


def _wait(control: Control, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not control.cancelled and time.monotonic() < end:
        time.sleep(_STEP_SECONDS)
    if control.cancelled:
        raise Cancelled
