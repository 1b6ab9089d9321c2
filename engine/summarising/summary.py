"""Summaries: from the document state, by sections, or by selection; a paragraph, a page or an outline.

Every line gets its pages, and a record says how the summary was made, what it covers and which claims no page supports.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Generator, Iterator, Sequence
from functools import cache

from msgspec.structs import replace

from engine.errors import KnownError
from engine.generation.runtime import Runtime
from engine.grounding.attribution import PageIndex, SourceLines
from engine.grounding.unconfirmed_claims import unconfirmed_claims
from engine.library.library import Library
from engine.library.records import NewSummary, Section
from engine.prompting.prompts import page_text
from engine.protocol.vocabulary import LENGTHS, METHODS
from engine.protocol.wire import Event, SummaryDelta, SummaryFinished
from engine.reading.context import Context
from engine.reading.section_states import BATCH_ROWS
from engine.summarising.basis import sections_basis
from engine.summarising.job import SummaryJob, generate_batch
from engine.summarising.outline import outline
from engine.summarising.paragraph import Paragraph, choose_paragraph
from engine.summarising.reduce import Reduced, Room, reduce
from engine.summarising.result import SummaryResult
from engine.summarising.section_summaries import SectionSummaries, summarize_sections
from engine.summarising.selection_summary import summarize_by_selection
from engine.summarising.state_summary import summarize_state


def summarize(
    context: Context, method: str, focus: str | None = None, length: str = "page", shown: Collection[int] = ()
) -> Iterator[Event]:
    """Summarise a document that has been read, by `method` (METHODS), and save the summary.

    auto: by selection when the model does not write or the text is unlike its training data; from the document state
    when the document fits into the trained context; else by sections. An outline is never made from the state. Raises
    KnownError for an unknown method or length, and Cancelled; the section summaries written by then are kept. `shown`:
    ids of sections whose key sentences or summaries were sent before.
    """
    for given, known in ((method, METHODS), (length, LENGTHS)):
        if given not in known:
            raise KnownError(f"unknown value {given!r}; choose one of {', '.join(known)}", reason="no such")
    job = SummaryJob(context, length, focus.strip() if focus and focus.strip() else None)
    library, document = context.library, context.document_id
    reading = library.readings.latest(document, context.runtime.identity)
    sections = library.sections.of(document, reading.id if reading else None)
    chosen = _method(job, method, sections)
    started = time.monotonic()
    if chosen == "selection":
        made = yield from summarize_by_selection(job, sections, shown)
    elif chosen == "state":
        made = yield from summarize_state(job)
    else:
        made = yield from _summarize_by_sections(job, sections, shown)
    basis = replace(
        made.basis,
        pages_without_text=tuple(span.number for span in library.pages.spans(document) if span.problem),
        line_pages=tuple(tuple(pages) for pages in made.line_pages),
        unverified=tuple(unconfirmed_claims(made.written, [page.text for page in context.pages()])),
    )
    stored = NewSummary(chosen, made.text, context.document.tokens, basis.focus, basis, length)
    row = library.summaries.add(document, context.runtime.identity, stored)
    seconds = max(time.monotonic() - started, 1e-9)
    yield SummaryFinished(
        job_id=context.job_id,
        text=made.text,
        length=length,
        basis=basis,
        tokens_per_second=made.tokens / seconds,
        summary_id=row,
    )


def _method(job: SummaryJob, method: str, sections: Sequence[Section]) -> str:
    """Return the method to use: selection, state or sections."""
    chosen = method == "auto" or job.context.document.state_pages is not None
    if method == "selection" or (chosen and selects(job.context)):
        return "selection"
    if job.length == "outline":
        return "sections"
    if method != "auto":
        return method
    trained = job.context.trained_context
    fits = trained is not None and job.context.document.tokens <= trained
    return "state" if len(sections) <= 1 or fits else "sections"


def selects(context: Context) -> bool:
    """Return whether summaries are chosen from the document's sentences; see `selects_for`."""
    return selects_for(context.runtime, context.library, context.document_id)


def selects_for(runtime: Runtime, library: Library, document: int) -> bool:
    """Return whether summaries of a document are chosen from its sentences: the model does not write, or it does not
    know this kind of text, as far as was measured."""
    profile = runtime.profile
    if profile.summaries.selects:
        return True
    return profile.unfamiliar is not None and library.readings.familiar(document, runtime.identity) is False


def _summarize_by_sections(
    job: SummaryJob, sections: Sequence[Section], shown: Collection[int]
) -> Generator[Event, None, SummaryResult]:
    """Yield the section summaries and then the lines of the summary made from them."""
    found = yield from summarize_sections(job, sections, shown)
    reduced, paragraph = Reduced(""), None
    if job.length == "outline":
        lines = list(outline(found.summaries, job.rules.has_findings))
        written = "\n".join(summary.text for summary in found.with_findings)
    else:
        reduced, paragraph, lines = _reduce(job, found)
        written = "\n".join(line for line, _ in lines)
        found.tokens += job.count(written)
    for number, (line, pages) in enumerate(lines, 1):
        end = "\n" if number < len(lines) else ""
        yield SummaryDelta(job_id=job.context.job_id, text=line + end, pages=pages)
    text, line_pages = "\n".join(line for line, _ in lines), [pages for _, pages in lines]
    basis = sections_basis(found, reduced, paragraph, job.focus)
    return SummaryResult(text, line_pages, basis, found.tokens, written)


def _reduce(job: SummaryJob, found: SectionSummaries) -> tuple[Reduced, Paragraph | None, list[tuple[str, list[int]]]]:
    """Return the section summaries reduced to one text, the paragraph chosen from it, and its lines with pages."""
    tokenizer = job.context.runtime.tokenizer
    overhead = len(tokenizer.merge_prefix) + len(job.encoded(tokenizer.prompts.merge(), shorter=True))
    copies, is_paragraph = job.rules.copied_lists, job.length == "paragraph"
    reduced = reduce(
        [summary.text for summary in found.summaries],
        lambda groups, most, last: _merge(job, groups, most, last),
        Room(job.count, job.context.trained_context, overhead),
        job.rules,
        always=is_paragraph and not copies,
    )
    sources = SourceLines((summary.text, summary.line_pages) for summary in found.with_findings)

    @cache  # it takes seconds for a long document, and most lines need none
    def index() -> PageIndex:
        return PageIndex([(page.number, page.text) for page in job.context.pages()])

    lines = [(line, sources.pages_of(line) or index().pages_of(line)) for line in reduced.text.splitlines()]
    if not (copies and is_paragraph):
        return reduced, None, lines
    paragraph = choose_paragraph(lines, job.rules.paragraph_findings)
    return reduced, paragraph, [(paragraph.text, paragraph.pages)]


def _merge(job: SummaryJob, groups: Sequence[Sequence[str]], most: int, last: bool) -> Iterator[str]:
    """Yield the merge of each of `groups` of summaries, in order."""
    runtime = job.context.runtime
    tokenizer = runtime.tokenizer
    request = job.encoded(tokenizer.prompts.merge(), shorter=last)
    rows = BATCH_ROWS[runtime.model.device.type]
    for first in range(0, len(groups), rows):
        batch = groups[first : first + rows]
        summaries = [[i for text in group for i in tokenizer.encode_document(page_text(text))] for group in batch]
        texts = [[*tokenizer.merge_prefix, *ids, *request] for ids in summaries]
        for text, _ in generate_batch(job, runtime.model.new_state(len(texts)), texts, most):
            yield text
