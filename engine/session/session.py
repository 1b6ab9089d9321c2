"""A session: one model, one tokenizer, one library. The worker and the command line call it.

`run` carries out one command as a stream of events and ends every job in exactly one terminal event, whatever happens.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Generator, Iterator
from pathlib import Path

import torch

from engine.answering import answer
from engine.answering.conversation import turn_before
from engine.answering.pipeline import Generated, Wanted, generate_alone
from engine.answering.reader_answers import warm_up
from engine.collections import ask
from engine.collections.model_rows import add_rows
from engine.control import Cancelled, Control
from engine.documents.extraction.extractor import open_document
from engine.errors import KnownError
from engine.generation.runtime import Runtime
from engine.generation.tight_memory import is_out_of_memory
from engine.library import checkpoint_policy
from engine.library.library import Library
from engine.library.records import Document, Turn
from engine.profile.choose import choose_profile
from engine.protocol import wire
from engine.protocol.wire import Command, Event
from engine.reading.context import Context
from engine.reading.document_state import DocumentState
from engine.reading.kept_indexes import KeptIndexes
from engine.reading.resume import state_at_page
from engine.records import reply, store
from engine.session import cluster
from engine.session.document_source import DocumentSource, opened_event
from engine.session.folder import read_folder
from engine.session.growing_records import records_while_reading
from engine.session.model_loader import ModelLoader
from engine.summarising import entities, saved_summaries, summary
from engine.summarising.early_digest import EarlyDigest
from engine.summarising.early_notes import EarlyNotes
from engine.summarising.selection_summary import overview

Job = Generator[Event | Wanted, Generated | None, None]
"""The events of a job, and its requests for attempts."""


def open_session(
    model: Path | None = None,
    library: Path | None = None,
    device: str = "auto",
    precision: str = "auto",
    quota: int | None = None,
) -> Session:
    """Return a session over the checkpoint folder `model` (default: the demo model) and a library file (default: the
    user's).

    `quota`: bytes that all saved states may take (default: `checkpoint_policy.QUOTA_BYTES`). Nothing is opened or
    loaded before a command needs it.
    """
    return Session(ModelLoader(model, device, precision), library, quota)


class Session:
    """See `open_session`. A context manager; leaving it closes the library."""

    def __init__(self, model: ModelLoader, library: Path | None, quota: int | None = None) -> None:
        self.model = model
        self._documents = DocumentSource(model)
        self._library_file = library
        self._quota = checkpoint_policy.QUOTA_BYTES if quota is None else quota
        self._library: Library | None = None
        self._unstored: Library | None = None
        self._indexes = KeptIndexes()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self._documents.close()
        for library in (self._library, self._unstored):
            if library is not None:
                library.close()
        self._library = self._unstored = None

    def library_of(self, command: wire.Read | wire.Summarize | wire.Ask) -> Library:
        """Return the library that a command's document belongs into: the file, or one in memory that is gone when the
        session is closed. Raises KnownError."""
        if command.store:
            return self.library
        if self._unstored is None:
            self._unstored = Library.in_memory()
        return self._unstored

    @property
    def library(self) -> Library:
        """The library, opened for writing. Raises KnownError."""
        if self._library is None:
            self._library = Library.open(self._library_file, quota=self._quota)
        return self._library

    @property
    def runtime(self) -> Runtime:
        """The model, which a job has loaded."""
        return self.model.runtime

    def run(self, command: Command, control: Control) -> Iterator[Event]:
        """Carry out `command`. The last event, and only the last, is terminal; only KeyboardInterrupt is raised."""
        return generate_alone(self.job(command, control))

    def job(self, command: Command, control: Control) -> Job:
        """Carry out `command` as `run` does, but for the attempts that it wants; see engine.session.together."""
        job_id = command.job_id
        yield wire.JobStarted(job_id=job_id, command=type(command).__name__)
        end: Event = wire.JobFinished(job_id=job_id)
        try:
            yield from self._within_memory(command, control)
        except Cancelled:
            end = wire.JobCancelled(job_id=job_id)
        except KnownError as error:
            end = wire.JobFailed(job_id=job_id, kind="known", message=str(error), reason=error.reason)
        except (MemoryError, torch.OutOfMemoryError):
            end = wire.JobFailed(
                job_id=job_id,
                kind="known",
                message="the memory ran out; close other programs, or choose a smaller model or --precision bf16",
                reason="memory",
            )
        except Exception as error:
            end = wire.JobFailed(
                job_id=job_id,
                kind="bug",
                message=f"{type(error).__name__}: {error}",
                details=traceback.format_exc(),
            )
        if not isinstance(command, wire.OpenDocument):
            self._documents.close()
        yield from self._dropped(job_id)
        yield end

    def _within_memory(self, command: Command, control: Control) -> Job:
        """Carry out `command`; where the memory runs out, again with the model in the next smaller precision."""
        while True:
            try:
                yield from self._events(command, control)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                if not self.model.shrink():
                    raise MemoryError from error
            else:
                return

    def _dropped(self, job_id: str) -> Iterator[Event]:
        """Report the states that were dropped to keep the quota."""
        states, n_bytes = self._library.take_dropped() if self._library is not None else (0, 0)
        if states:
            yield wire.StatesDropped(job_id=job_id, states=states, n_bytes=n_bytes, quota_bytes=self._quota)

    def can_answer_now(self, question: wire.Ask) -> bool:
        """Return whether `question` can be answered in the middle of a reading."""
        return self._documents.can_answer_now(question, self.library_of(question))

    def _events(self, command: Command, control: Control) -> Job:
        match command:
            case wire.OpenDocument():
                yield from self._open(command)
            case wire.Read():
                yield from self._read(command, control)
            case wire.Summarize():
                yield from self._summarize(command, control)
            case wire.Ask():
                yield from self._ask(command, control)
            case wire.Prepare():
                yield from self._prepare(command)
            case wire.ReadFolder() | wire.AskCollection() | wire.EditCollection():
                yield from self._collection(command, control)
            case wire.ListDocuments():
                yield from (_listed(command.job_id, document) for document in self.library.documents.all())
            case wire.Configure():
                self._configure(command)
            case wire.RemoveDocument():
                self.library.documents.remove(command.document_id)
                yield wire.DocumentRemoved(job_id=command.job_id, document_id=command.document_id)
            case wire.FreeSpace():
                states, n_bytes = self.library.snapshots.free(command.document_id)
                self.library.maintenance.compact()
                yield wire.SpaceFreed(job_id=command.job_id, states=states, n_bytes=n_bytes)
            case wire.EditDocument():
                yield self._edit(command)
            case _:
                raise ValueError(f"{type(command).__name__} is not a job")

    def _prepare(self, command: wire.Prepare) -> Iterator[Event]:
        self.library.documents.all()
        yield from self.model.load(command.job_id)
        warm_up()

    def _open(self, command: wire.OpenDocument) -> Iterator[Event]:
        opened = open_document(command.path, command.password)
        self._documents.keep(opened, command.password)
        yield opened_event(command.job_id, opened.info.path, opened.info, None, opened.info.page_count)
        yield from self.model.estimate(command.job_id, opened.info)

    def _read(self, command: wire.Read, control: Control) -> Iterator[Event]:
        library = self.library_of(command)
        state = yield from records_while_reading(self._documents.state_of(command, library, control), library)
        store.ensure_records(library, state.document)
        if command.rows:
            add_rows(Context(self.runtime, library, state, control, command.job_id))
        self._prepare_answers(library, state, control)
        if command.scored or not summary.selects_for(self.runtime, library, state.document.id):
            yield from self._documents.read_ahead(state.document.id, library, control, command.job_id)
            self._prepare_answers(library, state, control, scored=True)

    def _summarize(self, command: wire.Summarize, control: Control) -> Iterator[Event]:
        library = self.library_of(command)
        early = EarlyDigest(lambda: self.runtime, library, command, control)
        notes = EarlyNotes(lambda: self.runtime, library, command, control)
        reading = records_while_reading(self._documents.state_of(command, library, control), library)
        with self.model.reader_measured():
            state = yield from notes.beside(early.beside(reading))
        if command.ledger:
            yield from entities.events(library, state.document.id, command.job_id)
        made = saved_summaries.find(self.runtime, library, state, command)
        if made is not None:
            yield from saved_summaries.events(made, command.job_id)
            return
        context = Context(self.runtime, library, state, control, command.job_id)
        yield from summary.summarize(context, command.method, command.focus, command.length, early.shown | notes.shown)
        self._prepare_answers(library, state, control, scored=True)

    def _prepare_answers(
        self, library: Library, state: DocumentState, control: Control, *, scored: bool = False
    ) -> None:
        """Save what answers by quotation need of a document before a question waits for it: the sentence index, and
        once the sentences are scored the overview."""
        if state.complete and summary.selects_for(self.runtime, library, state.document.id):
            context = Context(self.runtime, library, state, control, indexes=self._indexes)
            context.sentence_index()
            if scored:
                overview(context)

    def _ask(self, command: wire.Ask, control: Control) -> Job:
        if not command.question.strip():
            raise KnownError("the question is empty; write what you want to know", "empty")
        library = self.library_of(command)
        before = turn_before(library, command.parent)
        alone = before is None and command.page is None and command.seed is None
        known = self._documents.known(command.path, library, control) if alone else None
        if known is not None and (yield from _counted(library, command, known, True)):
            return
        state = yield from self._documents.state_of(command, library, control)
        if alone and known is None and (yield from _counted(library, command, state.document, state.complete)):
            return
        if before is not None:
            _require_same_document(library, before, state)
        page = command.page if before is None or command.page is not None else before.as_of_page
        if page is not None:
            state = state_at_page(self.runtime, library, state, page, control)
        context = Context(self.runtime, library, state, control, command.job_id, self._indexes)
        yield from answer.answer(context, command, page if state.complete else state.pages)

    def _edit(self, command: wire.EditDocument) -> Event:
        documents = self.library.documents
        if command.title is not None:
            documents.rename(command.document_id, command.title)
        if command.tags is not None:
            documents.set_tags(command.document_id, command.tags)
        now = documents.get(command.document_id)
        return wire.DocumentEdited(job_id=command.job_id, document_id=now.id, title=now.title, tags=now.tags)

    def _collection(
        self, command: wire.ReadFolder | wire.AskCollection | wire.EditCollection, control: Control
    ) -> Iterator[Event]:
        if isinstance(command, wire.ReadFolder):
            return self._read_folder(command, control)
        if isinstance(command, wire.AskCollection):
            return self._ask_collection(command, control)
        self._edit_collection(command)
        return iter(())

    def _edit_collection(self, command: wire.EditCollection) -> None:
        collections = self.library.collections
        if command.delete:
            collections.remove(command.collection)
            return
        if command.add:
            collections.make(command.collection)
            collections.add(command.collection, command.add)
        if command.take_out:
            collections.take_out(command.collection, command.take_out)

    def _read_folder(self, command: wire.ReadFolder, control: Control) -> Iterator[Event]:
        if command.cluster is None:
            yield from read_folder(self, self.library, command, control)
            return
        loader = self.model
        actors = cluster.Actors(command.cluster, command.actors, loader.folder, loader.device, loader.precision)
        try:
            yield from cluster.read_on_cluster(self.library, command, actors, control)
        finally:
            actors.close()

    def _ask_collection(self, command: wire.AskCollection, control: Control) -> Iterator[Event]:
        if not command.question.strip():
            raise KnownError("the question is empty; write what you want to know", "empty")
        started = time.monotonic()
        library, job_id = self.library, command.job_id
        members = set(library.collections.documents(command.collection))
        of = library.collections.get(command.collection)
        documents = [one for one in library.documents.all() if one.id in members and one.state == "done"]
        if not documents:
            raise KnownError(f"the collection {of.name} has no document that was read; read its files first", "empty")
        made = reply.reply(library, documents, command.question, len(members) + of.failed, control)
        if made is None:
            hits = ask.find_places(library, documents, command.question)
            writes = ask.needs_model(library, hits, choose_profile(self.model.folder))
            if writes:
                yield from self.model.load(job_id)
            runtime = self.runtime if writes else None
            found = ask.ask_documents(runtime, library, documents, hits, command.question, control, job_id)
        else:
            found = ask.Found(*made)
        yield from ask.found_events(found, started, job_id)

    def _configure(self, command: wire.Configure) -> None:
        if command.quota_bytes is not None:
            self._quota = command.quota_bytes
            if self._library is not None:
                self._library.snapshots.set_quota(self._quota)


def _listed(job_id: str, document: Document) -> wire.DocumentListed:
    return wire.DocumentListed(
        job_id=job_id,
        document_id=document.id,
        path=document.path,
        title=document.title,
        pages=document.pages_read,
        tokens=document.tokens_read,
        state=document.state or "",
        snapshots=document.n_snapshots,
        snapshot_bytes=document.snapshot_bytes,
    )


def _require_same_document(library: Library, before: Turn, state: DocumentState) -> None:
    if before.document != state.document.id:
        title = library.documents.get(before.document).title
        raise KnownError(
            f"turn {before.id} is about {title}, not this document; ask about that file, or leave out --after",
            reason="other document",
        )


def _counted(library: Library, command: wire.Ask, document: Document, complete: bool) -> Generator[Event, None, bool]:
    """Answer a question over the records of a document, without a model; return whether it was one."""
    events = list(reply.answer_events(library, document, command.question, command.job_id, complete=complete))
    yield from events
    return bool(events)
