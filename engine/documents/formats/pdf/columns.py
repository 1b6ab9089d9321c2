"""Segments of a page -> lines in reading order: rows from the top down, columns of running text one after the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np

from engine.documents.formats.pdf.cells import as_texts, joined
from engine.documents.formats.pdf.segment import Row, Segment

_FEWEST_LINES = 3
"""Lines of a column of running text."""
_PROSE_CHARACTERS, _PROSE_WORDS = 20, 3.8
_FLOWING_CHARACTERS, _FLOWING_WORDS, _FLOWING_SHARE = 12, 2.5, 0.6
_WIDE_CHARACTERS = 9
"""Characters and words that a line of running text has on average; fewer, where this share of the lines goes on with
the sentence before; and characters of a Chinese one."""
_FULL_LINE, _FULL_SHARE = 0.6, 0.5
"""Half of the lines of running text fill three fifths of their column."""
_SAME_LINES = 0.7
"""Share of the lines of the shorter column that stand beside one of the other, from which on they may be a table."""
_ON_LINE = 0.12
"""Heights by which the feet of two segments of a line differ."""
_LEADER = re.compile(r"(?:\.\s?){4,}")
_FEWEST_TABLE_ROWS, _CELL_WORDS = 2, 2.5
"""Rows of a table among columns that have more cells than there are columns; words of its cells on average, at most."""
_OPEN_ROWS = 3
"""Rows at the bottom that a segment may still belong to."""
_BULLETS = frozenset("•‣◦▪●○■□➢–\uf0b7")
_BINS = 240
_DEEPEST = 4
"""Columns within columns."""


def in_reading_order(segments: Sequence[Segment]) -> list[str]:
    """Return the segments' text as lines."""
    return as_texts(ordered_rows(segments))


def ordered_rows(segments: Sequence[Segment]) -> list[Row]:
    """Return the segments of each line, in reading order."""
    return _lines(_rows(_without_copies(segments)), depth=0)


def _without_copies(segments: Sequence[Segment]) -> list[Segment]:
    """Return the segments without those that repeat another one a little off (shadows of whole words)."""
    seen: dict[str, list[Segment]] = {}
    kept = []
    for segment in segments:
        same = seen.setdefault(segment.text.strip(), [])
        limit = 0.3 * segment.height
        if any(abs(one.left - segment.left) < limit and abs(one.low - segment.low) < limit for one in same[-8:]):
            continue
        same.append(segment)
        kept.append(segment)
    return kept


def _rows(segments: Sequence[Segment]) -> list[Row]:
    """Return segments grouped by height, from the top down, each row from left to right."""
    rows: list[Row] = []
    heights: list[tuple[float, float]] = []
    for segment in sorted(segments, key=lambda one: -(one.low + one.high)):
        for number in range(len(rows) - 1, max(-1, len(rows) - 1 - _OPEN_ROWS), -1):
            low, high = heights[number]
            overlap = min(high, segment.high) - max(low, segment.low)
            smaller, larger = sorted((high - low, segment.height))
            if overlap > 0.5 * smaller and larger < 2.5 * smaller and _has_room(rows[number], segment):
                rows[number].append(segment)
                if segment.height > 1.1 * (high - low):
                    heights[number] = segment.low, segment.high
                break
        else:
            rows.append([segment])
            heights.append((segment.low, segment.high))
    for row in rows:
        row.sort(key=lambda one: (one.left, one.place))
    return rows


def _has_room(row: Row, segment: Segment) -> bool:
    """Return whether no segment of `row` stands above or below `segment`."""
    for one in row:
        shared = min(one.right, segment.right) - max(one.left, segment.left)
        if shared > 0.3 * min(one.right - one.left, segment.right - segment.left) and shared > 0.5 * segment.height:
            return False
    return True


def _lines(rows: list[Row], depth: int) -> list[Row]:
    """Return the rows in reading order; columns of running text are read one after the other."""
    gutter = _gutter(rows) if depth < _DEEPEST else None
    if gutter is None:
        return rows
    lines: list[Row] = []
    for is_free, group in groupby(rows, key=lambda row: not any(s.left < gutter < s.right for s in row)):
        part = list(group)
        lines += _columns(part, gutter, depth) if is_free else _lines(part, depth + 1)
    return lines


