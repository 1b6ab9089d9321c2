"""A summary by selection: the document's own key sentences, quoted with their pages, for a model that cannot write one.

A head describes the document. A paragraph has the few best sentences of the whole, a page more of them under their
headings, an outline one for every heading. A section without sentences shows its first lines.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from engine.grounding.languages import language_of
from engine.grounding.page_references import page_list
from engine.grounding.words import stems
from engine.library.records import Section
from engine.protocol.evidence import SummaryBasis
from engine.protocol.wire import Event, SectionSummarized, SummaryDelta
from engine.reading.context import Context
from engine.scoring.reader_model import LANGUAGES, ReaderModel, reader_model
from engine.summarising.digest import KeySentence, SectionDigest, digest_sections, digest_whole
from engine.summarising.document_head import DocumentHead, document_head
from engine.summarising.entities import stored_entities
from engine.summarising.job import SummaryJob
from engine.summarising.read_scores import ReadScores
from engine.summarising.result import SummaryResult
from engine.summarising.section_text import SectionText, Sentence, one_line
from engine.summarising.sentence_scores import Scorer, WordScores

REQUEST = "key sentences, 1"
"""Key under which these section summaries are stored; its number increases when they change."""
PARAGRAPH_SENTENCES = 5
PAGE_SENTENCES = (8, 16)
"""Key sentences on a page: of a document of few sections, and of many."""
_SECTIONS_A_SENTENCE = 4
READ_TOKENS = 300_000
"""Tokens of the longest document whose sections the reader scores; longer ones are scored by words, in seconds."""

Line = tuple[str, list[int]]
"""A line and its pages."""


@dataclass(frozen=True)
class Scorers:
    """The scorers of one digest."""

    title: str
    focus: str
    reader: ReaderModel | None = None
    """A model that reads the sections; None: words alone."""

    @classmethod
    def for_document(cls, job: SummaryJob) -> Scorers:
        """Return the scorers for the document of `job`: the reader's where it knows the language and is fast enough."""
        record = job.context.document
        sample = " ".join(page.text[:600] for page in job.context.pages()[:40])
        fits = record.tokens <= READ_TOKENS and language_of(sample) in LANGUAGES
        return cls(record.document.title, job.focus or "", reader_model() if fits else None)

    def of(self, heading: str) -> Scorer:
        """Return the scorer of a section under `heading`."""
        words = WordScores(title=f"{self.title} {heading}", focus=self.focus)
        if self.reader is None:
            return words
        return ReadScores(self.reader.model, self.reader.heads, self.reader.tokenizer, words)

    def whole(self, sections: int) -> Scorer:
        """Return the scorer of the key sentences of a document of so many sections: place counts less in a long one."""
        place = WordScores.place / max(1.0, math.log2(sections + 1) / 2)
        return WordScores(title=self.title, focus=self.focus, place=place)


def summarize_by_selection(job: SummaryJob, sections: Sequence[Section]) -> Generator[Event, None, SummaryResult]:
    """Yield the key sentences of every section, and then the lines of the summary."""
    context = job.context
    scorers = Scorers.for_document(job)
    texts = _texts(job, sections)
    digests: list[SectionDigest] = []
    focus = stems(job.focus or "")
    for section, digest in zip(sections, digest_sections(texts, scorers.of, focus), strict=True):
        context.raise_if_cancelled()
        digests.append(digest)
        yield _section_event(job, section, digest, len(sections))
    lines = list(_lines(job, digests, scorers))
    for number, (line, pages) in enumerate(lines, 1):
        yield SummaryDelta(job_id=context.job_id, text=line + ("\n" if number < len(lines) else ""), pages=pages)
    basis = SummaryBasis(
        made_from="selection",
        first_page=sections[0].first_page if sections else 0,
        last_page=sections[-1].last_page if sections else 0,
        sections=len(sections),
        sections_with_findings=sum(bool(digest.key) for digest in digests),
        focus=job.focus or "",
    )
    return SummaryResult("\n".join(line for line, _ in lines), [pages for _, pages in lines], basis, 0, "")


