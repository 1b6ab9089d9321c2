"""Characters of a page -> lines of text in reading order, from where the characters stand.

Characters that follow each other make segments; segments at one height make rows; rows of two columns of running text
are read column by column, all others as they stand, with tabs where a gap is as wide as between the cells of a table.
Text in other directions (turned tables, notes at the margin, vertical Japanese) is turned first and laid out by itself.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.documents.formats.pdf.cells import as_texts
from engine.documents.formats.pdf.characters import Characters, Flags, Floats, Ints
from engine.documents.formats.pdf.columns import ordered_rows
from engine.documents.formats.pdf.glyphs import Glyphs, is_wide
from engine.documents.formats.pdf.raised import put_carets
from engine.documents.formats.pdf.right_to_left import (
    are_right_to_left,
    in_logical_order,
    lam_first,
    letters_of_marks,
)
from engine.documents.formats.pdf.segment import Segment
from engine.documents.formats.pdf.structure_tree import in_block_order
from engine.documents.formats.pdf.word_gaps import put_spaces

_CELL_GAP = 1.2
_SPACED_CELL_GAP = 2.2
"""Gap in heights that parts two cells; a gap that holds a space character must be wider."""
_ALIGNED_GAP, _FEWEST_ALIGNED, _SAME_PLACE = 0.8, 3, 1.0
"""Gap in heights from which on cells are parted where what follows it begins at one place, within so many points, on so
many lines: the narrow columns of a table."""
_SHADOW = 0.3
"""Heights by which a letter's shadow is off at most."""
_JUST_BEFORE = 0.01
"""Points between a mark and its letter, from the left to the right."""
_HYPHENS = (0x02, 0xFFFE)


