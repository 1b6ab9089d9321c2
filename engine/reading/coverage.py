"""Coverage: how much of a file was read, as an event and in words."""

from __future__ import annotations

from engine.generation.runtime import Runtime
from engine.library.library import Library
from engine.protocol.wire import ReadingFinished
from engine.reading.document_state import DocumentState


def coverage_sentence(outcome: str, tokens: int, reused: int, trained_context: int | None) -> str:
    """Return `outcome` (pages read, pages without text) followed by the tokens read, reused and trained for."""
    parts = [outcome]
    if reused >= tokens:
        parts.append(f"All {tokens:,} tokens were read before.")
    elif reused:
        parts.append(f"Read {tokens - reused:,} of {tokens:,} tokens; the rest was saved.")
    else:
        parts.append(f"{tokens:,} tokens.")
    if trained_context is not None and tokens > trained_context:
        parts.append(
            f"That is {tokens / trained_context:,.1f} times the {trained_context:,} tokens that this model was trained "
            "on at once: early details may have faded from the document state."
        )
    return " ".join(parts)


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
        sentence=coverage_sentence(reading.note if reading else "", of.tokens, of.tokens, runtime.trained_context),
    )
