"""The bookmarks of documents, as their files have them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from engine.library.database import Database, storable

Bookmark = tuple[str, int, int]
"""Title, page, and level from 1 for the outermost."""


class Outlines:
    """The table of outlines: one row a document whose file has bookmarks."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def save(self, document: int, bookmarks: Sequence[Bookmark]) -> None:
        """Store the bookmarks of a document; with none, delete those of an earlier content."""
        with self._db.write() as conn:
            conn.execute("DELETE FROM outlines WHERE document = ?", [document])
            if bookmarks:
                entries = storable(json.dumps([list(one) for one in bookmarks], ensure_ascii=False))
                conn.execute(
                    "INSERT INTO outlines (document, entries, checksum)"
                    " SELECT id, ?1, text_checksum(?1) FROM documents WHERE id = ?2",
                    [entries, document],
                )

    def of(self, document: int) -> list[Bookmark]:
        """Return the bookmarks of a document in order; none where its file has none, or their row is damaged."""
        with self._db.read() as conn:
            row = conn.execute(
                "SELECT entries FROM outlines WHERE document = ? AND checksum = text_checksum(entries)", [document]
            ).fetchone()
        return [(str(title), int(page), int(level)) for title, page, level in json.loads(row[0])] if row else []
