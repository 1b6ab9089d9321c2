"""Texts that stand on a PDF page without being part of its content: values of form fields, typed-on notes."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Container
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium

from engine.documents.formats.pdf.layout import Placed, turned_boxes

_MOST = 5_000
_HIDDEN_FLAGS = 2 | 32
"""Hidden, NoView."""
_PASSWORD_FIELD, _COMB_FIELD = 1 << 13, 1 << 24
_COMMENTS = {
    pdfium.FPDF_ANNOT_TEXT,
    pdfium.FPDF_ANNOT_HIGHLIGHT,
    pdfium.FPDF_ANNOT_UNDERLINE,
    pdfium.FPDF_ANNOT_STRIKEOUT,
    pdfium.FPDF_ANNOT_SQUIGGLY,
    pdfium.FPDF_ANNOT_CARET,
    pdfium.FPDF_ANNOT_STAMP,
    pdfium.FPDF_ANNOT_INK,
    pdfium.FPDF_ANNOT_SQUARE,
    pdfium.FPDF_ANNOT_CIRCLE,
}
_DRAWN = {
    pdfium.FPDF_ANNOT_STAMP,
    pdfium.FPDF_ANNOT_WATERMARK,
    pdfium.FPDF_ANNOT_REDACT,
    pdfium.FPDF_ANNOT_SCREEN,
    pdfium.FPDF_ANNOT_RICHMEDIA,
    pdfium.FPDF_ANNOT_SOUND,
    pdfium.FPDF_ANNOT_MOVIE,
}
"""Kinds whose drawing may show text on the page."""
_READ = _COMMENTS | _DRAWN | {pdfium.FPDF_ANNOT_WIDGET, pdfium.FPDF_ANNOT_FREETEXT}
_SHOWS_TEXT = re.compile(r"\bT[jJ]\b|\)\s*['\"]")
_RICH_BREAKS, _TAGS = re.compile(r"<br\s*/?>|</p>", re.IGNORECASE), re.compile(r"<[^>]{0,1000}>")
_LINE_HEIGHT = 12.0


@dataclass
class Annotations:
    """Texts of one page's annotations."""

    placed: list[Placed] = field(default_factory=list)
    is_drawn: bool = False
    """True if annotations draw text themselves and must be flattened into the page."""
    comments: int = 0
    """Comments that are shown beside the page only."""


def page_annotations(page: Any, form: Any, hidden: Container[int] = ()) -> Annotations:
    """Return the texts of `page`'s annotations but those `hidden`, counted from 0.

    `form`: pypdfium2's form environment, None without form fields.

    Annotations with their own drawing are left to be flattened; the others are hidden and read by their values.
    """
    found = Annotations()
    turn = int(page.get_rotation()) % 360
    for index in range(min(pdfium.FPDFPage_GetAnnotCount(page.raw), _MOST)):
        annotation = pdfium.FPDFPage_GetAnnot(page.raw, index)
        if not annotation:
            continue
        try:
            kind = pdfium.FPDFAnnot_GetSubtype(annotation)
            if index in hidden:
                pdfium.FPDFAnnot_SetFlags(annotation, pdfium.FPDFAnnot_GetFlags(annotation) | _HIDDEN_FLAGS)
            if kind not in _READ or pdfium.FPDFAnnot_GetFlags(annotation) & _HIDDEN_FLAGS:
                continue
            if kind == pdfium.FPDF_ANNOT_WIDGET and form is not None:
                value = _value(form, annotation)
            elif kind == pdfium.FPDF_ANNOT_FREETEXT:
                value = None if _is_drawn(annotation) else _contents(annotation)
            elif kind in _DRAWN and _is_drawn(annotation):
                value = None
            else:
                found.comments += kind in _COMMENTS and bool(_contents(annotation).strip())
                continue
            if value is None:
                found.is_drawn = True
            else:
                pdfium.FPDFAnnot_SetFlags(annotation, pdfium.FPDFAnnot_GetFlags(annotation) | _HIDDEN_FLAGS)
                _place(found, annotation, value, turn)
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)
    return found


def flatten(page: Any) -> None:
    """Flatten the drawings of annotations into the page's content; the page must be reloaded afterwards."""
    pdfium.FPDFPage_Flatten(page.raw, pdfium.FLAT_NORMALDISPLAY)


