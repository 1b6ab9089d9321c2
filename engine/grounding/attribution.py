"""Pages of a summary's lines: each line is looked up on the pages, or among the section summaries that it was made
from.

The content of a line is the stems of its words and the normal forms of its dates, numbers and identifiers, which weigh
more. The source of a line is the passage (a sentence, or two in a row) that contains the greatest share of that weight.
Light: no torch.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from itertools import pairwise

from rapidfuzz import fuzz

from engine.grounding.claims import claims
from engine.grounding.dates import dates
from engine.grounding.languages import language_of
from engine.grounding.lines import parse_line
from engine.grounding.numbers import numbers
from engine.grounding.sentences import split_block, units
from engine.grounding.words import folded, signs_unified, terms

HELD = 0.6
"""Share of a line's weight that a passage must contain to be the line's source: a paraphrase keeps the names and
figures and most of the nouns."""
RETOLD = 0.45
"""Share of the weight that suffices when the passage contains every figure of a line with figures."""
EXACT = 0.9
"""Share for a line that is a copy; a word may be cut by a line end."""
FEWEST_WORDS = 3
"""Words that a line must have to have its figures corrected: fewer are found anywhere."""
MOST_PAGES = 3
"""Highest number of pages named for a sentence that is on several."""
_LEAD = 0.2
"""Share by which the words of one sentence must exceed those of the next."""
_TIE = 3.0
"""Points of rapidfuzz within which two passages are as near to a line as each other."""
_WORD = re.compile(r"[^\W_]+(?:[-./:,][^\W_]+)*")
_FIGURE_WEIGHT, _WORD_WEIGHT = 3.0, 1.0
_ABOUT_TEXTS = frozenset(("key", "finding", "summari", "document"))
"""Stems of words that a summary says of itself."""


def weights(text: str, language: str | None = None) -> dict[str, float]:
    """Return the content of `text`: stems and normal forms, each with its weight."""
    language = language or language_of(text)
    found = {term: _WORD_WEIGHT for term in terms(text, language) if term not in _ABOUT_TEXTS and not term.isdigit()}
    for figure in _figures(text):
        found[figure] = _FIGURE_WEIGHT
    return found


def share_held(wanted: dict[str, float], words: Iterable[str]) -> float:
    """Return the share of the weight in `wanted` that is among `words`, in [0, 1]."""
    held = wanted.keys() & set(words)
    return sum(wanted[word] for word in held) / total if (total := sum(wanted.values())) else 0.0


def _figures(text: str) -> set[str]:
    """Return the normal forms of the figures in `text`: dates, numbers and whatever else has a digit."""
    found = {value for day in dates(text) for value in day.values}
    for number in numbers(text):
        found.update(f"{value.normalize():f}" for value in number.values)
    for word in _WORD.findall(folded(text)):
        if any(c.isdigit() for c in word) and not any(number.text == word for number in numbers(word)):
            found.add(re.sub(r"[-./_]", "", word))
    return found


def _content(sentence: str, language: str) -> frozenset[str]:
    """Return the content of a sentence of a page, with the values of the numbers that it writes in words."""
    spelled = {f"{value.normalize():f}" for number in numbers(sentence, words=True) for value in number.values}
    return frozenset(weights(sentence, language)) | spelled


class PageIndex:
    """Some pages, cut into passages once, for finding the source pages of a line."""

    def __init__(self, pages: Iterable[tuple[int, str]]) -> None:
        """`pages`: number and text, in order."""
        self._pages = list(pages)

    @cached_property
    def _language(self) -> str:
        return language_of(" ".join(text[:1_000] for _, text in self._pages[:20]))

    @cached_property
    def _sentences(self) -> list[tuple[int, str, frozenset[str]]]:
        """Return (page, text, content) of every sentence."""
        return [
            (number, text[unit.start : unit.end], _content(text[unit.start : unit.end], self._language))
            for number, text in self._pages
            for unit in units(text)
        ]

    @cached_property
    def _passages(self) -> list[tuple[int, int, frozenset[str]]]:
        """Return (first page, last page, content) of every sentence and every two in a row."""
        sentences = [(number, words) for number, _, words in self._sentences]
        single = [(number, number, words) for number, words in sentences]
        return single + [(first, last, one | two) for (first, one), (last, two) in pairwise(sentences)]

    @cached_property
    def _holders(self) -> dict[str, list[int]]:
        """Return term -> places in `_passages`."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for place, (_, _, words) in enumerate(self._passages):
            for word in words:
                found[word].append(place)
        return found

    def find(self, sentence: str) -> tuple[float, list[int]]:
        """Return the greatest share of `sentence` that a passage holds, and the pages of the passages that hold it."""
        wanted = weights(sentence, self._language)
        if not wanted:
            return 0.0, []
        held: defaultdict[int, float] = defaultdict(float)
        for word, weight in wanted.items():
            for place in self._holders.get(word, ()):
                held[place] += weight
        if not held:
            return 0.0, []
        best = max(held.values())
        places = [self._passages[place][:2] for place, weight in held.items() if weight > best - 1e-9]
        # A sentence at a page's edge also counts with its neighbour on the other page, which adds nothing.
        within = {first for first, last in places if first == last}
        pages = within or {page for place in places for page in place}
        return best / sum(wanted.values()), sorted(pages)[:MOST_PAGES]

    def pages_of(self, line: str) -> list[int]:
        """Return the source pages of the sentences of `line`, in order; none for a heading, or when no passage contains
        enough of the line."""
        pages: set[int] = set()
        for sentence in line_sentences(line):
            share, found = self.find(sentence)
            if share >= HELD or (share >= RETOLD and self._holds_figures(sentence, found)):
                pages.update(found)
                pages.update(self._pages_of_figures(sentence, self._figures_on(found)))
            else:
                pages.update(self._pages_of_figures(sentence) or self._pages_but_for_figures(sentence))
        return sorted(pages)

    def _figures_on(self, pages: Sequence[int]) -> set[str]:
        return {word for number, _, words in self._sentences if number in pages for word in words}

    def _pages_of_figures(self, sentence: str, held: Collection[str] = ()) -> set[int]:
        """Return the pages of the passages that contain the figures of a sentence combined from several passages,
        except the figures in `held`; none when a figure is missing, or they contain too little of the sentence."""
        wanted, left = weights(sentence, self._language), _figures(sentence).difference(held)
        pages, words = set[int](), set(held)
        while left and self._passages:
            best = max(self._passages, key=lambda passage: (len(left & passage[2]), share_held(wanted, passage[2])))
            if not left & best[2]:
                break
            pages.update(range(best[0], best[1] + 1))
            words |= best[2]
            left = left - best[2]
        return pages if not left and share_held(wanted, words) >= RETOLD else set()

    def _pages_but_for_figures(self, sentence: str) -> set[int]:
        """Return the page of the one sentence that has most of the words of `sentence`, whose figures are wrong; none
        where it has no figures, or several sentences have as many: in a log they differ by their figures only."""
        wanted = weights(sentence, self._language)
        words = {word: weight for word, weight in wanted.items() if weight == _WORD_WEIGHT}
        if len(words) == len(wanted) or len(words) < FEWEST_WORDS:
            return set()
        shares = sorted(((share_held(words, held), page) for page, _, held in self._sentences), reverse=True)[:2]
        if not shares or shares[0][0] < HELD or (len(shares) > 1 and shares[1][0] > shares[0][0] - _LEAD):
            return set()
        return {shares[0][1]}

    def _holds_figures(self, sentence: str, pages: Sequence[int]) -> bool:
        """Return whether a sentence of `pages` holds every figure of `sentence`, which has some."""
        figures = _figures(sentence)
        return bool(figures) and any(number in pages and figures <= words for number, _, words in self._sentences)

    def corrected(self, line: str) -> str | None:
        """Return `line`, a copy of a sentence on the pages, with that sentence's figures: a sentence must have all
        words of the line, and other figures of the same form in their places (CR-358 for CR-355, 24 people for 26
        people). Return None when no sentence has, or two differ."""
        words = {word for word, weight in weights(line, self._language).items() if weight == _WORD_WEIGHT}
        if len(words) < FEWEST_WORDS:
            return None
        found = {_with_figures_of(sentence, line) for _, sentence, held in self._sentences if held.issuperset(words)}
        return found.pop() if len(found) == 1 else None


