"""The documents of a library: recognised by content, then by path. Functions over an open `Database`."""

from __future__ import annotations

import os
import time
from pathlib import Path

from engine.library.database import Database, LibraryError
from engine.library.records import Document, FileInfo

_DOCUMENT = (
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


def document_for(db: Database, info: FileInfo) -> Document:
    """The document of a file, made when it is new; see `Library.document_for`."""
    path, now = storable(os.path.abspath(os.fspath(info.path))), time.time()
    with db.write() as conn:
        (used,) = conn.execute("SELECT coalesce(max(used), 0) + 1 FROM documents").fetchone()
        row = conn.execute("SELECT id, path FROM documents WHERE sha256 = ?", [info.sha256]).fetchone()
        if row is not None:
            identifier, old_path = row
            if old_path != path and not Path(old_path).exists():
                conn.execute("UPDATE documents SET path = ? WHERE id = ?", [path, identifier])
            conn.execute("UPDATE documents SET opened = ?, used = ? WHERE id = ?", [now, used, identifier])
            return document(db, identifier)
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
            return document(db, row[0])
        row = conn.execute(
            "INSERT INTO documents (sha256, path, title, kind, size, n_pages, opened, used, added)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            [*values, now],
        ).fetchone()
        return document(db, row[0])


def documents(db: Database) -> list[Document]:
    """All documents, the one opened last first."""
    with db.read() as conn:
        return [Document(*row) for row in conn.execute(f"{_DOCUMENT} ORDER BY d.used DESC")]


def document(db: Database, identifier: int) -> Document:
    """One document. Raises LibraryError (gone)."""
    with db.read() as conn:
        row = conn.execute(f"{_DOCUMENT} WHERE d.id = ?", [identifier]).fetchone()
    if row is None:
        raise LibraryError("gone", "This document is no longer in the library; read it again.")
    return Document(*row)


def document_with(db: Database, sha256: str) -> Document | None:
    """The document whose file had exactly this content when it was last opened."""
    with db.read() as conn:
        row = conn.execute(f"{_DOCUMENT} WHERE d.sha256 = ?", [sha256]).fetchone()
    return Document(*row) if row else None


def find_document(db: Database, name: str | os.PathLike[str]) -> Document | None:
    """The document with this id, path, file name or title, tried in this order; the one opened last of several."""
    text = os.fspath(name)
    absolute = storable(os.path.abspath(os.path.expanduser(text)))
    text = storable(text)
    found = documents(db)
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


def remove_document(db: Database, identifier: int) -> None:
    """Delete a document and all that hangs on it; its bytes in the file are overwritten, not only freed.

    State by state and then the rest, so that the log stays small: a full disk is when documents are removed. Killed
    in between, it leaves the document with fewer states.
    """
    document(db, identifier)
    with db.read() as conn:
        states = [row[0] for row in conn.execute("SELECT id FROM snapshots WHERE document = ?", [identifier])]
    for state in states:
        _erase(db, "DELETE FROM snapshots WHERE id = ?", state)
    _erase(db, "DELETE FROM documents WHERE id = ?", identifier)


def _erase(db: Database, statement: str, identifier: int) -> None:
    """Run one deletion, its pages overwritten where the disk has room for that in the log."""
    with db.read() as conn:
        conn.execute("PRAGMA secure_delete = ON").fetchall()
        try:
            with db.write():
                conn.execute(statement, [identifier])
        except LibraryError as error:
            if error.kind != "full":
                raise
            conn.execute("PRAGMA secure_delete = OFF").fetchall()
            with db.write():
                conn.execute(statement, [identifier])
        finally:
            conn.execute("PRAGMA secure_delete = FAST").fetchall()
        # Only now are the old pages out of the file; a window that is reading just now keeps them a little longer.
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def storable(text: str) -> str:
    """`text` as SQLite can hold it: half a surrogate pair, as in a file name that is not UTF-8, is spelled out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
