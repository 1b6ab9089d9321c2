"""Coverage: how much of a file was read by an earlier job, as an event."""

from __future__ import annotations

from engine.generation.runtime import Runtime
from engine.library.library import Library
from engine.protocol.wire import ReadingFinished
from engine.reading.document_state import DocumentState


def read_before(job_id: str, runtime: Runtime, library: Library, of: DocumentState) -> ReadingFinished:
    """Return the coverage of a document whose reading was finished by an earlier job."""
    document = of.document.id
    reading = library.readings.latest(document, runtime.identity)
    spans = library.pages.spans(document)
    problems = {str(span.number): span.problem for span in spans if span.problem}
    return ReadingFinished(
        job_id=job_id,
        document_id=document,
        tokens=of.tokens,
        tokens_reused=of.tokens,
        pages=of.pages,
        pages_read=sum(bool(span.n_tokens) for span in spans),
        pages_without_text=sorted(int(number) for number in problems),
        problems=problems,
        sections=len(library.sections.of(document)),
        trained_context=runtime.trained_context,
        seconds=0.0,
        outcome=reading.note if reading else "",
    )
