"""Text of pages whose lines PDFium gives right, so that their characters need not be looked at one by one.

On such a page every line is drawn from left to right, and PDFium's text has as many lines as were drawn. Only the boxes
of runs are looked at, a hundred or so a page. Where lines have gaps as wide as between columns, PDFium says which
character stands behind each gap, and the parts are put in reading order like those of any other page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from engine.documents.formats.pdf.columns import in_reading_order
from engine.documents.formats.pdf.segment import Segment

Box = tuple[float, float, float, float]
"""left, top, right, bottom; y upwards."""

_LINE = re.compile("[^\r\n\x02\ufffe]*(?:[\x02\ufffe]|[^\r\n\x02\ufffe](?=[\r\n]|\\Z))")
"""A line of PDFium's text; its sign for a hyphen stands for the line end as well."""
_SINGLE = re.compile(r" (?<=[^\W\d_] )[^\W\dA-Z_aeiouyàéèóòавикосуяж](?!\S)")
_MAX_SINGLES = 0.02
"""Share of words of one letter, common ones left out, from which on words may have been cut at letter spaces."""
_MANY_APART = 5
_LETTERS_APART = re.compile(rf"(?<!\S)(?:[^\W\d_] ){{{_MANY_APART - 1}}}[^\W\d_](?!\S)")
"""Five letters in a row that stand alone: a word whose letters are set apart."""
_STRETCH, _FEWEST_STRETCHED, _SHORTEST_STRETCHED = 1.7, 3, 8
"""Width of a line's runs, in that of the page's usual line of as many characters, from which on cells may be hidden in
a run, between spaces; number of such lines; and characters of a line that counts."""
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_CELL_GAP, _WORD_GAP = 1.0, 0.3
"""Gap between runs on a line, in heights of the line, from which on they may be cells, and are certainly words."""
_MOST_WIDE_LINES = 2
"""Lines with such gaps on a page without tables and columns: a running head and foot."""
_RAISED = 0.33
"""Heights by which a superscript's foot stands above the foot of what is before it."""


class _Line(NamedTuple):
    """Runs on one height."""

    first: int
    low: float
    high: float
    gaps: list[int]
    """Runs that stand behind a wide gap."""
    words: int
    """Runs that certainly begin a word, the first one included."""
    raised: list[int]
    """Runs that stand raised, as superscripts do."""


def is_right_to_left(text: str) -> bool:
    """Return whether much of `text` is Hebrew or Arabic, which PDFium puts into reading order by itself."""
    return not text.isascii() and len(_RIGHT_TO_LEFT.findall(text)) > 0.2 * max(1, len(text))


def plain_text(
    boxes: Sequence[Box],
    text: str,
    page: Box,
    character_at: Callable[[float, float], int],
    is_turned: Callable[[int], bool],
    is_power: Callable[[int], bool],
) -> str | None:
    """Return the text in reading order, or None if the page's characters must be looked at.

    `text` is as PDFium gives it, `boxes` are those of its runs, `page` is left, bottom, right, top of what is shown,
    `character_at` gives the place in `text` of the character at a point, negative where there is none, `is_turned`
    tells whether the character at a place runs in another direction than to the right, and `is_power` whether it is
    raised above the one before it and gets a caret.
    """
    texts = [(found.start(), found.end()) for found in _LINE.finditer(text) if found[0].strip()]
    if not boxes:
        return text if not texts else None
    lines = _lines(boxes, page)
    if lines is None or len(lines) != len(texts) or any(is_turned(start) for start, _ in texts):
        return None
    if _is_cut(text):
        return None
    if _stretched(boxes, lines, texts) >= _FEWEST_STRETCHED:
        return None
    wide = [number for number, line in enumerate(lines) if line.gaps]
    # The footnote signs of a table: its cells are better told by the characters.
    carets = _carets(boxes, lines, character_at, is_power) if len(wide) <= _MOST_WIDE_LINES else None
    if carets is None and any(line.raised for line in lines):
        return None
    carets = carets or []
    if any(len(text[start:end].split()) < line.words for line, (start, end) in zip(lines, texts, strict=True)):
        return None if not wide else _by_segments(boxes, lines, text, texts, carets, character_at)
    if len(wide) <= _MOST_WIDE_LINES and (order := _from_the_top(lines)) is not None:
        return "\n".join([_part(text, *texts[number], carets) for number in order])
    return _by_segments(boxes, lines, text, texts, carets, character_at)


def _is_cut(text: str) -> bool:
    """Return whether words of `text` may have been cut at letter spaces."""
    lengths = [*map(len, text.split())]
    alone = lengths.count(1)
    if alone > _MAX_SINGLES * len(lengths) and len(_SINGLE.findall(text)) > _MAX_SINGLES * len(lengths):
        return True
    return alone >= _MANY_APART and _LETTERS_APART.search(text) is not None


