"""Search among all sentences of a document: BM25 by stems, with headings and neighbours. Light: no torch.

A sentence is found by its own words, by the words of its heading, and by those of the sentences around it. Scripts
without blanks are searched by pairs of characters.
"""

from __future__ import annotations

import heapq
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec

from engine.grounding.languages import language_of
from engine.grounding.lines import LEADERS, is_contents
from engine.grounding.page_kinds import page_kind
from engine.grounding.sentences import units
from engine.grounding.words import terms

K1, B = 0.8, 0.5
"""Parameters of BM25 (Robertson and others, 1994): saturation of repeated words, and penalty of long sentences."""
HEADING, NEIGHBOUR = 0.5, 0.3
"""Weight of a word in the heading, and of one in a neighbouring sentence, as shares of the word's rarity."""
Related = Mapping[str, Sequence[tuple[str, float]]]
"""Stem -> stems of words of like meaning, each with its weight, 0 to 1."""
Value = TypeVar("Value")
_LOOKED_AT = 300
"""Number of sentences, best first by their own words and heading, whose neighbours are scored."""
_BEGINNING, _BEGUN = 5, 0.6
"""Letters of a missing stem from which longer ones count for it, and their weight."""
_LONGEST_HEADING = 100
_LONGEST_HEAD = 300
"""Characters above the first row of a table that may name its columns."""
_FIGURE = re.compile(r"(?<!\S)[^\w\s]?\d[\d.,:%/-]*(?!\S)")
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
    columns: str = ""
    """The line above the first row of a table, for its rows."""

    @property
    def is_row(self) -> bool:
        """Return whether it looks like the row of a table."""
        return self.listed and _is_row(self.text)

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


class _Row(msgspec.Struct, array_like=True):
    """A sentence as it is stored; numbers in place of repeated strings."""

    page: int
    start: int
    end: int
    listed: bool
    heading: int
    columns: int
    titled: int
    counts: list[int]
    """Number of a stem and how often it stands in the sentence, by turns."""
    text: str | None = None
    """None where it is the text of the page from `start` to `end`."""


class _Stored(msgspec.Struct, array_like=True):
    """An index as it is stored."""

    language: str
    stems: list[str]
    lines: list[str]
    """Headings and heads of tables."""
    titled: list[list[int]]
    """Stems of the headings above a sentence."""
    rows: list[_Row]


