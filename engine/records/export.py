"""Export of tables with the places of their rows: CSV, JSON and XLSX. Light: no torch."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.library.typed_records import RecordCell, RecordRow

PLACE = ("document", "page", "source", "confidence")
_SHEET_NAME = re.compile(r"[\[\]:*?/\\]")
_FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d.,+\-/()%\s$€£¥]*$)")
"""The beginning of a cell that a spreadsheet computes; a signed number is none."""
_NOT_IN_XLSX = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True)
class ExportedTable:
    """Rows under the same columns, of one document or of many."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[RecordRow]


def to_csv(table: ExportedTable, titles: dict[int, str]) -> str:
    """Return a table as CSV: its columns, then document, page, source and confidence of each row.

    A cell that a spreadsheet would compute as a formula has an apostrophe before it.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*map(_harmless, table.columns), *PLACE])
    for row in table.rows:
        cells = [*(cell.text for cell in row.cells), titles[row.document]]
        writer.writerow([*map(_harmless, cells), row.page, _harmless(row.source), f"{row.confidence:g}"])
    return out.getvalue()


def to_json(tables: Sequence[ExportedTable], titles: dict[int, str], coverage: dict[str, Any]) -> str:
    """Return tables as JSON: each row with its cells as written, their values, its place and its words."""
    content = {
        "coverage": coverage,
        "tables": [
            {
                "caption": table.caption,
                "columns": list(table.columns),
                "rows": [_row(table.columns, row, titles) for row in table.rows],
            }
            for table in tables
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def to_xlsx(tables: Sequence[ExportedTable], titles: dict[int, str]) -> bytes:
    """Return a workbook of the tables, a sheet each; numbers and amounts as numbers, everything else as text."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for number, table in enumerate(tables, 1):
        name = _SHEET_NAME.sub(" ", table.caption or f"Table {number}").strip()[:25] or f"Table {number}"
        sheet = book.create_sheet(f"{number} {name}" if len(tables) > 1 else name)
        sheet.append([_text_cell(sheet, name) for name in (*table.columns, *PLACE)])
        for row in table.rows:
            cells = [_cell(sheet, cell) for cell in row.cells]
            sheet.append(
                [
                    *cells,
                    _text_cell(sheet, titles[row.document]),
                    row.page,
                    _text_cell(sheet, row.source),
                    row.confidence,
                ]
            )
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def _row(columns: Sequence[str], row: RecordRow, titles: dict[int, str]) -> dict[str, Any]:
    return {
        "cells": {name: cell.text for name, cell in zip(columns, row.cells, strict=True)},
        "values": {
            name: {"kind": cell.kind, "value": cell.value, "number": cell.number, "unit": cell.unit}
            for name, cell in zip(columns, row.cells, strict=True)
            if cell.kind in ("date", "amount", "number")
        },
        "document": titles[row.document],
        "page": row.page,
        "start": row.start,
        "end": row.end,
        "quoted": row.quoted,
        "source": row.source,
        "confidence": row.confidence,
    }


def _cell(sheet: Any, cell: RecordCell) -> Any:
    if cell.number is None:
        return _text_cell(sheet, cell.text)
    from openpyxl.cell import WriteOnlyCell

    made = WriteOnlyCell(sheet, cell.number)
    if cell.unit and '"' not in cell.unit:
        made.number_format = f'#,##0.00 "{cell.unit}"'
    return made


def _text_cell(sheet: Any, text: str) -> Any:
    """Return a cell that holds `text` as text, also where it begins like a formula."""
    from openpyxl.cell import WriteOnlyCell

    made = WriteOnlyCell(sheet, _NOT_IN_XLSX.sub("", text))
    if made.value:
        made.data_type = "s"
    return made
