"""The sentences of a document that answer a question, best first, by words and by the type of the answer.

BM25 with headings and neighbours (engine.grounding.sentence_index) finds them. Their score then depends on four things:
the sentence has something of the requested type, supports the names of the question, keeps its words together, and
defines the requested term. Light: no torch.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.grounding.claims import Claim, claims
from engine.grounding.corrections import corrects
from engine.grounding.numbers import numbers
from engine.grounding.passages import Query
from engine.grounding.question_kinds import QuestionKind, question_kind
from engine.grounding.sentence_index import Hit, IndexedSentence, Related, SentenceIndex
from engine.grounding.support import supports
from engine.grounding.table_cells import cell_in_column
from engine.grounding.words import folded, stem, terms, tokens

CONSIDERED = 60
"""Number of sentences found by words in which an answer is searched."""
TYPED, NAMED, TOGETHER, DEFINES, ENTITLED = 2.0, 0.7, 1.5, 3.0, 3.5
"""Weights, in units of BM25: something of the requested type; all names of the question; words side by side; a
definition; the first sentences under a heading that is the term."""
CORRECTS, LISTED, HEADING_ITSELF = 2.0, 1.0, 4.0
"""Gain of a correction, which follows the sentence that it corrects; loss of a line of a list or of a part of a
sentence when a sentence is requested, and of a heading or a question, which announces an answer and contains none."""
_FIRST_UNDER = 4
"""Sentences and lines of the beginning under a heading."""
_AGENT = re.compile(r"(?<!\w)(?:by|von|par|por)\s+$")
_IS = (
    r"\s+(?:\([^)]*\)\s+)?(?:is|are|was|were|means?|refers?|denotes?|stands? for|ist|sind|est|sont|es|son|это|—|–)"
    r"(?!\w)(?!\s+(?:not|only|used|also|often|available|required|supported|set|enabled|disabled|given)\b)"
)
_ARTICLE = r"(?:(?:an?|the|der|die|das|ein|eine|un|une|el|la)\s+)?"
_CALLED = r"(?<!\w)(?:called|known as|defined as|heißt|genannt|appelée?|llamad[oa])\s+"
_YEAR = re.compile(r"1\d{3}|20\d\d")


@dataclass(frozen=True)
class Answer:
    """A sentence that may answer a question."""

    sentence: IndexedSentence
    place: int
    """Position in the index."""
    score: float
    coverage: float
    """Share of the question's content that it holds with its heading and neighbours, 0 to 1."""
    span: tuple[int, int] | None = None
    """The characters of the page's text that answer: the only ones of the requested type, or those that the reader
    found; None where there are none."""
    typed: bool = False
    """The sentence has something of the requested type."""
    is_cell: bool = False
    """`span` is the cell of a table's row in the column that the question names."""


@dataclass(frozen=True)
class Asked:
    """A question prepared for the search."""

    question: str
    kind: QuestionKind
    query: Query
    terms: list[str]
    """Stems of its content, in order."""

    @classmethod
    def of(cls, question: str, language: str) -> Asked:
        """Return `question` prepared for the search in a text of `language`."""
        query = Query.of(question)
        named = {term for claim in query.named for term in terms(claim.text, language)}
        wanted = query.words(language) | named
        content = [term for term in terms(question, language) if term in wanted] or terms(question, language)
        return cls(question, question_kind(question), query, content)


def answer_sentences(index: SentenceIndex, asked: Asked, most: int, related: Related | None = None) -> list[Answer]:
    """Return the sentences that answer best by words, best first; of equal wording the first."""
    found = [rated(index, asked, hit) for hit in index.search(asked.terms, CONSIDERED, related)]
    found.sort(key=lambda answer: (-answer.score, answer.place))
    return distinct(found, most)


def distinct(found: Sequence[Answer], most: int) -> list[Answer]:
    """Return the first `most` of `found`, each wording once."""
    kept: list[Answer] = []
    seen: set[str] = set()
    for answer in found:
        wording = " ".join(folded(answer.sentence.text).split())
        if wording not in seen:
            seen.add(wording)
            kept.append(answer)
        if len(kept) == most:
            break
    return kept


