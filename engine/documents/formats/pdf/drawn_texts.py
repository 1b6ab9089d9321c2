"""Texts that a page draws and PDFium does not give: one character each, in a font that is not in the file.

PDFium looks for a font of the computer instead. Where there is none with the character, the text has no extent, and
PDFium leaves it out without a word.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Collection, Sequence
from itertools import repeat
from typing import Any

import pypdfium2.raw as pdfium

from engine.documents.formats.pdf.characters import bulk_function, handle_of, text_object

_pointer, _int = ctypes.c_void_p, ctypes.c_int
_object = bulk_function("FPDFPage_GetObject", _pointer, _pointer, _int)
_kind = bulk_function("FPDFPageObj_GetType", _int, _pointer)
_font = bulk_function("FPDFTextObj_GetFont", _pointer, _pointer)
_bounds = bulk_function("FPDFPageObj_GetBounds", _int, _pointer, _pointer, _pointer, _pointer, _pointer)
_matrix = bulk_function("FPDFPageObj_GetMatrix", _int, _pointer, _pointer)
_MOST_OBJECTS = 20_000
_LATIN = re.compile(
    rb"helvetica|arial|times|courier|symbol|zapf|calibri|cambria|verdana|tahoma|georgia|trebuchet|palatino|garamond|"
    rb"bookman|century|lucida|consolas|segoe|univers|frutiger|roboto|opensans|liberation|dejavu|nimbus",
    re.IGNORECASE,
)
"""Fonts for which PDFium has its own, with all characters that they are used for."""
_SUBSET = re.compile(r"^[A-Z]{6}\+")
_NO_EXTENT = 0.01
_SAMPLE = 64
"""Objects of a page that are looked at first: a text drawn character by character has many."""


def unseen_texts(page: Any) -> list[tuple[float, float]]:
    """Return the origins, in points, of texts without extent, in fonts that are not in the file.

    `page` is pypdfium2's.
    """
    handle = ctypes.cast(page.raw, ctypes.c_void_p).value or 0
    count = min(pdfium.FPDFPage_CountObjects(page.raw), _MOST_OBJECTS)
    if not _foreign_fonts(_texts(handle, range(0, count, max(1, count // _SAMPLE)))):
        return []
    texts = _texts(handle, range(count))
    foreign = _foreign_fonts(texts)
    edges = (ctypes.c_float * 4)()
    at = [ctypes.addressof(edges) + 4 * number for number in range(4)]
    unseen = []
    matrix = (ctypes.c_float * 6)()
    for item, font in texts:
        if font in foreign and (not _bounds(item, *at) or abs(edges[2] - edges[0]) < _NO_EXTENT):
            _matrix(item, ctypes.addressof(matrix))
            unseen.append((matrix[4], matrix[5]))
    return unseen


def _texts(page: int, places: range) -> list[tuple[int, int]]:
    """Return the texts among the objects at `places` of a page, each with its font."""
    texts = [item for item in map(_object, repeat(page), places) if item and _kind(item) == pdfium.FPDF_PAGEOBJ_TEXT]
    return list(zip(texts, map(_font, texts), strict=True))


def _foreign_fonts(texts: list[tuple[int, int]]) -> set[int]:
    return {font for font in {font for _, font in texts} if font and _is_foreign(font)}


def _is_foreign(font: int) -> bool:
    if pdfium.FPDFFont_GetIsEmbedded(ctypes.cast(font, pdfium.FPDF_FONT)) != 0:
        return False
    return _LATIN.search(_name(font)) is None


def _name(font: int) -> bytes:
    name = ctypes.create_string_buffer(200)
    pdfium.FPDFFont_GetBaseFontName(ctypes.cast(font, pdfium.FPDF_FONT), name, 200)
    return name.value


def lines_in_fonts(text_page: Any, lines: Sequence[str], names: Collection[str]) -> list[str]:
    """Return those of `lines` that are drawn in a font of `names`, or whose characters are not found.

    A line is looked for by its longest word. `names` are those of the file, of which PDFium may leave out the tag of a
    subset; the empty name stands for fonts without one. `text_page` is pypdfium2's.
    """
    handle, text = handle_of(text_page), text_page.get_text_range()
    if len(text) != text_page.count_chars():
        return list(lines)
    wanted = {_SUBSET.sub("", name) for name in names}
    known: dict[int, bool] = {}

    def is_wanted(place: int) -> bool:
        font = _font(text_object(handle, place) or 0) or 0
        if font not in known:
            known[font] = not font or _SUBSET.sub("", _name(font).decode("latin-1")) in wanted
        return known[font]

    found = []
    for line in lines:
        word = max(line.split(), key=len)
        places = [match.start() for match in re.finditer(re.escape(word), text)]
        if not places or any(map(is_wanted, places)):
            found.append(line)
    return found
