"""Raised numbers, which no gap parts from the letter or figure before them: a caret does."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.documents.formats.pdf.characters import Floats, handle_of, loose_box
from engine.documents.formats.pdf.glyphs import Glyphs


def is_raised(before: Any, height: Any, rise: Any, gap: Any) -> Any:
    """Return whether characters of this `height`, `rise` and `gap` are raised above ones `before` as high.

    For numbers and arrays of them.
    """
    is_small = (height < 0.85 * before) & (rise > 0.15 * before)
    is_high = (height < 0.92 * before) & (rise > 0.3 * before)
    return (is_small | is_high) & (gap < 0.2 * before) & (gap > -0.3 * before)


def may_be_power(before: str, after: str) -> bool:
    """Return whether a raised `after` is apart from the text before it, by what both are."""
    return (before[-1:].isalnum() or before[-1:] in ")]") and (after.isdigit() or after in "+-\u2212")


def put_carets(characters: list[str], glyphs: Glyphs, gap: Floats, height: Floats) -> None:
    """Put a caret before a raised number that follows a letter or figure: 10^6 is not 106."""
    raised = is_raised(height[:-1], height[1:], np.diff(glyphs.low), gap)
    for place in np.flatnonzero(raised).tolist():
        if may_be_power(characters[place], characters[place + 1]):
            characters[place + 1] = "^" + characters[place + 1]


def power_finder(text_page: Any, text: str) -> Callable[[int], bool]:
    """Return a function that tells whether the character of `text` at a place gets a caret as a raised number."""
    handle = handle_of(text_page)
    pair = (ctypes.c_float * 8)()
    at = ctypes.addressof(pair)

    def is_power(place: int) -> bool:
        if not 0 < place < len(text) or not may_be_power(text[place - 1], text[place]):
            return False
        loose_box(handle, place - 1, at)
        loose_box(handle, place, at + 16)
        _, top, right, low = pair[:4]
        left, high, _, foot = pair[4:]
        return bool(is_raised(max(top - low, 0.1), max(high - foot, 0.1), foot - low, left - right))

    return is_power
