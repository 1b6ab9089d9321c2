"""Section summaries: written many to a batch, streamed in order, kept in the library.

Every line gets its pages. A line that should be a copy gets the figures of the sentence that it copies, or is dropped
where there is none; both are counted. The lines of a model that writes in its own words stay as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from engine.grounding.attribution import EXACT, PageIndex
from engine.grounding.lines import is_list, parse_line, union
from engine.grounding.support import unsupported
from engine.library.records import Page, Section, SectionNote
from engine.network.state import MambaState
from engine.prompting.prompts import page_text
from engine.protocol.wire import Event, SectionSummarized
from engine.reading import section_states
from engine.reading.section_states import BATCH_ROWS
from engine.summarising.job import SummaryJob, generate_batch


@dataclass
class SectionSummaries:
    """The summaries of all sections, in order."""

    summaries: list[SectionNote] = field(default_factory=list)
    with_findings: list[SectionNote] = field(default_factory=list)
    """Section summaries that contain a finding."""
    cut: int = 0
    """Summaries that grew too long."""
    dropped: int = 0
    """Lines that their section does not hold."""
    corrected: int = 0
    """Number of lines whose figures were corrected."""
    tokens: int = 0
    """Number of generated tokens."""


def summarize_sections(
    job: SummaryJob, sections: Sequence[Section], shown: Collection[int] = ()
) -> Generator[Event, None, SectionSummaries]:
    """Yield the summary of every section in order: from the library where it is stored, else written now and stored.
    `shown`: ids of sections whose summaries were sent before."""
    request = job.request()
    reading = sections[0].reading if sections else None
    stored = job.context.library.section_summaries
    known = stored.of(job.context.document_id, job.focus or "", request.text, reading)
    saved = {summary.section: summary for summary in known}
    written = _write(job, [section for section in sections if section.id not in saved], job.encoded(request))
    found = SectionSummaries()
    for section in sections:
        summary = saved.get(section.id)
        if summary is None:
            text, cut = next(written)
            found.tokens += job.count(text)
            found.cut += cut
            summary = _grounded(job, section, text, found)
            focus, has_findings = job.focus or "", job.rules.has_findings(summary.text)
            stored.save(section.id, request.text, summary.text, summary.line_pages, focus, has_findings)
        found.summaries.append(summary)
        has_findings = job.rules.has_findings(summary.text)
        if has_findings:
            found.with_findings.append(summary)
        if section.id in shown and section.id in saved:
            continue
        yield SectionSummarized(
            job_id=job.context.job_id,
            section=section.number,
            sections=len(sections),
            heading=section.heading,
            first_page=section.first_page,
            last_page=section.last_page,
            text=summary.text,
            line_pages=summary.line_pages,
            has_findings=has_findings,
            saved=section.id in saved,
        )
    return found


def _grounded(job: SummaryJob, section: Section, text: str, found: SectionSummaries) -> SectionNote:
    """Return the summary of a section with the pages of every line. A line that should be a copy, and is none, is
    corrected or dropped, and counted in `found`."""
    pages = job.context.pages(section.first_page, section.last_page)
    index = PageIndex([(page.number, page.text) for page in pages])
    kept: list[str] = []
    dropped = found.dropped
    for line in text.splitlines():
        if not (job.rules.copied_lists and parse_line(line).item):
            kept.append(line)
            continue
        corrected = index.corrected(line)
        if corrected is None and not _is_copy(line, section, index):
            found.dropped += 1
            continue
        found.corrected += corrected not in (None, line)
        kept.append(corrected or line)
    if found.dropped > dropped and not is_list("\n".join(kept)):
        kept = [job.rules.no_findings]
    says_something = job.rules.has_findings("\n".join(kept))
    line_pages = [index.pages_of(line) if says_something else [] for line in kept]
    place = (section.id, section.number, section.heading, section.first_page, section.last_page, job.focus or "")
    return SectionNote(*place, "\n".join(kept), line_pages)


def _is_copy(line: str, section: Section, index: PageIndex) -> bool:
    return not unsupported(line, [section.text]) and index.find(parse_line(line).text)[0] >= EXACT


def _write(job: SummaryJob, sections: Sequence[Section], request: Sequence[int]) -> Iterator[tuple[str, bool]]:
    """Yield the model's text about each of `sections`, in order, and whether any of it was cut.

    The request runs on the section's own state, which is kept for questions too. A section that takes up more than half
    of the trained context is read in parts, by pages: the more text a state has read, the more findings it omits.
    """
    units = [(section, part) for section in sections for part in _parts(job, section)]
    answers = _answers(job, units, request)
    for _, group in groupby(units, key=lambda unit: unit[0].id):
        parts = [next(answers) for _ in group]
        said = [text for text, _ in parts if job.rules.has_findings(text)]
        yield union(said) if len(parts) > 1 and said else parts[0][0], any(cut for _, cut in parts)


Part = tuple[int, int] | None
"""First and last page of a part of a section; None for a whole section."""


def _parts(job: SummaryJob, section: Section) -> list[Part]:
    context = job.context.trained_context
    if context is None or section.n_tokens <= context // 2:
        return [None]
    pages = [page for page in job.context.pages(section.first_page, section.last_page) if page.text]
    if "\n\n".join(page.text for page in pages) != section.text:
        return [None]  # it begins or ends within a page
    parts: list[Part] = []
    tokens = 0
    for page in pages:
        size = _tokens_of(job, page)
        last = parts[-1] if parts else None
        if last is not None and tokens + size <= context // 2:
            parts[-1], tokens = (last[0], page.number), tokens + size
        else:
            parts.append((page.number, page.number))
            tokens = size
    return parts if len(parts) > 1 else [None]


def _tokens_of(job: SummaryJob, page: Page) -> int:
    return page.n_tokens if page.n_tokens is not None else job.count(page_text(page.text))


def _answers(
    job: SummaryJob, units: Sequence[tuple[Section, Part]], request: Sequence[int]
) -> Iterator[tuple[str, bool]]:
    """Yield the model's text about each unit, in order, and whether it was cut; a cut list ends with a whole line."""
    model = job.context.runtime.model
    rows = BATCH_ROWS[model.device.type]
    for whole, run in groupby(units, key=lambda unit: unit[1] is None):
        waiting = list(run)
        for first in range(0, len(waiting), rows):
            batch = waiting[first : first + rows]
            if whole:
                state = _states(job, [section for section, _ in batch])
                texts = [list(request)] * len(batch)
            else:
                state = model.new_state(len(batch))
                texts = [[*_ids(job, part), *request] for _, part in batch if part]
            for text, reason in generate_batch(job, state, texts, job.rules.section_tokens):
                yield _whole_lines(text) if reason != "stop" else text, reason != "stop"


def _states(job: SummaryJob, sections: Sequence[Section]) -> MambaState:
    """Return the states of `sections`, stacked."""
    context = job.context
    states = section_states.saved(context.runtime, context.library, sections)
    unread = [section for section in sections if section.id not in states]
    for read in section_states.read(context.runtime, context.library, context.document_id, unread, context.control):
        states |= read
    return MambaState.stack([states[section.id].state for section in sections])


def _ids(job: SummaryJob, part: tuple[int, int]) -> list[int]:
    """Return the tokens of a part of a section, behind the prompt's prefix."""
    tokenizer = job.context.runtime.tokenizer
    text = "\n\n".join(page.text for page in job.context.pages(*part) if page.text)
    return [*tokenizer.document_prefix, *tokenizer.encode_document(page_text(text))]


def _whole_lines(text: str) -> str:
    """Return a text that was cut, without the last line of a list: half a line may say something false."""
    lines = text.splitlines()
    return "\n".join(lines[:-1]) if is_list(text) else f"{text} …"