def overview(context: Context) -> list[Line]:
    """Return a description of the document and its few best sentences: a summary of paragraph length, not stored."""
    job = SummaryJob(context, "paragraph", None)
    reading = context.library.readings.latest(context.document_id, context.runtime.identity)
    sections = context.library.sections.of(context.document_id, reading.id if reading else None)
    scorers = Scorers(context.document.document.title, "")
    return list(_lines(job, list(digest_sections(_texts(job, sections), scorers.of)), scorers))


def quoted(sentence: Sentence) -> str:
    """Return a sentence as a quotation."""
    return f"“{sentence.quoted}”"


def _texts(job: SummaryJob, sections: Sequence[Section]) -> list[SectionText]:
    return [
        SectionText.of(
            section, [page for page in job.context.pages(section.first_page, section.last_page) if page.text]
        )
        for section in sections
    ]


def _section_event(job: SummaryJob, section: Section, digest: SectionDigest, count: int) -> SectionSummarized:
    """Store the digest of a section and return its event."""
    lines = [(quoted(sentence), [sentence.page]) for sentence in digest.lines]
    text, line_pages = "\n".join(line for line, _ in lines), [pages for _, pages in lines]
    stored = job.context.library.section_summaries
    stored.save(section.id, REQUEST, text, line_pages, job.focus or "")
    return SectionSummarized(
        job_id=job.context.job_id,
        section=section.number,
        sections=count,
        heading=section.heading,
        first_page=section.first_page,
        last_page=section.last_page,
        text=text,
        line_pages=line_pages,
    )


def _lines(job: SummaryJob, digests: Sequence[SectionDigest], scorers: Scorers) -> Iterator[Line]:
    """Yield the lines of the summary."""
    if job.focus and not any(digest.key for digest in digests):
        yield f"No sentence mentions “{job.focus}”.", []
        return
    if job.length == "outline":
        yield from _outline(digests)
        return
    head = _head(job, len(digests))
    if not job.focus:
        yield head.sentence, []
        if head.names:
            yield f"Names that recur: {', '.join(head.names)}.", []
    if job.length == "paragraph":
        chosen = digest_whole(digests, scorers.whole(len(digests)), PARAGRAPH_SENTENCES)
        yield from ((quoted(key.sentence), [key.sentence.page]) for key in chosen)
    else:
        few, many = PAGE_SENTENCES
        most = min(many, max(few, len(digests) // _SECTIONS_A_SENTENCE))
        yield from _under_headings(digests, digest_whole(digests, scorers.whole(len(digests)), most))
    if not any(digest.key for digest in digests):
        yield from ((quoted(sentence), [sentence.page]) for digest in digests[:2] for sentence in digest.lines)


def _under_headings(digests: Sequence[SectionDigest], chosen: Sequence[KeySentence]) -> Iterator[Line]:
    """Yield the chosen sentences, each group under the heading of its section."""
    for place, group in groupby(chosen, key=lambda key: key.section):
        section = digests[place].section
        if heading := one_line(section.heading):
            yield f"{heading}:", [section.first_page]
        yield from ((quoted(key.sentence), [key.sentence.page]) for key in group)


def _outline(digests: Sequence[SectionDigest]) -> Iterator[Line]:
    """Yield a line for each heading: its pages and its best sentence, or its first line."""
    for heading, group in groupby(digests, key=lambda digest: digest.section.heading):
        members = list(group) if heading else []
        for part in [members] if heading else [[digest] for digest in group]:
            first, last = part[0].section, part[-1].section
            pages = page_list(range(first.first_page, last.last_page + 1))
            place = f"{one_line(heading)}, {pages}" if heading else f"{pages[:1].upper()}{pages[1:]}"
            best = max((key for digest in part for key in digest.candidates), key=lambda key: key.score, default=None)
            sentence = best.sentence if best is not None else next(iter(part[0].lines), None)
            yield (f"{place}: {quoted(sentence)}", [sentence.page]) if sentence is not None else (place, [])


def _head(job: SummaryJob, sections: int) -> DocumentHead:
    context = job.context
    record = context.document.document
    entities = stored_entities(context.library, record.id)
    return document_head(record.title, record.kind, context.pages(), sections, entities)