@dataclass(frozen=True)
class Placed:
    """A text with its place on the page, turned so that it runs to the right: a form's value, a typed-on note."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    turn: int = 0
    """Degrees by which the page is turned when it is shown."""


def page_lines(
    characters: Characters,
    page: tuple[float, float, float, float],
    added: Sequence[Placed] = (),
    ranks: Ints | None = None,
) -> list[str]:
    """Return the lines of a page.

    `page` is left, bottom, right, top of what is shown; characters outside of it are left out. `added` texts stand
    between the characters. `ranks`: of the characters by the structure tree, where the page has one.
    """
    groups = list(_directions(characters, page))
    missing = {placed.turn for placed in added} - {turn for turn, _ in groups}
    groups += [(turn, _none()) for turn in sorted(missing)]
    lines: list[str] = []
    for turn, glyphs in groups:
        is_mixed = bool(np.any(are_right_to_left(glyphs.code)))
        if is_mixed:
            glyphs = _as_seen(glyphs)
        segments = _segments(_without_shadows(glyphs, characters.is_part))
        beside = [(number, placed) for number, placed in enumerate(added) if placed.turn == turn]
        segments += [_segment_of(placed, number, segments) for number, placed in beside]
        rows = ordered_rows(segments)
        if ranks is not None:
            rows = in_block_order(rows, ranks)
        found = as_texts(rows)
        lines += map(in_logical_order, found) if is_mixed else found
    return lines


def _as_seen(glyphs: Glyphs) -> Glyphs:
    """Return the glyphs with those of lines that hold Hebrew or Arabic from the left to the right."""
    count = len(glyphs.code)
    height, middle = np.maximum(glyphs.high - glyphs.low, 0.1), (glyphs.high + glyphs.low) / 2
    starts = np.flatnonzero(np.abs(np.diff(middle)) > 0.5 * np.minimum(height[1:], height[:-1])) + 1
    code = lam_first(glyphs.code, glyphs.start)
    order, spaces, generated = np.arange(count), glyphs.spaces.copy(), glyphs.generated.copy()
    turned = are_right_to_left(code)
    left, right, low, high = glyphs.start.copy(), glyphs.end.copy(), glyphs.low.copy(), glyphs.high.copy()
    for first, last in zip([0, *starts.tolist()], [*starts.tolist(), count], strict=True):
        if not turned[first:last].any():
            continue
        line = slice(first, last)
        for mark, letter in letters_of_marks(code[line], glyphs.start[line], glyphs.end[line]):
            # A mark is seen just before its letter from the left to the right, and read after it.
            left[first + mark] = left[first + letter] - _JUST_BEFORE
            right[first + mark] = left[first + letter]
            low[first + mark], high[first + mark] = low[first + letter], high[first + letter]
        start, end = left[line], right[line]
        # Of two in one place, as a letter and its mark, the later one is seen first: the line is turned as a whole.
        by_place = np.lexsort((-np.arange(last - first), start))
        order[line] = first + by_place
        gaps = np.flatnonzero(glyphs.spaces[line][1:] > 0) + 1
        # A space stands to the right of the Hebrew letter that follows it, to the left of the one before it.
        is_turned, before = turned[line][gaps], turned[line][gaps - 1]
        is_turned |= ~before & (end[gaps] < start[gaps - 1])  # a figure's last digit, then a sign to the left of it
        beside = np.where(is_turned, end[gaps], np.where(before, start[gaps - 1], (end[gaps - 1] + start[gaps]) / 2))
        beside += np.where(is_turned, 0.02, np.where(before, -0.02, 0)) * height[line][gaps]
        after = np.searchsorted(start[by_place], beside)
        spaces[line], generated[line] = 0, False
        spaces[first + after[after < last - first]] = 1
    return Glyphs(
        code[order], left[order], right[order], low[order], high[order], glyphs.place[order], spaces, generated
    )


def _none() -> Glyphs:
    ints, floats = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
    return Glyphs(ints, floats, floats, floats, floats, ints, ints, np.zeros(0, dtype=bool))


def _segment_of(placed: Placed, number: int, segments: Sequence[Segment]) -> Segment:
    """Return `placed` as a segment, at the height of the line that its box stands beside."""
    low, high = placed.bottom, placed.top
    beside = [
        (min(high, s.high) - max(low, s.low), -abs(s.right - placed.left), s.low, s.high)
        for s in segments
        if min(high, s.high) - max(low, s.low) > 0.25 * s.height
        and not (s.left < placed.right and s.right > placed.left)
    ]
    if beside:
        _, _, low, high = max(beside)
    return Segment(placed.text, placed.left, placed.right, low, high, 1_000_000_000 + number)


def _directions(characters: Characters, page: tuple[float, float, float, float]) -> Iterator[tuple[float, Glyphs]]:
    """Yield the visible characters by direction, each with its degrees, in the order they were drawn."""
    code, box = characters.code, characters.box
    middle = (box[:, :2] + box[:, 2:]) / 2  # [n, 2] x, y
    inside = (middle[:, 0] > page[0]) & (middle[:, 0] < page[2]) & (middle[:, 1] > page[1]) & (middle[:, 1] < page[3])
    shown = np.flatnonzero(~characters.is_space & (code != 0) & inside)
    if len(shown) == 0:
        return
    spaces = np.cumsum(characters.is_space & ~characters.is_generated)[shown]
    made = np.cumsum(characters.is_generated)[shown]
    turn = np.round(np.degrees(-characters.angle[shown].astype(np.float64)), 1) % 360
    turn[(turn < 0.6) | (turn > 359.4)] = 0
    right_angle = np.round(turn / 90) * 90
    turn = np.where(np.abs(turn - right_angle) < 0.6, right_angle % 360, np.round(turn))
    _correct_mirrored(turn, middle[shown], ~are_right_to_left(code[shown]))
    downwards = _written_downwards(code[shown], box[shown], turn)
    turn[downwards] = -1
    _, first = np.unique(turn, return_index=True)
    for value in turn[np.sort(first)].tolist():
        chosen = turn == value
        places, counts, gaps = shown[chosen], spaces[chosen], made[chosen]
        start, end, low, high = turned_boxes(box[places], value)
        if value == 180 and _goes_up(low, high):
            low, high = -high, -low  # mirrored sideways only: the lines follow each other downwards
        yield (
            value,
            Glyphs(
                code[places],
                start,
                end,
                low,
                high,
                places,
                np.diff(counts, prepend=counts[:1]),
                np.diff(gaps, prepend=gaps[:1]) > 0,
            ),
        )


def _goes_up(low: Floats, high: Floats) -> bool:
    """Return whether lines follow each other upwards, in the order in which they were drawn."""
    steps = np.diff(low + high)
    steps = steps[np.abs(steps) > (high - low)[1:]]
    return len(steps) > 1 and int(np.count_nonzero(steps > 0)) > 0.7 * len(steps)


def _correct_mirrored(turn: npt.NDArray[np.floating], middle: npt.NDArray[np.floating], counts: Flags) -> None:
    """Reverse, in place, text that runs against its own direction: letters mirrored twice, or of a negative size.

    `counts`: the characters of scripts that run to the right.
    """
    for value, across, sign in ((0, 0, 1), (90, 1, 1), (180, 0, -1), (270, 1, -1)):
        places = np.flatnonzero(turn == value)
        looked = places[counts[places]]
        # The marks between Hebrew words run to the left by themselves.
        if len(looked) > 1 and 2 * len(looked) >= len(places):
            steps = np.diff(middle[looked, across]) * sign
            if np.count_nonzero(steps < 0) > 0.6 * len(steps):
                turn[places] = (value + 180) % 360


def _written_downwards(code: Ints, box: Floats, turn: npt.NDArray[np.floating]) -> Flags:
    """Return which characters are of vertical Japanese or Chinese: wide ones that stand below each other."""
    wide = is_wide(code) & (turn == 0)
    result = np.zeros(len(code), dtype=bool)
    if np.count_nonzero(wide) < 2:
        return result
    height = np.abs(box[:, 1] - box[:, 3])
    same_column = np.abs(np.diff(box[:, 0] + box[:, 2])) < 0.5 * height[1:]
    below = np.diff(box[:, 1] + box[:, 3]) < -0.8 * height[1:]
    near = np.diff(box[:, 1] + box[:, 3]) > -4.0 * height[1:]
    linked = wide[:-1] & wide[1:] & same_column & below & near
    result[:-1] |= linked
    result[1:] |= linked
    if np.count_nonzero(result) < 4:
        result[:] = False
    # Figures and letters among them are part of the column.
    between = np.flatnonzero(~result[1:-1] & result[:-2] & result[2:]) + 1
    result[between] = True
    if result.any():
        for place in np.flatnonzero((turn[:-1] == 0) & (turn[1:] == 0) & same_column & below & near).tolist():
            result[place + 1] |= result[place]
    return result


def turned_boxes(box: Floats, turn: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Return start, end, low and high of boxes whose text runs at `turn` degrees; -1 stands for vertical writing."""
    left, top, right, bottom = box.T
    low, high = np.minimum(top, bottom), np.maximum(top, bottom)
    if turn == 0:
        return left, right, low, high
    if turn == 90:
        return low, high, -right, -left
    if turn in (270, -1):
        return -high, -low, left, right
    if turn == 180:
        return -right, -left, -high, -low
    cosine, sine = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    across, up = (left + right) / 2, (low + high) / 2
    along, above = across * cosine + up * sine, up * cosine - across * sine
    wide, tall = right - left, high - low
    # The box is upright and holds the turned character; this is the character's own width and height.
    c, s = abs(cosine), abs(sine)
    if abs(c * c - s * s) > 0.2:
        width, height = (wide * c - tall * s) / (c * c - s * s), (tall * c - wide * s) / (c * c - s * s)
    else:
        width = height = (wide + tall) / (2 * (c + s))
    width, height = np.maximum(width, 0.5), np.maximum(height, 1.0)
    return along - width / 2, along + width / 2, above - height / 2, above + height / 2


