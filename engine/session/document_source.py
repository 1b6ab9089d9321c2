"""Sources of a file's document state: the reading in progress, the library, or a new reading."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import partial

from engine.answering.conversation import turn_before
from engine.control import Control
from engine.documents.extraction.extractor import Document as OpenedDocument
from engine.documents.extraction.extractor import open_document
from engine.documents.formats.regular_file import shown_name
from engine.documents.pages import DocumentInfo, Page
from engine.errors import KnownError
from engine.generation.runtime import Runtime
from engine.generators import Kept
from engine.library.database import LibraryError
from engine.library.library import Library
from engine.library.records import Document
from engine.protocol import wire
from engine.protocol.wire import Event
from engine.reading import coverage, retention, section_states
from engine.reading.document_state import DocumentState
from engine.reading.file_digest import digest_of
from engine.reading.reader import Reader
from engine.reading.resume import end_state
from engine.session import unfamiliar_text
from engine.session.model_loader import ModelLoader
from engine.summarising.score_ahead import score_ahead
from engine.summarising.summary import selects_for
from engine.user_paths import absolute


@dataclass(frozen=True)
class _Reading:
    """A reading in progress."""

    path: str
    reader: Reader


class DocumentSource:
    """Provider of document states, with the document that is being read at the moment."""

    def __init__(self, model: ModelLoader) -> None:
        self._model = model
        self._reading: _Reading | None = None
        self._reading_ahead = False
        self._kept: tuple[OpenedDocument, str | None] | None = None
        """A document that was opened by itself, with its password."""

    def keep(self, opened: OpenedDocument, password: str | None) -> None:
        """Keep an open document for the command that reads it next."""
        self.close()
        self._kept = opened, password

    def close(self) -> None:
        """Close the document that is kept."""
        if self._kept is not None:
            self._kept[0].close()
            self._kept = None

    def _opened(self, path: str, password: str | None) -> OpenedDocument:
        """Open a file, or return the open document that is kept, where the file is unchanged. Raises KnownError."""
        kept, self._kept = self._kept, None
        if kept is not None:
            document, with_password = kept
            if same_file(document.info.path, path) and with_password == password and not document.is_changed():
                return document
            document.close()
        return open_document(path, password)

    def state_of(
        self, command: wire.Read | wire.Summarize | wire.Ask, library: Library, control: Control
    ) -> Generator[Event, None, DocumentState]:
        """Return the state of the command's file: what has been read so far of a reading in progress, the state that
        was saved at the end of an earlier one, or what reading now gives. Loads the model.

        Raises KnownError, Cancelled.
        """
        if self._reading is not None and same_file(self._reading.path, command.path):
            return self._reading.reader.so_far()
        known = library.documents.with_content(digest_of(command.path, control))
        if known is not None and known.state == "done":
            yield from self._model.load(command.job_id)
            saved = end_state(self._model.runtime, library, known)
            if saved is not None:
                _note_opened(library, known, command.path)
                yield from _events_of_saved(command, self._model.runtime, library, saved)
                return saved
        return (yield from self._read(command, library, control))

    def known(self, path: str, library: Library, control: Control) -> Document | None:
        """Return the document of a file that was read to its end before and is not being read now. Raises KnownError,
        Cancelled."""
        if self._reading is not None and same_file(self._reading.path, path):
            return None
        found = library.documents.with_content(digest_of(path, control))
        if found is None or found.state != "done":
            return None
        _note_opened(library, found, path)
        return found

    def read_ahead(self, document: int, library: Library, control: Control, job_id: str) -> Iterator[Event]:
        """Read the document's sections before a question or a summary needs them: into states, or where sentences are
        chosen, into their scores. See section_states.read_ahead and score_ahead."""
        runtime = self._model.runtime
        ahead = score_ahead if selects_for(runtime, library, document) else section_states.read_ahead
        self._reading_ahead = True
        try:
            with self._model.reader_measured():
                yield from ahead(runtime, library, document, control, job_id)
        finally:
            self._reading_ahead = False

    def can_answer_now(self, question: wire.Ask, library: Library) -> bool:
        """Return whether `question` can be answered in the middle of a reading: from what has been read so far of the
        same file, or because its own file was read before. While sections are read ahead, any can."""
        if self._reading is None:
            return self._reading_ahead
        try:
            before = turn_before(library, question.parent)
            if same_file(self._reading.path, question.path):
                return question.page is None and (before is None or before.as_of_page is None)
            known = library.documents.with_content(digest_of(question.path))
        except KnownError:
            return True  # the answer is the error
        return known is not None and known.state == "done"

    def _read(
        self, command: wire.Read | wire.Summarize | wire.Ask, library: Library, control: Control
    ) -> Generator[Event, None, DocumentState]:
        with self._opened(command.path, command.password) as opened:
            info = opened.info
            opened.know(_recognised_before(library, info.sha256))
            yield opened_event(command.job_id, info.path, info, None, info.page_count)
            if command.password and command.store:
                yield wire.Notice(job_id=command.job_id, kind="stored_decrypted", detail=shown_name(info.path))
            yield from self._model.estimate(command.job_id, info, scored=not isinstance(command, wire.Ask))
            yield from self._model.load(command.job_id)
            runtime = self._model.runtime
            knows = partial(unfamiliar_text.knows, runtime, library)
            reader = Reader(runtime, library, control, command.job_id, knows)
            self._reading = _Reading(command.path, reader)
            try:
                return (
                    yield from unfamiliar_text.warn_while_reading(
                        self._measured(reader, opened), runtime, library, command.job_id
                    )
                )
            finally:
                self._reading = None

    def _measured(self, reader: Reader, opened: OpenedDocument) -> Generator[Event, None, DocumentState]:
        """Read and pass the events on; keep the reading's speed for later estimates."""
        kept, seconds, processor = Kept(reader.read(opened)), 0.0, 0.0
        events = iter(kept)
        while True:
            began, before = time.monotonic(), time.process_time()
            event = next(events, None)
            seconds, processor = seconds + time.monotonic() - began, processor + time.process_time() - before
            if event is None:
                return kept.value
            if isinstance(event, wire.ReadingFinished):
                self._model.note_speed(reader.fed, seconds, processor)
            yield event