class SourceLines:
    """The lines of section summaries with their pages, for finding the sources of a merged line."""

    def __init__(self, summaries: Iterable[tuple[str, Sequence[Sequence[int]]]]) -> None:
        """`summaries`: the text of each and the pages of each of its lines."""
        self._lines = [
            (_plain(line), weights(line), pages)
            for text, line_pages in summaries
            for line, pages in zip(text.splitlines(), line_pages, strict=True)
            if pages
        ]

    def pages_of(self, line: str) -> list[int]:
        """Return the pages of the source lines that `line` repeats, or else of those that its sentences share most
        with."""
        plain = _plain(line)
        same = [pages for other, _, pages in self._lines if other == plain]
        if same:
            return sorted({page for pages in same for page in pages})
        found: set[int] = set()
        for sentence in line_sentences(line):
            wanted = weights(sentence)
            shares = [
                (max(share_held(wanted, words), share_held(words, wanted)), text, pages)
                for text, words, pages in self._lines
            ]
            best = max((share for share, _, _ in shares), default=0.0)
            figures = _figures(sentence)
            if best < HELD and not (best >= RETOLD and any(figures and figures <= set(w) for _, w, _ in self._lines)):
                found.update(self._pages_of_figures(figures))
                continue
            near = [
                (fuzz.token_set_ratio(_plain(sentence), text), pages) for share, text, pages in shares if share == best
            ]
            nearest = max(score for score, _ in near)
            found.update(page for score, pages in near if score >= nearest - _TIE for page in pages)
            held = {word for _, words, pages in self._lines if found.issuperset(pages) for word in words}
            found.update(self._pages_of_figures(figures.difference(held)))
        return sorted(found)

    def _pages_of_figures(self, figures: Collection[str]) -> set[int]:
        """Return the pages of the first source line that holds each of `figures`."""
        lines = [next((pages for _, words, pages in self._lines if figure in words), ()) for figure in figures]
        return {page for pages in lines for page in pages}