def _columns(rows: list[Row], gutter: float, depth: int) -> list[Row]:
    """Return the lines of rows that no segment of crosses `gutter`."""
    left, right = _sides(rows, gutter)
    shorter = min(len(left), len(right))
    if shorter < _FEWEST_LINES:
        return rows
    if (table := _table_among(rows, gutter)) is not None:
        above, below = rows[: table.start], rows[table.stop :]
        return [*_lines(above, depth + 1), *rows[table], *_lines(below, depth + 1)]
    if _are_lists(left) and _are_lists(right):
        return _lines(left, depth + 1) + _lines(right, depth + 1)
    prose = (_is_text(left, depth), _is_text(right, depth))
    sides = [s.left >= gutter for s in sorted((s for row in rows for s in row), key=lambda s: s.place)]
    turns = sum(a != b for a, b in pairwise(sides))
    if all(prose):
        if 1 < turns < 0.6 * shorter:
            return _as_drawn(rows, gutter)  # cells of several lines, or blocks side by side
        return _lines(left, depth + 1) + _lines(right, depth + 1)
    together = (len(left) + len(right) - len(rows)) / shorter
    if (
        turns <= max(2, 0.2 * shorter)
        and shorter >= 2 * _FEWEST_LINES
        and (together < _SAME_LINES or _has_leaders(left, right))
    ):
        return _lines(left, depth + 1) + _lines(right, depth + 1)  # an index
    if any(prose) and turns <= 1 and _aligned(rows, gutter) < _SAME_LINES * shorter:
        return _as_drawn(rows, gutter)  # a table beside a paragraph
    if any(prose) and max(len(left), len(right)) >= 2 * _FEWEST_LINES and turns <= max(1, 0.3 * shorter):
        return _as_drawn(rows, gutter)  # notes at the margin
    return rows


def _are_lists(rows: list[Row]) -> bool:
    """Return whether a column begins with a bullet, has more of them, and lines that go on with an item."""
    bullets = sum(row[0].text[:1] in _BULLETS for row in rows)
    return rows[0][0].text[:1] in _BULLETS and 2 <= bullets < len(rows)


