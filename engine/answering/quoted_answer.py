"""Answers by selection: the sentences of the whole document that answer a question, quoted with their pages.

Used for a model that does not write, and for kinds of text that a model was not trained on. A question that asks for
more than a fact gets a fitting reply: an overview, all sentences about a subject in document order, or a list. Absence
is claimed only of words that an exact search does not find; otherwise the closest passages are shown.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from engine.answering.retrieval import topic_of
from engine.grounding.answer_sentences import Answer, Asked, answer_sentences
from engine.grounding.sentence_index import IndexedSentence, SentenceIndex
from engine.grounding.support import supports
from engine.grounding.words import terms
from engine.library.records import NewTurn
from engine.protocol.evidence import Evidence, PageSpan, Sentence
from engine.protocol.wire import AnswerDelta, AnswerFinished, Ask, Event
from engine.reading.context import Context
from engine.scoring.passage import answer
from engine.scoring.reader_model import LANGUAGES, reader_model
from engine.summarising.section_text import one_line
from engine.summarising.selection_summary import overview
from engine.summarising.sentence_scores import WordScores

FOUND = 0.35
"""Coverage of a question from which a sentence counts as its answer: 95 of 100 right answers in the shared SQuAD
articles reach it, and 5 of 100 questions about another article (29 November 2026)."""
SURE = 0.5
"""Coverage below which an answer is marked as doubtful."""
BY_WORDS = 0.4
"""Weight of a score by words beside the reader's logit: of 40 SQuAD questions the right sentence is first for 87.5 %
by words alone, for 85 % by the reader alone, for 90 % with weights from 0.1 to 0.8 (29 November 2026)."""
SEE_ALSO = 0.7
"""Share of the best sentence's score from which others are shown behind it."""
CLOSEST = 3
"""Passages shown where no answer was found."""
_MOST_EVENTS, _MOST_LISTED = 5, 10
_LONGEST_PART = 400
"""Longest part under a heading, in sentences, when no further heading of its series ends the part."""
_LONGEST_QUOTE = 600
_KEPT_INDEXES = 2


@dataclass
class Reply:
    """An answer made of quotations."""

    lines: list[str]
    quoted: list[IndexedSentence] = field(default_factory=list)
    """The sentences that are quoted, the one that answers best first."""
    found: bool = True
    coverage: float = 1.0
    absent: tuple[str, ...] = ()
    """Names and terms of the question that an exact search does not find in the document."""


def quote_answer(context: Context, ask: Ask, page: int | None = None) -> Iterator[Event]:
    """Answer the question of `ask` by quotation and save the turn. `page`: only pages up to this one were read."""
    started = time.monotonic()
    turns = context.library.turns.path(ask.parent) if ask.parent is not None else []
    reply = reply_to(context, topic_of(ask.question, turns), ask.seed or 0)
    seconds = time.monotonic() - started
    text = "\n".join(reply.lines)
    for number, line in enumerate(reply.lines, 1):
        yield AnswerDelta(job_id=context.job_id, text=line + ("\n" if number < len(reply.lines) else ""))
    evidence = _evidence(context, reply, page)
    turn = NewTurn(ask.question, text, evidence, parent=ask.parent, as_of_page=page, seed=ask.seed)
    saved = context.library.turns.add(context.document_id, context.runtime.identity, turn)
    yield AnswerFinished(
        job_id=context.job_id, text=text, evidence=evidence, turn_id=saved, seconds_to_first_token=seconds
    )


def reply_to(context: Context, question: str, seed: int = 0) -> Reply:
    """Return the reply to `question`. `seed`: another one than 0 gives the next best answer first."""
    index = _index(context)
    asked = Asked.of(question, index.language)
    if asked.kind.kind == "about":
        lines = overview(context)
        return Reply([f"{line} ({_pages(pages)})" if pages else line for line, pages in lines])
    known = [term for term in asked.terms if term in index]
    if not known:
        return _mentions_nothing(asked)
    absent = _absent(context, asked)
    answers = answer_sentences(index, asked, _MOST_LISTED)
    if asked.kind.kind not in ("events", "list") and not absent and answers and answers[0].coverage >= FOUND:
        answers = rank_by_reader(index, question, answers)
    if asked.kind.kind in ("events", "list") and not absent:
        several = _in_order(index, asked, answers)
        if several is not None:
            return several
    if not answers or answers[0].coverage < FOUND or absent:
        return _closest(answers, absent)
    first = seed % min(len(answers), CLOSEST)
    return _answered([answers[first], *answers[:first], *answers[first + 1 :]])


