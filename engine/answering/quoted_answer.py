"""Answers by selection: the sentences of the whole document that answer a question, quoted with their pages.

Used for a model that does not write, and for kinds of text that a model was not trained on. A question that asks for
more than a fact gets a fitting reply: an overview, all sentences about a subject in document order, or a list. Absence
is claimed only of words that an exact search does not find; otherwise the closest passages are shown.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from engine.answering.document_facts import document_fact
from engine.answering.front_answers import LIKELY, aim_answer, front_answer, title
from engine.answering.gathered_answers import MOST_LISTED, below, entries, gathered
from engine.answering.reader_answers import Found, find, related_terms
from engine.answering.retrieval import topic_of
from engine.grounding.aims import aims
from engine.grounding.answer_sentences import Answer, Asked, answer_sentences, distinct
from engine.grounding.claims import Claim
from engine.grounding.named_rows import NamedRow, named_rows
from engine.grounding.page_references import page_list
from engine.grounding.question_kinds import TEXT
from engine.grounding.sentence_index import IndexedSentence, SentenceIndex
from engine.grounding.support import supports
from engine.grounding.words import folded
from engine.library.records import NewTurn
from engine.protocol.evidence import Evidence, PageSpan, Sentence
from engine.protocol.wire import AnswerDelta, AnswerFinished, Ask, Event
from engine.reading.context import Context
from engine.scoring.reader_model import LANGUAGES
from engine.scoring.related_words import related_words
from engine.summarising.entities import stored_entities
from engine.summarising.section_text import is_ended, one_line
from engine.summarising.selection_summary import overview

FOUND = 0.5
"""Certainty from which a sentence counts as an answer. Of 273 questions with an answer 12 are below it, of 100 without
one 71, each set judged by weights fitted on the ten others; 0.45 gives 8 and 68, 0.6 gives 18 and 77
(30 November 2026). Questions that name what is on no page are refused in any case."""
LEAST_CERTAIN = 0.35
"""Certainty below which a question whose words are on no page gets no passages: those found mean nothing like it."""
SURE = 0.6
"""Certainty below which an answer is marked as doubtful."""
CLOSEST, MORE = 3, 4
"""Passages shown where no answer was found, and sentences that follow an answer: the best one answers three questions
in five, one of the five best five in six."""
ROWS, _SUREST_ROW = 3, 0.95
"""Rows of tables that a question for a number names and that are shown, and the highest certainty of one."""
_OF_ITSELF = re.compile(rf"\b(?:this|the) {TEXT}\b")
"""A question about the document itself, whose words need not stand in it."""
_FOR_TIME = re.compile(r"\bhow (?:long|old|often|soon|late)\b", re.IGNORECASE)
_CONSIDERED = 30
_BEGINNING = 60
"""Lines of a document within which its first sentence is searched."""
_SHORT_NAME = 3
"""Letters of the shortest name that may abbreviate a word."""
_OF_PLACE, _SHORT_PLACE = re.compile(r"(?:ese|ians?|ans?|ish)$"), 4
"""Endings of words for people and languages, and letters of the shortest beginning of a place's name."""
_LONGEST_QUOTE = 600
_MARK = "\ue000"
"""A character that stands in no cleaned page."""


@dataclass(frozen=True)
class Line:
    """A line of a reply."""

    text: str
    emphasis: tuple[int, int] | None = None
    """Characters of `text` that answer."""


@dataclass(frozen=True)
class Reply:
    """An answer made of quotations."""

    lines: list[Line]
    quoted: list[IndexedSentence] = field(default_factory=list)
    """The sentences that are quoted, the one that answers best first."""
    span: tuple[int, int] | None = None
    """Characters, of the page's text, of the words of the first that answer."""
    also: list[IndexedSentence] = field(default_factory=list)
    """The next best sentences, quoted behind the answer."""
    found: bool = True
    certainty: float = 1.0
    absent: tuple[str, ...] = ()
    """Names and terms of the question that an exact search does not find in the document."""