def _contents(annotation: Any) -> str:
    plain = _string(pdfium.FPDFAnnot_GetStringValue, annotation, b"Contents")
    if plain.strip():
        return plain
    rich = _string(pdfium.FPDFAnnot_GetStringValue, annotation, b"RC")
    return unescape(_TAGS.sub("", _RICH_BREAKS.sub("\n", rich))).strip()


def _is_drawn(annotation: Any) -> bool:
    """Return whether the annotation's own drawing shows text."""
    drawing = _string(pdfium.FPDFAnnot_GetAP, annotation, pdfium.FPDF_ANNOT_APPEARANCEMODE_NORMAL)
    return _SHOWS_TEXT.search(drawing) is not None or " Do" in drawing


def _value(form: Any, widget: Any) -> str | None:
    """Return the value of a form field, None if its own drawing shows it, as formatted by the form's author."""
    kind = pdfium.FPDFAnnot_GetFormFieldType(form.raw, widget)
    if kind in (pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON):
        return "[x]" if pdfium.FPDFAnnot_IsChecked(form.raw, widget) else "[ ]"
    flags = pdfium.FPDFAnnot_GetFormFieldFlags(form.raw, widget)
    if kind == pdfium.FPDF_FORMFIELD_TEXTFIELD and flags & _PASSWORD_FIELD:
        return ""
    if kind in (pdfium.FPDF_FORMFIELD_COMBOBOX, pdfium.FPDF_FORMFIELD_LISTBOX) and (chosen := _chosen(form, widget)):
        # The drawing of a list shows all options; the chosen ones are only marked by a colour.
        return chosen if kind == pdfium.FPDF_FORMFIELD_LISTBOX or not _is_drawn(widget) else None
    is_comb = kind == pdfium.FPDF_FORMFIELD_TEXTFIELD and bool(flags & _COMB_FIELD)  # a drawn box for each character
    if not is_comb and _is_drawn(widget):
        # A drawn value stands a little off its label's line; one that is drawn as it is stored is put on the line.
        value = _string(pdfium.FPDFAnnot_GetFormFieldValue, form.raw, widget)
        drawing = _string(pdfium.FPDFAnnot_GetAP, widget, pdfium.FPDF_ANNOT_APPEARANCEMODE_NORMAL)
        is_same = kind == pdfium.FPDF_FORMFIELD_TEXTFIELD and value.strip() != "" and f"({value})" in drawing
        return value if is_same else None
    if kind in (pdfium.FPDF_FORMFIELD_PUSHBUTTON, pdfium.FPDF_FORMFIELD_SIGNATURE):
        return ""
    return _string(pdfium.FPDFAnnot_GetFormFieldValue, form.raw, widget)


def _chosen(form: Any, widget: Any) -> str:
    """Return the chosen options of a list, a line each."""
    chosen = [
        _string(pdfium.FPDFAnnot_GetOptionLabel, form.raw, widget, number)
        for number in range(min(1_000, max(0, pdfium.FPDFAnnot_GetOptionCount(form.raw, widget))))
        if pdfium.FPDFAnnot_IsOptionSelected(form.raw, widget, number)
    ]
    return "\n".join(chosen)


def _place(found: Annotations, annotation: Any, text: str, turn: int) -> None:
    """Put the lines of `text` below each other where the annotation stands, as the page is shown, turned by `turn`."""
    lines = [line.strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    rectangle = pdfium.FS_RECTF()
    if not any(lines) or not pdfium.FPDFAnnot_GetRect(annotation, rectangle):
        return
    corners = np.array([[rectangle.left, rectangle.top, rectangle.right, rectangle.bottom]], dtype=np.float32)
    corners[:, ::2].sort()
    start, end, low, high = (float(edge[0]) for edge in turned_boxes(corners, turn))
    height = min(_LINE_HEIGHT, (high - low) / len(lines)) or _LINE_HEIGHT
    if len(lines) == 1:
        high = (high + low + height) / 2  # a single line stands in the middle
    for line in lines:
        if line:
            right = max(min(end, start + 0.5 * height * len(line)), start + 1)
            found.placed.append(Placed(line, start, high, right, high - height, turn))
        high -= height


def _string(function: Any, *arguments: Any) -> str:
    """Return the UTF-16 string that a function of PDFium writes into a buffer."""
    length = function(*arguments, None, 0)
    if length <= 2:
        return ""
    buffer = ctypes.create_string_buffer(length)
    function(*arguments, ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), length)
    return buffer.raw[: length - 2].decode("utf-16-le", "replace")
