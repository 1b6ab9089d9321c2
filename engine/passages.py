"""Passages: the sentence of a page that bears an answer out, and the pages that speak of what is asked.

Words only, no model: a candidate's answer is believed more where a passage holds both it and what was asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.verification import claims, folded, stands_in

_END = re.compile(r"(?<=[.!?\u2026])[\"'\u201d\u2019)\]]*\s+|(?<=[\u3002\uff01\uff1f])\s*|\s*\n\s*\n\s*")
_ABBREVIATION = re.compile(r"(?:\b\w|\b(?:dr|mr|mrs|ms|prof|no|nos|fig|figs|st|vs|etc|ca|approx|cf|eq|sec|vol|pp))\.$")
_WORD = re.compile(r"[^\W_]+")
_COMMON_WORDS = (
    "a about after again all also an and any are as at be been before being between but by can could did "
    "do does during each find for from gave get give given had has have he her his how i if in into is "
    "it its let many may me much my name no noted not of on one or our out person please she should show "
    "some state tell than that the their them then there these they this those to up us was we were what "
    "when where which while who whom whose why will with would you your"
)
_COMMON = frozenset(_COMMON_WORDS.split())
_ENDINGS = ("ations", "ation", "ings", "ing", "ions", "ion", "ies", "ers", "ed", "er", "es", "ly", "s", "e")
_SAID = 0.8
"""Share of a longer answer's words that a passage has to hold where nothing in the answer can be looked up."""
_NAMED, _WORDS = 0.6, 0.4
"""What the identifiers and names of a question weigh in a passage, and its other words."""


@dataclass(frozen=True)
class Passage:
    """One or two sentences of a page."""

    page: int
    start: int
    end: int
    """Characters of the page's text."""
    text: str
    match: float
    """How much of what is asked it speaks of, 0 to 1."""
    names_all: bool
    """Every figure and name of the question stands in it."""


@dataclass(frozen=True)
class Asked:
    """What a question speaks of."""

    named: tuple[str, ...]
    """Its figures and names."""
    words: frozenset[str]
    """The stems of its other words, but the most common."""

    @classmethod
    def of(cls, question: str) -> Asked:
        named = tuple(claims(question))
        rest = folded(question)
        for claim in named:
            rest = rest.replace(folded(claim), " ")
        return cls(named, stems(rest))

    def match(self, text: str) -> float:
        """The share of it that `text` (folded) speaks of."""
        named = sum(stands_in(claim, text) for claim in self.named) / len(self.named) if self.named else 0.0
        words = len(self.words & stems(text)) / len(self.words) if self.words else 0.0
        if not self.named or not self.words:
            return named if self.named else words
        return _NAMED * named + _WORDS * words


def supporting_passage(question: str, answer: str, pages: Iterable[tuple[int, str]]) -> Passage | None:
    """Of `pages` (number, text) in order, the passage that holds `answer` and the most of `question`; None without one.

    One sentence where one is enough, two where the second goes on; of equals the later, which may correct the earlier.
    """
    asked, wanted, words = Asked.of(question), claims(answer), stems(answer)
    if not wanted and not words:
        return None
    best: Passage | None = None
    best_key = (-1.0, 0)
    for page in _joined(pages):
        if not _says(wanted, words, answer, page.folded):
            continue
        for start, end, count in page.windows():
            text = page.folded[start:end]
            if not _says(wanted, words, answer, text):
                continue
            key = (asked.match(text), -count)
            if key >= best_key:
                named = all(stands_in(claim, text) for claim in asked.named)
                best, best_key = page.passage(start, end, key[0], named), key
    return best


def matches(question: str, pages: Iterable[tuple[int, str]]) -> dict[int, float]:
    """For each page (number, text), how much of `question` the best of its passages speaks of, 0 to 1."""
    asked = Asked.of(question)
    found: dict[int, float] = {}
    for page in _joined(pages):
        if asked.match(page.folded) == 0.0:
            found[page.number] = 0.0
            continue
        own = ((start, end) for start, end, count in page.windows() if start >= page.own or count == 1)
        found[page.number] = max((asked.match(page.folded[start:end]) for start, end in own), default=0.0)
    return found


def stems(text: str) -> frozenset[str]:
    """The words of `text`, without their endings and the most common ones."""
    return frozenset(_stem(word) for word in _WORD.findall(folded(text)) if word not in _COMMON)


def sentences(text: str) -> list[tuple[int, int]]:
    """Where the sentences of `text` stand, in order; blanks around them do not belong to any."""
    spans: list[tuple[int, int]] = []
    start = 0
    for gap in _END.finditer(text):
        if gap.start() > start and not _ABBREVIATION.search(text[max(start, gap.start() - 8) : gap.start()].lower()):
            spans.append((start, gap.start()))
            start = gap.end()
    spans.append((start, len(text)))
    return [
        (a + len(text[a:b]) - len(text[a:b].lstrip()), a + len(text[a:b].rstrip()))
        for a, b in spans
        if text[a:b].strip()
    ]


@dataclass(frozen=True)
class _Page:
    """A page behind the last sentences of the page before, where its first may have begun."""

    number: int
    text: str
    folded: str
    own: int
    """Where the page itself begins."""
    spans: Sequence[tuple[int, int]]

    def windows(self) -> Iterable[tuple[int, int, int]]:
        """(start, end, sentences) of each sentence and each pair of them, those of the page before alone left out."""
        for at, (start, end) in enumerate(self.spans):
            if end > self.own:
                yield start, end, 1
            if at + 1 < len(self.spans) and self.spans[at + 1][1] > self.own:
                yield start, self.spans[at + 1][1], 2

    def passage(self, start: int, end: int, match: float, names_all: bool) -> Passage:
        start = max(start, self.own)
        return Passage(self.number, start - self.own, end - self.own, self.text[start:end], match, names_all)


def _joined(pages: Iterable[tuple[int, str]]) -> Iterable[_Page]:
    tail = ""
    for number, text in pages:
        whole = f"{tail} {text}" if tail else text
        spans = sentences(whole)
        yield _Page(number, whole, folded(whole), len(whole) - len(text), spans)
        own = [start for start, end in spans if end > len(whole) - len(text)]
        tail = whole[max(own[-2:][0], len(whole) - len(text)) :].rstrip() if own else ""


def _says(wanted: Sequence[str], words: frozenset[str], answer: str, text: str) -> bool:
    if wanted:
        return all(stands_in(claim, text) for claim in wanted)
    plain = " ".join(folded(answer).split()).rstrip(".")
    if re.search(r"\s+".join(map(re.escape, plain.split())), text):
        return True
    return len(words & stems(text)) >= _SAID * len(words)


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
