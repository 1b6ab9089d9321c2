"""Typed records of documents: rows of tables, lists and labels, and the dates, amounts, identifiers and names of pages.

They are derived from the pages' text by engine.records and can be made again from it, so they carry no checksum and are
not part of an export. A run's row says of which content and of how many pages they are.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from engine.library.database import Database, storable

_BATCH = 400
LAYOUT = "layout"
"""The source of rows that the page's layout says."""


@dataclass(frozen=True, slots=True)
class RecordCell:
    """A typed cell, as engine.records.cells makes it."""

    kind: str
    text: str
    value: str = ""
    number: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A row with its place on a page."""

    page: int
    start: int
    end: int
    quoted: str
    cells: Sequence[RecordCell]
    confidence: float = 1.0
    source: str = LAYOUT
    """LAYOUT, or the name of the model that added the row."""
    id: int = 0
    document: int = 0
    table: int = 0


@dataclass(frozen=True, slots=True)
class RecordTable:
    """A table, a list or a group of labels."""

    form: str
    caption: str
    columns: Sequence[str]
    named: bool
    lines_unread: int
    rows: Sequence[RecordRow] = ()
    id: int = 0
    document: int = 0
    n_rows: int = 0


@dataclass(frozen=True, slots=True)
class RecordMention:
    """A date, an amount, an identifier or a name with its place."""

    kind: str
    page: int
    start: int
    end: int
    text: str
    value: str
    number: float | None = None
    unit: str = ""
    confidence: float = 1.0
    document: int = 0


@dataclass(frozen=True)
class NewRecords:
    """All records of one document."""

    version: int
    """Version of the rules that found them."""
    pages: int
    """Pages that were looked at."""
    tables_unread: int
    tables: Sequence[RecordTable] = ()
    mentions: Sequence[RecordMention] = field(default=())


class TypedRecords:
    """The tables of typed records."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def is_current(self, document: int, version: int) -> bool:
        """Return whether the records of a document were made by these rules from all of its pages as they are."""
        with self._db.read() as conn:
            row = conn.execute(
                "SELECT 1 FROM record_runs r JOIN documents d ON d.id = r.document WHERE r.document = ?"
                " AND r.sha256 = d.sha256 AND r.version = ?"
                " AND r.pages = (SELECT count(*) FROM pages WHERE document = d.id)",
                [document, version],
            ).fetchone()
        return row is not None

    def save(self, document: int, new: NewRecords) -> None:
        """Replace the records of a document, in one transaction."""
        with self._db.write() as conn:
            conn.execute("DELETE FROM record_tables WHERE document = ?", [document])
            conn.execute("DELETE FROM record_mentions WHERE document = ?", [document])
            for table in new.tables:
                _save_table(conn, document, table)
            conn.executemany(
                'INSERT INTO record_mentions (document, kind, page, start, "end", text, value, number, unit,'
                " confidence)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        document,
                        m.kind,
                        m.page,
                        m.start,
                        m.end,
                        storable(m.text),
                        storable(m.value),
                        m.number,
                        m.unit,
                        m.confidence,
                    )
                    for m in new.mentions
                ],
            )
            conn.execute(
                "INSERT OR REPLACE INTO record_runs (document, sha256, version, pages, tables_unread)"
                " SELECT id, sha256, ?, ?, ? FROM documents WHERE id = ?",
                [new.version, new.pages, new.tables_unread, document],
            )

    def replace_rows_of(self, document: int, source: str, table: RecordTable) -> None:
        """Store the rows that `source`, a model, added to a document, in the place of those it added before."""
        with self._db.write() as conn:
            conn.execute(
                "DELETE FROM record_tables WHERE document = ? AND id IN"
                ' (SELECT "table" FROM record_rows WHERE source = ?)',
                [document, source],
            )
            if table.rows:
                _save_table(conn, document, table)

    def tables(self, documents: Sequence[int]) -> list[RecordTable]:
        """Return the tables of `documents` without their rows, in document order."""
        with self._db.read() as conn:
            rows = conn.execute(
                "SELECT t.form, t.caption, t.columns, t.named, t.lines_unread, t.id, t.document,"
                ' (SELECT count(*) FROM record_rows WHERE "table" = t.id) FROM record_tables t'
                " WHERE t.document IN (SELECT value FROM json_each(?)) ORDER BY t.document, t.id",
                [json.dumps(list(documents))],
            ).fetchall()
        return [
            RecordTable(form, caption, json.loads(columns), bool(named), unread, (), id, document, n)
            for form, caption, columns, named, unread, id, document, n in rows
        ]

    def rows(self, tables: Iterable[int]) -> list[RecordRow]:
        """Return the rows of `tables` with their cells, by table, then in order."""
        return list(self._rows('r."table" IN (SELECT value FROM json_each(?))', list(tables)))

    def tables_with_words(self, query: str) -> set[int]:
        """Return the ids of the tables with a row that matches an FTS5 query, in all documents."""
        if not query:
            return set()
        with self._db.read() as conn:
            found = conn.execute(
                'SELECT DISTINCT r."table" FROM record_words w JOIN record_rows r ON r.id = w.rowid'
                " WHERE record_words MATCH ?",
                [query],
            )
            return {row[0] for row in found}

    def mentions(self, documents: Sequence[int], kind: str) -> list[RecordMention]:
        """Return the mentions of one kind in `documents`, in document order."""
        with self._db.read() as conn:
            rows = conn.execute(
                'SELECT kind, page, start, "end", text, value, number, unit, confidence, document FROM record_mentions'
                " WHERE document IN (SELECT value FROM json_each(?)) AND kind = ? ORDER BY document, page, start",
                [json.dumps(list(documents)), kind],
            ).fetchall()
        return [RecordMention(*row) for row in rows]

    def unread(self, documents: Sequence[int]) -> int:
        """Return the number of tables in `documents` that could not be read in full."""
        with self._db.read() as conn:
            (found,) = conn.execute(
                "SELECT coalesce(sum(tables_unread), 0) FROM record_runs"
                " WHERE document IN (SELECT value FROM json_each(?))",
                [json.dumps(list(documents))],
            ).fetchone()
        return int(found)

    def _rows(self, condition: str, values: list[int]) -> Iterator[RecordRow]:
        with self._db.read() as conn:
            rows = conn.execute(
                'SELECT r.id, r.page, r.start, r."end", r.quoted, r.confidence, r.source, r."table", t.document'
                ' FROM record_rows r JOIN record_tables t ON t.id = r."table"'
                f" WHERE {condition} ORDER BY t.document, r.id",
                [json.dumps(values)],
            ).fetchall()
            cells: dict[int, list[RecordCell]] = {row[0]: [] for row in rows}
            for first in range(0, len(rows), _BATCH):
                ids = [row[0] for row in rows[first : first + _BATCH]]
                for row, *rest in conn.execute(
                    "SELECT row, kind, text, value, number, unit FROM record_cells"
                    " WHERE row IN (SELECT value FROM json_each(?)) ORDER BY row, place",
                    [json.dumps(ids)],
                ):
                    cells[row].append(RecordCell(*rest))
        for id, page, start, end, quoted, confidence, source, table, document in rows:
            yield RecordRow(page, start, end, quoted, cells[id], confidence, source, id, document, table)


def _save_table(conn: sqlite3.Connection, document: int, table: RecordTable) -> None:
    columns = storable(json.dumps(list(table.columns), ensure_ascii=False))
    (identifier,) = conn.execute(
        "INSERT INTO record_tables (document, form, caption, columns, named, lines_unread, signature)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        [
            document,
            table.form,
            storable(table.caption),
            columns,
            int(table.named),
            table.lines_unread,
            columns.casefold(),
        ],
    ).fetchone()
    for row in table.rows:
        (saved,) = conn.execute(
            'INSERT INTO record_rows ("table", page, start, "end", quoted, source, confidence)'
            " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
            [identifier, row.page, row.start, row.end, storable(row.quoted), row.source, row.confidence],
        ).fetchone()
        conn.executemany(
            "INSERT INTO record_cells (row, place, kind, text, value, number, unit) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (saved, place, cell.kind, storable(cell.text), storable(cell.value), cell.number, storable(cell.unit))
                for place, cell in enumerate(row.cells)
            ],
        )
        words = storable("\n".join(cell.text for cell in row.cells if cell.text))
        conn.execute("INSERT INTO record_words (rowid, words) VALUES (?, ?)", [saved, words])
