"""Layers by membership: content that several layers together hide, and forms and pictures that belong to a layer.

PDFium tells a layer by its name only, so a file with such content is copied in memory: each membership that is hidden
becomes a layer of the name `HIDDEN`, and each form or picture of a hidden layer becomes empty.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from typing import Any

import pypdf
from pypdf.generic import NameObject, StreamObject, TextStringObject

from engine.documents.formats.pdf.layers import HIDDEN, hidden_numbers

_MOST_PAGES = 2_000
_SECONDS = 5.0
_DEEPEST = 12


def has_hidden_members(document: pypdf.PdfReader) -> bool:
    """Return whether a membership, form or picture of the document is hidden; looks for some seconds at most."""
    properties = document.root_object.get("/OCProperties")
    if properties is None:
        return False
    off = hidden_numbers(document.root_object)
    end = time.monotonic() + _SECONDS
    for number, page in enumerate(document.pages):
        if number >= _MOST_PAGES or time.monotonic() > end:
            break
        if any(_is_hidden(member, off) for member in _members(page, 0)):
            return True
    return False


def without_hidden_members(document: pypdf.PdfReader) -> bytes:
    """Return a copy of the document in which hidden members are layers called `HIDDEN`, or empty."""
    off = hidden_numbers(document.root_object)
    hidden = {id(member) for page in document.pages for member in _members(page, 0) if _is_hidden(member, off)}
    for page in document.pages:
        for holder in _holders(page, 0):
            if id(holder) in hidden:
                holder[NameObject("/Type")] = NameObject("/OCG")
                holder[NameObject("/Name")] = TextStringObject(HIDDEN)
            elif isinstance(holder, StreamObject) and _is_hidden(holder.get("/OC"), off):
                holder.set_data(b"")
    writer = pypdf.PdfWriter(clone_from=document)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _members(holder: Any, depth: int) -> Iterator[Any]:
    """Yield the memberships, and the layers of forms and pictures, of a page and the forms on it."""
    for one in _holders(holder, depth):
        if isinstance(one, StreamObject):
            if "/OC" in one:
                yield one.raw_get("/OC")
        else:
            yield one


def _holders(holder: Any, depth: int) -> Iterator[Any]:
    """Yield memberships (dictionaries), forms and pictures (streams) in the resources of `holder` and of its forms."""
    resources = _resolved(holder.get("/Resources")) or {}
    for entry in (_resolved(resources.get("/Properties")) or {}).values():
        membership = _resolved(entry)
        if isinstance(membership, dict) and membership.get("/Type") == "/OCMD":
            yield membership
    for entry in (_resolved(resources.get("/XObject")) or {}).values():
        drawing = _resolved(entry)
        if isinstance(drawing, StreamObject):
            yield drawing
            if depth < 3 and drawing.get("/Subtype") == "/Form":
                yield from _holders(drawing, depth + 1)


def _is_hidden(member: Any, off: set[int]) -> bool:
    """Return whether a layer or a membership is hidden, with the layers numbered in `off` switched off."""
    if member is None:
        return False
    number = getattr(member, "idnum", None)
    group: Any = _resolved(member)
    if not isinstance(group, dict) or group.get("/Type") != "/OCMD":
        reference = getattr(group, "indirect_reference", None)
        return (number if number is not None else getattr(reference, "idnum", -1)) in off
    if "/VE" in group:
        return not _holds(_resolved(group["/VE"]), off, 0)
    entries: Any = dict.get(group, "/OCGs", [])  # pypdf's own get would resolve the reference
    resolved = _resolved(entries)
    layers = list(resolved) if isinstance(resolved, list) else [entries]
    shown = [getattr(layer, "idnum", -1) not in off for layer in layers if _resolved(layer) is not None]
    if not shown:
        return False
    policy = group.get("/P", "/AnyOn")
    visible = {"/AllOn": all(shown), "/AnyOff": not all(shown), "/AllOff": not any(shown)}
    return not visible.get(str(policy), any(shown))


def _holds(expression: Any, off: set[int], depth: int) -> bool:
    """Return the value of a visibility expression: [/Not e], [/And e...], [/Or e...], or a layer."""
    if not isinstance(expression, list) or not expression or depth > _DEEPEST:
        return True
    operator, *operands = expression
    values = [
        _holds(value, off, depth + 1) if isinstance(value := _resolved(operand), list) else not _is_off(operand, off)
        for operand in operands
    ]
    match str(operator):
        case "/Not":
            return not values[0] if values else True
        case "/Or":
            return any(values)
    return all(values)


def _is_off(layer: Any, off: set[int]) -> bool:
    return getattr(layer, "idnum", -1) in off


def _resolved(value: Any) -> Any:
    return value.get_object() if hasattr(value, "get_object") else value
