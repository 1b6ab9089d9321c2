"""Characters of a PDF page with their boxes, fetched from PDFium in bulk.

pypdfium2's helpers cost several microseconds a character. Here PDFium's functions are called through `map` and write
straight into arrays: a third of a microsecond a character and function.
"""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt
import pypdfium2.raw as pdfium

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_SPACES = np.array([0x20, 0x09, 0x0A, 0x0D, 0xA0, 0x3000, 0x2028, 0x2029], dtype=np.int64)


_TALL, _FEW = 4.5, 0.02
"""Heights in widths, and the share of characters with such a box, from which on the heights are not believed."""
_UNEVEN = 0.2
"""Share of neighbours with boxes of other heights, from which on the heights are not believed."""
_ASCENT, _DESCENT = 0.9, 0.22
"""Heights above and below the line, in font sizes, as of the common fonts."""


_FEW_PARTS, _MOST_PARTS = 3, 0.05
"""Second letters of ligatures on a page at most: a few, or this share of its characters."""


def bulk_function(name: str, result: Any, *arguments: Any) -> Any:
    """Return PDFium's function `name` as one that takes addresses as numbers, to be called through `map`."""
    address = ctypes.cast(getattr(pdfium, name), ctypes.c_void_p).value or 0
    return ctypes.CFUNCTYPE(result, *arguments)(address)


_pointer, _int = ctypes.c_void_p, ctypes.c_int
loose_box = bulk_function("FPDFText_GetLooseCharBox", _int, _pointer, _int, _pointer)
_unicode = bulk_function("FPDFText_GetUnicode", ctypes.c_uint, _pointer, _int)
_has_map_error = bulk_function("FPDFText_HasUnicodeMapError", _int, _pointer, _int)
_angle = bulk_function("FPDFText_GetCharAngle", ctypes.c_float, _pointer, _int)
_index_at = bulk_function("FPDFText_GetCharIndexAtPos", _int, _pointer, *[ctypes.c_double] * 4)
_origin = bulk_function("FPDFText_GetCharOrigin", _int, _pointer, _int, _pointer, _pointer)
_matrix = bulk_function("FPDFText_GetMatrix", _int, _pointer, _int, _pointer)
_font_size = bulk_function("FPDFText_GetFontSize", ctypes.c_double, _pointer, _int)
text_object = bulk_function("FPDFText_GetTextObject", _pointer, _pointer, _int)
_rect = bulk_function("FPDFText_GetRect", _int, _pointer, _int, _pointer, _pointer, _pointer, _pointer)


@dataclass
class Characters:
    """Characters of a page in the order of the content stream; arrays of one length n."""

    code: Ints
    """Unicode code points."""
    box: Floats
    """[n, 4] left, top, right, bottom in points, y upwards; the width is the advance, the height the font's."""
    is_space: Flags
    is_generated: Flags
    """Put in by PDFium, which found a gap or a line end there."""
    angle: Floats
    """Radians, of the character's own direction; 0 for upright text."""
    is_part: Flags
    """Second of two equal letters that one drawing shows, as in a ligature."""


def handle_of(text_page: Any) -> int:
    """Return the address behind a pypdfium2 text page."""
    return ctypes.cast(text_page.raw, ctypes.c_void_p).value or 0


def characters(text_page: Any, count: int, text: str) -> Characters:
    """Return all `count` characters of a text page. `text` is what PDFium gives for the whole page."""
    handle = handle_of(text_page)
    boxes = (ctypes.c_float * (4 * count))()
    start = ctypes.addressof(boxes)
    deque(map(loose_box, repeat(handle), range(count), range(start, start + 16 * count, 16)), maxlen=0)
    if len(text) == count:
        code = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.int64)
    else:  # characters without a code are not in the text
        code = np.fromiter(map(_unicode, repeat(handle), range(count)), dtype=np.int64, count=count)
    box = np.frombuffer(memoryview(boxes), dtype=np.float32).reshape(count, 4)
    is_space = np.isin(code, _SPACES)
    # A character that PDFium puts in has no box.
    is_generated = is_space & (box[:, 0] == box[:, 2]) & (box[:, 1] == box[:, 3])
    angle = _angles(handle, box, is_space)
    if _are_odd(box[~is_space & (angle == 0)]):
        box = _levelled(handle, box, ~is_generated & (angle == 0))
    is_part = _parts(handle, code, box, is_space)
    found = Characters(code, box, is_space, is_generated, angle, is_part)
    return _paired(found) if bool(np.any((code >= 0xD800) & (code < 0xE000))) else found


def _are_odd(box: Floats) -> bool:
    """Return whether heights of upright characters are no lines' heights.

    A font may claim to be five times as high as its letters (mathematical ones do), or not say how high it is: then
    each box is as high as what it holds.
    """
    if len(box) < 2:
        return False
    height, width = box[:, 1] - box[:, 3], box[:, 2] - box[:, 0]
    if np.count_nonzero(height > _TALL * np.maximum(width, 1)) > _FEW * len(box):
        return True
    beside = (np.abs(box[1:, 0] - box[:-1, 2]) < 0.3 * height[:-1]) & (box[1:, 3] < box[:-1, 1])
    smaller, larger = np.minimum(height[1:], height[:-1]), np.maximum(height[1:], height[:-1])
    if int(np.count_nonzero(beside & (smaller < 0.5 * larger))) > 1:
        return True
    neighbours, uneven = int(np.count_nonzero(beside)), int(np.count_nonzero(beside & (smaller < 0.9 * larger)))
    return uneven > _UNEVEN * max(1, neighbours)


