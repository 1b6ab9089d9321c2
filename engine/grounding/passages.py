"""Passages: the sentences of a page that support an answer, and those that match a question.

They are found by words only, without a model: an answer scores higher when one passage contains both it and the words
of the question. Light: no torch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from engine.grounding.claims import Claim, claims, spelled_claims
from engine.grounding.corrections import corrects, denies_at
from engine.grounding.languages import language_of
from engine.grounding.numbers import CURRENCIES
from engine.grounding.sentences import BULLET, Unit, units
from engine.grounding.support import supports, unsupported
from engine.grounding.words import folded, stems, tokens

SHORT_ANSWER = 12
"""Words up to which an answer is taken for one fact."""
NEAR = 0.6
"""A passage is near to the best where it matches a question this much as well."""
_HEADED_LINES = 12
"""Number of lines above a list item in which the head of the list is searched."""
_STATED = 0.8
"""Share of an answer's words that a passage has to hold where nothing in the answer can be looked up."""
_NAMED, _WORDS = 0.6, 0.4
"""Weights of a question's claims and of its other words in a match."""
_REQUESTS_WORDS = (
    "please give gave given find tell show name state list describe explain say said mention mentioned document "
    "record text page look need want know much many bitte nenne nennen zeige gib donne donnez indique dime diga "
    "назови укажи скажи сколько какой какая какие почему wie wieviel combien happened happen happens occurred"
)
_REQUESTS = frozenset(_REQUESTS_WORDS.split())
"""Words that only phrase a request and do not describe its subject."""
_UNIT_SIGNS = {
    **dict.fromkeys(("percent", "pct", "cent", "prozent"), "%"),
    **CURRENCIES,
    **dict.fromkeys(("degree", "degrees", "celsius", "c", "grad"), "°"),
}
"""Words and signs of units -> one sign for each."""


@dataclass(frozen=True)
class Passage:
    """One or two sentences of a page."""

    page: int
    start: int
    end: int
    """Characters of the page's text."""
    text: str
    match: float
    """Share of the question that it holds, 0 to 1."""
    names_all: bool
    """True when the passage supports every claim of the question."""
    verbatim: bool = False
    """True when the passage contains the answer word for word."""
    corrects: bool = False
    """True when the passage corrects another one."""


@dataclass(frozen=True)
class Query:
    """The content of a question."""

    named: tuple[Claim, ...]
    """Claims of the question."""
    rest: str
    """Other words of the question, folded."""

    @classmethod
    def of(cls, question: str) -> Query:
        """Return the query of `question`."""
        named = tuple(claims(question))
        return cls(named, _without(question, named))

    def words(self, language: str) -> frozenset[str]:
        """Return the stems of its words that are no claims, in `language`."""
        return _query_words(self.rest, language)

    def match(self, text: str, language: str) -> float:
        """Return the share of the query that `text` holds, 0 to 1."""
        named = sum(supports(claim, text) for claim in self.named) / len(self.named) if self.named else 0.0
        wanted = self.words(language)
        held = len(wanted & stems(text, language)) / len(wanted) if wanted else 0.0
        if not self.named or not wanted:
            return named if self.named else held
        return _NAMED * named + _WORDS * held

    def named_in(self, text: str) -> bool:
        """Return whether `text` supports every claim of the query."""
        return all(supports(claim, text) for claim in self.named)


def supporting_passage(question: str, answer: str, pages: Iterable[tuple[int, str]]) -> Passage | None:
    """Return the passage of `pages` (number, text) that contains `answer` and the most of `question`; None without one.

    The passage is one sentence, or two when the second continues the first. Of equal passages the later one is
    returned, because it may correct the earlier one.
    """
    query, stated = Query.of(question), Statement.of(answer, question)
    best: Passage | None = None
    best_key = (False, -1.0, 0)
    for page in _joined(pages):
        if stated.is_empty or not stated.supported_by(page.text, page.language):
            continue
        for window in page.windows():
            own = page.text[window.start : window.end]
            if not stated.supported_by(own, page.language):
                continue
            if window.second is not None and _is_about_another(query, stated, page, window):
                continue
            denied = stated.denied_by(own)
            verbatim = stated.verbatim_in(own) and not denied
            key = (verbatim, 0.0 if denied else query.match(window.text, page.language), -window.count)
            if key >= best_key:
                named = not denied and query.named_in(window.text)
                right = not denied and corrects(window.text)
                best, best_key = page.passage(window, key[1], named, verbatim, right), key
    return best