class SentenceIndex:
    """The sentences of a document."""

    FORMAT = 3
    """Version of the split into sentences, of the stems and of `to_bytes`; another one makes stored indexes void."""

    def __init__(self, pages: Iterable[tuple[int, str]]) -> None:
        """`pages`: number and text, in order."""
        pages = list(pages)
        self._begin(language_of(" ".join(text[:600] for _, text in pages[:40])))
        heading, titled = "", frozenset[str]()
        above, columns, head = "", "", frozenset[str]()
        for sentence in _joined(sentence for number, text in pages for sentence in _sentences_of(number, text)):
            row = sentence.listed and _is_row(sentence.text)
            if not row:
                # The line above the first row of a table names its columns.
                above = f"{above} {sentence.text}" if sentence.listed else ""
                if not sentence.listed or not columns or "\t" in sentence.text:
                    columns = sentence.text if sentence.listed else ""
                head = frozenset(terms(above[-_LONGEST_HEAD:], self.language))
            if sentence.listed and not row and _is_heading(sentence.text):
                heading, titled = sentence.text, frozenset(terms(sentence.text, self.language))
            found = replace(sentence, heading=heading, columns=columns if row else "")
            self._add(found, Counter(terms(sentence.text, self.language)), titled | head if row else titled)
        self._average = sum(self._lengths) / max(1, len(self._lengths))

    def _begin(self, language: str) -> None:
        self.language = language
        self.sentences: list[IndexedSentence] = []
        self._terms: list[dict[str, int]] = []
        self._lengths: list[int] = []
        self._headings: list[frozenset[str]] = []
        self._postings: defaultdict[str, list[int]] = defaultdict(list)
        self._titled: defaultdict[str, list[int]] = defaultdict(list)

    def _add(self, sentence: IndexedSentence, counts: dict[str, int], titled: frozenset[str]) -> None:
        place = len(self.sentences)
        self.sentences.append(sentence)
        self._terms.append(counts)
        self._lengths.append(sum(counts.values()))
        self._headings.append(titled)
        for term in counts:
            self._postings[term].append(place)
        for term in titled:
            self._titled[term].append(place)

    def to_bytes(self, pages: Mapping[int, str]) -> bytes:
        """Return the index without the text of `pages` (number to text), from which it was made; see `from_bytes`."""
        stems, lines = _Numbers[str](), _Numbers[str]()
        titled = _Numbers[frozenset[str]]()
        rows = []
        for one, counts, above in zip(self.sentences, self._terms, self._headings, strict=True):
            text = None if one.text == pages[one.page][one.start : one.end] else one.text
            flat = [value for term, count in counts.items() for value in (stems.of(term), count)]
            numbers = (lines.of(one.heading), lines.of(one.columns), titled.of(above))
            rows.append(_Row(one.page, one.start, one.end, one.listed, *numbers, flat, text))
        above_all = [[stems.of(term) for term in sorted(some)] for some in titled]
        return msgspec.msgpack.encode(_Stored(self.language, list(stems), list(lines), above_all, rows))

    @classmethod
    def from_bytes(cls, data: bytes, pages: Mapping[int, str]) -> SentenceIndex:
        """Return the index that `to_bytes` gave for `pages`. Raise msgspec.MsgspecError or LookupError for other
        bytes."""
        stored = msgspec.msgpack.decode(data, type=_Stored)
        index = cls.__new__(cls)
        index._begin(stored.language)
        titled = [frozenset(stored.stems[number] for number in some) for some in stored.titled]
        for row in stored.rows:
            text = pages[row.page][row.start : row.end] if row.text is None else row.text
            place = (row.page, row.start, row.end)
            names = (stored.lines[row.heading], stored.lines[row.columns])
            counts = {stored.stems[n]: count for n, count in zip(row.counts[::2], row.counts[1::2], strict=True)}
            index._add(IndexedSentence(*place, text, row.listed, *names), counts, titled[row.titled])
        index._average = sum(index._lengths) / max(1, len(index._lengths))
        return index

    def __contains__(self, term: str) -> bool:
        """Return whether a sentence holds the stem `term`."""
        return term in self._postings

    def places_of(self, term: str) -> Sequence[int]:
        """Return the positions of the sentences that hold the stem `term`."""
        return self._postings.get(term, ())

    def words_from(self, beginning: str) -> list[str]:
        """Return the stems of the document that begin so."""
        return [term for term in self._postings if term.startswith(beginning)]

    def rarity(self, term: str) -> float:
        """Return the inverse document frequency of a stem. A stem that does not occur gets the highest value."""
        found = len(self._postings.get(term, ()))
        return math.log(1 + (len(self.sentences) - found + 0.5) / (found + 0.5))

    def search(self, wanted: Sequence[str], most: int, related: Related | None = None) -> list[Hit]:
        """Return the sentences that match the stems `wanted` best, best first. A word of like meaning (`related`)
        counts in place of a wanted one, by its weight."""
        query = self._query(wanted, related)
        scores: defaultdict[int, float] = defaultdict(float)
        for forms in query.values():
            gained: dict[int, float] = {}
            for term, weight in forms:
                for place in self._postings.get(term, ()):
                    gained[place] = max(gained.get(place, 0.0), weight * self._saturated(place, term))
                for place in self._titled.get(term, ()):
                    if term not in self._terms[place]:
                        gained[place] = max(gained.get(place, 0.0), HEADING * weight)
            for place, gain in gained.items():
                scores[place] += gain
        looked_at = heapq.nlargest(_LOOKED_AT, scores, key=lambda place: (scores[place], -place))
        hits = [self._hit(place, query) for place in looked_at]
        return heapq.nlargest(most, hits, key=lambda hit: (hit.score, -hit.place))

    def hit(self, place: int, wanted: Sequence[str], related: Related | None = None) -> Hit:
        """Return how well the sentence at `place` matches the stems `wanted`; see `search`."""
        return self._hit(place, self._query(wanted, related))

    def held(self, term: str, related: Related | None = None) -> float:
        """Return how much of the stem `term` the document holds: 1 where it occurs, less where only a word of like
        meaning or a longer form does, 0 without either."""
        if term in self:
            return 1.0
        (_, rarity), *others = self._query([term], related)[term]
        return max((weight for _, weight in others), default=0.0) / rarity

    def _query(self, wanted: Sequence[str], related: Related | None) -> dict[str, list[tuple[str, float]]]:
        """Return stem -> (stem that counts for it, weight times rarity), itself first."""
        found: dict[str, list[tuple[str, float]]] = {}
        for term in dict.fromkeys(wanted):
            forms = {term: self.rarity(term)}
            for other, weight in (related or {}).get(term, ()):
                if other in self:
                    forms[other] = max(forms.get(other, 0.0), weight * min(self.rarity(other), self.rarity(term)))
            if term not in self and len(term) >= _BEGINNING:
                # Chair and chairman, intervene and intervention: one begins with the other.
                for other in self.words_from(term):
                    forms[other] = max(forms.get(other, 0.0), _BEGUN * self.rarity(other))
            found[term] = list(forms.items())
        return found

    def stems_around(self, place: int, most: int) -> set[str]:
        """Return the stems of the sentence at `place`, of the `most` sentences before and behind it, and of the
        headings above it."""
        beside = {term for other in self.around(place, most, most) for term in self._terms[other]}
        return beside | self._headings[place]

    def around(self, place: int, before: int, after: int) -> range:
        """Return the places of the sentences around `place`."""
        return range(max(0, place - before), min(len(self.sentences), place + after + 1))

    def _saturated(self, place: int, term: str) -> float:
        count = self._terms[place].get(term, 0)
        length = self._lengths[place] / self._average if self._average else 1.0
        return count * (K1 + 1) / (count + K1 * (1 - B + B * length))

    def _hit(self, place: int, query: Mapping[str, Sequence[tuple[str, float]]]) -> Hit:
        """Return the hit at `place`, with the score of its neighbours added."""
        own = self._terms[place]
        titled = self._headings[place]
        beside = {term for other in self.around(place, 1, 1) if other != place for term in self._terms[other]}
        score = covered = 0.0
        for forms in query.values():
            held = max((weight * self._saturated(place, term) for term, weight in forms if term in own), default=0.0)
            headed = max((weight for term, weight in forms if term in titled), default=0.0)
            near = max((weight for term, weight in forms if term in beside), default=0.0)
            score += max(held, HEADING * headed, NEIGHBOUR * near)
            if held:
                covered += max(weight for term, weight in forms if term in own)
            else:
                covered += max(headed, near) / 2
        total = sum(forms[0][1] for forms in query.values())
        return Hit(place, score, covered / total if total else 0.0)


