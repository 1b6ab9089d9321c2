"""Passages: the sentence of a page that bears an answer out, and the pages that speak of what is asked.

Words only, no model: a candidate's answer is believed more where a passage holds both it and what was asked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from engine.grounding.claims import claims, folded, stands_in, unverified

_END = re.compile(r"(?<=[.!?\u2026])[\"'\u201d\u2019)\]]*\s+|(?<=[\u3002\uff01\uff1f])\s*")
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
_MARK = re.compile(r"\s*[-*\u2022\u2013\u25aa\u00b7]\s")
"""What begins a line of a list, even behind a full line; "51. " there may as well be the end of a sentence."""
_BULLET = re.compile(r"\s*(?:[-*\u2022\u2013\u25aa\u00b7]\s|\(?\w{1,3}[.)]\s|\s{2,}\S)")
_FULL_LINE, _NARROWEST, _WIDEST = 0.7, 40, 100
"""A line ends what it says unless it ends with a comma or is this share as long as the page's longest line (between
these limits)."""
_WITHOUT_LONGEST = 0.9
"""Longer lines than this share of a page's are left out of that: a table's or a listing's, in text that was wrapped."""
_HEADED_LINES = 12
"""How far above a line of a list its head is looked for."""
_CORRECTS = re.compile(
    r"\b(?:correct(?:ion|ions|ed|s)|corrigend\w+|errat\w+|amended|amendment|revised|supersed\w+|wrong|wrongly|"
    r"mistake\w*|in fact|in truth|turned out|contrary to|instead of|in place of|no longer|should (?:be|read)|"
    r"changed to|strike out|on a second look)\b|(?:,| and) not\b|\bnot \w+(?: \w+)* but\b"
)
"""Words by which one passage puts another right."""
_DENIED = re.compile(r"\b(?:not|instead of|in place of|rather than)(?: by| on| in| at)?\s*$")
_TAKEN_BACK = re.compile(r"(?:\(was|\bfrom|\bwrongly as|\bentry|\bout)\s*$")
"""What stands before a value that is denied, and before one that a correction takes back."""
_ENDINGS = ("ations", "ation", "ings", "ing", "ions", "ion", "ies", "ers", "ed", "er", "es", "ly", "s", "e")
_UNITS = {
    **dict.fromkeys(("percent", "pct", "cent"), "%"),
    **dict.fromkeys(("euro", "euros", "eur"), "€"),
    **dict.fromkeys(("dollar", "dollars", "usd"), "$"),
    **dict.fromkeys(("pound", "pounds", "gbp"), "£"),
    **dict.fromkeys(("degree", "degrees", "celsius", "c"), "°"),
}
"""Words for what a sign may stand for."""
SHORT_ANSWER = 12
"""Words up to which an answer is taken for one fact."""
_SAID = 0.8
"""Share of a longer answer's words that a passage has to hold where nothing in the answer can be looked up."""
_NAMED, _WORDS = 0.6, 0.4
"""What the identifiers and names of a question weigh in a passage, and its other words."""
NEAR = 0.6
"""A passage or page is near to the best where it matches a question this much as well."""


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
    verbatim: bool = False
    """The answer stands in it word for word."""
    corrects: bool = False
    """It says of itself that it puts something right."""


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

    def is_about_another(self, page: _Page, window: _Window, said: _Said) -> bool:
        """Whether, of two sentences, the one with the answer names other identifiers, and none that is asked about."""
        asked = [name for name in self.named if _is_code(name)]
        if not asked:
            return False
        for start, end in ((window.start, window.middle), (window.middle, window.end)):
            text = page.folded[start:end]
            if said.stands_in(text) and any(_is_code(claim) for claim in claims(page.text[start:end])):
                return not any(stands_in(name, text) for name in asked)
        return False


def supporting_passage(question: str, answer: str, pages: Iterable[tuple[int, str]]) -> Passage | None:
    """Of `pages` (number, text) in order, the passage that holds `answer` and the most of `question`; None without one.

    One sentence where one is enough, two where the second goes on; of equals the later, which may correct the earlier.
    """
    asked, said = Asked.of(question), _Said.of(answer)
    if not said.claims and not said.words:
        return None
    best: Passage | None = None
    best_key = (False, -1.0, 0)
    for page in _joined(pages):
        if not said.stands_in(page.folded):
            continue
        for window in page.windows():
            if not said.stands_in(window.own) or (window.count == 2 and asked.is_about_another(page, window, said)):
                continue
            denied = said.denied(window.own)
            verbatim = said.verbatim(window.own) and not denied
            key = (verbatim, 0.0 if denied else asked.match(window.text), -window.count)
            if key >= best_key:
                named = not denied and all(stands_in(claim, window.text) for claim in asked.named)
                corrects = not denied and _CORRECTS.search(window.text) is not None
                best, best_key = page.passage(window, key[1], named, verbatim, corrects), key
    return best


