"""Read a folder on several processes or machines: Ray actors that each hold a loaded model, one writer of the library.

The driver owns the library. An actor gets the path of a file, reads it into a library of its own in a temporary folder,
and gives back a bundle: pages, sections, the end state and the records. The driver commits a bundle in one transaction
and then notes the file, so a lost actor, a retry and a killed driver leave no document twice and none out. At most
`MOST_BYTES` of files are in flight, and no more than two files an actor.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine.collections.folder import current, files_of
from engine.control import Cancelled, Control
from engine.documents.pages import DocumentInfo
from engine.errors import KnownError
from engine.library.collections import CollectionFile
from engine.library.library import Library
from engine.library.prefix import Identity
from engine.library.reading_run import Progress
from engine.library.records import NewPage, NewSection, NewSnapshot
from engine.protocol import wire
from engine.protocol.wire import Event
from engine.records.store import ensure_records

MOST_BYTES = 256 << 20
"""Bytes of the files that are in flight together."""
_PER_ACTOR = 2
_CORES_PER_ACTOR = 4
"""Cores of an actor without a GPU: more read little faster."""
_MOST_TRIES = 3
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Bundle:
    """Everything that reading one file gave, as plain values and bytes."""

    path: str
    info: DocumentInfo | None = None
    identity: Identity | None = None
    progress: Progress | None = None
    note: str = ""
    n_pages: int | None = None
    error: str = ""
    reason: str = ""


class FileReader:
    """Reads files with one model into bundles; the class of the actors."""

    def __init__(self, model: str | None, device: str, precision: str) -> None:
        from engine.session.session import open_session

        self._folder = TemporaryDirectory(prefix="readthrough-actor-")
        library = Path(self._folder.name) / "library.db"
        self._session = open_session(Path(model) if model else None, library, device, precision)

    def process(self) -> int:
        """Return the number of the actor's process."""
        return os.getpid()

    def close(self) -> None:
        """Close the actor's own library."""
        self._session.__exit__()
        self._folder.cleanup()

    def read(self, path: str) -> Bundle:
        """Return the bundle of a file; an error of the file in it."""
        for event in self._session.run(wire.Read(job_id="actor", path=path, scored=False), Control()):
            if isinstance(event, wire.JobFailed):
                return Bundle(path, error=event.message, reason=event.reason or event.kind)
        library = self._session.library
        document = library.documents.find(path)
        assert document is not None, "a file that was read is in the library"
        made = bundle_of(library, document.id, path)
        library.documents.remove(document.id)
        return made


def bundle_of(library: Library, document: int, path: str) -> Bundle:
    """Return what the library holds of a document that was read to its end."""
    row = library.documents.get(document)
    reading = next(iter(library.readings.of(document)))
    end = next(s for s in library.snapshots.of(document) if s.kind == "end" and s.identity == reading.identity)
    prefix, data = library.snapshots.prefix(end.id), library.snapshots.load(end.id)
    assert prefix is not None and data is not None, "a state that was saved just now can be loaded"
    pages = [
        NewPage(p.number, p.text, p.first_token, p.n_tokens, p.problem, p.label)
        for p in library.pages.of(document, reading.id)
        if p.first_token is not None and p.n_tokens is not None
    ]
    found = library.sections.of(document, reading.id)
    states = library.sections.load_states(found)
    marks = dict(library.sections.marks(document, prefix.identity))
    sections = [
        NewSection(
            *(s.number, s.heading, s.text, s.first_page, s.last_page, s.first_token, s.n_tokens),
            snapshot=NewSnapshot("section", states[s.id][1], bytes(states[s.id][0]), "int8")
            if s.id in states
            else None,
            mark=marks.get(s.first_token + s.n_tokens),
        )
        for s in found
    ]
    snapshot = NewSnapshot("end", prefix, bytes(data), end.dtype, exact=end.exact)
    info = DocumentInfo(path, row.kind, row.sha256, row.size, row.title, row.n_pages)  # type: ignore[arg-type]
    progress = Progress(
        reading.tokens_read, pages, sections, snapshot, reading.seconds, state_tokens=reading.state_tokens
    )
    return Bundle(path, info, prefix.identity, progress, reading.note, row.n_pages)


def store_bundle(library: Library, bundle: Bundle) -> int:
    """Commit a bundle and return the document's id. A content that the library knows is not written again."""
    assert bundle.info is not None and bundle.identity is not None and bundle.progress is not None
    known = library.documents.with_content(bundle.info.sha256)
    if known is not None and known.state == "done":
        library.documents.note_opened(known.id, bundle.path)
        return known.id
    document = library.documents.for_file(bundle.info, lambda _: False)
    with library.reading(document.id, bundle.identity) as run:
        run.finish(bundle.progress, note=bundle.note, n_pages=bundle.n_pages)
    stored = library.documents.get(document.id)
    ensure_records(library, stored)
    return stored.id


