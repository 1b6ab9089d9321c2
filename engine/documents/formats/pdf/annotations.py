"""Texts that stand on a PDF page without being part of its content: values of form fields, typed-on notes."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from typing import Any

import pypdfium2.raw as pdfium

from engine.documents.formats.pdf.layout import Placed

_MOST = 5_000
_HIDDEN_FLAGS = 2 | 32
"""Hidden, NoView."""
_PASSWORD_FIELD = 1 << 13
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
_READ = _COMMENTS | {pdfium.FPDF_ANNOT_WIDGET, pdfium.FPDF_ANNOT_FREETEXT}
_LINE_HEIGHT = 12.0


@dataclass
class Annotations:
    """Texts of one page's annotations."""

    placed: list[Placed] = field(default_factory=list)
    comments: int = 0
    """Comments that are shown beside the page only."""


def page_annotations(page: Any, form: Any) -> Annotations:
    """Return the texts of `page`'s annotations. `form`: pypdfium2's form environment, None without form fields."""
    found = Annotations()
    for index in range(min(pdfium.FPDFPage_GetAnnotCount(page.raw), _MOST)):
        annotation = pdfium.FPDFPage_GetAnnot(page.raw, index)
        if not annotation:
            continue
        try:
            kind = pdfium.FPDFAnnot_GetSubtype(annotation)
            if kind not in _READ:
                continue
            if pdfium.FPDFAnnot_GetFlags(annotation) & _HIDDEN_FLAGS:
                continue
            if kind == pdfium.FPDF_ANNOT_WIDGET and form is not None:
                _place(found, annotation, _value(form, annotation))
            elif kind == pdfium.FPDF_ANNOT_FREETEXT:
                _place(found, annotation, _string(pdfium.FPDFAnnot_GetStringValue, annotation, b"Contents"))
            elif kind in _COMMENTS:
                found.comments += bool(_string(pdfium.FPDFAnnot_GetStringValue, annotation, b"Contents").strip())
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)
    return found


def _value(form: Any, widget: Any) -> str:
    """Return what a form field shows."""
    kind = pdfium.FPDFAnnot_GetFormFieldType(form.raw, widget)
    if kind in (pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON):
        return "[x]" if pdfium.FPDFAnnot_IsChecked(form.raw, widget) else "[ ]"
    if kind == pdfium.FPDF_FORMFIELD_PUSHBUTTON:
        return ""
    if (
        kind == pdfium.FPDF_FORMFIELD_TEXTFIELD
        and pdfium.FPDFAnnot_GetFormFieldFlags(form.raw, widget) & _PASSWORD_FIELD
    ):
        return ""
    if kind in (pdfium.FPDF_FORMFIELD_COMBOBOX, pdfium.FPDF_FORMFIELD_LISTBOX):
        chosen = [
            _string(pdfium.FPDFAnnot_GetOptionLabel, form.raw, widget, number)
            for number in range(min(1_000, max(0, pdfium.FPDFAnnot_GetOptionCount(form.raw, widget))))
            if pdfium.FPDFAnnot_IsOptionSelected(form.raw, widget, number)
        ]
        if chosen:
            return "\n".join(chosen)
    return _string(pdfium.FPDFAnnot_GetFormFieldValue, form.raw, widget)


def _place(found: Annotations, annotation: Any, text: str) -> None:
    """Put the lines of `text` below each other where the annotation stands."""
    lines = [line.strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    box = pdfium.FS_RECTF()
    if not any(lines) or not pdfium.FPDFAnnot_GetRect(annotation, box):
        return
    top, bottom = max(box.top, box.bottom), min(box.top, box.bottom)
    height = min(_LINE_HEIGHT, (top - bottom) / len(lines)) or _LINE_HEIGHT
    if len(lines) == 1:
        top = (top + bottom + height) / 2  # a single line stands in the middle
    for line in lines:
        if line:
            right = min(max(box.left, box.right), box.left + 0.5 * height * len(line))
            found.placed.append(Placed(line, box.left, top, max(right, box.left + 1), top - height))
        top -= height


def _string(function: Any, *arguments: Any) -> str:
    """Return the UTF-16 string that a function of PDFium writes into a buffer."""
    length = function(*arguments, None, 0)
    if length <= 2:
        return ""
    buffer = ctypes.create_string_buffer(length)
    function(*arguments, ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), length)
    return buffer.raw[: length - 2].decode("utf-16-le", "replace")
