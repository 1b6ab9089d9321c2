"""The warning that a document is unlike everything its model was trained on; the profile decides."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import suppress

from engine.generation.runtime import Runtime
from engine.generators import Kept
from engine.library.database import LibraryError
from engine.library.library import Library
from engine.profile.perplexity import PAGES_IN_DOCUMENT, is_familiar
from engine.protocol import wire
from engine.protocol.wire import Event
from engine.reading.document_state import DocumentState


def warn(runtime: Runtime, library: Library, document: int, job_id: str) -> Iterator[Event]:
    """Yield a notice where the pages read so far are unfamiliar to the model; the library keeps the judgement. Judge
    nothing where no page has been saved."""
    warning = runtime.profile.unfamiliar
    if warning is None or not _has_text(library, document):
        return
    familiar = library.readings.familiar(document, runtime.identity)
    if familiar is None:
        familiar = _is_familiar(runtime, library, document, warning.nats)
        with suppress(LibraryError):  # a full disk: the next job checks again
            library.readings.save_familiar(document, runtime.identity, familiar)
    if not familiar:
        yield wire.Notice(job_id=job_id, kind=warning.notice)


def warn_while_reading(
    reading: Generator[Event, None, DocumentState], runtime: Runtime, library: Library, job_id: str
) -> Generator[Event, None, DocumentState]:
    """Yield the events of `reading`, and the warning once some pages have been saved. Returns its document state."""
    document: int | None = None
    kept = Kept(reading)
    for event in kept:
        yield event
        if isinstance(event, wire.ReadingResumed):
            document = event.document_id
        elif (
            document is not None
            and isinstance(event, (wire.CheckpointSaved, wire.ReadingFinished))
            # The first checkpoint may lie inside the first page, which is not saved by then.
            and _has_text(library, document)
        ):
            yield from warn(runtime, library, document, job_id)
            document = None
    return kept.value


def knows(runtime: Runtime, library: Library, document: int) -> bool:
    """Return whether the model knows the document's kind of text, as far as was judged."""
    return library.readings.familiar(document, runtime.identity) is not False


def _has_text(library: Library, document: int) -> bool:
    return any(span.n_tokens for span in library.pages.spans(document))


def _is_familiar(runtime: Runtime, library: Library, document: int, nats: float) -> bool:
    written = [span.number for span in library.pages.spans(document) if span.n_tokens]
    chosen = dict.fromkeys(written[round((len(written) - 1) * place)] for place in PAGES_IN_DOCUMENT if written)
    texts = (library.pages.of(document, first=page, last=page)[0].text for page in chosen)
    return is_familiar(runtime.model, runtime.tokenizer, texts, nats)