def _stretched(boxes: Sequence[Box], lines: Sequence[_Line], texts: Sequence[tuple[int, int]]) -> int:
    """Return the number of lines whose runs are much wider than their characters."""
    ends = [line.first for line in lines[1:]] + [len(boxes)]
    heights = sorted([line.high - line.low for line in lines])
    least = max(0.1, heights[len(heights) // 2]) if heights else 0.1  # a line of dashes is no measure
    shares = []
    for line, end, (start, stop) in zip(lines, ends, texts, strict=True):
        if stop - start >= _SHORTEST_STRETCHED:
            width = sum([box[2] - box[0] for box in boxes[line.first : end]])
            shares.append(width / ((stop - start) * max(least, line.high - line.low)))
    if len(shares) < _FEWEST_STRETCHED:
        return 0
    usual = sorted(shares)[len(shares) // 2]
    return sum([share > _STRETCH * usual for share in shares])


def _carets(
    boxes: Sequence[Box],
    lines: Sequence[_Line],
    character_at: Callable[[float, float], int],
    is_power: Callable[[int], bool],
) -> list[int] | None:
    """Return the places in the text before which a caret goes; None if a raised run is not found.

    The character at a run's left edge may be a neighbour of its first one: boxes overlap.
    """
    places = []
    for line in lines:
        for run in line.raised:
            left, top, right, bottom = boxes[run]
            place = character_at(min(left + 0.5, (left + right) / 2), (top + bottom) / 2)
            if place < 1:
                return None
            places += [near for near in (place - 1, place, place + 1) if is_power(near)][:1]
    return sorted(places)


def _part(text: str, start: int, end: int, carets: Sequence[int]) -> str:
    """Return the text from `start` to `end`, with its carets."""
    inside = [place for place in carets if start <= place < end]
    edges = [start, *inside, end]
    return "^".join([text[a:b] for a, b in pairwise(edges)]).strip()


def _lines(boxes: Sequence[Box], page: Box) -> list[_Line] | None:
    """Return the lines that the runs make, None if a run is turned, outside, or on top of another one."""
    heights = sorted([box[1] - box[3] for box in boxes])
    typical = heights[len(heights) // 2]
    if typical <= 0:
        return None
    lines: list[_Line] = []
    left_edge, low_edge, right_edge, high_edge = page[0] - 1, page[1] - 1, page[2] + 1, page[3] + 1
    before = (0.0, 0.0, 0.0, 0.0)
    before_height = 0.0
    first, low, high, gaps, words, raised = -1, 0.0, 0.0, list[int](), 1, list[int]()
    for number, box in enumerate(boxes):
        left, top, right, bottom = box
        height = top - bottom
        if left < left_edge or bottom < low_edge or right > right_edge or top > high_edge:
            return None
        if height > 2.5 * typical and height > 1.5 * (right - left):
            return None
        if first < 0 or _begins_line(before, box, typical):
            if first >= 0:
                lines.append(_Line(first, low, high, gaps, words, raised))
            first, low, high, gaps, words, raised = number, bottom, top, [], 1, []
        else:
            gap, rise = left - before[2], bottom - before[3]
            tall = max(height, before_height, 0.5 * typical)
            if gap < -0.35 * tall:
                return None
            if rise > _RAISED * tall and 0.5 * typical < height < 0.85 * tall and gap < 0.25 * tall:
                raised.append(number)
            if gap > _CELL_GAP * tall:
                gaps.append(number)
            words += gap > _WORD_GAP * tall
            low = bottom if bottom < low else low
            high = top if top > high else high
        before, before_height = box, height
    lines.append(_Line(first, low, high, gaps, words, raised))
    return lines


def _begins_line(before: Box, box: Box, typical: float) -> bool:
    """Return whether a run begins another line than the run before it; `typical` is the usual height."""
    left, top, _, bottom = box
    before_left, before_top, before_right, before_bottom = before
    height, before_height = top - bottom, before_top - before_bottom
    smaller = height if height < before_height else before_height
    moved = abs(before_top + before_bottom - top - bottom) / 2
    if left < before_left:
        if moved > 0.45 * (typical if typical < smaller else smaller):
            return True
    # Dots follow a quotation mark although they do not reach as high; a descender may touch the next line.
    elif left - before_right < typical and moved < 0.75 * typical:
        return False
    overlap = (top if top < before_top else before_top) - (bottom if bottom > before_bottom else before_bottom)
    return overlap <= 0.3 * smaller


def _from_the_top(lines: Sequence[_Line]) -> list[int] | None:
    """Return the lines' numbers sorted by height; None if two of them share a height."""
    order = sorted(range(len(lines)), key=lambda number: -(lines[number].low + lines[number].high))
    for above, below in pairwise(order):
        a, b = lines[above], lines[below]
        if min(a.high, b.high) - max(a.low, b.low) > 0.45 * min(a.high - a.low, b.high - b.low):
            return None
    return order


def _by_segments(
    boxes: Sequence[Box],
    lines: Sequence[_Line],
    text: str,
    texts: Sequence[tuple[int, int]],
    carets: Sequence[int],
    character_at: Callable[[float, float], int],
) -> str | None:
    """Return the text put in order by the parts of lines between wide gaps; None if a gap's place is not found."""
    segments = []
    ends = [line.first for line in lines[1:]] + [len(boxes)]
    for line, end, (start, stop) in zip(lines, ends, texts, strict=True):
        runs = [line.first, *line.gaps]
        cuts = [start]
        for run in line.gaps:
            left, top, right, bottom = boxes[run]
            place = character_at(min(left + 0.5, right), (top + bottom) / 2)
            if not cuts[-1] < place < stop:
                return None
            cuts.append(place)
        for run, next_run, a, b in zip(runs, [*runs[1:], end], cuts, [*cuts[1:], stop], strict=True):
            part = _part(text, a, b, carets)
            if not part:
                return None
            ends_word = text[b - 1 : b] == " "
            segments.append(
                Segment(part, boxes[run][0], boxes[next_run - 1][2], line.low, line.high, a, ends_word=ends_word)
            )
    return "\n".join(in_reading_order(segments))
