"""Summaries: from the document state at once, or section by section and then merged; a paragraph, a page, an outline.

Every line gets the pages it comes from, and the whole says what it covers. A merge that names what none of its section
notes names gives way to their own lines.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

from engine.control import Control
from engine.errors import KnownError
from engine.generation.runtime import Runtime
from engine.generators import Kept
from engine.grounding.attribution import Notes, Passages, page_list, weights
from engine.grounding.claims import unverified
from engine.library.library import Library
from engine.library.records import Section, SectionNote
from engine.prompting.prompts import page_text
from engine.protocol.wire import LENGTHS, METHODS, Event, SummaryDelta, SummaryFinished
from engine.reading.reader import DocumentState
from engine.reading.section_states import BATCH_ROWS
from engine.summarising.reduce import SUMMARY_TOKENS, has_findings, merge
from engine.summarising.section_summaries import SectionNotes, SummaryJob, respond, take_notes

PARAGRAPH_TOKENS = 160
PARAGRAPH_FINDINGS = 5
"""Findings in a paragraph by a model that can write lists only."""
CUT = {"stop": "", "repetition": "; cut because it went in circles", "length": "; cut because it grew too long"}
"""How a text ended, for its basis."""
PAGES_NAMED = 8
"""Pages without text that a coverage names."""


@dataclass
class _Summary:
    """What one way of summarising came to."""

    text: str
    line_pages: list[list[int]]
    basis: str
    coverage: str
    tokens: int
    """That the model wrote."""
    said: str
    """What of the text the model wrote: to be looked for on the pages."""


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
            raise KnownError(f"there are no summaries {given!r}; choose one of {', '.join(known)}", reason="no such")
    focus = focus.strip() if focus and focus.strip() else None
    job = SummaryJob(runtime, library, of, control, job_id, length, focus)
    reading = library.reading_for(of.document.id, runtime.identity)
    sections = library.sections(of.document.id, reading.id if reading else None)
    if method == "auto":
        context = runtime.trained_context
        method = "state" if len(sections) <= 1 or (context is not None and of.tokens <= context) else "sections"
    if length == "outline":
        method = "sections"
    started = time.monotonic()
    made = yield from _from_state(job) if method == "state" else _from_sections(job, sections)
    evidence = {"basis": made.basis, "coverage": made.coverage, "line_pages": made.line_pages}
    doubtful = unverified(made.said, (page.text for page in library.pages(of.document.id)))
    row = library.save_summary(
        of.document.id,
        runtime.identity,
        method,
        made.text,
        of.tokens,
        focus or "",
        evidence | {"unverified": doubtful},
        length,
    )
    seconds = max(time.monotonic() - started, 1e-9)
    yield SummaryFinished(
        job_id=job_id,
        text=made.text,
        method=method,
        basis=made.basis,
        tokens_per_second=made.tokens / seconds,
        length=length,
        focus=focus or "",
        line_pages=made.line_pages,
        coverage=made.coverage,
        unverified=doubtful,
        summary_id=row,
    )


def _from_state(job: SummaryJob) -> Generator[Event, None, _Summary]:
    of = job.of
    pages = Passages([(page.number, page.text) for page in job.library.pages(of.document.id)])
    request = job.encoded(job.request(), shorter=True)
    shortened = ""
    if job.copies and job.length == "paragraph":
        text, cut = _silently(job, request)
        findings = [(line, pages.pages_of(line)) for line in text.splitlines()]
        text, line_pages, shortened = _paragraph(findings)
        yield SummaryDelta(job_id=job.job_id, text=text, pages=line_pages[0])
    else:
        text, cut = yield from _stream(job, request, pages)
        line_pages = [pages.pages_of(line) for line in text.splitlines()]
    read = f"all {of.pages} pages" if of.pages > 1 else "the one page"
    basis = f"from the document state, after {read}{CUT[cut]}"
    return _Summary(text, line_pages, basis, _coverage(job, f"Covers {read}.") + shortened, job.count(text), text)


def _stream(job: SummaryJob, request: Sequence[int], pages: Passages) -> Generator[Event, None, tuple[str, str]]:
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


def _silently(job: SummaryJob, request: Sequence[int]) -> tuple[str, str]:
    pieces = Kept(job.runtime.respond(job.of.state.clone(), request, SUMMARY_TOKENS, job.control))
    text = "".join(pieces)
    return text.strip(), pieces.value


def _paragraph(findings: Sequence[tuple[str, list[int]]]) -> tuple[str, list[list[int]], str]:
    """The weightiest of a list's lines as one paragraph, in their order; its pages, and what was left out in words.

    A line weighs what its names and words count on the other lines: what comes up again and again matters.
    """
    lines = [(line.removeprefix("- ").strip(), pages) for line, pages in findings if line.startswith("- ")]
    if not lines:
        text = " ".join(line.strip() for line, _ in findings)
        return text, [sorted({page for _, pages in findings for page in pages})], ""
    words = [frozenset(weights(line)) for line, _ in lines]
    weight = [sum(len(own & other) for other in words) for own in words]
    kept = sorted(sorted(range(len(lines)), key=lambda i: (-weight[i], i))[:PARAGRAPH_FINDINGS])
    text = " ".join(lines[i][0] for i in kept)
    left = len(lines) - len(kept)
    words_left = f" {left} of {len(lines)} findings are left out; the page length has them all." if left else ""
    return text, [sorted({page for i in kept for page in lines[i][1]})], words_left


def _from_sections(job: SummaryJob, sections: Sequence[Section]) -> Generator[Event, None, _Summary]:
    found = yield from take_notes(job, sections)
    basis = f"of {len(sections)} sections read one by one" if len(sections) != 1 else "of the one section"
    shortened = ""
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
        text, basis = merged.text, basis + merged.words
        sources = Notes((note.text, note.line_pages) for note in found.telling)
        line_pages = [sources.pages_of(line) for line in text.splitlines()]
        if job.copies and job.length == "paragraph":
            text, line_pages, shortened = _paragraph(list(zip(text.splitlines(), line_pages, strict=True)))
        found.written += job.count(text)
        said = text
    for number, (line, pages) in enumerate(zip(text.splitlines(), line_pages, strict=True), 1):
        end = "\n" if number < len(line_pages) else ""
        yield SummaryDelta(job_id=job.job_id, text=line + end, pages=pages)
    coverage = _coverage(job, _covered(found, job.focus)) + shortened
    return _Summary(text, line_pages, basis, coverage, found.written, said)


def _covered(found: SectionNotes, focus: str | None) -> str:
    """What the section notes cover, in words."""
    notes = found.notes
    if not notes:
        return "No section was there to be summarised."
    sections = f"{len(notes)} sections" if len(notes) > 1 else "the one section"
    first, last = notes[0].first_page, notes[-1].last_page
    pages = f"pages {first} to {last}" if first != last else f"page {first}"
    telling = len(found.telling)
    does = ("says", "say") if focus else ("has", "have")
    says = f"{telling or 'none'} {does[telling > 1]} " + (f"something of “{focus}”" if focus else "findings")
    parts = [f"Covers {sections}, {pages}; {says}."]
    for count, one, more in (
        (found.cut, "section summary grew too long and was cut", "section summaries grew too long and were cut"),
        (
            found.put_right,
            "line had a figure wrong and is put right from its page",
            "lines had a figure wrong and are put right from their pages",
        ),
        (
            found.left_out,
            "line named what its section does not hold and is left out",
            "lines named what their sections do not hold and are left out",
        ),
    ):
        if count:
            parts.append(f"{count} {one if count == 1 else more}.")
    return " ".join(parts)


def _coverage(job: SummaryJob, covered: str) -> str:
    """`covered`, and the pages that could not be read."""
    blank = [span.number for span in job.library.page_spans(job.of.document.id) if span.problem]
    if not blank:
        return covered
    more = f" and {len(blank) - PAGES_NAMED} more" if len(blank) > PAGES_NAMED else ""
    return f"{covered} Without text: {page_list(blank[:PAGES_NAMED])}{more}."


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