def quote_answer(context: Context, ask: Ask, page: int | None = None) -> Iterator[Event]:
    """Answer the question of `ask` by quotation and save the turn. `page`: only pages up to this one were read."""
    started = time.monotonic()
    turns = context.library.turns.path(ask.parent) if ask.parent is not None else []
    reply = reply_to(context, topic_of(ask.question, turns), ask.seed or 0)
    seconds = time.monotonic() - started
    text = "\n".join(line.text for line in reply.lines)
    for number, line in enumerate(reply.lines, 1):
        end = "\n" if number < len(reply.lines) else ""
        yield AnswerDelta(job_id=context.job_id, text=line.text + end, emphasis=line.emphasis)
    evidence = _evidence(context, reply, page)
    turn = NewTurn(ask.question, text, evidence, parent=ask.parent, as_of_page=page, seed=ask.seed)
    saved = context.library.turns.add(context.document_id, context.runtime.identity, turn)
    yield AnswerFinished(
        job_id=context.job_id, text=text, evidence=evidence, turn_id=saved, seconds_to_first_token=seconds
    )


def reply_to(context: Context, question: str, seed: int = 0) -> Reply:
    """Return the reply to `question`. `seed`: another one than 0 gives the next best answer first."""
    index = context.sentence_index()
    asked = Asked.of(question, index.language)
    if (fact := document_fact(context, question, index.language)) is not None:
        return _fact(context, *fact)
    front, certainty = front_answer(question, context.pages())
    if front:
        return Reply([quotation(line, with_page=True) for line in front], front, certainty=certainty)
    told = aim_answer(question, index)
    if asked.kind.kind == "about":
        return _overview(context, index, told)
    if told:
        listed = [line for sentence in told for line in (sentence, *below(index, index.sentences.index(sentence)))]
        return Reply([quotation(sentence, with_page=True) for sentence in listed], listed, certainty=LIKELY)
    if asked.kind.kind == "entries" and (reply := _entries(context, asked)) is not None:
        return reply
    absent = _absent(context, index, asked)
    found = find(index, asked, _CONSIDERED)
    if not absent and (rows := _rows(index, asked)):
        return _of_table(index, rows, found)
    unheard = not any(term in index for term in asked.terms) and not _OF_ITSELF.search(folded(question))
    if unheard and found.certainty < LEAST_CERTAIN:
        return _mentions_nothing(asked)
    if asked.kind.kind in ("events", "list") and not absent and (several := _gathered(index, asked, found)):
        return _several(several, found)
    if not found.answers or found.certainty < FOUND or absent:
        return _closest(found, absent)
    answers = distinct(found.answers, MOST_LISTED)
    first = seed % min(len(answers), CLOSEST)
    return _answered(index, [answers[first], *answers[:first], *answers[first + 1 :]], found.certainty)


def quotation(sentence: IndexedSentence, *, with_page: bool = False, span: tuple[int, int] | None = None) -> Line:
    """Return a sentence as a quotation; `span`: the characters of the page's text to emphasise."""
    text = sentence.text
    if span is not None:
        start, end = (at - sentence.start for at in span)
        text = f"{text[:start]}{_MARK}{text[start:end]}{_MARK}{text[end:]}"
    text = f"“{_shortened(one_line(text))}”" + (f" (page {sentence.page})" if with_page else "")
    pieces = text.split(_MARK)
    if len(pieces) != 3:
        return Line("".join(pieces))
    before, words, after = pieces
    return Line(before + words + after, (len(before), len(before) + len(words)))


def _shortened(text: str) -> str:
    """Return `text` without its end where it is too long; words that answer are kept."""
    most = max(_LONGEST_QUOTE, text.rfind(_MARK) + 1)
    return text if len(text) <= most else text[:most].rpartition(" ")[0] + " …"


def _overview(context: Context, index: SentenceIndex, told: Sequence[IndexedSentence]) -> Reply:
    """Return what the document is: its description, its own first words, what it is for, and its key sentences.
    `told`: the sentences about its purpose, for a question for that; they come first."""
    lines = overview(context)
    described = sum(1 for _, pages in lines if not pages)
    said = [Line(f"{line} (page {pages[0]})" if pages else line) for line, pages in lines]
    first = [quotation(sentence, with_page=True) for sentence in told]
    opening = [quotation(sentence, with_page=True) for sentence in (*_opening(context, index), *aims(index, 1))]
    return Reply(list(dict.fromkeys((*first, *said[:described], *opening, *said[described:]))))


