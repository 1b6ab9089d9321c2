"""Text that is drawn character by character, laid out by the places that pypdf gives.

PDFium leaves such characters out where their font is not in the file. pypdf has them in the order in which they were
drawn, each as a text of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.documents.formats.pdf.characters import Characters
from engine.documents.formats.pdf.layout import Placed, page_lines

_FEWEST, _SHARE = 4, 0.6
"""Texts of one character from which on a page, and share of all texts, it is drawn character by character."""
_ASCENT, _DESCENT = 0.88, 0.12
_NARROW = 0.55
"""Width of a Latin letter, in sizes; a Chinese one is as wide as its size."""
_EVERYWHERE = 1e9
_NEAR = 1.0
"""Points by which two readers' places of one text differ."""


class DrawnText(NamedTuple):
    """A text, its start and its size, in points."""

    text: str
    x: float
    y: float
    size: float


def drawn_text(text: str, outer: Any, inner: Any, size: float) -> DrawnText:
    """Return a text of pypdf's with its place. `outer` and `inner` are the matrices of the page and of the text."""
    x = inner[4] * outer[0] + inner[5] * outer[2] + outer[4]
    y = inner[4] * outer[1] + inner[5] * outer[3] + outer[5]
    scale = float(np.hypot(inner[2], inner[3]) * np.hypot(outer[2], outer[3]))
    return DrawnText(text.strip(), float(x), float(y), max(1.0, abs(float(size)) * scale))


def placed_at(texts: list[DrawnText], places: Sequence[tuple[float, float]]) -> list[Placed]:
    """Return those of `texts` that begin at one of `places`, to stand between the texts of a page."""
    found = []
    for one in texts:
        if any(abs(one.x - x) < _NEAR and abs(one.y - y) < _NEAR for x, y in places):
            width = sum(one.size * (1.0 if _is_wide(character) else _NARROW) for character in one.text)
            foot, head = one.y - _DESCENT * one.size, one.y + _ASCENT * one.size
            found.append(Placed(one.text, one.x, head, one.x + width, foot))
    return found


def lines_by_place(texts: list[DrawnText]) -> list[str] | None:
    """Return the lines that the texts make, None if they are not Chinese, Japanese or Korean character by character."""
    single = [one for one in texts if len(one.text) == 1]
    wide = sum(_is_wide(one.text) for one in single)
    if len(single) < _FEWEST or len(single) < _SHARE * len(texts) or 2 * wide < len(single):
        return None
    codes: list[int] = []
    boxes: list[tuple[float, float, float, float]] = []
    for one in texts:
        left = one.x
        for character in one.text:
            right = left + one.size * (1.0 if _is_wide(character) else _NARROW)
            codes.append(ord(character))
            boxes.append((left, one.y + _ASCENT * one.size, right, one.y - _DESCENT * one.size))
            left = right
    count = len(codes)
    code, box = np.array(codes, dtype=np.int64), np.array(boxes, dtype=np.float32)
    none = np.zeros(count, dtype=bool)
    characters = Characters(code, box, code == 0x20, none, np.zeros(count, dtype=np.float32), none)
    return page_lines(characters, (-_EVERYWHERE, -_EVERYWHERE, _EVERYWHERE, _EVERYWHERE))


def _is_wide(character: str) -> bool:
    return "\u2e80" <= character <= "\u9fff" or "\uac00" <= character <= "\ud7a3" or "\uf900" <= character <= "\uffee"
