"""Search among all sentences of a document: BM25 by stems, with headings and neighbours. Light: no torch.

A sentence is found by its own words, by the words of its heading, and by those of the sentences around it. Scripts
without blanks are searched by pairs of characters.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from engine.grounding.languages import language_of
from engine.grounding.lines import is_contents
from engine.grounding.sentences import units
from engine.grounding.words import terms

K1, B = 0.8, 0.5
"""Parameters of BM25 (Robertson and others, 1994): saturation of repeated words, and penalty of long sentences."""
HEADING, NEIGHBOUR = 0.5, 0.3
"""Weight of a word in the heading, and of one in a neighbouring sentence, as shares of the word's rarity."""
_LOOKED_AT = 300
"""Number of sentences, best first by their own words and heading, whose neighbours are scored."""
_LONGEST_HEADING = 100
_ENDS = (".", ",", ";", "。", "、")


@dataclass(frozen=True)
class IndexedSentence:
    """A sentence of the document, or a line of a list or table."""

    page: int
    start: int
    end: int
    """Characters of the page's text."""
    text: str
    """Text of the sentence, with its continuation at the top of the next page."""
    listed: bool
    heading: str
    """The nearest line above that looks like a heading; its own text, where it is one."""

    @property
    def is_heading(self) -> bool:
        """Return whether it looks like a heading itself."""
        return self.listed and self.text == self.heading


@dataclass(frozen=True)
class Hit:
    """A sentence that was found."""

    place: int
    """Position among the index's sentences."""
    score: float
    coverage: float
    """Share of the query's rarity that it holds, with its heading and neighbours, 0 to 1."""


class SentenceIndex:
    """The sentences of a document."""

    def __init__(self, pages: Iterable[tuple[int, str]]) -> None:
        """`pages`: number and text, in order."""
        pages = list(pages)
        self.language = language_of(" ".join(text[:600] for _, text in pages[:40]))
        self.sentences: list[IndexedSentence] = []
        self._terms: list[Counter[str]] = []
        self._headings: list[frozenset[str]] = []
        self._postings: defaultdict[str, list[int]] = defaultdict(list)
        self._titled: defaultdict[str, list[int]] = defaultdict(list)
        heading, titled = "", frozenset[str]()
        for sentence in _joined(sentence for number, text in pages for sentence in _sentences_of(number, text)):
            if sentence.listed and _is_heading(sentence.text):
                heading, titled = sentence.text, frozenset(terms(sentence.text, self.language))
            self._add(replace(sentence, heading=heading), titled)
        self._average = sum(map(Counter.total, self._terms)) / max(1, len(self._terms))

    def _add(self, sentence: IndexedSentence, titled: frozenset[str]) -> None:
        place = len(self.sentences)
        counts = Counter(terms(sentence.text, self.language))
        self.sentences.append(sentence)
        self._terms.append(counts)
        self._headings.append(titled)
        for term in counts:
            self._postings[term].append(place)
        for term in titled:
            self._titled[term].append(place)

    def __contains__(self, term: str) -> bool:
        """Return whether a sentence holds the stem `term`."""
        return term in self._postings

    def rarity(self, term: str) -> float:
        """Return the inverse document frequency of a stem. A stem that does not occur gets the highest value."""
        found = len(self._postings.get(term, ()))
        return math.log(1 + (len(self.sentences) - found + 0.5) / (found + 0.5))

    def search(self, wanted: Sequence[str], most: int) -> list[Hit]:
        """Return the sentences that match the stems `wanted` best, best first."""
        rarity = {term: self.rarity(term) for term in dict.fromkeys(wanted)}
        total = sum(rarity.values())
        scores: defaultdict[int, float] = defaultdict(float)
        for term, weight in rarity.items():
            for place in self._postings.get(term, ()):
                scores[place] += weight * self._saturated(place, term)
            for place in self._titled.get(term, ()):
                if term not in self._terms[place]:
                    scores[place] += HEADING * weight
        looked_at = heapq.nlargest(_LOOKED_AT, scores, key=lambda place: (scores[place], -place))
        hits = [self._hit(place, scores[place], rarity, total) for place in looked_at]
        return heapq.nlargest(most, hits, key=lambda hit: (hit.score, -hit.place))

    def around(self, place: int, before: int, after: int) -> range:
        """Return the places of the sentences around `place`."""
        return range(max(0, place - before), min(len(self.sentences), place + after + 1))

    def _saturated(self, place: int, term: str) -> float:
        count = self._terms[place][term]
        length = self._terms[place].total() / self._average if self._average else 1.0
        return count * (K1 + 1) / (count + K1 * (1 - B + B * length))

    def _hit(self, place: int, score: float, rarity: dict[str, float], total: float) -> Hit:
        """Return the hit at `place`, with the score of its neighbours added."""
        own = self._terms[place]
        titled = self._headings[place]
        beside = {term for other in self.around(place, 1, 1) if other != place for term in self._terms[other]}
        covered = 0.0
        for term, weight in rarity.items():
            if term in own:
                covered += weight
            elif term in titled or term in beside:
                covered += weight / 2
                if term not in titled:
                    score += NEIGHBOUR * weight
        return Hit(place, score, covered / total if total else 0.0)


def _sentences_of(number: int, text: str) -> Iterator[IndexedSentence]:
    """Yield the sentences and lines of a page, but for its table of contents. A question in a line of its own is a
    heading."""
    for unit in units(text):
        own = text[unit.start : unit.end]
        alone = text[max(0, unit.start - 1) : unit.start] in ("", "\n") and text[unit.end : unit.end + 1] in ("", "\n")
        if not is_contents(own):
            listed = unit.listed or (alone and own.endswith(("?", "？")))
            yield IndexedSentence(number, unit.start, unit.end, own, listed, "")


def _joined(sentences: Iterable[IndexedSentence]) -> Iterator[IndexedSentence]:
    """Yield the sentences. Join a sentence that continues at the top of the next page, on the page where it begins."""
    before: IndexedSentence | None = None
    for sentence in sentences:
        if before is not None and before.page < sentence.page and _goes_on(before.text, sentence.text):
            before = replace(before, text=f"{before.text} {sentence.text}", listed=False)
            continue
        if before is not None:
            yield before
        before = sentence
    if before is not None:
        yield before


def _goes_on(before: str, after: str) -> bool:
    return after[0].islower() and not before.rstrip().endswith((*_ENDS, "!", "?", ":"))


def _is_heading(line: str) -> bool:
    """Return whether a line that is no sentence looks like a heading."""
    line = line.strip()
    if not 2 < len(line) <= _LONGEST_HEADING or line.endswith(_ENDS) or "\n" in line:
        return False
    letters = sum(character.isalpha() for character in line)
    return letters >= len(line) / 2 and not line[0].islower()
