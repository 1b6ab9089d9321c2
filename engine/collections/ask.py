"""Questions to a collection: retrieval over all documents, then an answer from the best places, with document and page.

Full-text search over all sections and the documents' names chooses the places. A model that does not write is not
asked: the best sentence of all chosen pages is quoted, ranked by the reader. A model that writes is asked document by
document from its saved states, and the surest supported answer wins. The answer says how many documents were asked.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from engine.answering.evidence import evidence_of
from engine.answering.pipeline import Result, answer_question
from engine.answering.quoted_answer import FOUND, SURE, quotation
from engine.answering.reader_answers import find
from engine.control import Cancelled, Control
from engine.generation.runtime import Runtime
from engine.grounding.answer_sentences import Answer, Asked
from engine.grounding.sentence_index import SentenceIndex
from engine.grounding.words import tokens
from engine.library.library import Library
from engine.library.records import Document, SectionHit
from engine.profile.profile import Profile
from engine.protocol.evidence import Counted, Evidence, FoundRow
from engine.protocol.wire import AnswerDelta, AnswerFinished, Event
from engine.reading.context import Context
from engine.reading.resume import end_state
from engine.summarising.summary import selects

PLACES = 24
"""Sections whose pages are searched for a sentence."""
ASKED = 3
"""Documents that a model which writes is asked about."""
_MOST_PAGES = 60
_CONSIDERED = 10
_SOURCES = 3
_BETWEEN = "·."
"""A page between those of two documents, so that no sentence is joined across them."""


@dataclass(frozen=True)
class Found:
    """An answer over a collection."""

    text: str
    evidence: Evidence


def found_events(found: Found, started: float, job_id: str) -> Iterator[Event]:
    """Yield the events of an answer; it belongs to no single document, so no turn is saved."""
    yield AnswerDelta(job_id=job_id, text=found.text)
    seconds = time.monotonic() - started
    yield AnswerFinished(
        job_id=job_id, text=found.text, evidence=found.evidence, turn_id=None, seconds_to_first_token=seconds
    )


Hits = Sequence[tuple[int, SectionHit]]
"""(document, section) of the sections that match a question best, best first."""


def find_places(library: Library, documents: Sequence[Document], question: str) -> Hits:
    """Return the sections of all `documents` that match `question` best."""
    return library.search.in_documents([document.id for document in documents], question, PLACES)


def needs_model(library: Library, hits: Hits, profile: Profile) -> bool:
    """Return whether a model is to write the answer: it writes, and knows the kind of text of a document of `hits`."""
    best = _best(hits)
    return not profile.summaries.selects and bool(set(best) - library.readings.unfamiliar(best))


def ask_documents(
    runtime: Runtime | None,
    library: Library,
    documents: Sequence[Document],
    hits: Hits,
    question: str,
    control: Control,
    job_id: str,
) -> Found:
    """Return the answer to `question` from the places `hits` of `documents`; `runtime` None: quoted, not written.

    Raises Cancelled.
    """
    by_id = {document.id: document for document in documents}
    if not hits:
        return Found("No document mentions any word of this question.", _evidence("not_found", documents, (), 0))
    if runtime is not None:
        best = [by_id[id] for id in _best(hits)]
        written = _written(runtime, library, best, question, control, job_id)
        if written is not None:
            document, result = written
            return _from_result(runtime, library, document, result, documents, control, job_id)
    return _quoted(library, by_id, hits, question, documents, control)


def _best(hits: Hits) -> list[int]:
    return list(dict.fromkeys(document for document, _ in hits))[:ASKED]


def _quoted(
    library: Library,
    by_id: dict[int, Document],
    hits: Hits,
    question: str,
    documents: Sequence[Document],
    control: Control,
) -> Found:
    """Return the best sentence of the pages of `hits`. Raises Cancelled."""
    places: dict[int, tuple[int, int]] = {}
    pages: list[tuple[int, str]] = []
    number = 0
    for document in dict.fromkeys(document for document, _ in hits):
        _stop_if_cancelled(control)
        number += 1
        pages.append((number, _BETWEEN))
        wanted = {
            page
            for owner, hit in hits
            if owner == document
            for page in range(hit.section.first_page, hit.section.last_page + 1)
        }
        for page in library.pages.of(document, first=min(wanted), last=max(wanted)):
            if page.number in wanted and len(pages) < _MOST_PAGES:
                number += 1
                places[number] = (document, page.number)
                pages.append((number, page.text))
    index = SentenceIndex(_with_figures(pages, question))
    _stop_if_cancelled(control)
    found = find(index, Asked.of(question, index.language), _CONSIDERED)
    answers = [answer for answer in found.answers if answer.sentence.page in places]
    sure = bool(answers) and found.certainty >= FOUND
    rows = tuple(_row(by_id, places, answer) for answer in answers[:_SOURCES])
    asked_of = len({document for document, _ in hits})
    if not sure:
        lines = [
            "No answer found. Closest passages:",
            *(_line(answer, row) for answer, row in zip(answers, rows, strict=False)),
        ]
        return Found("\n".join(lines), _evidence("not_found", documents, rows, asked_of))
    first = rows[0]
    text = f"{quotation(answers[0].sentence).text} ({first.title}, page {first.page})"
    return Found(text, _evidence("section", documents, rows, asked_of, doubtful=found.certainty < SURE))


def _stop_if_cancelled(control: Control) -> None:
    if control.cancelled:
        raise Cancelled


def _with_figures(pages: Sequence[tuple[int, str]], question: str) -> list[tuple[int, str]]:
    """Return the pages with every figure and identifier of the question, and the pages between; all, where none has
    them. Documents of one kind differ in little else: hall 2 and hall 296."""
    wanted = {token for token, _, _ in tokens(question) if any(letter.isdigit() for letter in token)}
    kept = [
        (number, text)
        for number, text in pages
        if text == _BETWEEN or wanted <= {token for token, _, _ in tokens(text)}
    ]
    return kept if any(text != _BETWEEN for _, text in kept) else list(pages)


def _written(
    runtime: Runtime, library: Library, documents: Sequence[Document], question: str, control: Control, job_id: str
) -> tuple[Document, Result] | None:
    """Return the surest supported answer of a model that writes, and its document."""
    found: list[tuple[bool, float, Document, Result]] = []
    for document in documents:
        _stop_if_cancelled(control)
        context = _context(runtime, library, document, control, job_id)
        if context is None or selects(context):
            continue
        result = answer_question(context, question, [], "never")
        if result.best is not None:
            found.append((result.best.supported, result.best.certainty, document, result))
    if not found:
        return None
    _, _, document, result = max(found, key=lambda item: item[:2])
    return document, result


def _context(runtime: Runtime, library: Library, document: Document, control: Control, job_id: str) -> Context | None:
    state = end_state(runtime, library, document)
    return None if state is None else Context(runtime, library, state, control, job_id)


def _from_result(
    runtime: Runtime,
    library: Library,
    document: Document,
    result: Result,
    documents: Sequence[Document],
    control: Control,
    job_id: str,
) -> Found:
    context = _context(runtime, library, document, control, job_id)
    assert context is not None and result.best is not None
    text = result.best.text.strip()
    evidence = evidence_of(context, result, text, "stop", None)
    page = evidence.sentence.page if evidence.sentence is not None else evidence.first_page
    sentence = evidence.sentence
    row = FoundRow(
        document_id=document.id,
        title=document.title,
        page=page,
        start=sentence.start if sentence else 0,
        end=sentence.end if sentence else 0,
        text=sentence.text if sentence else "",
    )
    counted = _counted(documents, (row,), ASKED)
    return Found(f"{text} ({document.title}, page {page})", msgspec.structs.replace(evidence, counted=counted))


def _row(by_id: dict[int, Document], places: dict[int, tuple[int, int]], answer: Answer) -> FoundRow:
    document, page = places[answer.sentence.page]
    return FoundRow(
        document_id=document,
        title=by_id[document].title,
        page=page,
        start=answer.sentence.start,
        end=answer.sentence.end,
        text=answer.sentence.text,
    )


def _line(answer: Answer, row: FoundRow) -> str:
    return f"{quotation(answer.sentence).text} ({row.title}, page {row.page})"


def _evidence(
    kind: str, documents: Sequence[Document], rows: tuple[FoundRow, ...], asked: int, *, doubtful: bool = False
) -> Evidence:
    page = rows[0].page if rows else 0
    return Evidence(
        kind="section" if kind == "section" else "not_found",
        first_page=page,
        last_page=page,
        doubtful=doubtful,
        counted=_counted(documents, rows, asked),
    )


def _counted(documents: Sequence[Document], rows: tuple[FoundRow, ...], asked: int) -> Counted:
    return Counted(rows=rows, total=len(rows), documents=min(asked, len(documents)), documents_of=len(documents))
