"""Spreadsheets (.xlsx): a sheet a section, its rows as lines with tabs between the cells, numbers as they are shown."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from engine.documents.formats.parts import Block, Parts
from engine.documents.pages import DocumentError

_MOST_CELLS = 5_000_000
_PERCENT = re.compile(r"0(?:\.(0+))?%")
_DECIMALS = re.compile(r"[0#?](?:\.([0#?]+))?(?![0#?,.])")
_QUOTED = re.compile(r'"([^"]*)"|\[\$([^\]-]*)[^\]]*\]')


def read_xlsx(data: bytes) -> Parts:
    """Return a workbook's sheets as pages, with an outline of the sheets."""
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise DocumentError("damaged", "") from error
    parts = Parts(title=book.properties.title or "")
    hidden = []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            hidden.append(sheet.title)
        parts.add_blocks([Block(sheet.title, 1), *_rows(sheet)], f"Sheet {sheet.title}", breaks=False)
    if hidden:
        parts.notes.append(f"hidden sheets are read too: {', '.join(hidden[:5])}")
    return parts


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


def shown(value: Any, number_format: str) -> str:
    """Return a cell's value as the sheet shows it, for the common formats of dates, percentages and amounts."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime.datetime):
        has_time = value.time() != datetime.time() or "h" in number_format.lower()
        return value.strftime("%Y-%m-%d %H:%M" if has_time else "%Y-%m-%d")
    if isinstance(value, datetime.time):
        return value.strftime("%H:%M:%S" if value.second else "%H:%M")
    if isinstance(value, int | float):
        return _number(value, number_format.split(";", maxsplit=1)[0])
    return " ".join(str(value).split())


def _number(value: float, number_format: str) -> str:
    percent = _PERCENT.search(number_format)
    if percent:
        return f"{value * 100:.{len(percent[1] or '')}f}%"
    signs = [found[1] or found[2] for found in _QUOTED.finditer(number_format) if (found[1] or found[2] or "").strip()]
    bare = _QUOTED.sub("", number_format)
    decimals = _DECIMALS.search(bare)
    if bare in ("", "General", "@") or decimals is None:
        text = f"{value:.10g}" if isinstance(value, float) else str(value)
    else:
        grouped = "," if "#,#" in bare or "0,0" in bare else ""
        text = f"{value:{grouped}.{len(decimals[1] or '')}f}"
    if not signs:
        signs = [sign for sign in "€$£¥" if sign in bare]
    return f"{text} {signs[0].strip()}" if signs else text
