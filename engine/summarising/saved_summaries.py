"""Summaries that were made before: found in the library and sent again instead of being made again."""

from __future__ import annotations

from collections.abc import Iterator

from engine.generation.runtime import Runtime
from engine.library.library import Library
from engine.library.records import Summary
from engine.protocol.commands import Summarize
from engine.protocol.events import Event, SummaryDelta, SummaryFinished
from engine.protocol.evidence import SummaryBasis
from engine.reading.document_state import DocumentState


def find(runtime: Runtime, library: Library, of: DocumentState, command: Summarize) -> Summary | None:
    """Return the newest summary of the whole document, by this model, of the kind that a command asks for.

    None where there is none, or the command asks for a new one.
    """
    if command.again:
        return None
    method = "sections" if (command.length, command.method) == ("outline", "state") else command.method
    focus = (command.focus or "").strip()
    wanted = (runtime.identity.name, of.tokens, command.length, focus)
    for row in library.summaries.of(of.document.id):
        if (row.model, row.n_tokens, row.length, row.focus) == wanted and method in ("auto", row.method):
            return row
    return None


def events(row: Summary, job_id: str) -> Iterator[Event]:
    """Send a summary, line by line with its pages."""
    basis = row.basis or SummaryBasis(made_from="text", focus=row.focus)
    lines = row.text.splitlines()
    for number, line in enumerate(lines):
        pages = basis.line_pages[number] if number < len(basis.line_pages) else ()
        end = "\n" if number < len(lines) - 1 else ""
        yield SummaryDelta(job_id=job_id, text=line + end, pages=list(pages))
    yield SummaryFinished(
        job_id=job_id,
        text=row.text,
        length=row.length,
        basis=basis,
        tokens_per_second=0.0,
        summary_id=row.id,
        saved=True,
    )
