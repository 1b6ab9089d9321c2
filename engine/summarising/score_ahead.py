"""Scoring ahead: the reader reads the sections of a document before a summary or an overview asks for them."""

from __future__ import annotations

from collections.abc import Iterator

from engine.control import Cancelled, Control
from engine.generation.runtime import Runtime
from engine.library.library import Library
from engine.protocol.events import SectionsRead
from engine.summarising.read_scores import read_sections
from engine.summarising.selection_summary import texts_of


def score_ahead(
    runtime: Runtime, library: Library, document: int, control: Control, job_id: str
) -> Iterator[SectionsRead]:
    """Score the sentences of all sections of `document` that are not scored yet, and save the scores, a few sections
    at a time. Raises Cancelled; what was scored is kept."""
    reading = library.readings.latest(document, runtime.identity)
    sections = library.sections.of(document, reading.id if reading else None)
    done = 0
    for found in read_sections(library, sections, texts_of(sections, library.pages.of(document))):
        done += len(found)
        yield SectionsRead(job_id=job_id, document_id=document, sections=done, of=len(sections))
        control.wait_while_paused()
        if control.cancelled:
            raise Cancelled