def _table_among(rows: list[Row], gutter: float) -> slice | None:
    """Return the rows of a table that stands above or below two columns of running text, None without one.

    Its rows have more segments than the columns' rows, and its cells are short.
    """
    usual = sorted(map(len, rows))[len(rows) // 2]
    more = [number for number, row in enumerate(rows) if len(row) > usual]
    if usual < 2 or len(more) < _FEWEST_TABLE_ROWS:
        return None
    table = slice(more[0], more[-1] + 1)
    inside = rows[table]
    cells = [segment.text for row in inside for segment in row]
    if 2 * len(more) < len(inside) or sum(len(cell.split()) for cell in cells) > _CELL_WORDS * len(cells):
        return None
    if _aligned(inside, gutter) < _SAME_LINES * len(inside):
        return None
    above, below = _sides(rows[: table.start], gutter), _sides(rows[table.stop :], gutter)
    for columns, end in ((above, below), (below, above)):
        if all(map(_is_prose, columns)) and min(map(len, end)) == 0:
            return table
    return None


def _aligned(rows: list[Row], gutter: float) -> int:
    """Return the number of rows whose two halves stand on one line."""
    count = 0
    for row in rows:
        left, right = [s for s in row if s.right <= gutter], [s for s in row if s.left >= gutter]
        if left and right:
            count += abs(left[-1].low - right[0].low) < _ON_LINE * max(left[-1].height, right[0].height)
    return count


def _has_leaders(*sides: list[Row]) -> bool:
    """Return whether many lines on all sides have leader dots, as in an index."""
    return all(sum(bool(_LEADER.search(joined(row))) for row in side) > 0.3 * len(side) for side in sides)


def _as_drawn(rows: list[Row], gutter: float) -> list[Row]:
    """Return the halves of all rows in the order in which they were drawn."""
    halves = []
    for row in rows:
        for side in ([s for s in row if s.right <= gutter], [s for s in row if s.left >= gutter]):
            if side:
                halves.append(side)
    return sorted(halves, key=lambda side: min(s.place for s in side))


def _is_text(rows: list[Row], depth: int) -> bool:
    """Return whether rows are running text in one column or in several."""
    if _is_prose(rows):
        return True
    gutter = _gutter(rows) if depth < _DEEPEST else None
    if gutter is None or any(s.left < gutter < s.right for row in rows for s in row):
        return False
    left, right = _sides(rows, gutter)
    return _is_text(left, depth + 1) and _is_text(right, depth + 1)


def _sides(rows: list[Row], gutter: float) -> tuple[list[Row], list[Row]]:
    """Return what stands to the left and to the right of `gutter` on the rows."""
    left = [cells for row in rows if (cells := [s for s in row if s.right <= gutter])]
    right = [cells for row in rows if (cells := [s for s in row if s.left >= gutter])]
    return left, right


def _is_prose(rows: list[Row]) -> bool:
    """Return whether the rows of a column are running text, not cells of a table or labels of a form."""
    if len(rows) < _FEWEST_LINES:
        return False
    lines = [joined(row) for row in rows]
    wide = sum("\u3000" <= line[:1] < "\ua000" for line in lines) > 0.5 * len(lines)
    characters = sum(map(len, lines)) / len(lines)
    words = sum(len(line.split()) for line in lines) / len(lines)
    least_characters, least_words = (
        (_FLOWING_CHARACTERS, _FLOWING_WORDS) if _flows(lines) else (_PROSE_CHARACTERS, _PROSE_WORDS)
    )
    if characters < (_WIDE_CHARACTERS if wide else least_characters) or (words < least_words and not wide):
        return False
    width = max(row[-1].right for row in rows) - min(row[0].left for row in rows)
    full = sum(row[-1].right - row[0].left >= _FULL_LINE * width for row in rows)
    cells = sum("\t" in line for line in lines)
    labels = sum(line.endswith(":") for line in lines)
    letters = sum(sum(map(str.isalpha, line)) for line in lines)
    return (
        full >= _FULL_SHARE * len(lines)
        and cells + labels <= 0.3 * len(lines)
        and letters > 0.6 * characters * len(lines)
    )


def _flows(lines: Sequence[str]) -> bool:
    """Return whether most lines go on with the sentence of the line before, as no cells do."""
    goes_on = sum(line[:1].islower() and before[-1:] not in ".:" for before, line in pairwise(lines))
    return len(lines) >= _FEWEST_LINES and goes_on >= _FLOWING_SHARE * (len(lines) - 1)


def _gutter(rows: list[Row]) -> float | None:
    """Return the x position of the widest gutter between two columns, None if no rows stand side by side."""
    if len(rows) < _FEWEST_LINES:
        return None
    start, end = min(row[0].left for row in rows), max(s.right for row in rows for s in row)
    if end - start < 50 or not any(s.right < (start + 2 * end) / 3 for row in rows for s in row):
        return None
    scale = _BINS / (end - start)
    covered = np.zeros((len(rows), _BINS), dtype=bool)
    first, last = np.zeros(len(rows)), np.zeros(len(rows))
    for number, row in enumerate(rows):
        for s in row:
            covered[number, max(0, int((s.left - start) * scale)) : int((s.right - start) * scale) + 1] = True
        first[number], last[number] = row[0].left, max(s.right for s in row)
    place = start + (np.arange(_BINS) + 0.5) / scale
    free = ~covered
    on_left = np.count_nonzero(free & (first[:, None] < place), axis=0)
    on_right = np.count_nonzero(free & (last[:, None] > place), axis=0)
    score = np.minimum(on_left, on_right)
    best = int(score.max())
    if best < _FEWEST_LINES:
        return None
    # Of the places as good as the best, the middle of the widest run.
    good = np.flatnonzero(score >= best)
    runs = np.split(good, np.flatnonzero(np.diff(good) > 1) + 1)
    widest = max(runs, key=len)
    return float(place[widest[len(widest) // 2]])
