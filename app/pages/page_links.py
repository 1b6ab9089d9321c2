"""The links of a PDF page and the outline of a PDF document. PDFium alone, no Qt."""

from __future__ import annotations

import ctypes

import pypdfium2
import pypdfium2.raw as pdfium

from app.pages.page_text import to_screen

MOST_ENTRIES = 10_000
"""Bookmarks that are listed: a file may hold more than anybody looks through."""
MOST_LINKS = 2_000
TITLE_LENGTH = 300

Link = dict[str, object]
"""{"rect": [x, y, width, height], "page": int, "top": float} or {"rect": …, "uri": str}; pages from 0, points."""


def outline_of(document: pypdfium2.PdfDocument) -> list[list[object]]:
    """Return the bookmarks, [level, title, page, top], in their order; those that lead nowhere have page -1."""
    entries: list[list[object]] = []
    for bookmark in document.get_toc(max_depth=12):
        title = " ".join(bookmark.get_title().split())[:TITLE_LENGTH]
        page, top = -1, 0.0
        target = bookmark.get_dest()
        if target is not None:
            page, top = _place(document, target.raw)
        if title:
            entries.append([bookmark.level, title, page, top])
        if len(entries) >= MOST_ENTRIES:
            break
    return entries


def links_of(document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage) -> list[Link]:
    """Return the links of a page: to a place in the document, or to an address."""
    found: list[Link] = []
    position, annotation = ctypes.c_int(0), pdfium.FPDF_LINK()
    while len(found) < MOST_LINKS and pdfium.FPDFLink_Enumerate(page, position, annotation):
        rect = pdfium.FS_RECTF()
        if not pdfium.FPDFLink_GetAnnotRect(annotation, rect):
            continue
        x0, y0 = to_screen(page, rect.left, rect.top)
        x1, y1 = to_screen(page, rect.right, rect.bottom)
        link: Link = {"rect": [min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)]}
        link |= _target(document, annotation)
        if len(link) > 1:
            found.append(link)
    return found


def _target(document: pypdfium2.PdfDocument, annotation: object) -> Link:
    place = pdfium.FPDFLink_GetDest(document, annotation)
    action = pdfium.FPDFLink_GetAction(annotation) if not place else None
    if action:
        kind = pdfium.FPDFAction_GetType(action)
        if kind == pdfium.PDFACTION_URI:
            size = pdfium.FPDFAction_GetURIPath(document, action, None, 0)
            buffer = ctypes.create_string_buffer(min(size, 4096))
            pdfium.FPDFAction_GetURIPath(document, action, buffer, len(buffer))
            uri = buffer.value.decode("utf-8", "replace")
            return {"uri": uri} if uri else {}
        if kind == pdfium.PDFACTION_GOTO:
            place = pdfium.FPDFAction_GetDest(document, action)
    if not place:
        return {}
    page, top = _place(document, place)
    return {"page": page, "top": top} if page >= 0 else {}


def _place(document: pypdfium2.PdfDocument, place: object) -> tuple[int, float]:
    """Return page and height in points from its top; -1 where the page is not in the document."""
    number = pdfium.FPDFDest_GetDestPageIndex(document, place)
    if not 0 <= number < len(document):
        return -1, 0.0
    has_x, has_y, has_zoom = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
    x, y, zoom = ctypes.c_float(), ctypes.c_float(), ctypes.c_float()
    pdfium.FPDFDest_GetLocationInPage(place, has_x, has_y, has_zoom, x, y, zoom)
    if not has_y.value:
        return number, 0.0
    height = document.get_page_size(number)[1]
    return number, min(max(height - y.value, 0.0), height)
