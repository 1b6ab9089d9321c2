"""Summaries of documents."""

from __future__ import annotations

import time

from engine.library import snapshots
from engine.library.database import Database, LibraryError, storable
from engine.library.prefix import Identity
from engine.library.records import NewSummary, Summary
from engine.protocol.evidence import basis_from, encoded

_SELECT = (
    "SELECT s.id, s.document, i.name, s.method, s.focus, s.text, s.evidence, s.n_tokens, s.created, s.length,"
    " coalesce(s.sha256, d.sha256), coalesce(s.sha256, d.sha256) = d.sha256"
    " FROM summaries s JOIN identities i ON i.id = s.identity JOIN documents d ON d.id = s.document"
)


class Summaries:
    """The table of summaries."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, document: int, identity: Identity, new: NewSummary) -> int:
        """Store a summary; return its id."""
        with self._db.write() as conn:
            row = conn.execute(
                "INSERT INTO summaries (document, identity, method, focus, text, evidence, n_tokens, created, length,"
                " sha256, checksum) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, sha256, text_checksum(?3, ?4, ?5, ?6)"
                " FROM documents WHERE id = ?1 RETURNING id",
                [
                    document,
                    snapshots.identity_id(conn, identity),
                    new.method,
                    storable(new.focus),
                    storable(new.text),
                    storable(encoded(new.basis)),
                    new.n_tokens,
                    time.time(),
                    new.length,
                ],
            ).fetchone()
            if row is None:
                raise LibraryError("gone", "This document is no longer in the library; read it again.")
            identifier: int = row[0]
            return identifier

    def of(self, document: int) -> list[Summary]:
        """Return the summaries of a document, newest first."""
        with self._db.read() as conn:
            rows = conn.execute(f"{_SELECT} WHERE s.document = ? ORDER BY s.id DESC", [document])
            return [Summary(*[*row[:6], basis_from(row[6]), *row[7:11], bool(row[11])]) for row in rows]
