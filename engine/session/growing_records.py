"""Records while a document is read: its rows are in the library before the last page is."""

from __future__ import annotations

from collections.abc import Generator

from engine.generators import Kept
from engine.library.library import Library
from engine.protocol.wire import CheckpointSaved, Event, ReadingResumed
from engine.reading.document_state import DocumentState
from engine.records.store import ensure_records

GROWTH = 2
"""A document's pages are searched again when there are so many times as many: in all at most twice the work of one
search of the whole."""


def records_while_reading(
    reading: Generator[Event, None, DocumentState], library: Library
) -> Generator[Event, None, DocumentState]:
    """Yield the events of `reading` and make the records of the pages saved so far at some of its checkpoints. Returns
    the document state."""
    document: int | None = None
    searched = 0
    kept = Kept(reading)
    for event in kept:
        match event:
            case ReadingResumed():
                document = event.document_id
            case CheckpointSaved() if document is not None:
                now = library.documents.get(document)
                if now.pages_read >= max(1, GROWTH * searched):
                    searched = now.pages_read
                    ensure_records(library, now)
        yield event
    return kept.value
