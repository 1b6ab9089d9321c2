"""Summaries: from the document state at once, or section by section and then merged; a paragraph, a page, an outline.

Every line gets the pages it comes from, and the whole says what it covers. A merge that names what none of its section
notes names gives way to their own lines.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from engine.control import Control
from engine.errors import KnownError
from engine.generation.runtime import Runtime
from engine.generators import Kept
from engine.grounding.attribution import PageIndex, SourceLines, weights
from engine.grounding.support import unsupported
from engine.library.library import Library
from engine.library.records import NewSummary, Section, SectionNote
from engine.prompting.prompts import page_text
from engine.protocol.evidence import SummaryBasis
from engine.protocol.vocabulary import LENGTHS, METHODS, EndReason
from engine.protocol.wire import Event, SummaryDelta, SummaryFinished
from engine.reading.document_state import DocumentState
from engine.reading.section_states import BATCH_ROWS
from engine.summarising.reduce import SUMMARY_TOKENS, Merged, has_findings, merge
from engine.summarising.section_summaries import SectionNotes, SummaryJob, respond, take_notes

PARAGRAPH_TOKENS = 160
PARAGRAPH_FINDINGS = 5
"""Findings in a paragraph by a model that can write lists only."""


@dataclass
class _Summary:
    """The result of one method."""

    text: str
    line_pages: list[list[int]]
    basis: SummaryBasis
    """Without pages and doubts, which are added at the end."""
    tokens: int
    """Number of generated tokens."""
    said: str
    """The text that the model wrote, without what was put around it; it is checked against the pages."""


def summarize(
    runtime: Runtime,
    library: Library,
    of: DocumentState,
    method: str,
    control: Control,
    job_id: str,
    focus: str | None = None,
    length: str = "page",
) -> Iterator[Event]:
    """Summarise a document that has been read, by `method` (auto, state or sections), and save the summary.

    auto: from the document state where the document lies inside the model's trained context, else by sections. An
    outline is always made by sections. Raises KnownError for a method or length that there is not, and Cancelled; the
    section summaries written by then are kept.
    """
    for given, known in ((method, METHODS), (length, LENGTHS)):
        if given not in known:
            raise KnownError(f"unknown value {given!r}; choose one of {', '.join(known)}", reason="no such")
    focus = focus.strip() if focus and focus.strip() else None
    job = SummaryJob(runtime, library, of, control, job_id, length, focus)
    reading = library.readings.latest(of.document.id, runtime.identity)
    sections = library.sections.of(of.document.id, reading.id if reading else None)
    if method == "auto":
        context = runtime.trained_context
        method = "state" if len(sections) <= 1 or (context is not None and of.tokens <= context) else "sections"
    if length == "outline":
        method = "sections"
    started = time.monotonic()
    made = yield from _from_state(job) if method == "state" else _from_sections(job, sections)
    doubtful = unsupported(made.said, (page.text for page in library.pages.of(of.document.id)))
    basis = replace(
        made.basis,
        pages_without_text=tuple(span.number for span in library.pages.spans(of.document.id) if span.problem),
        line_pages=tuple(tuple(pages) for pages in made.line_pages),
        unverified=tuple(doubtful),
    )
    row = library.summaries.add(
        of.document.id, runtime.identity, NewSummary(method, made.text, of.tokens, basis.focus, basis, length)
    )
    seconds = max(time.monotonic() - started, 1e-9)
    yield SummaryFinished(
        job_id=job_id,
        text=made.text,
        length=length,
        basis=basis,
        tokens_per_second=made.tokens / seconds,
        summary_id=row,
    )


def _from_state(job: SummaryJob) -> Generator[Event, None, _Summary]:
    of = job.of
    pages = PageIndex([(page.number, page.text) for page in job.library.pages.of(of.document.id)])
    request = job.encoded(job.request(), shorter=True)
    kept = (0, 0)
    if job.copies and job.length == "paragraph":
        text, cut = _silently(job, request)
        findings = [(line, pages.pages_of(line)) for line in text.splitlines()]
        text, line_pages, kept = _paragraph(findings)
        yield SummaryDelta(job_id=job.job_id, text=text, pages=line_pages[0])
    else:
        text, cut = yield from _stream(job, request, pages)
        line_pages = [pages.pages_of(line) for line in text.splitlines()]
    basis = SummaryBasis(
        made_from="state",
        first_page=1,
        last_page=of.pages,
        findings=kept[1],
        findings_kept=kept[0],
        end=cut,
        focus=job.focus or "",
    )
    return _Summary(text, line_pages, basis, job.count(text), text)


def _stream(job: SummaryJob, request: Sequence[int], pages: PageIndex) -> Generator[Event, None, tuple[str, EndReason]]:
    """Stream what the model says to `request`, with the pages at the end of every line; the text, and why it ended."""
    text = line = ""
    most = PARAGRAPH_TOKENS if job.length == "paragraph" else SUMMARY_TOKENS
    pieces = Kept(job.runtime.respond(job.of.state.clone(), request, most, job.control))
    for piece in pieces:
        text += piece
        for part in piece.splitlines(keepends=True):
            line += part
            if part.endswith("\n"):
                yield SummaryDelta(job_id=job.job_id, text=part, pages=pages.pages_of(line))
                line = ""
            else:
                yield SummaryDelta(job_id=job.job_id, text=part)
    if found := pages.pages_of(line):
        yield SummaryDelta(job_id=job.job_id, text="", pages=found)
    return text.strip(), pieces.value


def _silently(job: SummaryJob, request: Sequence[int]) -> tuple[str, EndReason]:
    pieces = Kept(job.runtime.respond(job.of.state.clone(), request, SUMMARY_TOKENS, job.control))
    text = "".join(pieces)
    return text.strip(), pieces.value


def _paragraph(findings: Sequence[tuple[str, list[int]]]) -> tuple[str, list[list[int]], tuple[int, int]]:
    """The weightiest of a list's lines as one paragraph, in their order; its pages, and how many lines of how many.

    A line weighs what its names and words count on the other lines: what comes up again and again matters.
    """
    lines = [(line.removeprefix("- ").strip(), pages) for line, pages in findings if line.startswith("- ")]
    if not lines:
        text = " ".join(line.strip() for line, _ in findings)
        return text, [sorted({page for _, pages in findings for page in pages})], (0, 0)
    words = [frozenset(weights(line)) for line, _ in lines]
    weight = [sum(len(own & other) for other in words) for own in words]
    kept = sorted(sorted(range(len(lines)), key=lambda i: (-weight[i], i))[:PARAGRAPH_FINDINGS])
    text = " ".join(lines[i][0] for i in kept)
    return text, [sorted({page for i in kept for page in lines[i][1]})], (len(kept), len(lines))


def _from_sections(job: SummaryJob, sections: Sequence[Section]) -> Generator[Event, None, _Summary]:
    found = yield from take_notes(job, sections)
    merged = Merged("")
    kept = (0, 0)
    if job.length == "outline":
        lines = list(_outline(found.notes))
        text, line_pages = "\n".join(line for line, _ in lines), [pages for _, pages in lines]
        said = "\n".join(note.text for note in found.telling)
    else:
        tokenizer = job.runtime.tokenizer
        overhead = len(tokenizer.merge_prefix) + len(job.encoded(tokenizer.prompts.merge(), shorter=True))
        merged = merge(
            [note.text for note in found.notes],
            lambda groups, most, last: _merge_answers(job, groups, most, last),
            job.count,
            job.runtime.trained_context,
            overhead,
            copies=job.copies,
            always=job.length == "paragraph" and not job.copies,
        )
        text = merged.text
        sources = SourceLines((note.text, note.line_pages) for note in found.telling)
        line_pages = [sources.pages_of(line) for line in text.splitlines()]
        if job.copies and job.length == "paragraph":
            text, line_pages, kept = _paragraph(list(zip(text.splitlines(), line_pages, strict=True)))
        found.written += job.count(text)
        said = text
    for number, (line, pages) in enumerate(zip(text.splitlines(), line_pages, strict=True), 1):
        end = "\n" if number < len(line_pages) else ""
        yield SummaryDelta(job_id=job.job_id, text=line + end, pages=pages)
    basis = _sections_basis(found, merged, kept, job.focus)
    return _Summary(text, line_pages, basis, found.written, said)


def _sections_basis(found: SectionNotes, merged: Merged, kept: tuple[int, int], focus: str | None) -> SummaryBasis:
    """Return the record of a summary made from `found`. kept: findings shown, and findings that there were."""
    notes = found.notes
    return SummaryBasis(
        made_from="sections",
        first_page=notes[0].first_page if notes else 0,
        last_page=notes[-1].last_page if notes else 0,
        sections=len(notes),
        sections_with_findings=len(found.telling),
        sections_cut=found.cut,
        merges=merged.steps,
        merges_rejected=merged.replaced,
        joined=merged.joined,
        lines_corrected=found.put_right,
        lines_dropped=found.left_out,
        findings=kept[1],
        findings_kept=kept[0],
        focus=focus or "",
    )


def _outline(notes: Sequence[SectionNote]) -> Iterator[tuple[str, list[int]]]:
    """A line for each section that says something, with its heading, its pages and the first thing it says; sections in
    a row that say nothing share one. With it the pages that the line rests on."""
    silent: list[SectionNote] = []

    def skipped() -> Iterator[tuple[str, list[int]]]:
        if silent:
            yield f"{_place(silent)}: nothing of note", []
            silent.clear()

    for note in notes:
        if not has_findings(note.text):
            silent.append(note)
            continue
        yield from skipped()
        lines = [(line, pages) for line, pages in zip(note.text.splitlines(), note.line_pages, strict=True) if line]
        items = [(line.removeprefix("- "), pages) for line, pages in lines if line.startswith("- ")]
        said, pages = (items or lines)[0]
        more = f" (and {len(items) - 1} more)" if len(items) > 1 else ""
        yield f"{_place([note])}: {said}{more}", pages
    yield from skipped()


def _place(notes: Sequence[SectionNote]) -> str:
    first, last = notes[0].first_page, notes[-1].last_page
    pages = f"page {first}" if first == last else f"pages {first}–{last}"
    heading = next((note.heading for note in notes if note.heading), "")
    return f"{heading}, {pages}" if heading else pages.capitalize()


def _merge_answers(job: SummaryJob, groups: Sequence[Sequence[str]], most: int, last: bool) -> Iterator[str]:
    """What the model says to each of `groups` of notes, in order."""
    tokenizer = job.runtime.tokenizer
    request = job.encoded(tokenizer.prompts.merge(), shorter=last)
    rows = BATCH_ROWS[job.runtime.model.device.type]
    for first in range(0, len(groups), rows):
        batch = groups[first : first + rows]
        notes = [[i for note in group for i in tokenizer.encode_document(page_text(note))] for group in batch]
        texts = [[*tokenizer.merge_prefix, *ids, *request] for ids in notes]
        for text, _ in respond(job, job.runtime.model.new_state(len(texts)), texts, most):
            yield text