def _fact(context: Context, told: str, with_title: bool) -> Reply:
    """Return a fact of the library about the document; `with_title`: and the title that its first page shows."""
    shown = title(context.pages()) if with_title else None
    if shown is None:
        return Reply([Line(told)])
    lines = [Line(told), quotation(shown, with_page=True)]
    return Reply(lines if told.startswith("Title: ") else lines[::-1])


def _opening(context: Context, index: SentenceIndex) -> list[IndexedSentence]:
    """Return the title on the first page of a document, or its first line, and its first sentence."""
    shown = title(context.pages())
    first = [shown] if shown is not None else index.sentences[:1]
    sentence = next((one for one in index.sentences[:_BEGINNING] if not one.listed), None)
    if sentence is None or any(one.page == sentence.page and sentence.start < one.end for one in first):
        return first
    return [*first, sentence]


def _entries(context: Context, asked: Asked) -> Reply | None:
    """Return the dates, amounts or names of the document; None where it has none."""
    rows = entries(stored_entities(context.library, context.document_id), asked.kind.term)
    return Reply([Line(f"- {text} ({page_list(pages)})") for text, pages in rows]) if rows else None


def _absent(context: Context, index: SentenceIndex, asked: Asked) -> tuple[str, ...]:
    """Return the identifiers, names and dates of the question that are on no page, not even as the beginning of a word:
    the Fed is the Federal Reserve."""
    named = [claim for claim in asked.query.named if claim.kind != "number"]
    pages = context.pages() if named and context.document.complete else []
    missing = (claim for claim in named if pages and not any(supports(claim, page.text) for page in pages))
    return tuple(claim.text for claim in missing if not _is_begun(claim, index))


def _is_begun(claim: Claim, index: SentenceIndex) -> bool:
    """Return whether a name is one word with which a word of the document begins, the plural of one (Asians), or names
    people or a language of a country that does: Chinese and China."""
    name = folded(claim.text)
    if claim.kind != "name" or len(name) < _SHORT_NAME or not name.isalpha():
        return False
    if name.endswith("s") and len(name) > _SHORT_PLACE and index.words_from(name[:-1]):
        return True
    place = _OF_PLACE.sub("", name)
    return bool(index.words_from(name) or (len(place) >= _SHORT_PLACE and index.words_from(place)))


def _gathered(index: SentenceIndex, asked: Asked, found: Found) -> list[IndexedSentence]:
    """Return the lines that answer a question for several things. Events are searched by words alone: a sentence beside
    one about the subject is none."""
    answers = answer_sentences(index, asked, MOST_LISTED) if asked.kind.kind == "events" else found.answers
    return gathered(index, asked, answers)


def _several(sentences: Sequence[IndexedSentence], found: Found) -> Reply:
    return Reply(
        [quotation(sentence, with_page=True) for sentence in sentences], list(sentences), certainty=found.certainty
    )


def _closest(found: Found, absent: tuple[str, ...]) -> Reply:
    """Return the closest passages, where no sentence answers."""
    said = f"{_not_there(absent)}. Closest passages:" if absent else "No answer found. Closest passages:"
    near = [answer.sentence for answer in distinct(found.answers, _CONSIDERED)]
    quoted = ([one for one in near if _is_whole(one)] or near)[:CLOSEST]
    lines = [Line(said), *(quotation(sentence, with_page=True) for sentence in quoted)]
    return Reply(lines, quoted, found=False, certainty=found.certainty, absent=absent)


def _is_whole(sentence: IndexedSentence) -> bool:
    """Return whether a sentence, or the row of a table, reads alone: it is no part of a sentence, and no heading."""
    begin = next((character for character in sentence.text if character.isalnum()), "")
    if sentence.is_heading or begin == "" or begin.islower():
        return False
    return sentence.is_row or is_ended(sentence.text)


