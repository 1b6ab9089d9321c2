"""Ink on a recognised page that no line holds: figures alone in a cell, which the detector of lines passes over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

_FEWEST_LINES = 2
_LOWEST, _HIGHEST = 0.35, 1.6
_NARROWEST, _WIDEST = 0.25, 12.0
"""Height and width of a piece of text in the heights of the page's lines."""
_JOIN, _MARGIN = 0.6, 0.25
"""Gap between characters of one piece, and room around it, in those heights."""
_LEAST_INK, _MOST_INK = 0.12, 0.75
"""Share of a piece that is ink: a frame has less, a block more."""
_MOST_PIECES = 24
"""Pieces beside the lines from which on they are a drawing or a photograph."""


def missed_pieces(picture: Any, boxes: Sequence[Any]) -> list[Any]:
    """Return the corners, [4, 2], of pieces of ink that look like text and lie in none of `boxes`; none of a drawing.

    `picture`: [height, width, 3] uint8; a box: [4, 2] x, y of a line's corners.
    """
    import cv2

    if len(boxes) < _FEWEST_LINES:
        return []
    size = float(np.median([min(np.ptp(box, axis=0)) for box in boxes]))
    _, ink = cv2.threshold(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    for box in boxes:
        cv2.fillPoly(ink, [np.round(box).astype(np.int32)], 0)
    joined = cv2.dilate(ink, np.ones((1, max(1, round(_JOIN * size))), dtype=np.uint8))
    _, _, found, _ = cv2.connectedComponentsWithStats(joined)
    pieces = []
    for left, top, width, height, _ in found[1:].tolist():
        width = max(1, width - round(_JOIN * size) + 1)
        left += round(_JOIN * size) // 2
        if not (_LOWEST * size <= height <= _HIGHEST * size and _NARROWEST * size <= width <= _WIDEST * size):
            continue
        share = np.count_nonzero(ink[top : top + height, left : left + width]) / (width * height)
        if _LEAST_INK <= share <= _MOST_INK:
            room = _MARGIN * size
            right, bottom = left + width + room, top + height + room
            left, top = max(0.0, left - room), max(0.0, top - room)
            pieces.append(np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float32))
    return pieces if len(pieces) <= _MOST_PIECES else []
