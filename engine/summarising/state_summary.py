"""A summary from the document state, which has read the whole document."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from engine.generators import Kept
from engine.grounding.attribution import PageIndex
from engine.protocol.evidence import SummaryBasis
from engine.protocol.vocabulary import EndReason
from engine.protocol.wire import Event, SummaryDelta
from engine.summarising.job import SummaryJob
from engine.summarising.paragraph import Paragraph, choose_paragraph
from engine.summarising.result import SummaryResult


def summarize_state(job: SummaryJob) -> Generator[Event, None, SummaryResult]:
    """Stream the summary that the document state gives, each line with its pages."""
    context = job.context
    index = PageIndex([(page.number, page.text) for page in context.pages()])
    request = job.encoded(job.request(), shorter=True)
    paragraph: Paragraph | None = None
    if job.rules.copied_lists and job.length == "paragraph":
        pieces = Kept(_respond(job, request, job.rules.summary_tokens))
        text, end = "".join(pieces).strip(), pieces.value
        lines = [(line, index.pages_of(line)) for line in text.splitlines()]
        paragraph = choose_paragraph(lines, job.rules.paragraph_findings)
        text, line_pages = paragraph.text, [paragraph.pages]
        yield SummaryDelta(job_id=context.job_id, text=text, pages=paragraph.pages)
    else:
        text, end = yield from _stream(job, request, index)
        line_pages = [index.pages_of(line) for line in text.splitlines()]
    basis = SummaryBasis(
        made_from="state",
        first_page=1,
        last_page=context.document.last_page,
        findings=paragraph.lines if paragraph else 0,
        findings_kept=paragraph.kept if paragraph else 0,
        end=end,
        focus=job.focus or "",
    )
    return SummaryResult(text, line_pages, basis, job.count(text), text)


def _stream(job: SummaryJob, request: Sequence[int], index: PageIndex) -> Generator[Event, None, tuple[str, EndReason]]:
    """Stream the answer to `request`, with the pages at the end of every line; return it, and why it ended."""
    text = line = ""
    most = job.rules.paragraph_tokens if job.length == "paragraph" else job.rules.summary_tokens
    pieces = Kept(_respond(job, request, most))
    for piece in pieces:
        text += piece
        for part in piece.splitlines(keepends=True):
            line += part
            if part.endswith("\n"):
                yield SummaryDelta(job_id=job.context.job_id, text=part, pages=index.pages_of(line))
                line = ""
            else:
                yield SummaryDelta(job_id=job.context.job_id, text=part)
    if found := index.pages_of(line):
        yield SummaryDelta(job_id=job.context.job_id, text="", pages=found)
    return text.strip(), pieces.value


def _respond(job: SummaryJob, request: Sequence[int], most: int) -> Generator[str, None, EndReason]:
    context = job.context
    return context.runtime.respond(context.document.state.clone(), request, most, context.control)