def _answered(index: SentenceIndex, answers: Sequence[Answer], certainty: float) -> Reply:
    """Return the first of `answers`, with the list that it announces, and the next ones."""
    best = answers[0]
    lines = [quotation(best.sentence, span=best.span)]
    listed = below(index, best.place)
    lines += [quotation(line, with_page=True) for line in listed]
    more = [one for one in answers[1:] if one.sentence not in listed][:MORE]
    if more:
        lines += [Line("See also:"), *(quotation(one.sentence, with_page=True, span=one.span) for one in more)]
    also = [one.sentence for one in more]
    return Reply(lines, [best.sentence, *listed], best.span, also, certainty=certainty)


def _rows(index: SentenceIndex, asked: Asked) -> list[NamedRow]:
    """Return the rows of tables that a question for a number names, the best first."""
    if asked.kind.kind not in ("count", "amount") or _FOR_TIME.search(asked.question):
        return []
    words = related_words() if index.language in LANGUAGES else None
    related = related_terms(asked, index, words) if words is not None else {}
    return named_rows(index, asked.terms, asked.question, related)[:ROWS]


def _of_table(index: SentenceIndex, rows: Sequence[NamedRow], found: Found) -> Reply:
    """Return the best of `rows` with the title and the columns of its table, then the others and the best sentences."""
    best, *others = rows
    sentence = index.sentences[best.place]
    span = (sentence.start + best.cell[0], sentence.start + best.cell[1]) if best.cell is not None else None
    lines = [quotation(sentence, span=span)]
    if table := _table_of(index, best):
        lines.append(Line(f"Table: {table} (page {sentence.page})"))
    chosen = {row.place for row in rows}
    more = [one for one in distinct(found.answers, _CONSIDERED) if one.place not in chosen][: MORE - len(others)]
    if others or more:
        lines.append(Line("See also:"))
    for row in others:  # one line each: the window shows as many lines as there are further sentences in its own way
        told, table = quotation(index.sentences[row.place], with_page=True).text, _table_of(index, row)
        lines.append(Line(f"{told}, table: {table}" if table else told))
    lines += [quotation(one.sentence, with_page=True, span=one.span) for one in more]
    also = [*(index.sentences[row.place] for row in others), *(one.sentence for one in more)]
    return Reply(lines, [sentence], span, also, certainty=min(best.fits, _SUREST_ROW))


def _table_of(index: SentenceIndex, row: NamedRow) -> str:
    """Return the title and the columns of the table of `row`, as far as its page shows them, quoted line by line."""
    return " · ".join(quotation(index.sentences[place]).text for place in (*row.title, *row.columns))


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
    return Reply([Line(said)], found=False, certainty=0.0, absent=named)


def _evidence(context: Context, reply: Reply, page: int | None) -> Evidence:
    """Return the evidence record of a reply."""
    complete = context.document.complete
    quotes = tuple(_quote(sentence) for sentence in reply.quoted)
    certainty = round(reply.certainty, 4)
    if not reply.found:
        return Evidence(
            kind="not_found",
            nearest=tuple(PageSpan(quote.page, quote.page) for quote in quotes),
            further=quotes,
            absent=reply.absent,
            as_of_page=page,
            complete=complete,
            certainty=certainty,
        )
    if not quotes:
        return Evidence(
            kind="state", first_page=1, last_page=context.document.pages, as_of_page=page, complete=complete
        )
    best = reply.quoted[0]
    also = tuple(_quote(sentence) for sentence in reply.also)
    recognised, recognition = context.recognised(sorted({quote.page for quote in (*quotes, *also)}))
    return Evidence(
        kind="section",
        first_page=best.page,
        last_page=best.page,
        heading=one_line(best.heading),
        sentence=quotes[0],
        span=_words(best, reply.span),
        further=quotes[1:],
        also=also,
        complete=complete,
        as_of_page=page,
        doubtful=reply.certainty < SURE,
        certainty=certainty,
        recognised_pages=recognised,
        recognition=recognition,
    )


def _quote(sentence: IndexedSentence) -> Sentence:
    text = sentence.text[: sentence.end - sentence.start]
    return Sentence(page=sentence.page, start=sentence.start, end=sentence.end, text=text)


def _words(sentence: IndexedSentence, span: tuple[int, int] | None) -> Sentence | None:
    if span is None:
        return None
    start, end = span
    return Sentence(
        page=sentence.page, start=start, end=end, text=sentence.text[start - sentence.start : end - sentence.start]
    )