class _Numbers(dict[Value, int]):
    """Values, each with its number in the order of their first use."""

    def of(self, value: Value) -> int:
        """Return the number of `value`."""
        return self.setdefault(value, len(self))


def _sentences_of(number: int, text: str) -> Iterator[IndexedSentence]:
    """Yield the sentences and lines of a page, but for its table of contents. A question in a line of its own is a
    heading."""
    if page_kind(text) == "contents":
        return
    for unit in units(text):
        own = text[unit.start : unit.end]
        alone = text[max(0, unit.start - 1) : unit.start] in ("", "\n") and text[unit.end : unit.end + 1] in ("", "\n")
        if not is_contents(own) or _is_led_row(own):
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


def _is_row(line: str) -> bool:
    """Return whether a line that is no sentence looks like the row of a table: two figures, or one beside a tab."""
    return len(_FIGURE.findall(line)) >= (1 if "\t" in line else 2)


def _is_led_row(line: str) -> bool:
    """Return whether a line with leader dots is the row of a table: what follows them is no page number."""
    *_, last = LEADERS.finditer(line)
    figures = _FIGURE.findall(line, last.end())
    if any(figure.endswith(",") for figure in figures):
        return False  # the pages of an index
    return len(figures) > 1 or (len(figures) == 1 and not figures[0].isdigit())


def _is_heading(line: str) -> bool:
    """Return whether a line that is no sentence looks like a heading."""
    line = line.strip()
    if not 2 < len(line) <= _LONGEST_HEADING or line.endswith(_ENDS) or "\n" in line:
        return False
    letters = sum(character.isalpha() for character in line)
    return letters >= len(line) / 2 and not line[0].islower()
