"""A document that was read to its end before: its state comes from the library, and the file is not parsed again."""

from __future__ import annotations

import os
from pathlib import Path

from engine.documents.formats.regular_file import RegularFile, open_regular, sha256
from engine.generation.runtime import Runtime
from engine.library.library import Library
from engine.library.records import Document
from engine.network.state import MambaState, StateError
from engine.protocol.wire import ReadingFinished
from engine.reading.reader import DocumentState, coverage_sentence


def digest_of(path: str | Path) -> str:
    """SHA-256 of a file's content. Raises DocumentError for what is no readable regular file."""
    descriptor, status = open_regular(Path(path).expanduser().absolute())
    try:
        return sha256(RegularFile(descriptor, status.st_size))
    finally:
        os.close(descriptor)


def end_state(runtime: Runtime, library: Library, document: Document) -> DocumentState | None:
    """The state after the whole of `document`, if this model has read it to the end and its bytes are sound."""
    reading = library.readings.latest(document.id, runtime.identity)
    if reading is None or reading.state != "done":
        return None
    for snapshot in library.snapshots.of(document.id):
        if (snapshot.kind, snapshot.identity, snapshot.n_tokens) != ("end", reading.identity, reading.tokens_read):
            continue
        data = library.snapshots.load(snapshot.id)
        if data is None:
            return None
        try:
            state = MambaState.from_bytes(bytes(data), runtime.model.device)
        except StateError:
            return None
        tokens = reading.tokens_read - len(runtime.tokenizer.document_prefix)
        prefix = library.snapshots.prefix(snapshot.id)
        if prefix is None or state.n_tokens.tolist() != [prefix.n_tokens]:
            return None
        pages = document.n_pages or reading.pages_read
        retention = library.retention.of(document.id, reading.id)
        return DocumentState(document, state, pages, tokens, prefix, retention=retention)
    return None


def finished(job_id: str, runtime: Runtime, library: Library, of: DocumentState) -> ReadingFinished:
    """The coverage of a document that was read before."""
    spans = library.pages.spans(of.document.id)
    problems = {str(span.number): span.problem for span in spans if span.problem}
    reading = library.readings.latest(of.document.id, runtime.identity)
    return ReadingFinished(
        job_id=job_id,
        document_id=of.document.id,
        tokens=of.tokens,
        tokens_reused=of.tokens,
        pages=of.pages,
        pages_read=sum(bool(span.n_tokens) for span in spans),
        pages_without_text=sorted(int(number) for number in problems),
        problems=problems,
        sections=len(library.sections.of(of.document.id)),
        trained_context=runtime.trained_context,
        seconds=0.0,
        sentence=coverage_sentence(reading.note if reading else "", of.tokens, of.tokens, runtime.trained_context),
    )