class Actors:
    """Actors of a Ray cluster, one for each GPU, else `count` of them; a lost one is replaced."""

    def __init__(self, address: str, count: int | None, model: Path | None, device: str, precision: str) -> None:
        """Join the cluster at `address`; "auto" starts one on this machine where none runs. Raises KnownError."""
        if find_spec("ray") is None:
            raise KnownError("Ray is not installed; install it with pip install 'readthrough[ray]'", "ray")
        self._ray: Any = import_module("ray")
        options: dict[str, Any] = {"log_to_driver": False, "include_dashboard": False, "ignore_reinit_error": True}
        root = str(Path(__file__).resolve().parents[2])  # an actor may run another program's Python path
        options["runtime_env"] = {"env_vars": {"PYTHONPATH": root}}
        try:
            self._ray.init(address=None if address == "auto" else address, **options)
        except (ConnectionError, OSError, ValueError, RuntimeError) as error:
            raise KnownError(
                f"the Ray cluster at {address} cannot be joined ({error}); check the address", "ray"
            ) from error
        resources = self._ray.cluster_resources()
        cores = max(1, int(resources.get("CPU", 1)))
        gpus = int(resources.get("GPU", 0)) if device != "cpu" else 0
        self.count = count or gpus or max(1, cores // _CORES_PER_ACTOR)
        share = {"num_gpus": 1} if gpus else {"num_cpus": max(1, cores // self.count)}
        self._class = self._ray.remote(**share)(FileReader)
        self._arguments = (str(model) if model else None, device, precision)
        self.members: list[Any] = [self._start() for _ in range(self.count)]

    def submit(self, member: int, path: str) -> Any:
        """Give a file to an actor; return the reference of its bundle."""
        return self.members[member].read.remote(path)

    def wait(self, references: Sequence[Any]) -> list[Any]:
        """Return the references that are ready after a short time."""
        ready, _ = self._ray.wait(list(references), num_returns=1, timeout=_POLL_SECONDS)
        return list(ready)

    def result(self, reference: Any) -> Bundle | None:
        """Return the bundle of a reference; None where its actor was lost."""
        try:
            found: Bundle = self._ray.get(reference)
        except self._ray.exceptions.RayActorError:
            return None
        return found

    def replace(self, member: int) -> None:
        """Start another actor in the place of a lost one."""
        self.members[member] = self._start()

    def close(self) -> None:
        """Leave the cluster; one that was started for this run ends."""
        self._ray.shutdown()

    def _start(self) -> Any:
        return self._class.remote(*self._arguments)


def read_on_cluster(library: Library, command: wire.ReadFolder, actors: Actors, control: Control) -> Iterator[Event]:
    """Read the files of the folder with `actors`. Raises KnownError, Cancelled."""
    folder = Path(command.path)
    name = command.collection or folder.name or "files"
    found = files_of(folder, command.order)
    library.collections.make(name)
    library.collections.add_folder(name, str(folder))
    known = library.collections.files(name)
    work = [file for file in found.readable if not (file.path in known and known[file.path].is_same(file))]
    started = time.monotonic()
    done = failed = number = 0
    for file, bundle in _bundles(work, actors, control):
        number += 1
        now = current(file.path)
        if now is None or not now.is_same(file):
            continue
        document = None if bundle.error else store_bundle(library, bundle)
        done, failed = done + (not bundle.error), failed + bool(bundle.error)
        library.collections.note_file(
            name, CollectionFile(file.path, file.size, file.modified, file.inode, document, bundle.error)
        )
        yield wire.FileRead(
            job_id=command.job_id,
            path=file.path,
            number=number,
            files=len(work),
            document_id=document,
            error=bundle.error,
        )
    collection = library.collections.get(name)
    yield wire.FolderRead(
        job_id=command.job_id,
        collection=collection.name,
        read=done,
        failed=failed,
        documents=collection.documents,
        failed_files=collection.failed,
        others=tuple(found.others),
        seconds=time.monotonic() - started,
    )


@dataclass(frozen=True)
class _Task:
    file: CollectionFile
    member: int
    tries: int


def _bundles(
    work: Sequence[CollectionFile], actors: Actors, control: Control
) -> Iterator[tuple[CollectionFile, Bundle]]:
    """Yield the files with their bundles as they come. Raises KnownError when a file has cost three actors."""
    waiting = [(file, 0) for file in reversed(work)]
    flying: dict[Any, _Task] = {}
    while waiting or flying:
        control.wait_while_paused()
        if control.cancelled:
            raise Cancelled
        while waiting and (member := _free(flying, actors.count)) is not None:
            file, tries = waiting[-1]
            if flying and sum(task.file.size for task in flying.values()) + file.size > MOST_BYTES:
                break
            waiting.pop()
            flying[actors.submit(member, file.path)] = _Task(file, member, tries)
        for reference in actors.wait(list(flying)):
            task = flying.pop(reference)
            bundle = actors.result(reference)
            if bundle is not None:
                yield task.file, bundle
                continue
            lost = [task, *(other for other in flying.values() if other.member == task.member)]
            flying = {key: other for key, other in flying.items() if other.member != task.member}
            actors.replace(task.member)
            waiting += [(each.file, each.tries + (each is task)) for each in lost]
            if task.tries + 1 >= _MOST_TRIES:
                waiting = [(file, tries) for file, tries in waiting if file is not task.file]
                yield task.file, Bundle(task.file.path, error="it made three readers end", reason="crashed")
            break


def _free(flying: dict[Any, _Task], count: int) -> int | None:
    """Return the actor with the fewest files; None where each has its share."""
    loads = [sum(task.member == member for task in flying.values()) for member in range(count)]
    least = min(loads)
    return loads.index(least) if least < _PER_ACTOR else None
