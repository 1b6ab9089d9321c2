"""The sentence indexes of documents, so that a question about a document that was read need not build one."""

from __future__ import annotations

from engine.library.database import Database


class SentenceIndexes:
    """The table of sentence indexes: one row a document."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def save(self, document: int, version: str, data: bytes) -> None:
        """Store the index of a document in place of an earlier one. `version`: names the program's way of indexing and
        the pages. Do nothing for a document that was removed."""
        with self._db.write() as conn:
            conn.execute(
                "INSERT OR REPLACE INTO sentence_indexes (document, version, data, checksum)"
                " SELECT id, ?1, ?2, text_checksum(?1, ?2) FROM documents WHERE id = ?3",
                [version, data, document],
            )

    def of(self, document: int, version: str) -> bytes | None:
        """Return the index of a document by this `version`; None where there is none, or its row is damaged."""
        with self._db.read() as conn:
            row = conn.execute(
                "SELECT data FROM sentence_indexes WHERE document = ?1 AND version = ?2"
                " AND checksum = text_checksum(version, data)",
                [document, version],
            ).fetchone()
        return bytes(row[0]) if row else None
