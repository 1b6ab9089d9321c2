"""Answers of several lines: the lines of a list, the rows of a table, the sentences about a subject, the names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.grounding.answer_sentences import Answer, Asked
from engine.grounding.sentence_index import IndexedSentence, SentenceIndex
from engine.grounding.sentences import BULLET
from engine.grounding.support import supports
from engine.grounding.words import terms
from engine.library.records import Ledger
from engine.summarising.sentence_scores import WordScores

MOST_EVENTS, MOST_LISTED = 5, 10
ABOUT = 0.5
"""Share of the question's content that a sentence about its subject holds."""
_LONGEST_PART = 400
"""Longest part under a heading, in sentences, when no further heading of its series ends the part."""
_ANNOUNCES = re.compile(
    r"(?:[:：]|(?:following|as follows|these|folgende\w*|suivante?s?|siguientes?|следующ\w*)[^.!?]{0,60}[.:]?|"
    r"\w\s?[—–]+)\s*$",
    re.I,
)
_INLINE = re.compile(r"[:：]\s*[-•*]\s")
"""A list whose lines were joined to its head."""


def gathered(index: SentenceIndex, asked: Asked, answers: Sequence[Answer]) -> list[IndexedSentence]:
    """Return the lines that answer a question for several things, in document order; none where nothing fits."""
    if asked.kind.kind == "events":
        found = _under_heading(index, asked) or _about(answers, MOST_EVENTS)
    else:
        found = _rows(index, asked) or _list_below(index, answers)
    return sorted(found, key=lambda sentence: (sentence.page, sentence.start))


def entries(found: Ledger, kind: str) -> list[tuple[str, list[int]]]:
    """Return the dates, amounts or names (`kind`) of a document, each with its first pages."""
    return [(entry.text, list(entry.pages[:3])) for entry in found.entries if entry.kind == kind][:MOST_LISTED]


def below(index: SentenceIndex, place: int) -> list[IndexedSentence]:
    """Return the lines of the list that the sentence at `place` announces; none where it announces none."""
    head = index.sentences[place]
    following = index.sentences[place + 1 : place + 1 + MOST_LISTED]
    if not following or not (_ANNOUNCES.search(head.text) or (head.is_heading and _is_item(following[0]))):
        return []
    lines = []
    for line in following:
        if not _is_item(line) or (line.is_heading and not BULLET.match(line.text)):
            break
        lines.append(line)
    return lines if len(lines) > 1 else []


def _is_item(line: IndexedSentence) -> bool:
    return line.listed or BULLET.match(line.text) is not None or line.text[:1].islower()


def _list_below(index: SentenceIndex, answers: Sequence[Answer]) -> list[IndexedSentence]:
    """Return the best sentence that announces a list, and the lines of that list."""
    for one in answers[:3]:
        if _INLINE.search(one.sentence.text):
            return [one.sentence]
        if lines := below(index, one.place):
            return [one.sentence, *lines]
        before = one.place - 1
        if before >= 0 and _is_item(one.sentence) and (lines := below(index, before)):
            return [index.sentences[before], *lines]
    return []


def _rows(index: SentenceIndex, asked: Asked) -> list[IndexedSentence]:
    """Return the rows of a table that hold every figure, date and name of the question."""
    if not asked.query.named:
        return []
    rows = [
        sentence
        for sentence in index.sentences
        if sentence.is_row and all(supports(claim, sentence.text) for claim in asked.query.named)
    ]
    return rows[:MOST_LISTED] if len(rows) > 1 else []


def _about(answers: Sequence[Answer], most: int) -> list[IndexedSentence]:
    return [one.sentence for one in answers if one.coverage >= ABOUT and not one.sentence.is_heading][:most]


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
    return [inside[place] for place in ranked[:MOST_EVENTS]]


def _is_alike(heading: frozenset[str], other: frozenset[str]) -> bool:
    """Return whether two headings are of one series: they differ in their numbers only."""
    return {term for term in heading if not term.isdigit()} == {term for term in other if not term.isdigit()}
