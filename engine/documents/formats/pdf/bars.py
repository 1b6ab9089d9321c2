"""Bars in a recognised line: `|npEqKey|` is read as InpEqKeyl, and the picture tells a bar from an I, an l or a 1.

A bar is one straight stroke, reaches below the line on which the letters stand, and is higher than they are. A name
that begins with I keeps it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

_LIKE_BARS = frozenset("Il1|!i]")
"""Characters for which the recogniser takes a bar."""
_WIDEST, _LEAST_INK = 0.25, 0.8
"""Width of a bar in its height, and share of it that is ink: a bracket is as narrow, and hollow."""
_HIGHER, _BELOW = 1.12, 0.04
"""Height of a bar in that of the high letters, and share of it that is below the line at least."""
_ON_LINE = 0.4
"""Pixels by which the feet of letters on a line differ: a bracket's are lower."""
_FEWEST_SHAPES = 4
"""Shapes of a line from which on the heights of its letters are known."""
_NEAR = 0.75
"""Distance of a bar from its character, in widths of a character, at most."""


class _Shape(NamedTuple):
    left: int
    top: int
    width: int
    height: int
    ink: int


def with_bars(text: str, centres: Sequence[float], line: Any) -> str:
    """Return the text of a line with the bars that its picture shows.

    `centres`: x of each character but spaces, in pixels of the picture; `line`: [height, width, 3] uint8.
    """
    letters = [place for place, character in enumerate(text) if not character.isspace()]
    if len(letters) != len(centres) or not _LIKE_BARS & set(text):
        return text
    bars = _bars(line)
    if not bars:
        return text
    pitch = float(np.median(np.diff(centres))) if len(centres) > 1 else float(line.shape[0])
    near = sorted(
        (abs(bar - centre), bar, place)
        for bar in bars
        for place, centre in zip(letters, centres, strict=True)
        if text[place] in _LIKE_BARS and abs(bar - centre) < _NEAR * pitch
    )
    characters = list(text)
    placed: set[float] = set()
    taken: set[int] = set()
    for _, bar, place in near:
        if bar not in placed and place not in taken:
            placed.add(bar)
            taken.add(place)
            characters[place] = "|"
    return "".join(characters)


def _bars(line: Any) -> list[float]:
    """Return the x of the bars in the picture of a line."""
    shapes = _shapes(line)
    if len(shapes) < _FEWEST_SHAPES:
        return []
    strokes = [shape for shape in shapes if _is_stroke(shape)]
    others = [shape for shape in shapes if not _is_stroke(shape)]
    if not strokes or len(others) < _FEWEST_SHAPES:
        return []
    size = float(np.median([shape.height for shape in others]))
    feet = np.array([shape.top + shape.height for shape in others if shape.height >= 0.5 * size], dtype=np.float64)
    near = _ON_LINE + 0.03 * size
    # Most letters stand on the line; the others hang below it, all to different depths.
    foot = float(feet[np.argmax((np.abs(feet[:, None] - feet) <= near).sum(axis=1))])
    standing = [shape.height for shape in others if abs(shape.top + shape.height - foot) <= near]
    highest = max(standing, default=size)
    return [
        shape.left + shape.width / 2
        for shape in strokes
        if shape.height >= _HIGHER * highest and shape.top + shape.height - foot >= max(1.0, _BELOW * shape.height)
    ]


def _is_stroke(shape: _Shape) -> bool:
    # A bar that leans by a pixel fills two columns by half.
    columns = max(1, shape.width - 1)
    return shape.width <= max(2, _WIDEST * shape.height) and shape.ink >= _LEAST_INK * columns * shape.height


def _shapes(line: Any) -> list[_Shape]:
    """Return the connected shapes of a line's picture that do not touch its upper and lower edge, dots left out."""
    import cv2

    grey = cv2.cvtColor(line, cv2.COLOR_RGB2GRAY)
    _, ink = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    _, _, found, _ = cv2.connectedComponentsWithStats(ink)
    height = line.shape[0]
    shapes = [_Shape(*row) for row in found[1:].tolist()]
    return [
        shape
        for shape in shapes
        if shape.top > 0 and shape.top + shape.height < height and shape.height >= 0.15 * height
    ]