def _levelled(handle: int, box: Floats, upright: Flags) -> Floats:
    """Return the boxes with heights by the size of the characters' font, about the line that they stand on."""
    places = np.flatnonzero(upright).tolist()
    count = len(places)
    matrices, points = (ctypes.c_float * (6 * count))(), (ctypes.c_double * (2 * count))()
    at, to = ctypes.addressof(matrices), ctypes.addressof(points)
    deque(map(_matrix, repeat(handle), places, range(at, at + 24 * count, 24)), maxlen=0)
    xs, ys = range(to, to + 16 * count, 16), range(to + 8, to + 8 + 16 * count, 16)
    deque(map(_origin, repeat(handle), places, xs, ys), maxlen=0)
    size = np.fromiter(map(_font_size, repeat(handle), places), dtype=np.float64, count=count)
    matrix = np.frombuffer(memoryview(matrices), dtype=np.float32).reshape(count, 6)
    size = np.abs(size) * np.hypot(matrix[:, 2], matrix[:, 3])
    line = np.frombuffer(memoryview(points), dtype=np.float64).reshape(count, 2)[:, 1]
    known = np.isfinite(size) & (size > 0.5) & (line >= box[places, 3] - size) & (line <= box[places, 1] + size)
    levelled = box.copy()
    levelled[places, 1] = np.where(known, line + _ASCENT * size, box[places, 1])
    levelled[places, 3] = np.where(known, line - _DESCENT * size, box[places, 3])
    return levelled


def _paired(found: Characters) -> Characters:
    """Return the characters with the two halves of each that PDFium counts in UTF-16 made one."""
    code = found.code
    first = np.flatnonzero((code[:-1] >= 0xD800) & (code[:-1] < 0xDC00) & (code[1:] >= 0xDC00) & (code[1:] < 0xE000))
    code = code.copy()
    code[first] = 0x10000 + ((code[first] - 0xD800) << 10) + code[first + 1] - 0xDC00
    kept = np.ones(len(code), dtype=bool)
    kept[first + 1] = False
    return Characters(
        code[kept],
        found.box[kept],
        found.is_space[kept],
        found.is_generated[kept],
        found.angle[kept],
        found.is_part[kept],
    )


def _parts(handle: int, code: Ints, box: Floats, is_space: Flags) -> Flags:
    """Return which characters repeat the one before them in the same drawing: "ff" of a ligature, no shadow.

    A map that gives many letters twice is wrong, and has none.
    """
    found = np.zeros(len(code), dtype=bool)
    same = np.flatnonzero((code[1:] == code[:-1]) & ~is_space[1:] & np.all(box[1:] == box[:-1], axis=1))
    if 0 < len(same) <= max(_FEW_PARTS, _MOST_PARTS * np.count_nonzero(~is_space)):
        for place in same.tolist():
            found[place + 1] = text_object(handle, place) == text_object(handle, place + 1)
    return found


def _angles(handle: int, box: Floats, is_space: Flags) -> Floats:
    """Return the angle of each character; only asked for where characters of a page follow each other downwards."""
    count = len(box)
    angle = np.zeros(count, dtype=np.float32)
    shown = np.flatnonzero(~is_space)
    if len(shown) < 2:
        return angle
    centre = (box[:, :2] + box[:, 2:]) / 2
    step = np.diff(centre[shown], axis=0)
    size = np.abs(box[shown[1:], 1] - box[shown[1:], 3])
    near = np.hypot(step[:, 0], step[:, 1]) < 2.5 * np.maximum(size, 1)
    is_off = (np.abs(step[:, 1]) > 0.05 * np.abs(step[:, 0]) + 0.02 * size) | (step[:, 0] < -0.3 * size)
    turned = shown[1:][near & is_off].tolist()
    # Raised figures move up too, though upright.
    if len(turned) < 2 or not any(map(_angle, repeat(handle), turned)):
        return angle
    angle[shown] = np.fromiter(map(_angle, repeat(handle), shown.tolist()), dtype=np.float32, count=len(shown))
    return angle


def run_boxes(text_page: Any) -> list[tuple[float, float, float, float]]:
    """Return left, top, right, bottom of the runs of characters that were drawn by one operator each."""
    handle = handle_of(text_page)
    count = max(0, pdfium.FPDFText_CountRects(text_page.raw, 0, -1))
    boxes = (ctypes.c_double * (4 * count))()
    at = ctypes.addressof(boxes)
    columns = [range(at + 8 * offset, at + 8 * offset + 32 * count, 32) for offset in range(4)]
    deque(map(_rect, repeat(handle), range(count), *columns), maxlen=0)
    numbers = iter(boxes)
    return list(zip(numbers, numbers, numbers, numbers, strict=True))


def place_finder(text_page: Any) -> Callable[[float, float], int]:
    """Return a function that gives the place of the character at a point, negative where there is none."""
    handle = handle_of(text_page)
    return lambda x, y: int(_index_at(handle, x, y, 1.0, 2.0))


def turn_finder(text_page: Any) -> Callable[[int], bool]:
    """Return a function that tells whether the character at a place is turned; spaces are not."""
    handle = handle_of(text_page)
    return lambda place: 0.01 < _angle(handle, place) < 6.27 or _font_size(handle, place) < 0


def unmapped_share(text_page: Any, count: int) -> float:
    """Return the share of characters whose font does not say what they are, from an even sample of them."""
    step = max(1, count // 64)
    places = range(0, count, step)
    handle = handle_of(text_page)
    wrong: int = sum(found == 1 for found in map(_has_map_error, repeat(handle), places))
    return wrong / max(1, len(places))
