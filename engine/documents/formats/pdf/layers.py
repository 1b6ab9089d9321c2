"""Hidden layers of a PDF, whose drawings are not part of the page."""

from __future__ import annotations

import ctypes
from typing import Any

import pypdfium2.raw as pdfium

HIDDEN = "hidden by Readthrough"
"""Name of the layers that stand for hidden memberships; see `membership.py`."""
_MOST_OBJECTS = 200_000


def hidden_layers(catalog: Any) -> frozenset[str]:
    """Return the names of the layers that are off when the file is opened. `catalog` is pypdf's."""
    properties = catalog.get("/OCProperties")
    if properties is None:
        return frozenset()
    layers = {_number(entry): entry.get_object() for entry in properties.get_object().get("/OCGs", [])}
    off = hidden_numbers(catalog)
    names = {str(layer.get("/Name", "")) for number, layer in layers.items() if number in off}
    shown = {str(layer.get("/Name", "")) for number, layer in layers.items() if number not in off}
    return frozenset(names - shown)


def hidden_numbers(catalog: Any) -> set[int]:
    """Return the object numbers of the layers that are off when the file is opened."""
    properties = catalog.get("/OCProperties")
    if properties is None:
        return set()
    properties = properties.get_object()
    default = properties.get("/D", {}).get_object() if "/D" in properties else {}
    if default.get("/BaseState") != "/OFF":
        return {_number(entry) for entry in default.get("/OFF", [])}
    layers = {_number(entry) for entry in properties.get("/OCGs", [])}
    return layers - {_number(entry) for entry in default.get("/ON", [])}


def hidden_annotations(catalog: Any, page: Any) -> frozenset[int]:
    """Return which annotations of `page` are on layers that are off, counted from 0. Both are pypdf's."""
    off = hidden_numbers(catalog)
    annotations = page.get("/Annots")
    if not off or annotations is None:
        return frozenset()
    found = set()
    for number, annotation in enumerate(annotations.get_object()):
        entry = annotation.get_object()
        if "/OC" in entry and _number(entry.raw_get("/OC")) in off:
            found.add(number)
    return frozenset(found)


def _number(reference: Any) -> int:
    return int(getattr(reference, "idnum", id(reference)))


def remove_hidden(page: Any, names: frozenset[str]) -> None:
    """Take the objects of hidden layers out of a page that pypdfium2 has loaded, forms drawn on it included."""
    hidden = []
    for index in range(min(pdfium.FPDFPage_CountObjects(page.raw), _MOST_OBJECTS)):
        item = pdfium.FPDFPage_GetObject(page.raw, index)
        if _is_hidden(item, names):
            hidden.append(item)
        elif pdfium.FPDFPageObj_GetType(item) == pdfium.FPDF_PAGEOBJ_FORM:
            _remove_from_form(item, names, 0)
    for item in hidden:
        pdfium.FPDFPage_RemoveObject(page.raw, item)


def _remove_from_form(form: Any, names: frozenset[str], depth: int) -> None:
    hidden = []
    for index in range(min(max(0, pdfium.FPDFFormObj_CountObjects(form)), _MOST_OBJECTS)):
        item = pdfium.FPDFFormObj_GetObject(form, index)
        if _is_hidden(item, names):
            hidden.append(item)
        elif depth < 4 and pdfium.FPDFPageObj_GetType(item) == pdfium.FPDF_PAGEOBJ_FORM:
            _remove_from_form(item, names, depth + 1)
    for item in hidden:
        pdfium.FPDFFormObj_RemoveObject(form, item)


def _is_hidden(item: Any, names: frozenset[str]) -> bool:
    for number in range(max(0, pdfium.FPDFPageObj_CountMarks(item))):
        mark = pdfium.FPDFPageObj_GetMark(item, number)
        if _name(mark) == "OC" and _parameter(mark, b"Name") in names:
            return True
    return False


def _name(mark: Any) -> str:
    needed = ctypes.c_ulong()
    pdfium.FPDFPageObjMark_GetName(mark, None, 0, needed)
    if not 2 < needed.value < 1_000:
        return ""
    buffer = ctypes.create_string_buffer(needed.value)
    pdfium.FPDFPageObjMark_GetName(mark, ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), needed.value, needed)
    return buffer.raw[: needed.value - 2].decode("utf-16-le", "replace")


def _parameter(mark: Any, key: bytes) -> str | None:
    needed = ctypes.c_ulong()
    if not pdfium.FPDFPageObjMark_GetParamStringValue(mark, key, None, 0, needed) or not 2 < needed.value < 10_000:
        return None
    buffer = ctypes.create_string_buffer(needed.value)
    wide = ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR))
    pdfium.FPDFPageObjMark_GetParamStringValue(mark, key, wide, needed.value, needed)
    return buffer.raw[: needed.value - 2].decode("utf-16-le", "replace")