def rated(index: SentenceIndex, asked: Asked, hit: Hit) -> Answer:
    """Return the sentence of `hit` with its score by words and by the type of the answer."""
    sentence = index.sentences[hit.place]
    score = hit.score
    cell = cell_in_column(sentence.columns, sentence.text, asked.terms, index.language) if sentence.columns else None
    spans = [cell] if cell is not None else typed_spans(asked, sentence.text)
    if spans:
        score += TYPED
    if asked.query.named:
        held = sum(supports(claim, sentence.text) for claim in asked.query.named)
        score += NAMED * held / len(asked.query.named)
    score += TOGETHER * _together(asked.terms, terms(sentence.text, index.language))
    if asked.kind.term:
        if _defines(asked.kind.term, sentence):
            score += DEFINES
        score += ENTITLED * _entitled(index, asked, hit.place)
    if corrects(sentence.text):
        score += CORRECTS
    if sentence.is_heading or sentence.text.endswith(("?", "？")):
        score -= HEADING_ITSELF
    elif (sentence.listed and asked.kind.kind != "list") or sentence.text[0].islower():
        score -= LISTED
    span = (sentence.start + spans[0][0], sentence.start + spans[0][1]) if len(spans) == 1 else None
    return Answer(sentence, hit.place, score, hit.coverage, span, bool(spans), cell is not None)


def typed_spans(asked: Asked, text: str) -> list[tuple[int, int]]:
    """Return the spans in `text` that are of the requested type and not already in the question."""
    kind = asked.kind.kind
    if kind not in ("time", "count", "amount", "person", "place") or _asks_about_name(asked):
        return []
    if kind == "count":
        counts = (number for number in numbers(text, words=True) if not supports(number.text, asked.question))
        return [(number.start, number.end) for number in counts]
    found = [claim for claim in claims(text) if _is_of_type(kind, claim, text) and not supports(claim, asked.question)]
    if kind == "person" and len(found) > 1:
        found = [claim for claim in found if _AGENT.search(text[: claim.start])] or found
    return [(claim.start, claim.end) for claim in found]


def _asks_about_name(asked: Asked) -> bool:
    """Return whether the question is for a person whom it names: "Who is Ann Weber?" wants no other name."""
    persons = (claim.text for claim in asked.query.named if not claim.text.isupper())  # but for the CEO
    named = {term for name in persons for term in terms(name, "en")}
    return asked.kind.kind == "person" and bool(named) and named.issuperset(asked.terms)


def _is_of_type(kind: str, claim: Claim, text: str) -> bool:
    if kind == "time":
        return claim.kind == "date" or (
            claim.kind == "number" and re.fullmatch(r"1\d{3}|20\d\d", claim.text) is not None
        )
    if kind == "amount":
        return claim.kind == "number"
    return claim.kind == "name" and not text[claim.start : claim.end].isupper()


def _together(wanted: Sequence[str], held: Sequence[str]) -> float:
    """Return the share of neighbouring stems of the question that are near each other in a sentence."""
    pairs = list(pairwise(wanted))
    if not pairs:
        return 0.0
    places: dict[str, list[int]] = {}
    for place, term in enumerate(held):
        places.setdefault(term, []).append(place)
    near = sum(
        any(0 < after - before <= 2 for before in places.get(first, ()) for after in places.get(second, ()))
        for first, second in pairs
    )
    return near / len(pairs)


def _entitled(index: SentenceIndex, asked: Asked, place: int) -> float:
    """Return the nearness of the sentence at `place` to a preceding heading that is the term: 1 for the next, 0 for
    far."""
    sentence = index.sentences[place]
    heading = {term for term in terms(sentence.heading, index.language) if not term.isdigit()}
    if sentence.is_heading or heading != set(asked.terms):
        return 0.0
    above = [place - other for other in index.around(place, _FIRST_UNDER, -1) if index.sentences[other].is_heading]
    return 1.0 - (min(above) - 1) / _FIRST_UNDER if above else 0.0


def _defines(term: str, sentence: IndexedSentence) -> bool:
    """Return whether a sentence defines `term`, or is under a heading that is the term."""
    words = [stem(token, "en") for token, _, _ in tokens(term)]
    plain = folded(sentence.text)
    written = r"[\s-]+".join(rf"{re.escape(word)}\w{{0,3}}" for word in words)
    if re.search(rf"(?:^|[.;:]\s)\W*{_ARTICLE}\W*{written}\W?{_IS}", plain):
        return True
    return re.search(rf"{_CALLED}{_ARTICLE}\W?{written}", plain) is not None
