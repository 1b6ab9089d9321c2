"""Pages of a document: their text, and their place in the token sequence of a reading."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from engine.library import schema
from engine.library.database import Database
from engine.library.records import Page, PageSpan


class Pages:
    """The tables of pages and of their tokens."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def of(self, document: int, reading: int | None = None, first: int = 1, last: int | None = None) -> list[Page]:
        """Return pages `first` to `last` with their text, in order; token positions are those of `reading` (default:
        the latest)."""
        with self._db.read() as conn:
            rows = conn.execute(
                "SELECT p.number, p.label, p.text, p.problem, t.first_token, t.n_tokens,"
                " d.removed, d.notes, d.certainty, d.raw FROM pages p"
                " LEFT JOIN page_tokens t ON t.reading = ? AND t.number = p.number"
                " LEFT JOIN page_details d ON d.page = p.id"
                " WHERE p.document = ? AND p.number >= ? AND (? IS NULL OR p.number <= ?) ORDER BY p.number",
                [reading_or_latest(conn, document, reading), document, first, last, last],
            )
            return [_page(row) for row in rows]

    def recognised(self, document: int) -> list[Page]:
        """Return the pages of the latest reading that were recognised (OCR) and are as they were written."""
        of_page, of_details = _columns("pages", "p"), _columns("page_details", "d")
        with self._db.read() as conn:
            whole = conn.execute(
                "SELECT p.number FROM pages p JOIN page_details d ON d.page = p.id JOIN page_tokens t"
                " ON t.reading = ? AND t.number = p.number WHERE p.document = ? AND d.certainty IS NOT NULL"
                f" AND p.checksum IS text_checksum({of_page}) AND d.checksum IS text_checksum({of_details})",
                [reading_or_latest(conn, document, None), document],
            ).fetchall()
        numbers = {number for (number,) in whole}
        return [page for page in self.of(document) if page.number in numbers] if numbers else []

    def spans(self, document: int, reading: int | None = None) -> list[PageSpan]:
        """Return the tokens and the problem of every page without its text, in order."""
        with self._db.read() as conn:
            rows = conn.execute(
                "SELECT p.number, t.first_token, t.n_tokens, p.problem,"
                " iif(json_valid(d.removed), json_array_length(d.removed), 0), d.certainty FROM pages p"
                " LEFT JOIN page_tokens t ON t.reading = ? AND t.number = p.number"
                " LEFT JOIN page_details d ON d.page = p.id"
                " WHERE p.document = ? ORDER BY p.number",
                [reading_or_latest(conn, document, reading), document],
            )
            return [PageSpan(*row) for row in rows]


def _columns(table: str, name: str) -> str:
    """Return the checked columns of a table, under its name in a statement."""
    return ", ".join(f"{name}.{column}" for column in schema.CHECKED_TEXTS[table].split(", "))


def _page(row: tuple[Any, ...]) -> Page:
    number, label, text, problem, first_token, n_tokens, removed, notes, certainty, raw = row
    lists = _strings(removed), _strings(notes)
    return Page(number, label, text, problem, first_token, n_tokens, *lists, certainty, raw)


def _strings(stored: str | None) -> tuple[str, ...]:
    try:
        return tuple(map(str, json.loads(stored))) if stored else ()
    except (ValueError, TypeError):  # damaged; `verify` names it
        return ()


def reading_or_latest(conn: sqlite3.Connection, document: int, reading: int | None) -> int | None:
    """Return `reading`, or the id of the document's latest reading where that is None."""
    if reading is not None:
        return reading
    row = conn.execute("SELECT id FROM readings WHERE document = ? ORDER BY used DESC LIMIT 1", [document]).fetchone()
    return row[0] if row else None
