"""Sentences of a text, with their places; lines of lists and tables count as sentences. Light: no torch.

Wrapped lines are joined first, by the layout of the page; the ends of sentences inside a block come from sentencex,
which knows the abbreviations and signs of many languages in linear time. Measured on twenty paragraphs in eight
languages and on pages of manuals (November 2026): sentencex 13 right and 50 to 150 million characters a second, pysbd
10 and 0.2 million, in quadratic time on some texts, syntok 10 and 1.5 million, no Chinese or Japanese.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import sentencex

from engine.grounding.dates import MONTHS
from engine.grounding.languages import language_of
from engine.grounding.words import UNSPACED

_MARK = re.compile(r"\s*[-*+\u2022\u2013\u25aa\u25cf\u25e6\u00b7\u30fb]\s")
"""Begins a line of a list, even behind a full line; "51. " there may as well be the end of a sentence."""
BULLET = re.compile(r"\s*(?:[-*+\u2022\u2013\u25aa\u25cf\u25e6\u00b7\u30fb]\s|\(?\w{1,3}[.)]\s|\s{2,}\S)")
"""Begins a line of a list."""
_FULL_LINE, _NARROWEST, _WIDEST = 0.7, 40, 100
"""A line ends its sentence unless it ends with a comma or is this share as long as the page's longest line (between
these limits, in columns)."""
_COLUMN, _NARROWEST_COLUMN = 0.75, 16
"""The same share, and least width, where the page is set in narrow columns."""
_FEWEST_WRAPPED, _WRAPPED = 8, 0.25
"""Lines surely wrapped, since the next one begins in lower case, and their share of all lines, from which they tell the
width of a page's columns."""
_ROW_TABS, _ROW_FIGURES, _ROW_SHARE = 3, 4, 0.6
"""Tabs of a table's row; or its figures, and their least share among its words."""
_WITHOUT_LONGEST = 0.9
"""Longer lines than this share of a page's are left out of that: a table's or a listing's, in text that was wrapped."""
_WINDOW = 2_000
"""Characters that are cut at once."""
_TAIL = 16
"""Number of characters in which an abbreviation is searched."""
_ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "।")
_EMPTY_CELLS = frozenset({"-", "–", "—", "..", "...", "n/a", "N/A"})
_LINE = re.compile(r"[^\n]+")
_BLANKS = re.compile(r"\s")
_WIDE = re.compile(f"[{UNSPACED}]")
_ABBREVIATION = re.compile(
    r"(?<!\w)(?:\w|approx|ca|cf|sec|fig|figs|no|nos|art|abs|nr|vol|pp|bzw|vgl|mme|mlle|sr|sra|dr|prof|см|рис|стр|табл|"
    r"т\. ?е|т\. ?д|max|min|tel|resp|pub)\.$",
    re.IGNORECASE,
)
"""Ends no sentence where a number or a name follows, and is unknown to sentencex in some language."""
_DAY, _FIRST_WORD = re.compile(r"(?<![\w.,])(?:[12]?\d|3[01])\.$"), re.compile(r"[^\W\d_]+")
"""The day of a date, as many languages write it, and the month that may follow."""


@dataclass(frozen=True)
class Unit:
    """A sentence, or a line of a list or table."""

    start: int
    end: int
    listed: bool
    """True for a line of a list or table, or a heading: it does not end as sentences do."""


def sentences(text: str) -> list[tuple[int, int]]:
    """Return the places of the sentences of `text` in order, without the blanks around them; of its lines where it has
    none."""
    return [(unit.start, unit.end) for unit in units(text)]


@lru_cache(maxsize=1024)
def units(text: str) -> tuple[Unit, ...]:
    """Return the sentences and list lines of `text`, in order. The result is cached: every question searches the same
    pages."""
    return tuple(_units(text))


def split_block(text: str, language: str) -> list[tuple[int, int]]:
    """Return the places of the sentences of a block of running text, without the blanks around them."""
    plain = _BLANKS.sub(" ", text)
    pieces: list[tuple[int, int]] = []
    at = 0
    for piece in _segments(language, plain):
        start, at = at, at + len(piece)
        before = plain[max(start - _TAIL, pieces[-1][0]) : start] if pieces else ""
        after = plain[start:at].lstrip()
        if pieces and (_goes_on(before.rstrip(), after) or _is_dated(before.rstrip(), after, language)):
            pieces[-1] = (pieces[-1][0], at)
        else:
            pieces.append((start, at))
    trimmed = []
    for start, end in pieces:
        piece = plain[start:end]
        if piece.strip():
            trimmed.append((end - len(piece.lstrip()), start + len(piece.rstrip())))
    return trimmed


