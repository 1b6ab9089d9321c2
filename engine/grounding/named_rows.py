"""Rows of a table that a question names: "How many people live in Texas?" is answered by the row "Texas".

A row counts where its name, the words before its first figure, is part of the question, and the head of its table
shares a word with the rest. Where the columns are years or periods and the question has one, its cell is found. English
and other languages with blanks. Light: no torch.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.grounding.sentence_index import Related, SentenceIndex
from engine.grounding.words import terms

_FIGURE = re.compile(r"(?<!\S)[$€£¥(]?[-–+]?\d[\d.,:/–-]*[%)]?(?!\S)|(?<!\S)[–—](?!\S)")
"""A figure, or the dash of an empty cell."""
_LEADERS = re.compile(r"(?:[.…_]\s?){2,}")
_PERIOD = re.compile(r"(?:1[89]|20)\d\d(?:[–/-]\d{2,4})?")
"""A year, or a period such as 2008–09."""
_CAPTION = re.compile(r"(?:table|tab\.|tabelle|tableau|tabla|schedule|exhibit)\s?[\dA-Z]+", re.IGNORECASE)
_HEAD_LINES, _FEWEST_HEAD, _ROWS_ABOVE = 10, 3, 120
"""Most lines above a table's first row that may tell what it holds; lines together that surely do; and rows above a row
among which the first is."""
_CAPTION_WORDS, _LONGEST_NAMES = 3, 250
"""Words of a caption that is a number only, such as "Table 324.", and characters of a line that names columns."""
_DENIES = re.compile(r"\b(?:not|no|non|without|never|nicht|kein\w*|ohne)\b", re.IGNORECASE)
FITS = 0.5
"""Share of the question that a row's name and the head of its table hold, from which the row answers."""
_NAMED = 0.5
"""Share of a row's name of which a question holds more, its first word among it."""
_ALIKE = 0.5
"""Weight from which a word of like meaning counts."""
_COMMON = frozenset(("mani", "much", "number", "year", "per", "total"))
"""Stems that tell nothing of what a table holds."""


@dataclass(frozen=True)
class NamedRow:
    """A row whose name a question has."""

    place: int
    """Position in the index."""
    fits: float
    """Stems of the question that its name and the head of its table hold, as a share of all, 0 to 1."""
    title: tuple[int, ...] = ()
    columns: tuple[int, ...] = ()
    """Positions of the lines that are the table's title, and that name its columns."""
    cell: tuple[int, int] | None = None
    """Characters of the row's text in the column that the question names."""


def named_rows(index: SentenceIndex, wanted: Sequence[str], question: str, related: Related) -> list[NamedRow]:
    """Return the rows of `index` that a question with the stems `wanted` names, the best first."""
    forms = {term: _forms(term, related) for term in wanted if term not in _COMMON}
    asked = set[str]().union(*forms.values())
    periods = {_hyphened(found[0]) for found in _PERIOD.finditer(question)}
    dated = {stem for period in periods for stem in terms(period, index.language)}
    found: list[tuple[tuple[float, float, int], NamedRow]] = []
    for place in sorted({place for term in forms for place in index.places_of(term)}):
        sentence = index.sentences[place]
        is_row = sentence.is_row and not sentence.text.endswith((".", ";", ":"))
        name, figures = parted(sentence.text) if is_row else ("", [])
        stems = [stem for stem in terms(name, index.language) if stem not in _COMMON]
        own = set(stems)
        if not figures or not own or stems[0] not in asked or len(own & asked) <= _NAMED * len(own):
            continue
        by_period = _PERIOD.fullmatch(name) is not None
        if (by_period and _hyphened(name) not in periods) or (_DENIES.match(name) and not _DENIES.search(question)):
            continue
        head = _head(index, place)
        above = {stem for at in head for stem in terms(index.sentences[at].text, index.language)}
        rest = {term for term, some in forms.items() if not some & own and term not in dated}
        held = {term for term in rest if forms[term] & above}
        fits = (len(own & asked) / len(own) + len(held)) / (1 + len(rest))
        if (rest and not held) or fits < FITS:
            continue
        cell = None if by_period else _cell(index, place, head, periods)
        found.append(((-fits, -len(own), place), NamedRow(place, fits, *_parts(index, head), cell)))
    return [row for _, row in sorted(found, key=lambda pair: pair[0])]


def parted(row: str) -> tuple[str, list[tuple[int, int]]]:
    """Return the name of a row, without leader dots, and the places of its figures. A year or period at its beginning
    is its name."""
    figures = [found.span() for found in _FIGURE.finditer(row)]
    if figures and not row[: figures[0][0]].strip() and _PERIOD.fullmatch(row[slice(*figures[0])]):
        return row[slice(*figures.pop(0))], figures
    return _LEADERS.sub(" ", row[: figures[0][0]] if figures else row).strip(" \t.:"), figures


def _forms(term: str, related: Related) -> set[str]:
    return {term, *(other for other, weight in related.get(term, ()) if weight >= _ALIKE)}


def _hyphened(period: str) -> str:
    return period.replace("–", "-").replace("/", "-")


def _head(index: SentenceIndex, place: int) -> tuple[int, ...]:
    """Return the places of the lines that tell what the table of the row at `place` holds: those above its first row,
    from its caption on, and the line of a group directly above some of its rows."""
    page, at, rows = index.sentences[place].page, place - 1, 0
    group: list[int] = []
    block: list[int] = []
    while at >= 0 and index.sentences[at].page == page and rows < _ROWS_ABOVE:
        one = index.sentences[at]
        if one.is_row and not _is_head_of_periods(one.text):
            if len(block) >= _FEWEST_HEAD:
                break
            group, block, rows = group or block, [], rows + 1
        else:
            block.append(at)
            if _CAPTION.match(one.text) or len(block) == _HEAD_LINES:
                break
        at -= 1
    return (*reversed(block), *reversed(group))


def _parts(index: SentenceIndex, head: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return which of the lines of a table's head are its title, and which name its columns."""
    texts = [index.sentences[place].text for place in head]
    captioned = next((number for number, text in enumerate(texts) if _CAPTION.match(text)), 0)
    alone = len(texts) > captioned and len(texts[captioned].split()) <= _CAPTION_WORDS
    title = head[captioned : captioned + (2 if alone else 1)]
    names = (
        place
        for place, text in zip(head, texts, strict=True)
        if place not in title and len(text) <= _LONGEST_NAMES and ("\t" in text or _is_head_of_periods(text))
    )
    return tuple(title), tuple(names)


def _is_head_of_periods(text: str) -> bool:
    """Return whether a line names columns by years or periods: it looks like a row whose figures are all such."""
    figures = [text[found.start() : found.end()] for found in _FIGURE.finditer(text)]
    return len(figures) > 1 and all(map(_PERIOD.fullmatch, figures))


def _cell(index: SentenceIndex, place: int, head: Sequence[int], periods: set[str]) -> tuple[int, int] | None:
    """Return the characters of the row's figure under the one period that the question names."""
    _, figures = parted(index.sentences[place].text)
    for at in reversed(head):
        line = index.sentences[at].text
        if _is_head_of_periods(line):
            heads = [_hyphened(found[0]) for found in _FIGURE.finditer(line)]
            columns = [number for number, one in enumerate(heads) if one in periods]
            if len(heads) == len(figures) and len(columns) == 1:
                return figures[columns[0]]
    return None