def _without_shadows(glyphs: Glyphs, is_part: Flags) -> Glyphs:
    """Return the glyphs without those that repeat the one before them a little off: a shadow, or bold by two prints.

    `is_part`: of the page's characters, those of ligatures, which are none.
    """
    if len(glyphs.code) < 2:
        return glyphs
    height = glyphs.high - glyphs.low
    same = (glyphs.code[1:] == glyphs.code[:-1]) & ~is_part[glyphs.place[1:]]
    near = (np.abs(np.diff(glyphs.start)) < np.minimum(_SHADOW * height[1:], 0.5 * (glyphs.end - glyphs.start)[1:])) & (
        np.abs(np.diff(glyphs.low)) < _SHADOW * height[1:]
    )
    shadow = np.concatenate(([False], same & near))
    return glyphs.only(~shadow) if bool(np.any(shadow)) else glyphs


def _segments(glyphs: Glyphs) -> list[Segment]:
    """Return runs of characters that follow each other on a line, as texts."""
    count = len(glyphs.code)
    if count == 0:
        return []
    height = np.maximum(glyphs.high - glyphs.low, 0.1)
    taller = np.maximum(height[1:], height[:-1])
    middle = (glyphs.high + glyphs.low) / 2
    gap = glyphs.start[1:] - glyphs.end[:-1]
    spaces = glyphs.spaces[1:]
    cell = np.where(spaces == 0, _CELL_GAP, np.where(spaces == 1, _SPACED_CELL_GAP, 0.9 * (spaces + 1))) * taller
    breaks = (
        (np.abs(np.diff(middle)) > 0.5 * np.minimum(height[1:], height[:-1])) | (gap > cell) | (gap < -0.8 * taller)
    )
    aligned = _are_aligned(glyphs, (spaces == 0) & (gap > _ALIGNED_GAP * taller))
    breaks |= aligned
    are_marks = _are_marks(glyphs.code) & ~are_right_to_left(glyphs.code)  # those have their letters' places
    marks = are_marks[1:] & (np.abs(gap) < 2 * taller) & (np.abs(np.diff(middle)) < taller)
    breaks &= ~marks
    starts = np.concatenate(([0], np.flatnonzero(breaks) + 1))
    ends = np.concatenate((starts[1:], [count]))
    characters = [chr(code) if code not in _HYPHENS else "\x02" for code in glyphs.code.tolist()]
    put_spaces(characters, glyphs, np.where(marks, 0, gap), taller, breaks)
    put_carets(characters, glyphs, gap, height)
    left, right = np.minimum.reduceat(glyphs.start, starts), np.maximum.reduceat(glyphs.end, starts)
    # The first character's height is the line's: raised and lowered ones are further on.
    low, high = glyphs.low[starts], glyphs.high[starts]
    tallest = np.maximum.reduceat(height, starts)
    short = height[starts] < 0.85 * tallest
    low = np.where(short, np.minimum.reduceat(glyphs.low, starts), low)
    high = np.where(short, np.maximum.reduceat(glyphs.high, starts), high)
    begins_cell = np.concatenate(([False], aligned & ~marks))[starts]
    return [
        Segment("".join(characters[a:b]), *place)
        for a, b, *place in zip(
            starts.tolist(),
            ends.tolist(),
            left.tolist(),
            right.tolist(),
            low.tolist(),
            high.tolist(),
            glyphs.place[starts].tolist(),
            begins_cell.tolist(),
            strict=True,
        )
    ]


def _are_aligned(glyphs: Glyphs, wide: Flags) -> Flags:
    """Return which of the gaps that are `wide`, between glyphs, end at one place on several lines."""
    found = np.zeros(len(wide), dtype=bool)
    ends = glyphs.start[1:][wide]
    order = np.sort(ends)
    count = np.searchsorted(order, ends + _SAME_PLACE, "right") - np.searchsorted(order, ends - _SAME_PLACE, "left")
    found[wide] = count >= _FEWEST_ALIGNED
    return found


def _are_marks(code: Ints) -> Flags:
    """Return which characters are combining marks, whose boxes may stand anywhere about their letter's."""
    beyond = code >= 0x300
    if not bool(np.any(beyond)):
        return beyond
    marks = [value for value in np.unique(code[beyond]).tolist() if unicodedata.category(chr(value))[0] == "M"]
    return np.isin(code, marks) if marks else np.zeros(len(code), dtype=bool)
