"""The overviews of documents: the lines that answer "what is this about?"."""

from __future__ import annotations

import json
from collections.abc import Sequence

from engine.library.database import Database, storable

OverviewLine = tuple[str, list[int]]
"""A line and its pages; a line without pages describes the document."""


class Overviews:
    """The table of overviews: one row a document."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def save(self, document: int, version: str, lines: Sequence[OverviewLine]) -> None:
        """Store the overview of a document in place of an earlier one. `version`: names all that it was made from. Do
        nothing for a document that was removed."""
        told = storable(json.dumps([[line, list(pages)] for line, pages in lines], ensure_ascii=False))
        with self._db.write() as conn:
            conn.execute(
                "INSERT OR REPLACE INTO overviews (document, version, lines, checksum)"
                " SELECT id, ?1, ?2, text_checksum(?1, ?2) FROM documents WHERE id = ?3",
                [version, told, document],
            )

    def of(self, document: int, version: str) -> list[OverviewLine] | None:
        """Return the overview of a document by this `version`; None where there is none, or its row is damaged."""
        with self._db.read() as conn:
            row = conn.execute(
                "SELECT lines FROM overviews WHERE document = ?1 AND version = ?2"
                " AND checksum = text_checksum(version, lines)",
                [document, version],
            ).fetchone()
        return [(str(line), [int(page) for page in pages]) for line, pages in json.loads(row[0])] if row else None
