"""Entities of a document: its dates, amounts and names."""

from __future__ import annotations

import dataclasses
import json

from engine.library.database import Database, storable
from engine.library.records import Ledger, LedgerEntry


class EntityLists:
    """The table of entity lists: one row a document."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def save(self, document: int, found: Ledger) -> None:
        """Store the entities of a document as its file is now."""
        entries = json.dumps([dataclasses.asdict(entry) for entry in found.entries], ensure_ascii=False)
        with self._db.write() as conn:
            conn.execute(
                "INSERT OR REPLACE INTO ledgers (document, sha256, entries, left_out, basis, checksum)"
                " SELECT id, sha256, ?1, ?2, ?3, text_checksum(?1, ?2, ?3) FROM documents WHERE id = ?4",
                [storable(entries), found.left_out, str(found.pages), document],
            )

    def of(self, document: int) -> Ledger | None:
        """Return the entities of a document; None before they are extracted, or when the file has changed since."""
        with self._db.read() as conn:
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