def rank_by_reader(index: SentenceIndex, question: str, answers: Sequence[Answer]) -> list[Answer]:
    """Return `answers` in the order that the reader gives them, which reads each with its neighbours behind the
    question. Unchanged where there is no reader, or it does not know the language."""
    reader = reader_model() if index.language in LANGUAGES else None
    if reader is None:
        return list(answers)
    passages, places = [], []
    for one in answers:
        around = index.around(one.place, 1, 1)
        text, spans = "", []
        for place in around:
            sentence = index.sentences[place].text
            spans.append((len(text), len(text) + len(sentence)))
            text += sentence + "\n"
        passages.append((text, spans))
        places.append(around.index(one.place))
    found = answer(reader.model, reader.heads, reader.tokenizer, question, passages)
    said = {one.passage: one.score for one in found.candidates if one.sentence == places[one.passage]}
    worst = min(said.values(), default=0.0)
    rated = sorted(enumerate(answers), key=lambda item: -(said.get(item[0], worst) + BY_WORDS * item[1].score))
    return [one for _, one in rated]


def quotation(sentence: IndexedSentence, *, with_page: bool = False) -> str:
    """Return a sentence as a quotation."""
    text = one_line(sentence.text)
    if len(text) > _LONGEST_QUOTE:
        text = text[:_LONGEST_QUOTE].rpartition(" ")[0] + " …"
    return f"“{text}”" + (f" (page {sentence.page})" if with_page else "")


def _index(context: Context) -> SentenceIndex:
    """Return the index of the pages read; the last few are kept."""
    key = (context.document.document.sha256, context.document.pages)
    if key not in _INDEXES:
        _INDEXES[key] = SentenceIndex((page.number, page.text) for page in context.pages() if page.text)
        while len(_INDEXES) > _KEPT_INDEXES:
            _INDEXES.popitem(last=False)
    _INDEXES.move_to_end(key)
    return _INDEXES[key]


_INDEXES: OrderedDict[tuple[str, int], SentenceIndex] = OrderedDict()


def _absent(context: Context, asked: Asked) -> tuple[str, ...]:
    """Return the identifiers, names and dates of the question that are on no page."""
    named = [claim for claim in asked.query.named if claim.kind != "number"]
    pages = context.pages() if named and context.document.complete else []
    return tuple(claim.text for claim in named if pages and not any(supports(claim, page.text) for page in pages))


def _in_order(index: SentenceIndex, asked: Asked, answers: Sequence[Answer]) -> Reply | None:
    """Return the sentences about the subject in document order: the key sentences under a heading that names it, or the
    sentences that contain most of the question. Return None when there are neither."""
    headed = _under_heading(index, asked) if asked.kind.kind == "events" else []
    whole = [answer for answer in answers if answer.coverage >= SURE and not answer.sentence.is_heading]
    most = _MOST_LISTED if asked.kind.kind == "list" else _MOST_EVENTS
    chosen = headed or [answer.sentence for answer in whole[:most]]
    if not chosen:
        return None
    ordered = sorted(chosen, key=lambda sentence: (sentence.page, sentence.start))
    coverage = whole[0].coverage if whole else 1.0
    return Reply([quotation(sentence, with_page=True) for sentence in ordered], ordered, coverage=coverage)


