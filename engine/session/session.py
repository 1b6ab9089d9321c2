"""A session: one model, one tokenizer, one library. What the worker and the command line call.

`run` carries out one command as a stream of events and ends every job in exactly one terminal event, whatever happens.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from engine.answering import answer
from engine.answering.conversation import turn_before
from engine.control import Cancelled, Control
from engine.documents.extraction.extractor import open_document
from engine.documents.pages import DocumentInfo
from engine.errors import KnownError
from engine.generation.runtime import DEMO_MODEL, Runtime, load_runtime
from engine.generators import Kept, run_to_end
from engine.library import checkpoint_policy
from engine.library.database import LibraryError
from engine.library.library import Library
from engine.library.records import Document
from engine.network.memory import parameter_count
from engine.profile.perplexity import PAGES_IN_DOCUMENT, is_familiar
from engine.protocol import wire
from engine.protocol.wire import Command, Event
from engine.reading import retention, saved, section_states
from engine.reading.context import Context
from engine.reading.reader import DocumentState, Reader
from engine.reading.rewind import state_at_page
from engine.session.startup import without_collection
from engine.summarising import entities, summary
from kernels import implementation, operations_named


def open_session(
    model: Path | None = None,
    library: Path | None = None,
    device: str = "auto",
    precision: str = "auto",
    quota: int | None = None,
) -> Session:
    """A session over the checkpoint folder `model` (default: the demo model) and a library file (default: the user's).

    `quota`: bytes that all saved states may take (default: `checkpoint_policy.QUOTA_BYTES`). Nothing is opened or
    loaded before a command needs it.
    """
    return Session(model, library, device, precision, quota)


@dataclass(frozen=True)
class _Reading:
    """A reading in progress."""

    path: str
    reader: Reader


class Session:
    """See `open_session`. A context manager; leaving it closes the library."""

    def __init__(
        self, model: Path | None, library: Path | None, device: str, precision: str, quota: int | None = None
    ) -> None:
        self._folder, self._library_file = model or DEMO_MODEL, library
        self._device, self._precision = device, precision
        self._quota = checkpoint_policy.QUOTA_BYTES if quota is None else quota
        self._runtime: Runtime | None = None
        self._library: Library | None = None
        self._reading: _Reading | None = None
        self._reading_ahead = False

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        if self._library is not None:
            self._library.close()
            self._library = None

    @property
    def library(self) -> Library:
        """The library, opened for writing. Raises KnownError."""
        if self._library is None:
            self._library = Library.open(self._library_file, quota=self._quota)
        return self._library

    def prepare(self) -> None:
        """Import what a loaded model will compute with, while nobody waits. Loads no model and wakes no GPU; what
        cannot be imported is said by the job that needs it."""
        on_gpu = self._device != "cpu" and torch.cuda.is_available()
        with suppress(ImportError), without_collection():
            operations_named("triton" if on_gpu else "cpu")

    def run(self, command: Command, control: Control) -> Iterator[Event]:
        """Carry out `command`. The last event, and only it, is terminal; nothing is raised but KeyboardInterrupt."""
        job_id = command.job_id
        yield wire.JobStarted(job_id=job_id, command=type(command).__name__)
        try:
            yield from self._events(command, control)
        except Cancelled:
            yield wire.JobCancelled(job_id=job_id)
        except KnownError as error:
            yield wire.JobFailed(job_id=job_id, kind="known", message=str(error), reason=error.reason)
        except (MemoryError, torch.OutOfMemoryError):
            yield wire.JobFailed(
                job_id=job_id,
                kind="known",
                message="the memory ran out; close other programs, or choose a smaller model or --precision bf16",
                reason="memory",
            )
        except Exception as error:
            yield wire.JobFailed(
                job_id=job_id,
                kind="bug",
                message=f"{type(error).__name__}: {error}",
                details=traceback.format_exc(),
            )
        else:
            yield wire.JobFinished(job_id=job_id)

    def can_answer_now(self, question: wire.Ask) -> bool:
        """Whether `question` can be answered in the middle of a reading: from what has been read so far of the same
        file, or because its own file was read before. While sections are read ahead, any can."""
        if self._reading is None:
            return self._reading_ahead
        try:
            before = turn_before(self.library, question.parent)
            if _same_file(self._reading.path, question.path):
                return question.page is None and (before is None or before.as_of_page is None)
            known = self.library.documents.with_content(saved.digest_of(question.path))
        except KnownError:
            return True  # the answer is what is wrong with the file
        return known is not None and known.state == "done"

    def _events(self, command: Command, control: Control) -> Iterator[Event]:
        match command:
            case wire.OpenDocument():
                with open_document(command.path, command.password) as opened:
                    yield self._opened(command.job_id, opened.info.path, opened.info, None, opened.info.page_count)
            case wire.Read():
                state = yield from self._read(command, control)
                yield from self._read_ahead(state, control, command.job_id)
            case wire.Summarize():
                state = yield from self._read(command, control)
                if command.ledger:
                    yield from entities.events(self.library, state.document.id, command.job_id)
                yield from summary.summarize(
                    self._loaded,
                    self.library,
                    state,
                    command.method,
                    control,
                    command.job_id,
                    command.focus,
                    command.length,
                )
            case wire.Ask():
                before = turn_before(self.library, command.parent)
                state = yield from self._read(command, control)
                if before is not None and before.document != state.document.id:
                    title = self.library.documents.get(before.document).title
                    raise KnownError(
                        f"turn {before.id} is about {title}, not this document; name that file, or ask without it",
                        reason="other document",
                    )
                page = command.page if before is None or command.page is not None else before.as_of_page
                if page is not None:
                    state = self._rewound(state, page, control)
                context = Context(self._loaded, self.library, state, control, command.job_id)
                yield from answer.answer(context, command, page if state.complete else state.pages)
            case wire.ListDocuments():
                for document in self.library.documents.all():
                    yield wire.DocumentListed(
                        job_id=command.job_id,
                        document_id=document.id,
                        path=document.path,
                        title=document.title,
                        pages=document.pages_read,
                        tokens=document.tokens_read,
                        state=document.state or "",
                        snapshots=document.n_snapshots,
                        snapshot_bytes=document.snapshot_bytes,
                    )
            case wire.Configure(quota_bytes=quota):
                if quota is not None:
                    self._quota = quota
                    if self._library is not None:
                        self._library.snapshots.set_quota(quota)
            case wire.RemoveDocument():
                self.library.documents.remove(command.document_id)
                yield wire.DocumentRemoved(job_id=command.job_id, document_id=command.document_id)
            case _:
                raise ValueError(f"{type(command).__name__} is not a job")

    @property
    def _loaded(self) -> Runtime:
        assert self._runtime is not None
        return self._runtime

    def _load(self, job_id: str) -> Iterator[Event]:
        """Load the model unless it is loaded."""
        if self._runtime is not None:
            return
        started = time.monotonic()
        yield wire.ModelLoading(job_id=job_id, folder=str(self._folder))
        with without_collection():
            runtime = load_runtime(self._folder, self._device, self._precision)
        self._runtime = runtime
        yield wire.ModelLoaded(
            job_id=job_id,
            name=runtime.name,
            demo=runtime.profile.demonstration,
            parameters=parameter_count(runtime.model.config),
            device=str(runtime.model.device),
            dtype=runtime.precision,
            implementation=implementation(runtime.model.device).name,
            reason=runtime.reason,
            trained_context=runtime.trained_context,
            seconds=time.monotonic() - started,
        )

    def _read(
        self, command: wire.Read | wire.Summarize | wire.Ask, control: Control
    ) -> Generator[Event, None, DocumentState]:
        """The document state of a file: saved, or read now."""
        job_id, library = command.job_id, self.library
        if self._reading is not None and _same_file(self._reading.path, command.path):
            return self._reading.reader.so_far()
        digest = saved.digest_of(command.path)
        known = library.documents.with_content(digest)
        if known is not None and known.state == "done":
            yield from self._load(job_id)
            kept = saved.end_state(self._loaded, library, known)
            if kept is not None:
                yield self._opened(job_id, command.path, known, known.id, known.n_pages)
                yield from self._warn_of_unfamiliar(job_id, known.id)
                yield saved.finished(job_id, self._loaded, library, kept)
                if kept.retention is not None:
                    yield retention.event(job_id, known.id, kept.retention)
                return kept
        with open_document(command.path, command.password) as opened:
            yield self._opened(job_id, opened.info.path, opened.info, None, opened.info.page_count)
            yield from self._load(job_id)
            reader = Reader(self._loaded, library, control, job_id)
            self._reading = _Reading(command.path, reader)
            try:
                return (yield from self._with_warning(reader.read(opened), job_id))
            finally:
                self._reading = None

    def _read_ahead(self, of: DocumentState, control: Control, job_id: str) -> Iterator[Event]:
        """States of the sections, before anybody asks; the document itself has been read, whatever becomes of them."""
        self._reading_ahead = True
        try:
            yield from section_states.read_ahead(self._loaded, self.library, of.document.id, control, job_id)
        finally:
            self._reading_ahead = False

    def _opened(
        self, job_id: str, path: str, what: Document | DocumentInfo, document_id: int | None, page_count: int | None
    ) -> Event:
        return wire.DocumentOpened(
            job_id=job_id,
            document_id=document_id,
            path=path,
            title=what.title,
            kind=what.kind,
            size=what.size,
            page_count=page_count,
        )

    def _warn_of_unfamiliar(self, job_id: str, document: int) -> Iterator[Event]:
        """Warn where the pages read so far are unlike everything the model was trained on."""
        warning = self._loaded.profile.unfamiliar
        if warning is None:
            return
        identity = self._loaded.identity
        familiar = self.library.readings.familiar(document, identity)
        if familiar is None:
            familiar = self._is_familiar(document, warning.nats)
            with suppress(LibraryError):  # a full disk: the next job checks again
                self.library.readings.save_familiar(document, identity, familiar)
        if not familiar:
            yield wire.Notice(job_id=job_id, text=warning.sentence, reason=warning.reason)

    def _is_familiar(self, document: int, nats: float) -> bool:
        written = [span.number for span in self.library.pages.spans(document) if span.n_tokens]
        chosen = dict.fromkeys(written[round((len(written) - 1) * place)] for place in PAGES_IN_DOCUMENT if written)
        texts = (self.library.pages.of(document, first=page, last=page)[0].text for page in chosen)
        return is_familiar(self._loaded.model, self._loaded.tokenizer, texts, nats)

    def _with_warning(
        self, reading: Generator[Event, None, DocumentState], job_id: str
    ) -> Generator[Event, None, DocumentState]:
        """The events of a reading; once pages have been read and kept, a warning where they are unfamiliar."""
        document: int | None = None
        kept = Kept(reading)
        for event in kept:
            yield event
            if isinstance(event, wire.ReadingResumed):
                document = event.document_id
            elif document is not None and isinstance(event, (wire.CheckpointSaved, wire.ReadingFinished)):
                yield from self._warn_of_unfamiliar(job_id, document)
                document = None
        return kept.value

    def _rewound(self, of: DocumentState, page: int, control: Control) -> DocumentState:
        """`of` as it stood at the end of `page`."""
        state, prefix = run_to_end(state_at_page(self._loaded, self.library, of.document.id, page, control))
        return replace(of, state=state, prefix=prefix, pages=page, retention=None)


def _same_file(a: str, b: str) -> bool:
    return Path(a).expanduser().absolute() == Path(b).expanduser().absolute()
