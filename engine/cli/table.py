"""The `table` command: the tables, lists and labels of a file as rows with their pages, for people or programs. Light:
no torch."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.cli.options import Options
from engine.cli.output import Output
from engine.cli.result_file import require_other, save
from engine.cli.text import one_line
from engine.documents.extraction.extractor import open_document
from engine.documents.formats.regular_file import shown_name
from engine.errors import KnownError
from engine.library.database import LibraryError, library_path
from engine.library.library import Library
from engine.library.records import Page
from engine.library.typed_records import NewRecords, RecordRow, RecordTable
from engine.reading.file_digest import digest_of
from engine.records.conditions import Condition
from engine.records.export import ExportedTable, to_csv, to_json, to_xlsx
from engine.records.extract import extract
from engine.records.resolve import Family, families
from engine.records.store import ensure_records, new_records
from engine.wording.sentences import counted

_SHOWN_ROWS = 30
_PIPE_WIDTH = 1_000


def print_table(
    options: Options,
    file: Path,
    password: str | None,
    where: Sequence[str],
    number: int | None,
    form: str | None,
    output: Path | None,
) -> int:
    """Print or write the tables of `file`; return the exit status. Raises KnownError.

    `form`: csv, xlsx, or None for text (JSON with --json). `number`: only the table with this number.
    """
    conditions = [Condition.of(text) for text in where]
    if form == "xlsx" and output is None:
        raise KnownError("name the workbook with -o FILE, such as --xlsx -o tables.xlsx")
    require_other(output, [file], library_path(options.library))
    found, title = _records(options, file, password)
    tables = _chosen(families(found.tables), found.tables, conditions, number)
    titles = {0: title}
    out = Output(sys.stdout)
    err = Output(sys.stderr, required=False)
    coverage = {"pages": found.pages, "tables_unread": found.tables_unread, "rows": sum(len(t.rows) for t in tables)}
    if form == "xlsx":
        assert output is not None
        save(output, to_xlsx(tables, titles))
    elif form == "csv" or options.as_json:
        text = to_json(tables, titles, coverage) if options.as_json else to_csv(_only(tables), titles)
        if output is not None:
            save(output, text.encode())
        else:
            out.write(text)
    else:
        _print(out, tables, number)
    if not options.quiet:
        saved = f"Saved to {output}: " if output is not None else ""
        rows = counted(sum(len(table.rows) for table in tables), "row", "rows")
        unread = found.tables_unread
        more = f"; {counted(unread, 'table', 'tables')} could not be read in full" if unread else ""
        err.line(f"{saved}{rows} from {counted(found.pages, 'page', 'pages')}{more}.")
    return 0


def _records(options: Options, file: Path, password: str | None) -> tuple[NewRecords, str]:
    """Return the records of a file, from the library where it was read before, and its title."""
    saved = _from_library(options, file)
    if saved is not None:
        return saved
    with open_document(file, password) as opened:
        pages = [Page(p.number, p.label, p.text, p.problem, None, None) for p in opened.pages()]
        outcome, title = opened.outcome, opened.info.title
    if outcome is None or not outcome.is_readable:
        raise KnownError(outcome.sentence if outcome else f"{shown_name(file)} could not be read")
    found = new_records(extract(str(file), ((page.number, page.text) for page in pages)), pages)
    numbered = [replace(table, id=number) for number, table in enumerate(found.tables, 1)]
    return replace(found, tables=numbered), title


def _from_library(options: Options, file: Path) -> tuple[NewRecords, str] | None:
    try:
        library = Library.open(options.library, read_only=True)
    except LibraryError:
        return None
    with library:
        document = library.documents.with_content(digest_of(file))
        if document is None or document.state != "done" or not ensure_records(library, document):
            return None
        store = library.typed_records
        tables = store.tables([document.id])
        by_table: dict[int, list[RecordRow]] = {table.id: [] for table in tables}
        for row in store.rows([table.id for table in tables]):
            by_table[row.table].append(replace(row, document=0))
        whole = [replace(table, rows=by_table[table.id]) for table in tables]
        return NewRecords(0, document.pages_read, store.unread([document.id]), whole), document.title


def _chosen(
    found: Sequence[Family], tables: Sequence[RecordTable], conditions: Sequence[Condition], number: int | None
) -> list[ExportedTable]:
    """Return the tables with the rows that meet all conditions; those that have all their columns."""
    if not tables:
        raise KnownError(
            "no table, list or labels were found in the file; `readthrough text` shows its text", "no table"
        )
    if number is not None and not 1 <= number <= len(found):
        which = "the only one is table 1" if len(found) == 1 else f"choose one from 1 to {len(found)}"
        raise KnownError(f"there is no table {number}; {which}")
    chosen = []
    for family in found if number is None else [found[number - 1]]:
        rows = [row for table in family.tables for row in table.rows]
        places = [condition.column_of(family.columns, rows) for condition in conditions]
        if None in places:
            continue
        met = [
            row
            for row in rows
            if all(
                condition.holds(row.cells[place])
                for condition, place in zip(conditions, places, strict=True)
                if place is not None
            )
        ]
        caption = next((table.caption for table in family.tables if table.caption), "")
        chosen.append(ExportedTable(caption, family.columns, met))
    if not chosen:
        names = sorted({name for family in found for name in family.columns}, key=str.casefold)
        wanted = ", ".join(condition.column for condition in conditions)
        noun = "column" if len(conditions) == 1 else "columns"
        raise KnownError(f"no table has the {noun} {wanted}; choose from {', '.join(names[:20])}", "no column")
    return chosen


def _only(tables: Sequence[ExportedTable]) -> ExportedTable:
    if len(tables) > 1:
        raise KnownError(
            f"the file has {len(tables)} tables and CSV holds one; choose one with --number, or use --json or --xlsx"
        )
    return tables[0]


def _print(out: Output, tables: Sequence[ExportedTable], number: int | None) -> None:
    """Print the tables for people; of each the first rows where there are several."""
    for place, table in enumerate(tables, number or 1):
        rows = table.rows if len(tables) == 1 else table.rows[:_SHOWN_ROWS]
        out.line(one_line(f"{place}. {table.caption or 'Table'} ({counted(len(table.rows), 'row', 'rows')})"))
        _draw(out, (*table.columns, "page"), [(*(cell.text for cell in row.cells), str(row.page)) for row in rows])
        if len(rows) < len(table.rows):
            out.line(f"… and {len(table.rows) - len(rows):,} more; --number {place} prints all")
        out.line()


def _draw(out: Output, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn_table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for name in header:
        drawn_table.add_column(Text(one_line(name)))
    for row in rows:
        drawn_table.add_row(*(Text(one_line(cell)) for cell in row))
    drawn = io.StringIO()
    Console(file=drawn, width=out.width or _PIPE_WIDTH, color_system=None).print(drawn_table)
    for line in drawn.getvalue().splitlines():
        out.line(line.rstrip())
