"""Spreadsheets (.xlsx): a sheet a section, its rows as lines with tabs between the cells, numbers as they are shown."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from engine.documents.formats.office.cell_formats import shown
from engine.documents.formats.office.comments import comments_note
from engine.documents.formats.office.package import Package
from engine.documents.formats.parts import Block, Parts
from engine.documents.pages import DocumentError

_MOST_CELLS = 5_000_000
_COMMENTS = re.compile(r"xl/comments[^/]*\.xml|xl/comments/[^/]+\.xml")
_UNCOUNTED = re.compile(rb"<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>|</c>)")
"""A formula whose value no program has stored."""
_DRAWING = re.compile(r'Target="([^"]*drawing\d+\.xml)"')
_TEXT_BODY = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}txBody"
_PARAGRAPH = "{http://schemas.openxmlformats.org/drawingml/2006/main}p"
_TEXT = "{http://schemas.openxmlformats.org/drawingml/2006/main}t"


def read_xlsx(data: bytes) -> Parts:
    """Return a workbook's sheets as pages, with an outline of the sheets."""
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise DocumentError("damaged", "") from error
    parts = Parts(title=book.properties.title or "")
    package = Package(data)
    hidden = []
    uncounted = 0
    for sheet in book.worksheets:
        place = _place(sheet)
        uncounted += len(_UNCOUNTED.findall(package.read(place))) if place in package else 0
        if sheet.sheet_state != "visible":
            hidden.append(sheet.title)
        parts.add_blocks(
            [Block(sheet.title, 1), *_rows(sheet), *_boxes(package, place)], f"Sheet {sheet.title}", breaks=False
        )
    if uncounted:
        formulas = "1 formula has" if uncounted == 1 else f"{uncounted:,} formulas have"
        parts.notes.append(f"{formulas} no stored value; open and save the file in a spreadsheet program")
    if note := comments_note(package, _COMMENTS, ("comment",)):
        parts.notes.append(note)
    if hidden:
        parts.notes.append(f"hidden sheets are read too: {', '.join(hidden[:5])}")
    return parts


def _place(sheet: Any) -> str:
    """Return the name of a sheet's file in the package."""
    return str(getattr(sheet, "_worksheet_path", "")).lstrip("/")


def _boxes(package: Package, place: str) -> Iterator[Block]:
    """Yield the texts of text boxes and shapes that lie on a sheet."""
    folder, _, name = place.rpartition("/")
    relations = f"{folder}/_rels/{name}.rels"
    if relations not in package:
        return
    for target in _DRAWING.findall(package.read(relations).decode("utf-8", "replace")):
        drawing = posixpath.normpath(posixpath.join(folder, target)).lstrip("/")
        for body in package.xml(drawing).iter(_TEXT_BODY) if drawing in package else ():
            for paragraph in body.iter(_PARAGRAPH):
                if text := "".join(part.text or "" for part in paragraph.iter(_TEXT)).strip():
                    yield Block(text)


def _rows(sheet: Any) -> Iterator[Block]:
    cells = 0
    sheet.reset_dimensions()
    for row in sheet.iter_rows():
        texts = [shown(cell.value, cell.number_format or "") if cell.value is not None else "" for cell in row]
        cells += len(texts)
        if cells > _MOST_CELLS:
            raise DocumentError("too_big", "")
        line = "\t".join(texts).rstrip("\t")
        if line:
            yield Block(line)