def says(answer: str, text: str) -> bool:
    """Whether `text` gives `answer`, and does not name it only to deny it."""
    said, plain = _Said.of(answer), folded(text)
    return said.stands_in(plain) and not said.denied(plain)


def denies(answer: str, text: str) -> bool:
    """Whether `text` names `answer` only to deny it, or to put it right."""
    return _Said.of(answer).denied(folded(text))


def unconfirmed(about: str, answer: str, passage: Passage | None, pages: Iterable[str]) -> list[str]:
    """The claims of `answer` to `about` that its `pages` do not bear out; `passage` is the best of them.

    A short answer to a question that names something must stand beside it, in one passage, and in its unit: 12 % is not
    12 bar. Of a longer one, or of an answer to a question that names nothing, every claim must stand somewhere.
    """
    if not claims(about) or len(answer.split()) > SHORT_ANSWER:
        return unverified(answer, pages)
    if passage is None or not passage.names_all:
        return claims(answer)
    rest = folded(answer)
    for claim in claims(answer):
        rest = rest.replace(folded(claim), " ")
    units = _units_in(rest)
    return claims(answer) if units and not passage.verbatim and not units & _units_in(folded(passage.text)) else []


def _units_in(text: str) -> set[str]:
    """The words of `text`, folded, and the signs that stand for words."""
    return {_UNITS.get(word, word) for word in re.findall(r"[^\W\d_]+|[%€$£°]", text)} - _COMMON


def speaking(question: str, pages: Iterable[tuple[int, str]]) -> list[Passage]:
    """The passages of `pages` (number, text) that speak most of `question`, in order: those that name all that it
    names if there are any, and match it nearly as well as the best."""
    asked = Asked.of(question)
    found: list[Passage] = []
    for page in _joined(pages):
        if asked.match(page.folded) == 0.0:
            continue
        for window in page.windows():
            match = asked.match(window.text) if window.start >= page.begins or window.count == 1 else 0.0
            if match > 0.0:
                named = all(stands_in(claim, window.text) for claim in asked.named)
                corrects = _CORRECTS.search(window.text) is not None
                found.append(page.passage(window, match, named, corrects=corrects))
    named = any(passage.names_all for passage in found)
    best = max((passage.match for passage in found if passage.names_all == named), default=0.0)
    return [passage for passage in found if passage.names_all == named and passage.match >= NEAR * best]


def stems(text: str) -> frozenset[str]:
    """The words of `text`, without their endings and the most common ones."""
    return frozenset(_stem(word) for word in _WORD.findall(folded(text)) if word not in _COMMON)


def sentences(text: str) -> list[tuple[int, int]]:
    """Where the sentences of `text` stand, in order, and its lines where they are none; without the blanks around."""
    return [(start, end) for start, end, _ in _units(text)]


@lru_cache(maxsize=1024)
def _units_of(text: str) -> tuple[tuple[int, int, bool], ...]:
    """See `_units`. Kept, for every question about a document goes over the same pages."""
    return tuple(_units(text))


def _units(text: str) -> Iterator[tuple[int, int, bool]]:
    """(start, end, whether it is a line of a list or table) of each sentence or line."""
    lines = [(m.start(), m.end()) for m in re.finditer(r"[^\n]+", text) if m[0].strip()]
    lengths = sorted(end - start for start, end in lines)
    longest = lengths[math.ceil(_WITHOUT_LONGEST * (len(lengths) - 1))] if lengths else 0
    full_length = max(_NARROWEST, _FULL_LINE * min(longest, _WIDEST))
    first = 0
    for index, (start, end) in enumerate(lines):
        line = text[start:end]
        following = lines[index + 1] if index + 1 < len(lines) else None
        if following is not None:
            gap, below = text[end : following[0]], text[slice(*following)]
            wide = len(line) >= full_length or line.rstrip().endswith(",")
            full = wide and not line.rstrip().endswith((":", ".", "!", "?"))
            if gap.count("\n") == 1 and full and not _MARK.match(below):
                continue  # the sentence goes on on the next line
        begin = lines[first][0]
        block = text[begin:end]
        listed = first == index and (_BULLET.match(block) is not None or not block.rstrip().endswith((".", "!", "?")))
        for a, b in _split(block):
            yield begin + a, begin + b, listed
        first = index + 1