def line_sentences(line: str) -> list[str]:
    """Return the sentences of a line of a summary; none when the line only introduces the next ones."""
    parsed = parse_line(line)
    if parsed.heading or not parsed.text:
        return []
    return [parsed.text[start:end] for start, end in split_block(parsed.text, language_of(parsed.text))]


def _with_figures_of(sentence: str, line: str) -> str | None:
    """Return `line` with each figure that is not in its place in `sentence` replaced by the one that can only be meant;
    None where more could be, or none."""
    made, at = "", 0
    for match in _WORD.finditer(line):
        if not _is_figure(match[0]):
            continue
        following = _WORD.search(line, match.end())
        # The word after a number identifies it.
        place = rf"(?=\W+{re.escape(following[0])}\b)" if match[0][0].isdigit() and following else r"(?!\w)"
        if re.search(rf"(?<!\w){re.escape(match[0])}{place}", sentence, re.IGNORECASE):
            continue
        look = "".join(r"\d+" if part.isdigit() else re.escape(part) for part in re.split(r"(\d+)", match[0]))
        options = {option[0] for option in re.finditer(rf"(?<!\w){look}{place}", sentence, re.IGNORECASE)}
        if len(options) != 1:
            return None
        made, at = made + line[at : match.start()] + options.pop(), match.end()
    return made + line[at:]


def _is_figure(word: str) -> bool:
    return any(character.isdigit() for character in word)


def _plain(line: str) -> str:
    return " ".join(signs_unified(line).casefold().split())


def makes_claims(line: str) -> bool:
    """Return whether a line of a summary says something that a page could hold."""
    return bool(line_sentences(line)) and bool(weights(line) or claims(line))
