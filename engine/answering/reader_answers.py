"""The sentences of a document that answer a question, as the reader finds them.

Words pick the passages: BM25 over sentences, with words of like meaning, and the beginning of the document, which holds
title, author and date. The reader reads each passage behind the question; its score of a sentence, the score by words
and the type of the answer decide the order. engine.answering.certainty says how
certain the answer is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, takewhile

from engine.answering.certainty import Figures, certainty_of
from engine.answering.expected_things import LOOKED_AT, lacks_expected
from engine.answering.missing_words import least_missing, weights
from engine.grounding.answer_sentences import Answer, Asked, answer_sentences, distinct, rated
from engine.grounding.corrections import corrects
from engine.grounding.dated_parts import under_date
from engine.grounding.question_fit import Fit
from engine.grounding.references import is_reference
from engine.grounding.sentence_index import Hit, Related, SentenceIndex
from engine.grounding.words import UNSPACED, stem, terms, tokens
from engine.scoring.everyday_words import alike
from engine.scoring.passage import Candidate, answer
from engine.scoring.reader_model import LANGUAGES, ReaderModel, reader_model
from engine.scoring.related_words import RelatedWords, related_words

PASSAGES = 9
"""Passages that the reader reads for a question: some 1,300 tokens. Of 286 questions on 33 documents, 263 have their
answer in nine, 257 in seven; 250 in the seven that words alone find (29 November 2026)."""
LETTERS = 700
"""Characters of a passage: about as many as one row of the reader holds."""
BY_WORDS, COVERED, OF_TYPE, FITTING, NEAR = 0.5, 4.0, 4.0, 2.0, 20.0
"""Weights beside the reader's logit: of a sentence's score by words, of the share of the question that it and its
neighbours hold, of something of the requested type, of what such an answer holds (engine.grounding.question_fit), and
of the cosine of the question's meaning and the sentence's. A regression on 268 questions, each set ranked with weights
of the others, gives near values; 218 have their answer among the first five and 143 in the first, where the weights
of before (0.5, 1, 2.5, 1, 10, and no loss of parts) give 213 and 135 (29 November 2026)."""
PART, ENTITLES, ASKS = 4.0, 6.0, 12.0
"""Loss of a sentence that begins in lower case or has four words at most, of a heading, and of a question."""
_FEW_WORDS = 4
DEFINED_BY_WORDS = 1.0
"""In place of BY_WORDS where a definition is requested: its form and its heading count in the score by words."""
AT_FRONT, LABELLED, CORRECTED, CITED = 4.0, 40.0, 5.0, 8.0
"""Gain of a name or date in the first sentences, and of one behind a label such as "Author:" on the first page, for a
question for author or date; gain of a correction over what it corrects; loss of an entry of a list of references."""
_FOR_REFERENCES = re.compile(r"\b(?:cites?|cited|references?|bibliography|sources?|studies|papers?|publish\w*)\b", re.I)
_FRONT_SENTENCES, _LABELLED_LINES = 6, 40
"""Sentences from the beginning that may hold author and date, and lines among which a label may name them."""
_LABELS = {
    "person": re.compile(r"(?:^|[\s(])(?:authors?|editors?|(?:written|edited|prepared|compiled) by|by)\s*[:：]", re.I),
    "time": re.compile(
        r"(?:^|[\s(])(?:created|written|dated?|published|publication date|issued|posted|"
        r"last (?:updated|modified|revised|changed))\s*[:：]",
        re.I,
    ),
}
"""Kind of question -> labels before the author or date of a document."""
_COPYRIGHT = re.compile(r"(?:©|\(c\)|copyright)[^\n]{0,60}\b(?:19|20)\d\d\b", re.I)
"""A line that dates a document where no label does."""
_FRONT_PAGES = 8
"""Pages from the beginning among which such a line is searched."""
_FRONT_WORDS = (
    "who wrote when written author authors publish published publisher create created issue issued edit edited editor "
    "compile compiled date dated sign signed meet meeting held take place prepared presented document text report "
    "paper proposal manual guide contract agreement law act speech letter minutes record record version booklet form "
    "handbook book article leaflet publication year month date day cover copyright"
)
_FRONT = frozenset(terms(_FRONT_WORDS, "en"))
LEAST_COVERED = 0.2
"""Share of the question from which a sentence that was found by words alone may answer."""
ALIKE = 0.5
"""Weight of a word that means about the same as one of the question."""
HITS, RARE_HITS = 150, 3
"""Sentences found by words from which passages are made, and those with what few sentences hold."""
_PAIRS = re.compile(f"[{UNSPACED}]")
_FEWEST_LETTERS = 2
_SURE_LOGIT = 3.0
"""Least logit of an author or date behind its label."""


@dataclass(frozen=True)
class Found:
    """The sentences that may answer a question, and how certain the first of them is an answer."""

    answers: list[Answer]
    """Best first."""
    certainty: float
    """Probability that one of the first answers, 0 to 1."""
    figures: Figures | None = None
    """What the certainty was computed from, where the reader has read."""


def find(index: SentenceIndex, asked: Asked, most: int) -> Found:
    """Return the sentences of `index` that answer best, at most `most`."""
    words = related_words() if index.language in LANGUAGES else None
    related = related_terms(asked, index, words) if words is not None else {}
    by_words = [one for one in answer_sentences(index, asked, most, related) if _tells(one) and not _cites(asked, one)]
    reader = reader_model() if index.language in LANGUAGES else None
    if reader is None or words is None:
        covered = by_words[0].coverage / _askable(index, asked) if by_words else 0.0
        return Found(by_words, min(covered, 1.0) if covered >= LEAST_COVERED else 0.0)
    fit = Fit.of(asked.question, alike)
    hits = under_date(index, asked.question, _likely_first(index, asked, fit, related))
    places = passages(index, [*_dated(index, asked), *hits])
    read = _read(reader, index, asked, places, related, fit)
    if not read:
        return Found(by_words, 0.0)
    answers = [one for one, _ in read]
    if by_words:
        # The reader and the words often miss different answers.
        answers = [answers[0], *by_words[:1], *answers[1:]]
    answers = distinct(answers, most)
    figures = _figures(index, asked, read[0], answers[:LOOKED_AT], words)
    return Found(answers, certainty_of(figures), figures)


def _likely_first(index: SentenceIndex, asked: Asked, fit: Fit, related: Related) -> list[Hit]:
    """Return the sentences found by words: two of those that also hold what answers such a question, and one of those
    with the most words, by turns."""
    hits = index.search(asked.terms, HITS, related)
    gains = {hit.place: rated(index, asked, hit).score + fit.gain(index.sentences[hit.place].text) for hit in hits}
    likely = sorted(hits, key=lambda hit: (-gains[hit.place], hit.place))
    turns = (hit for turn, other in enumerate(hits) for hit in (*likely[2 * turn : 2 * turn + 2], other))
    rare = _rare(index, asked, fit, related) if fit.seeks_rare else []
    return list({hit.place: hit for hit in chain(rare, turns)}.values())


def _rare(index: SentenceIndex, asked: Asked, fit: Fit, related: Related) -> list[Hit]:
    """Return the sentences that hold what is sought and seldom stands in a document, best first by words."""
    places = (place for place, sentence in enumerate(index.sentences) if fit.is_rare(sentence.text))
    hits = [index.hit(place, asked.terms, related) for place in places]
    return sorted(hits, key=lambda hit: (-hit.score, hit.place))[:RARE_HITS]


def warm_up() -> None:
    """Load the reader and what its first answer would otherwise wait for: compiled loops and related words."""
    reader = reader_model()
    if reader is not None:
        related_words()
        answer(reader.answering, reader.heads, reader.tokenizer, "Who?", [("Nobody.", [(0, 7)])])


def _askable(index: SentenceIndex, asked: Asked) -> float:
    """Return the share of the question's terms, by their rarity, that can be expected in an answer: all, but where they
    are pairs of characters those that the document has. Pairs across two words, or with an interrogative, are no words.
    """
    if not _PAIRS.search(asked.question):
        return 1.0
    total = sum(index.rarity(term) for term in asked.terms)
    held = sum(index.rarity(term) for term in asked.terms if term in index)
    return held / total if held else 1.0


def related_terms(asked: Asked, index: SentenceIndex, words: RelatedWords) -> Related:
    """Return stem -> stems of words of like meaning, for the words of the question that are no names."""
    named = {place for claim in asked.query.named for place in range(claim.start, claim.end)}
    found: dict[str, list[tuple[str, float]]] = {}
    for token, start, _ in tokens(asked.question):
        own = stem(token, index.language)
        if own in asked.terms and start not in named and own not in found:
            near = {stem(word, index.language): cosine for word, cosine in reversed(words.of(token))}
            near |= {other: max(ALIKE, near.get(other, 0.0)) for other in alike(own)}
            found[own] = [(other, weight) for other, weight in near.items() if other != own]
    return found


def passages(index: SentenceIndex, hits: Sequence[Hit]) -> list[range]:
    """Return the places of the passages to read: each hit with the sentences around it, and the document's beginning;
    none twice. Where the hits fill too few, the sentences from the beginning on follow."""
    taken: set[int] = set()
    found = [_around(index, 0, taken)] if index.sentences else []
    for place in chain((hit.place for hit in hits), range(len(index.sentences))):
        if len(found) == PASSAGES:
            break
        if place not in taken:
            found.append(_around(index, place, taken))
    return found


def _around(index: SentenceIndex, place: int, taken: set[int]) -> range:
    """Return the places around `place` that are not `taken` and fit into one passage, and take them."""
    first, last = place, place + 1
    left = LETTERS - len(index.sentences[place].text)
    grows = True
    while grows:
        grows = False
        for other in (last, first - 1):
            free = 0 <= other < len(index.sentences) and other not in taken
            if free and len(index.sentences[other].text) <= left:
                left -= len(index.sentences[other].text)
                first, last = min(first, other), max(last, other + 1)
                grows = True
    taken.update(range(first, last))
    return range(first, last)


def _read(
    reader: ReaderModel, index: SentenceIndex, asked: Asked, places: Sequence[range], related: Related, fit: Fit
) -> list[tuple[Answer, Candidate]]:
    """Return the sentences at `places` with what the reader says of each, best first."""
    texts = []
    for some in places:
        text, spans = "", []
        for place in some:
            sentence = index.sentences[place].text
            spans.append((len(text), len(text) + len(sentence)))
            text += sentence + "\n"
        texts.append((text, spans))
    said = answer(reader.answering, reader.heads, reader.tokenizer, asked.question, texts).candidates
    found = []
    for candidate in said:
        place = places[candidate.passage][candidate.sentence]
        one = rated(index, asked, index.hit(place, asked.terms, related))
        begin = texts[candidate.passage][1][candidate.sentence][0]
        if _tells(one):
            found.append((_with_span(one, candidate, begin), candidate))
    return sorted(found, key=lambda pair: (-_rank(asked, fit, *pair), pair[0].place))


def _tells(one: Answer) -> bool:
    """Return whether a sentence has words: the number of a heading or of a page alone answers nothing."""
    return one.is_cell or sum(map(str.isalpha, one.sentence.text)) >= _FEWEST_LETTERS


def _cites(asked: Asked, one: Answer) -> bool:
    """Return whether a sentence is an entry of a list of references, which the question does not ask for."""
    return not _FOR_REFERENCES.search(asked.question) and is_reference(one.sentence.text, one.sentence.heading)


def _rank(asked: Asked, fit: Fit, one: Answer, said: Candidate) -> float:
    gain = CORRECTED if corrects(one.sentence.text) else 0.0
    if _cites(asked, one):
        gain -= CITED
    if _is_front(asked, one):
        gain = LABELLED if _is_labelled(asked, one) else AT_FRONT
    by_words = DEFINED_BY_WORDS if asked.kind.kind == "definition" else BY_WORDS
    read = said.score + NEAR * said.near
    likely = by_words * one.score + COVERED * one.coverage + OF_TYPE * one.typed + FITTING * fit.gain(one.sentence.text)
    return read + likely + gain - _loss(one)


def _loss(one: Answer) -> float:
    """Return what a sentence loses that does not read alone: a part of one, a heading, a question."""
    if one.is_cell or one.sentence.is_row:
        return 0.0
    text = one.sentence.text.rstrip()
    parts = (text[:1].islower()) + (len(text.split()) <= _FEW_WORDS)
    return PART * parts + ENTITLES * one.sentence.is_heading + ASKS * text.endswith(("?", "？"))


def _asks_front(asked: Asked) -> bool:
    """Return whether the question is for author or date of the document itself."""
    return asked.kind.kind in _LABELS and _FRONT.issuperset(asked.terms)


def _dated(index: SentenceIndex, asked: Asked) -> list[Hit]:
    """Return the first line of the first pages that dates the document by copyright, for a question for its date."""
    if asked.kind.kind != "time" or not _asks_front(asked):
        return []
    early = takewhile(lambda pair: pair[1].page <= _FRONT_PAGES, enumerate(index.sentences))
    places = (place for place, sentence in early if _COPYRIGHT.search(sentence.text))
    return [Hit(place, 0.0, 0.0) for place in islice(places, 1)]


def _is_front(asked: Asked, one: Answer) -> bool:
    """Return whether the question is for author or date of the document, and a sentence at its beginning has one."""
    if not _asks_front(asked):
        return False
    if asked.kind.kind == "time" and one.sentence.page <= _FRONT_PAGES and _COPYRIGHT.search(one.sentence.text):
        return True
    early = one.typed and one.place < _FRONT_SENTENCES
    return one.sentence.page == 1 and (early or _is_labelled(asked, one))


def _is_labelled(asked: Asked, one: Answer) -> bool:
    """Return whether one of the first lines has a label before an author or a date."""
    return one.place < _LABELLED_LINES and _LABELS[asked.kind.kind].search(one.sentence.text) is not None


def _with_span(one: Answer, candidate: Candidate, begin: int) -> Answer:
    """Return `one` with the span that the reader found in its sentence, which begins at `begin` of the passage."""
    if one.is_cell:
        return one
    start, end = (one.sentence.start + at - begin for at in candidate.span)
    inside = one.sentence.start <= start < end <= one.sentence.end
    return replace(one, span=(start, end) if inside else None)


def _figures(
    index: SentenceIndex, asked: Asked, best: tuple[Answer, Candidate], shown: Sequence[Answer], words: RelatedWords
) -> Figures:
    """Return the figures that tell an answer from none. Author and date of the document are asked for in words that
    stand nowhere."""
    one, said = best
    front = _is_front(asked, one)
    weighed = {} if front else weights(asked, index.language, words)
    return Figures(
        logit=max(said.score, _SURE_LOGIT) if front and _is_labelled(asked, one) else said.score,
        coverage=one.coverage,
        near=said.near,
        missing=least_missing(index, weighed, (answer.place for answer in shown)),
        lacks=lacks_expected(asked, shown),
    )