def _under_heading(index: SentenceIndex, asked: Asked) -> list[IndexedSentence]:
    """Return the key sentences of the part under the first heading that contains the whole subject."""
    subject = frozenset(asked.terms)
    headings = [place for place, sentence in enumerate(index.sentences) if sentence.is_heading]
    stems_of = {place: frozenset(terms(index.sentences[place].text, index.language)) for place in headings}
    start = next((place for place in headings if subject <= stems_of[place]), None)
    if start is None:
        return []
    alike = (other for other in headings if other > start and _is_alike(stems_of[start], stems_of[other]))
    end = min(next(alike, len(index.sentences)), start + _LONGEST_PART)
    inside = [sentence for sentence in index.sentences[start + 1 : end] if not sentence.listed]
    spans, text = [], ""
    for sentence in inside:
        spans.append((len(text), len(text) + len(sentence.text)))
        text += sentence.text + "\n"
    scores = WordScores(title=index.sentences[start].text)(text, spans)
    ranked = sorted(range(len(inside)), key=lambda place: -scores[place])
    return [inside[place] for place in ranked[:_MOST_EVENTS]]


def _is_alike(heading: frozenset[str], other: frozenset[str]) -> bool:
    """Return whether two headings are of one series: they differ in their numbers only."""
    return {term for term in heading if not term.isdigit()} == {term for term in other if not term.isdigit()}


def _closest(answers: Sequence[Answer], absent: tuple[str, ...]) -> Reply:
    """Return the closest passages, where no sentence answers."""
    lines = []
    if absent:
        lines.append(f"{_not_there(absent)}. Closest passages:")
    else:
        lines.append("No answer found. Closest passages:")
    quoted = [answer.sentence for answer in answers[:CLOSEST]]
    lines += [quotation(sentence, with_page=True) for sentence in quoted]
    return Reply(lines, quoted, found=False, coverage=answers[0].coverage if answers else 0.0, absent=absent)


def _answered(answers: Sequence[Answer]) -> Reply:
    """Return the first of `answers`, and the next ones that are nearly as good unless the first holds just one thing of
    the asked type."""
    best = answers[0]
    more = [] if best.span else [answer for answer in answers[1:CLOSEST] if answer.score >= SEE_ALSO * best.score]
    lines = [quotation(best.sentence)]
    if more:
        lines += ["See also:", *(quotation(answer.sentence, with_page=True) for answer in more)]
    return Reply(lines, [best.sentence, *(answer.sentence for answer in more)], coverage=best.coverage)


def _not_there(names: Sequence[str]) -> str:
    return f"{' and '.join(names)} {'do' if len(names) > 1 else 'does'} not appear in the document"


def _mentions_nothing(asked: Asked) -> Reply:
    """Return that no sentence holds any content word of the question."""
    named = tuple(claim.text for claim in asked.query.named)
    if named:
        said = f"{_not_there(named)}."
    elif asked.terms:
        said = "No page of the document mentions any word of this question."
    else:
        said = "No answer found: the question has no word that could be searched for."
    return Reply([said], found=False, coverage=0.0, absent=named)


def _evidence(context: Context, reply: Reply, page: int | None) -> Evidence:
    """Return the evidence record of a reply."""
    complete = context.document.complete
    if not reply.found:
        spans = tuple(PageSpan(sentence.page, sentence.page) for sentence in reply.quoted)
        return Evidence(kind="not_found", nearest=spans, absent=reply.absent, as_of_page=page, complete=complete)
    if not reply.quoted:
        return Evidence(
            kind="state", first_page=1, last_page=context.document.pages, as_of_page=page, complete=complete
        )
    best = reply.quoted[0]
    recognised, recognition = context.recognised(sorted({sentence.page for sentence in reply.quoted}))
    return Evidence(
        kind="section",
        first_page=best.page,
        last_page=best.page,
        heading=one_line(best.heading),
        sentence=Sentence(page=best.page, start=best.start, end=best.end, text=best.text[: best.end - best.start]),
        complete=complete,
        as_of_page=page,
        doubtful=reply.coverage < SURE,
        recognised_pages=recognised,
        recognition=recognition,
    )


def _pages(pages: Sequence[int]) -> str:
    return f"page {pages[0]}"
