"""Documents of a library, recognised by content, then by path."""

from __future__ import annotations

import os
import time
from pathlib import Path

from engine.library.database import Database, LibraryError, storable
from engine.library.records import Document, FileInfo

_SELECT = (
    "SELECT d.id, d.sha256, d.path, d.title, d.kind, d.size, d.n_pages, d.added, d.opened,"
    " (SELECT count(*) FROM page_tokens WHERE reading = r.id),"
    " (SELECT count(*) FROM pages p JOIN page_tokens t ON t.reading = r.id AND t.number = p.number"
    "  WHERE p.document = d.id AND p.problem IS NOT NULL),"
    " coalesce(r.tokens_read, 0), r.state, i.name, coalesce(s.n, 0), coalesce(s.bytes, 0)"
    " FROM documents d"
    " LEFT JOIN readings r ON r.id = (SELECT id FROM readings WHERE document = d.id ORDER BY used DESC LIMIT 1)"
    " LEFT JOIN identities i ON i.id = r.identity"
    " LEFT JOIN (SELECT document, count(*) AS n, sum(size) AS bytes FROM snapshots GROUP BY document) s"
    "  ON s.document = d.id"
)


class Documents:
    """The table of documents."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def for_file(self, info: FileInfo) -> Document:
        """Return the document of a file, made when it is new.

        The same content under another name is the same document (its path follows a file that was moved). A known
        path with other content is the same document, grown or edited: its readings are stale until they go on.
        """
        path, now = storable(os.path.abspath(os.fspath(info.path))), time.time()
        with self._db.write() as conn:
            (used,) = conn.execute("SELECT coalesce(max(used), 0) + 1 FROM documents").fetchone()
            row = conn.execute("SELECT id, path FROM documents WHERE sha256 = ?", [info.sha256]).fetchone()
            if row is not None:
                identifier, old_path = row
                if old_path != path and not Path(old_path).exists():
                    conn.execute("UPDATE documents SET path = ? WHERE id = ?", [path, identifier])
                conn.execute("UPDATE documents SET opened = ?, used = ? WHERE id = ?", [now, used, identifier])
                return self.get(identifier)
            values = [info.sha256, path, storable(info.title or Path(path).name), info.kind, info.size]
            values += [info.page_count, now, used]
            row = conn.execute("SELECT id FROM documents WHERE path = ? ORDER BY used DESC", [path]).fetchone()
            if row is not None:
                conn.execute(
                    "UPDATE documents SET sha256 = ?, path = ?, title = ?, kind = ?, size = ?, n_pages = ?,"
                    " opened = ?, used = ? WHERE id = ?",
                    [*values, row[0]],
                )
                conn.execute("UPDATE readings SET state = 'stale' WHERE document = ?", [row[0]])
                return self.get(row[0])
            row = conn.execute(
                "INSERT INTO documents (sha256, path, title, kind, size, n_pages, opened, used, added)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                [*values, now],
            ).fetchone()
            return self.get(row[0])

    def all(self) -> list[Document]:
        """Return all documents, the one opened last first. Reads no text and no state."""
        with self._db.read() as conn:
            return [Document(*row) for row in conn.execute(f"{_SELECT} ORDER BY d.used DESC")]

    def get(self, document: int) -> Document:
        """Return one document. Raises LibraryError (gone)."""
        with self._db.read() as conn:
            row = conn.execute(f"{_SELECT} WHERE d.id = ?", [document]).fetchone()
        if row is None:
            raise LibraryError("gone", "This document is no longer in the library; read it again.")
        return Document(*row)

    def with_content(self, sha256: str) -> Document | None:
        """Return the document whose file had exactly this content when it was last opened."""
        with self._db.read() as conn:
            row = conn.execute(f"{_SELECT} WHERE d.sha256 = ?", [sha256]).fetchone()
        return Document(*row) if row else None

    def find(self, name: str | os.PathLike[str]) -> Document | None:
        """Return the document with this id, path, file name or title, tried in this order; of several the one opened
        last."""
        text = os.fspath(name)
        absolute = storable(os.path.abspath(os.path.expanduser(text)))
        text = storable(text)
        found = self.all()
        for matches in (
            lambda row: str(row.id) == text,
            lambda row: row.path == absolute,
            lambda row: Path(row.path).name == text,
            lambda row: row.title == text,
        ):
            for row in found:
                if matches(row):
                    return row
        return None

    def remove(self, document: int) -> None:
        """Delete a document with its pages, states, summaries and turns; overwrite their bytes. Raises LibraryError
        (gone).

        Each state has a transaction of its own, so that the log stays small: documents are removed when a disk is full.
        Killed in between, it leaves the document with fewer states. `Maintenance.compact` gives the space back.
        """
        self.get(document)
        with self._db.read() as conn:
            states = [row[0] for row in conn.execute("SELECT id FROM snapshots WHERE document = ?", [document])]
        for state in states:
            self._erase("DELETE FROM snapshots WHERE id = ?", state)
        self._erase("DELETE FROM documents WHERE id = ?", document)

    def _erase(self, statement: str, identifier: int) -> None:
        """Run one deletion and overwrite its pages, where the disk has room for that in the log."""
        with self._db.read() as conn:
            conn.execute("PRAGMA secure_delete = ON").fetchall()
            try:
                with self._db.write():
                    conn.execute(statement, [identifier])
            except LibraryError as error:
                if error.kind != "full":
                    raise
                conn.execute("PRAGMA secure_delete = OFF").fetchall()
                with self._db.write():
                    conn.execute(statement, [identifier])
            finally:
                conn.execute("PRAGMA secure_delete = FAST").fetchall()
            # Only now are the old pages out of the file; a window that is reading just now keeps them a little longer.
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