def _recognised_before(library: Library, sha256: str) -> list[Page]:
    """Return the pages of exactly this content that an earlier reading, perhaps an unfinished one, recognised."""
    document = library.documents.with_content(sha256)
    if document is None or document.state not in ("done", "stopped", "interrupted"):
        return []
    return [
        Page(page.number, page.raw or page.text, page.problem, page.label, notes=page.notes, certainty=page.certainty)
        for page in library.pages.recognised(document.id)
    ]


def opened_event(
    job_id: str, path: str, what: Document | DocumentInfo, document_id: int | None, page_count: int | None
) -> wire.DocumentOpened:
    """Return the event for a document that was opened, from its file or from the library."""
    return wire.DocumentOpened(
        job_id=job_id,
        document_id=document_id,
        path=path,
        title=what.title,
        kind=what.kind,
        size=what.size,
        page_count=page_count,
    )


def same_file(a: str, b: str) -> bool:
    """Return whether two paths are the same, symbolic links apart."""
    return absolute(a) == absolute(b)


def _note_opened(library: Library, document: Document, path: str) -> None:
    """Let the library know this name of a document that is not read again; a full disk is no reason to refuse."""
    try:
        library.documents.note_opened(document.id, path)
    except LibraryError as error:
        if error.kind != "full":
            raise


def _events_of_saved(
    command: wire.Read | wire.Summarize | wire.Ask, runtime: Runtime, library: Library, saved: DocumentState
) -> Iterator[Event]:
    document = saved.document
    yield opened_event(command.job_id, command.path, document, document.id, document.n_pages)
    yield from unfamiliar_text.warn(runtime, library, document.id, command.job_id)
    yield coverage.read_before(command.job_id, runtime, library, saved, command.path)
    if saved.retention is not None:
        yield retention.event(command.job_id, document.id, saved.retention)