def states(answer: str, text: str) -> bool:
    """Return whether `text` gives `answer`, and does not name it only to deny it."""
    stated = Statement.of(answer)
    return stated.supported_by(text, language_of(text)) and not stated.denied_by(text)


def denies(answer: str, text: str) -> bool:
    """Return whether `text` names `answer` only to deny or to correct it."""
    return Statement.of(answer).denied_by(text)


def unconfirmed(about: str, answer: str, passage: Passage | None, pages: Iterable[str]) -> list[str]:
    """Return the claims of `answer` to `about` that its `pages` do not support; `passage` is the best of them.

    When the question names something, a short answer must be beside that name, in one passage, and in its unit: 12 % is
    not 12 bar. For a longer answer, or a question that names nothing, every claim must be on some page.
    """
    if not claims(about) or len(answer.split()) > SHORT_ANSWER:
        return unsupported(answer, pages)
    made = claims(answer)
    if passage is None or not passage.names_all:
        return [claim.text for claim in made]
    found = _unit_signs(_without(answer, made))
    wrong_unit = found and not passage.verbatim and not found & _unit_signs(passage.text)
    return [claim.text for claim in made] if wrong_unit else []


def matching_passages(question: str, pages: Iterable[tuple[int, str]]) -> list[Passage]:
    """Return the passages of `pages` (number, text) that match `question` best, in order: those that support all its
    claims if there are any, and match it nearly as well as the best."""
    query = Query.of(question)
    found: list[Passage] = []
    for page in _joined(pages):
        if query.match(page.text, page.language) == 0.0:
            continue
        for window in page.windows():
            match = query.match(window.text, page.language) if window.start >= page.begins or window.count == 1 else 0.0
            if match > 0.0:
                named = query.named_in(window.text)
                found.append(page.passage(window, match, named, right=corrects(window.text)))
    named = any(passage.names_all for passage in found)
    best = max((passage.match for passage in found if passage.names_all == named), default=0.0)
    return [passage for passage in found if passage.names_all == named and passage.match >= NEAR * best]


def _is_about_another(query: Query, stated: Statement, page: _Page, window: _Window) -> bool:
    """Return whether, of two sentences, the one with the answer names other identifiers, and none that is asked for."""
    asked = [claim for claim in query.named if _is_code(claim)]
    if not asked or window.second is None:
        return False
    for start, end in ((window.start, window.second), (window.second, window.end)):
        text = page.text[start:end]
        if stated.supported_by(text, page.language) and any(map(_is_code, claims(text))):
            return not any(supports(claim, text) for claim in asked)
    return False


def _is_code(claim: Claim) -> bool:
    """Return whether a claim names a thing by letters and digits."""
    has_digit = any(c.isdigit() for c in claim.text)
    return claim.kind in ("identifier", "number") and has_digit and any(c.isalpha() for c in claim.text)


@dataclass(frozen=True)
class Statement:
    """An answer prepared for the search in a text."""

    claims: tuple[Claim, ...]
    """Claims of the answer that the question does not already make."""
    text: str
    repeated: str
    """The question, whose words add nothing to the answer."""
    pattern: re.Pattern[str]
    """The answer word for word, folded."""

    @classmethod
    def of(cls, answer: str, question: str = "") -> Statement:
        """Return the statement of `answer` to `question`."""
        plain = r"\s+".join(re.escape(word) for word in folded(answer).strip().rstrip(".").split())
        made = tuple(claims(answer)) or tuple(spelled_claims(answer))
        new = tuple(claim for claim in made if not question or not supports(claim, question))
        return cls(new, answer, question, _compiled(plain))

    @property
    def is_empty(self) -> bool:
        """Return whether the statement has nothing to search for."""
        return not self.claims and not stems(self.text)

    def verbatim_in(self, text: str) -> bool:
        """Return whether `text` has the answer word for word."""
        return self.pattern.search(folded(text)) is not None

    def denied_by(self, text: str) -> bool:
        """Return whether `text` names the answer only to deny it or to take it back."""
        places = [found.span() for found in self.pattern.finditer(folded(text))]
        return bool(places) and all(denies_at(text, start, end) for start, end in places)

    def supported_by(self, text: str, language: str) -> bool:
        """Return whether `text` supports all its claims; without claims, the answer itself or most of its new words."""
        if self.claims:
            return all(supports(claim, text) for claim in self.claims)
        if self.verbatim_in(text):
            return True
        new = stems(self.text, language) - stems(self.repeated, language) or stems(self.text, language)
        return bool(new) and len(new & stems(text, language)) >= _STATED * len(new)


