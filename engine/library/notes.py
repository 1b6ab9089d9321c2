"""Notes on sections, and ledgers: what was written about a document beside its summaries. Functions over an open
`Database`."""

from __future__ import annotations

import dataclasses
import json
import time

from engine.library.database import Database
from engine.library.documents import storable
from engine.library.readings import reading_or_latest
from engine.library.records import Ledger, LedgerEntry, SectionNote


def save_note(db: Database, section: int, request: str, focus: str, text: str, line_pages: list[list[int]]) -> None:
    """Store the note on a section, in place of an earlier one on the same request. Nothing where the section is gone,
    its document read anew."""
    with db.write() as conn:
        conn.execute(
            "INSERT OR REPLACE INTO section_notes (section, request, focus, text, line_pages, created)"
            " SELECT id, ?, ?, ?, ?, ? FROM sections WHERE id = ?",
            [request, storable(focus), storable(text), json.dumps(line_pages), time.time(), section],
        )


def section_notes(
    db: Database, document: int, focus: str, request: str | None, reading: int | None
) -> list[SectionNote]:
    """See `Library.section_notes`."""
    with db.read() as conn:
        rows = conn.execute(
            "SELECT s.id, s.number, s.heading, s.first_page, s.last_page, n.focus, n.text, n.line_pages"
            " FROM sections s JOIN section_notes n ON n.section = s.id"
            " WHERE s.reading = ?1 AND n.focus = ?2 AND (?3 IS NULL AND n.id = (SELECT max(id) FROM section_notes"
            "  WHERE section = s.id AND focus = ?2) OR n.request = ?3) ORDER BY s.number",
            [reading_or_latest(conn, document, reading), storable(focus), request],
        )
        return [SectionNote(*[*row[:7], json.loads(row[7])]) for row in rows]


def save_ledger(db: Database, document: int, ledger: Ledger) -> None:
    """Store the ledger of a document as its file is now."""
    entries = json.dumps([dataclasses.asdict(entry) for entry in ledger.entries], ensure_ascii=False)
    with db.write() as conn:
        conn.execute(
            "INSERT OR REPLACE INTO ledgers (document, sha256, entries, left_out, basis)"
            " SELECT id, sha256, ?, ?, ? FROM documents WHERE id = ?",
            [storable(entries), ledger.left_out, str(ledger.pages), document],
        )


def ledger(db: Database, document: int) -> Ledger | None:
    """The stored ledger; None where there is none, or the file has changed since."""
    with db.read() as conn:
        row = conn.execute(
            "SELECT l.entries, l.left_out, l.basis FROM ledgers l JOIN documents d ON d.id = l.document"
            " WHERE l.document = ? AND l.sha256 = d.sha256",
            [document],
        ).fetchone()
    if row is None:
        return None
    entries, left_out, basis = row
    # Version 0.1.0 wrote a sentence into this column.
    pages = int(basis) if basis.isdecimal() else 0
    return Ledger([LedgerEntry(**entry) for entry in json.loads(entries)], left_out, pages)
