"""A summary by selection: the document's own key sentences, quoted with their pages, for a model that cannot write one.

The key sentences of every section come first, each section stored; then the lines of the summary.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import suppress
from pathlib import PurePath

from engine.library.database import LibraryError
from engine.library.library import Library
from engine.library.records import Page, Section
from engine.protocol.evidence import SummaryBasis
from engine.protocol.wire import Event, SectionSummarized, SummaryDelta
from engine.reading.context import Context
from engine.reading.kept_indexes import digest_of_texts
from engine.scoring.reader_model import reader_identity
from engine.summarising.digest import SectionDigest
from engine.summarising.document_head import document_head, shown_title
from engine.summarising.entities import stored_entities
from engine.summarising.focus_scores import Focus, focus_logits
from engine.summarising.job import SummaryJob
from engine.summarising.parts import parts_of
from engine.summarising.read_scores import read_sections, saved_logits
from engine.summarising.result import SummaryResult
from engine.summarising.section_text import SectionText
from engine.summarising.selection import Line, Selection, quoted, selection_lines

REQUEST = "key sentences, 2"
"""Key under which these section summaries are stored; its number increases when they change."""
OVERVIEW = 2
"""Version of overviews; another one makes those that are kept void."""


def digests(
    library: Library, selection: Selection, sections: Sequence[Section], pages: Sequence[Page], first: int = 0
) -> Iterator[SectionDigest]:
    """Yield the digest of each of `sections`, which lie on `pages`, in order. `first`: the place of the first one."""
    texts = texts_of(sections, pages)
    place = first
    for found in read_sections(library, sections, texts):
        some = texts[place - first : place - first + len(found)]
        about = focus_logits(Focus.of(selection.focus), some) if selection.focus else [None] * len(found)
        for text, logits, focused in zip(some, found, about, strict=True):
            yield selection.digest(place, text, logits, focused)
            place += 1


def summarize_by_selection(
    job: SummaryJob, sections: Sequence[Section], shown: Collection[int] = ()
) -> Generator[Event, None, SummaryResult]:
    """Yield the key sentences of every section, and then the lines of the summary. `shown`: ids of sections whose key
    sentences were sent while the document was read."""
    context = job.context
    selection = Selection(context.document.document.title, job.focus or "")
    made: list[SectionDigest] = []
    for section, digest in zip(sections, digests(context.library, selection, sections, context.pages()), strict=True):
        context.raise_if_cancelled()
        made.append(digest)
        if section.id not in shown:
            yield section_event(context.library, context.job_id, section, digest, len(sections), selection.focus)
    lines = _lines(job, selection, made)
    for number, (line, pages) in enumerate(lines, 1):
        yield SummaryDelta(job_id=context.job_id, text=line + ("\n" if number < len(lines) else ""), pages=pages)
    basis = SummaryBasis(
        made_from="selection",
        first_page=sections[0].first_page if sections else 0,
        last_page=sections[-1].last_page if sections else 0,
        sections=len(sections),
        sections_with_findings=sum(bool(digest.key) for digest in made),
        focus=job.focus or "",
    )
    return SummaryResult("\n".join(line for line, _ in lines), [pages for _, pages in lines], basis, 0, "")


def overview(context: Context) -> list[Line]:
    """Return a description of the document and its few best sentences: a summary of paragraph length.

    The reader's scores count where they are saved; nothing is read now. The overview of a whole document is kept.
    """
    job, library = SummaryJob(context, "paragraph", None), context.library
    reading = library.readings.latest(context.document_id, context.runtime.identity)
    sections = library.sections.of(context.document_id, reading.id if reading else None)
    scored = library.sentence_scores.of(reader_identity() or "", [section.id for section in sections])
    texts = {0: context.document.document.title, **{page.number: page.text for page in context.pages()}}
    version = f"{OVERVIEW} {digest_of_texts(texts)} {len(scored)}"
    kept = library.overviews.of(context.document_id, version)
    if kept is not None:
        return kept
    lines = _overview(job, sections)
    if context.document.complete:
        with suppress(LibraryError):  # a full disk: the next question makes it again
            library.overviews.save(context.document_id, version, lines)
    return lines


def _overview(job: SummaryJob, sections: Sequence[Section]) -> list[Line]:
    context = job.context
    selection, texts = Selection(context.document.document.title), texts_of(sections, context.pages())
    saved = saved_logits(context.library, sections, texts)
    made = [
        selection.digest(place, text, logits) for place, (text, logits) in enumerate(zip(texts, saved, strict=True))
    ]
    return _lines(job, selection, made)


def texts_of(sections: Sequence[Section], pages: Sequence[Page]) -> list[SectionText]:
    """Return the texts of `sections`, which lie on `pages`."""
    by_number = {page.number: page for page in pages if page.text}
    return [
        SectionText.of(
            section,
            [by_number[n] for n in range(section.first_page, section.last_page + 1) if n in by_number],
        )
        for section in sections
    ]


def section_event(
    library: Library, job_id: str, section: Section, digest: SectionDigest, count: int, focus: str
) -> SectionSummarized:
    """Store the digest of a section and return its event. `count`: sections of the document, as far as is known."""
    lines: list[Line] = [(quoted(sentence), [sentence.page]) for sentence in digest.lines]
    if not lines and digest.section.aside:
        lines = [(digest.section.aside, [])]
    text, line_pages = "\n".join(line for line, _ in lines), [pages for _, pages in lines]
    library.section_summaries.save(section.id, REQUEST, text, line_pages, focus)
    return SectionSummarized(
        job_id=job_id,
        section=section.number,
        sections=count,
        heading=section.heading,
        first_page=section.first_page,
        last_page=section.last_page,
        text=text,
        line_pages=line_pages,
    )


def _lines(job: SummaryJob, selection: Selection, made: Sequence[SectionDigest]) -> list[Line]:
    """Return the lines of the summary."""
    context = job.context
    record, pages = context.document.document, context.pages()
    parts = parts_of(context.library.outlines.of(record.id), [digest.section for digest in made], pages)
    title = shown_title(record.title, PurePath(record.path).stem, pages)
    head = document_head(title, record.kind, pages, len(made), stored_entities(context.library, record.id))
    return list(selection_lines(selection, job.length, made, head, parts))