@lru_cache(maxsize=512)
def _compiled(plain: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){plain}(?!\w)")


@lru_cache(maxsize=256)
def _query_words(rest: str, language: str) -> frozenset[str]:
    words = " ".join(token for token, _, _ in tokens(rest) if token not in _REQUESTS)
    return stems(words, language) or stems(rest, language)


def _without(text: str, made: Sequence[Claim]) -> str:
    """Return `text`, folded, with blanks for its claims."""
    plain = folded(text)
    for claim in made:
        plain = plain.replace(folded(claim.text), " ")
    return plain


def _unit_signs(text: str) -> set[str]:
    """Return the words of `text` that may be units, and the signs that abbreviate words."""
    words = re.findall(r"[^\W\d_]+|[%€$£°¥₽]", folded(text))
    return {_UNIT_SIGNS.get(word, word) for word in words if not word.isalpha() or stems(word, "en")}


@dataclass(frozen=True)
class _Window:
    """A sentence, two in a row, or a line with its head."""

    start: int
    end: int
    second: int | None
    """Start of the second sentence, in characters; None with one sentence."""
    text: str
    """Text between start and end, preceded by the head of its list."""

    @property
    def count(self) -> int:
        return 1 if self.second is None else 2


@dataclass(frozen=True)
class _Page:
    """A page behind the last sentences of the page before, where its first may have begun."""

    number: int
    text: str
    begins: int
    """Start of the page's own text, in characters."""
    units: Sequence[Unit]

    @property
    def language(self) -> str:
        return language_of(self.text)

    def windows(self) -> Iterator[_Window]:
        """Yield each sentence, each pair of them, and each line of a list; but those of the page before alone."""
        for at, unit in enumerate(self.units):
            own = self.text[unit.start : unit.end]
            if unit.end > self.begins:
                yield _Window(unit.start, unit.end, None, f"{self._head(at)} {own}" if unit.listed else own)
            if at + 1 < len(self.units):
                following = self.units[at + 1]
                if following.end > self.begins and not following.listed and (not unit.listed or _announces(own)):
                    text = self.text[unit.start : following.end]
                    yield _Window(unit.start, following.end, following.start, text)

    def _head(self, at: int) -> str:
        """Return the head of the list that unit `at` is a line of: the nearest line above that announces it, or the
        first."""
        above: list[str] = []
        bullet = BULLET.match(self.text[self.units[at].start : self.units[at].end]) is not None
        for unit in reversed(self.units[max(0, at - _HEADED_LINES) : at]):
            if not unit.listed:
                break
            text = self.text[unit.start : unit.end]
            if _announces(text) or (bullet and not BULLET.match(text)):
                return text
            above.append(text)
        return above[-1] if above else ""

    def passage(
        self, window: _Window, match: float, names_all: bool, verbatim: bool = False, right: bool = False
    ) -> Passage:
        start, end = max(window.start, self.begins), window.end
        text = self.text[start:end]
        return Passage(self.number, start - self.begins, end - self.begins, text, match, names_all, verbatim, right)


def _announces(text: str) -> bool:
    return folded(text).rstrip().endswith((":", "-", "："))


def _joined(pages: Iterable[tuple[int, str]]) -> Iterator[_Page]:
    tail = ""
    for number, text in pages:
        gap = "\n" if tail.endswith((".", "!", "?", ":", "。")) else " "
        whole = f"{tail}{gap}{text}" if tail else text
        begins = len(whole) - len(text)
        found = units(whole)
        yield _Page(number, whole, begins, found)
        own = [unit.start for unit in found if unit.end > begins]
        tail = whole[max(own[-2:][0], begins) :].rstrip() if own else ""
