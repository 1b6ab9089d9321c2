"""Coverage: how much of a file was read by an earlier job, as an event."""

from __future__ import annotations

import time

from engine.documents.formats.regular_file import shown_name
from engine.documents.pages import Outcome
from engine.generation.runtime import Runtime
from engine.library.library import Library
from engine.library.records import Document
from engine.protocol.wire import ReadingFinished
from engine.reading.document_state import DocumentState


def read_before(job_id: str, runtime: Runtime, library: Library, of: DocumentState, path: str) -> ReadingFinished:
    """Return the coverage of a document whose reading was finished by an earlier job, under the name that it has at
    `path`."""
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
        outcome=_named(reading.note if reading else "", of.document, shown_name(path)),
        left_out={str(span.number): span.removed for span in spans if span.removed},
        recognised={str(span.number): span.certainty for span in spans if span.certainty is not None},
    )


def read_now(
    job_id: str, runtime: Runtime, library: Library, run: int, outcome: Outcome, tokens: tuple[int, int], began: float
) -> ReadingFinished:
    """Return the coverage of the reading `run`, which began at `began` of the monotonic clock. `tokens`: the
    document's, and those of them that were read before."""
    document = library.readings.get(run).document
    return ReadingFinished(
        job_id=job_id,
        document_id=document,
        tokens=tokens[0],
        tokens_reused=tokens[1],
        pages=outcome.pages_seen,
        pages_read=outcome.pages_read,
        pages_without_text=sorted(dict(outcome.problems)),
        problems={str(number): problem for number, problem in outcome.problems},
        sections=len(library.sections.of(document, run)),
        trained_context=runtime.trained_context,
        seconds=time.monotonic() - began,
        outcome=outcome.sentence,
        left_out={str(number): lines for number, lines in outcome.left_out},
        recognised={str(number): certainty for number, certainty in outcome.recognised},
    )


def _named(note: str, document: Document, name: str) -> str:
    """Return the coverage in words, which begin with the name of the file that was read, with `name` instead."""
    for known in {shown_name(path) for path in (document.path, *document.paths)}:
        if note.startswith(f"{known} "):
            return name + note.removeprefix(known)
    return note