def _split(text: str) -> Iterator[tuple[int, int]]:
    """The sentences of a block of text."""
    start = 0
    ends = [*((gap.start(), gap.end()) for gap in _END.finditer(text)), (len(text), len(text))]
    for end, after in ends:
        whole = after == len(text) or not _ABBREVIATION.search(text[max(start, end - 8) : end].lower())
        if end > start and whole and text[start:end].strip():
            piece = text[start:end]
            yield end - len(piece.lstrip()), start + len(piece.rstrip())
            start = after


@dataclass(frozen=True)
class _Said:
    """An answer as it is looked for."""

    claims: tuple[str, ...]
    words: frozenset[str]
    plain: re.Pattern[str]

    @classmethod
    def of(cls, answer: str) -> _Said:
        plain = r"\s+".join(re.escape(word) for word in folded(answer).strip().rstrip(".").split())
        return cls(tuple(claims(answer)), stems(answer), re.compile(rf"(?<!\w){plain}(?!\w)"))

    def verbatim(self, text: str) -> bool:
        return self.plain.search(text) is not None

    def denied(self, text: str) -> bool:
        """Whether `text` names the answer only to deny it, or to take it back."""
        correction = _CORRECTS.search(text) is not None
        places = list(self.plain.finditer(text))
        return bool(places) and all(
            _DENIED.search(text, max(0, m.start() - 24), m.start())
            or (correction and _TAKEN_BACK.search(text, max(0, m.start() - 24), m.start()))
            for m in places
        )

    def stands_in(self, text: str) -> bool:
        """Whether `text` (folded) holds all its claims; without any, the answer itself or most of its words."""
        if self.claims:
            return all(stands_in(claim, text) for claim in self.claims)
        return self.verbatim(text) or len(self.words & stems(text)) >= _SAID * len(self.words)


@dataclass(frozen=True)
class _Window:
    """A sentence, two in a row, or a line with what stands over it."""

    start: int
    end: int
    middle: int
    """Where the second of two sentences begins; else the end."""
    count: int
    own: str
    """Folded, between start and end."""
    text: str
    """The same, with the head of its list before it."""


@dataclass(frozen=True)
class _Page:
    """A page behind the last sentences of the page before, where its first may have begun."""

    number: int
    text: str
    folded: str
    begins: int
    """Where the page itself begins."""
    units: Sequence[tuple[int, int, bool]]

    def windows(self) -> Iterator[_Window]:
        """Each sentence and each pair of them, each line of a list; those of the page before alone left out."""
        for at, (start, end, listed) in enumerate(self.units):
            if end > self.begins:
                own = self.folded[start:end]
                yield _Window(start, end, end, 1, own, f"{self._head(at)} {own}" if listed else own)
            if at + 1 < len(self.units):
                then, stop, line = self.units[at + 1]
                if stop > self.begins and not line and (not listed or _announces(self.folded[start:end])):
                    own = self.folded[start:stop]
                    yield _Window(start, stop, then, 2, own, own)

    def _head(self, at: int) -> str:
        """What stands over the line `at` of a list: the nearest line that announces it, and the one it began with."""
        above: list[str] = []
        bullet = _BULLET.match(self.text[slice(*self.units[at][:2])]) is not None
        for start, end, listed in reversed(self.units[max(0, at - _HEADED_LINES) : at]):
            if not listed:
                break
            text = self.folded[start:end]
            if _announces(text) or (bullet and not _BULLET.match(text)):
                return text
            above.append(text)
        return above[-1] if above else ""

    def passage(
        self, window: _Window, match: float, names_all: bool, verbatim: bool = False, corrects: bool = False
    ) -> Passage:
        start, end = max(window.start, self.begins), window.end
        text = self.text[start:end]
        return Passage(self.number, start - self.begins, end - self.begins, text, match, names_all, verbatim, corrects)


def _is_code(claim: str) -> bool:
    return any(c.isdigit() for c in claim) and any(c.isalpha() for c in claim) and len(claim.split()) < 3


def _announces(text: str) -> bool:
    return text.rstrip().endswith((":", "-"))


def _joined(pages: Iterable[tuple[int, str]]) -> Iterator[_Page]:
    tail = ""
    for number, text in pages:
        gap = "\n" if tail.endswith((".", "!", "?", ":")) else " "
        whole = f"{tail}{gap}{text}" if tail else text
        begins = len(whole) - len(text)
        units = _units_of(whole)
        yield _Page(number, whole, folded(whole), begins, units)
        own = [start for start, end, _ in units if end > begins]
        tail = whole[max(own[-2:][0], begins) :].rstrip() if own else ""


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
