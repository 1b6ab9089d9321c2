"""Work on a document's sections beside its reading: after each checkpoint, on the sections that it saved."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

from engine.generators import Kept
from engine.protocol.wire import CheckpointSaved, Event, PrefillAdvanced, ReadingResumed
from engine.reading.document_state import DocumentState


def after_checkpoints(
    reading: Generator[Event, None, DocumentState], work: Callable[[int], Iterator[Event]]
) -> Generator[Event, None, DocumentState]:
    """Yield the events of `reading` and, after each checkpoint, those of `work` on the document with this id. Returns
    the document state."""
    document: int | None = None
    due = False
    kept = Kept(reading)
    for event in kept:
        yield event
        match event:
            case ReadingResumed():
                document, due = event.document_id, event.tokens > 0
            case CheckpointSaved():
                due = True
            case PrefillAdvanced() if due and document is not None:
                # Not at the checkpoint itself: whether the model knows this kind of text is judged behind it.
                due = False
                yield from work(document)
    return kept.value