def _segments(language: str, text: str) -> Iterator[str]:
    """Yield the pieces of `text` between the ends of sentences, a window at a time, so that time stays linear."""
    at = 0
    while at < len(text):
        last = at + _WINDOW >= len(text)
        stop = len(text) if last else text.rfind(" ", at + _WINDOW // 2, at + _WINDOW) + 1 or at + _WINDOW
        window = text[at:stop]
        found: list[str] = sentencex.segment(language, window)
        if sum(map(len, found)) != len(window):
            found = [window]
        if not last and len(found) > 1:
            found.pop()  # it may continue after the window
        yield from found
        at += sum(map(len, found))


def _goes_on(before: str, after: str) -> bool:
    """Return whether a cut between `before`, the last characters of a piece, and `after` is inside a sentence."""
    if not after:
        return True
    if after[0].islower() and before.endswith("."):
        return True
    return (after[0].isdigit() or after[0].isupper()) and _ABBREVIATION.search(before) is not None


def _is_dated(before: str, after: str, language: str) -> bool:
    """Return whether a date is cut behind the point of its day: "bis zum 28." and "Juni 2024". English has none."""
    month = _FIRST_WORD.match(after)
    return language != "en" and _DAY.search(before) is not None and month is not None and month[0].lower() in MONTHS


def _units(text: str) -> Iterator[Unit]:
    language = language_of(text)
    lines = [found.span() for found in _LINE.finditer(text) if found[0].strip()]
    widths = [_width(text[start:end]) for start, end in lines]
    longest = sorted(widths)[math.ceil(_WITHOUT_LONGEST * (len(widths) - 1))] if widths else 0
    full_width = min(max(_NARROWEST, _FULL_LINE * min(longest, _WIDEST)), _column_width(text, lines, widths))
    first = 0
    for index, (start, end) in enumerate(lines):
        line = text[start:end].rstrip()
        if index + 1 < len(lines):
            below = slice(*lines[index + 1])
            wide = widths[index] >= full_width or line.endswith((",", "、"))
            runs_on = wide and not line.endswith((":", *_ENDS))
            if (
                (runs_on or _is_dated(line, text[below], language))
                and text.count("\n", end, below.start) == 1
                and not (is_row(line) or is_row(text[below]))
                and not _MARK.match(text[below])
            ):
                continue  # the sentence continues on the next line
        begin = lines[first][0]
        block = text[begin:end]
        listed = first == index and (BULLET.match(block) is not None or not line.endswith(_ENDS))
        for a, b in split_block(block, language):
            yield Unit(begin + a, begin + b, listed)
        first = index + 1


def is_row(line: str) -> bool:
    """Return whether a line is surely a row of a table: several cells apart by tabs, or nearly all figures."""
    if line.count("\t") >= _ROW_TABS:
        return True
    words = line.split()
    figures = sum(map(_is_figure, words))
    return figures >= _ROW_FIGURES and figures >= _ROW_SHARE * len(words)


def _is_figure(word: str) -> bool:
    return word[-1:].isdigit() or word[:1].isdigit() or word in _EMPTY_CELLS


def _column_width(text: str, lines: Sequence[tuple[int, int]], widths: Sequence[int]) -> float:
    """Return the width from which a line of narrow columns is full; infinity where the lines do not tell."""
    wrapped = [
        width
        for (start, end), (below, _), width in zip(lines, lines[1:], widths, strict=False)
        if text[below].islower() and not text[start:end].rstrip().endswith((":", *_ENDS))
    ]
    if len(wrapped) < max(_FEWEST_WRAPPED, _WRAPPED * len(lines)):
        return math.inf
    return max(_NARROWEST_COLUMN, _COLUMN * statistics.median(wrapped))


def _width(line: str) -> int:
    """Return the columns that a line takes: two for a character of the wide scripts."""
    return len(line) + len(_WIDE.findall(line))
