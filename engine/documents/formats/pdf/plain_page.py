"""Text of plain pages: pages whose lines PDFium gives right, whatever their order.

On a plain page every line is drawn from left to right on a height of its own, without gaps as wide as between columns,
and PDFium's text has as many lines as were drawn. Only the boxes of runs are looked at, a hundred or so a page.
"""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import numpy.typing as npt

Boxes = npt.NDArray[np.float64]

_SINGLE = re.compile(r"(?<![^\s])[^\W\d_](?![^\s])")
_HYPHEN = re.compile("([\x02\ufffe])(?:\r\n)?")
"""PDFium's sign for a hyphen at a line end, after which it leaves out the line end itself."""
_MAX_SINGLES = 0.15
"""Share of words of one letter from which on words may have been cut at letter spaces."""
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_CELL_GAP = 1.0
"""Gap between runs on a line, in heights of the line, from which on they may be cells."""
_MOST_WIDE_LINES = 2
"""Lines with such gaps on a page without tables and columns: a running head and foot."""
_RAISED = 0.33
"""Heights by which a superscript's foot stands above the foot of what is before it."""


def is_right_to_left(text: str) -> bool:
    """Return whether much of `text` is Hebrew or Arabic, which PDFium puts into reading order by itself."""
    return len(_RIGHT_TO_LEFT.findall(text)) > 0.2 * max(1, len(text))


def plain_text(boxes: Boxes, text: str, page: tuple[float, float, float, float]) -> str | None:
    """Return the lines of `text` from the top down, or None if the page is not plain.

    `text` is as PDFium gives it, `boxes` [n, 4] are left, top, right, bottom of its runs, and `page` is left, bottom,
    right, top of what is shown of the page.
    """
    lines = [line for line in _HYPHEN.sub("\\1\n", text).splitlines() if line.strip()]
    if len(boxes) == 0:
        return text if not lines else None
    left, top, right, bottom = boxes.T
    height = top - bottom
    typical = float(np.median(height))
    if typical <= 0 or not _is_upright_and_inside(boxes, typical, page):
        return None
    tall = np.maximum(np.maximum(height[:-1], height[1:]), 0.5 * typical)
    gap = left[1:] - right[:-1]
    new_line = _line_starts(boxes, typical)
    on_line = ~new_line
    raised = (bottom[1:] > bottom[:-1] + _RAISED * tall) & (height[1:] < 0.85 * tall) & (height[1:] > 0.5 * typical)
    if bool(np.any(on_line & ((gap < -0.35 * tall) | (raised & (gap < 0.25 * tall))))):
        return None
    line_of_run = np.concatenate(([0], np.cumsum(new_line)))
    if int(line_of_run[-1]) + 1 != len(lines):
        return None
    wide = Counter(line_of_run[1:][on_line & (gap > _CELL_GAP * tall)].tolist())
    if len(wide) > _MOST_WIDE_LINES or any(len(lines[line].split()) <= count for line, count in wide.items()):
        return None
    if len(_SINGLE.findall(text)) > _MAX_SINGLES * len(text.split()) + 2:
        return None
    return _from_the_top(lines, np.flatnonzero(np.concatenate(([True], new_line))), top, bottom)


def _is_upright_and_inside(boxes: Boxes, typical: float, page: tuple[float, float, float, float]) -> bool:
    left, top, right, bottom = boxes.T
    outside = (left < page[0] - 1) | (bottom < page[1] - 1) | (right > page[2] + 1) | (top > page[3] + 1)
    turned = (top - bottom > 2.5 * typical) & (top - bottom > 1.5 * (right - left))
    return not bool(np.any(outside | turned))


def _line_starts(boxes: Boxes, typical: float) -> npt.NDArray[np.bool_]:
    """Return, for each run but the first, whether it begins a line."""
    left, top, right, bottom = boxes.T
    height, centre = top - bottom, (top + bottom) / 2
    smaller = np.minimum(height[:-1], height[1:])
    overlap = np.minimum(top[:-1], top[1:]) - np.maximum(bottom[:-1], bottom[1:])
    moved = np.abs(centre[:-1] - centre[1:])
    # Dots follow a quotation mark although they do not reach as high; a descender may touch the next line.
    follows = (left[1:] >= left[:-1]) & (left[1:] - right[:-1] < typical) & (moved < 0.75 * typical)
    is_back = (left[1:] < left[:-1]) & (moved > 0.45 * np.minimum(typical, smaller))
    return np.asarray(((overlap <= 0.3 * smaller) & ~follows) | is_back)


def _from_the_top(
    lines: list[str], starts: npt.NDArray[np.int64], top: npt.NDArray[np.float64], bottom: npt.NDArray[np.float64]
) -> str | None:
    """Return the lines sorted by height; None if two of them share a height."""
    tops, bottoms = np.maximum.reduceat(top, starts), np.minimum.reduceat(bottom, starts)
    centre = (tops + bottoms) / 2
    order = np.argsort(-centre, kind="stable")
    extent = np.minimum((tops - bottoms)[order][:-1], (tops - bottoms)[order][1:])
    overlap = np.minimum(tops[order][:-1], tops[order][1:]) - np.maximum(bottoms[order][:-1], bottoms[order][1:])
    if bool(np.any(overlap > 0.45 * extent)):
        return None
    return "\n".join([lines[place] for place in order.tolist()])
