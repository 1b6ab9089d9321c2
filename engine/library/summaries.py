"""Summaries of documents."""

from __future__ import annotations

import time

from engine.library import snapshots
from engine.library.database import Database, storable
from engine.library.prefix import Identity
from engine.library.records import NewSummary, Summary
from engine.protocol.evidence import basis_from, encoded

_SELECT = (
    "SELECT s.id, s.document, i.name, s.method, s.focus, s.text, s.evidence, s.n_tokens, s.created, s.length"
    " FROM summaries s JOIN identities i ON i.id = s.identity"
)


class Summaries:
    """The table of summaries."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, document: int, identity: Identity, new: NewSummary) -> int:
        """Store a summary; return its id."""
        with self._db.write() as conn:
            row = conn.execute(
                "INSERT INTO summaries (document, identity, method, focus, text, evidence, n_tokens, created, length)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
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
            identifier: int = row[0]
            return identifier

    def of(self, document: int) -> list[Summary]:
        """Return the summaries of a document, newest first."""
        with self._db.read() as conn:
            rows = conn.execute(f"{_SELECT} WHERE s.document = ? ORDER BY s.id DESC", [document])
            return [Summary(*[*row[:6], basis_from(row[6]), *row[7:]]) for row in rows]
