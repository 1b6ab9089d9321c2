"""Documents of a library, recognised by content, then by path."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.library.database import Database, LibraryError, storable
from engine.library.readings import state_now
from engine.library.records import Document, FileInfo

_SELECT = (
    "SELECT d.id, d.sha256, d.path, coalesce(d.given_title, d.title), d.kind, d.size, d.n_pages, d.added, d.opened,"
    " (SELECT count(*) FROM page_tokens WHERE reading = r.id),"
    " (SELECT count(*) FROM pages p JOIN page_tokens t ON t.reading = r.id AND t.number = p.number"
    "  WHERE p.document = d.id AND p.problem IS NOT NULL),"
    " coalesce(r.tokens_read, 0), r.state, i.name, coalesce(s.n, 0), coalesce(s.bytes, 0), d.replaced,"
    " (SELECT json_group_array(path) FROM"
    "  (SELECT path FROM document_paths WHERE document = d.id ORDER BY seen DESC, path)),"
    " d.given_title IS NOT NULL, (SELECT json_group_array(tag) FROM"
    "  (SELECT tag FROM document_tags WHERE document = d.id ORDER BY tag))"
    " FROM documents d"
    " LEFT JOIN readings r ON r.id = (SELECT id FROM readings WHERE document = d.id ORDER BY used DESC LIMIT 1)"
    " LEFT JOIN identities i ON i.id = r.identity"
    " LEFT JOIN (SELECT document, count(*) AS n, sum(size) AS bytes FROM snapshots GROUP BY document) s"
    "  ON s.document = d.id"
)


class Documents:
    """The table of documents."""

    def __init__(self, db: Database, first_id: int = 1) -> None:
        self._db, self._first_id = db, first_id

    def for_file(self, info: FileInfo, continues: Callable[[Document], bool] = lambda _: True) -> Document:
        """Return the document of a file, made when it is new.

        The same content under another name is the same document; it has both paths. A known path with other content is
        the same document, grown or edited, if `continues` says so of the document that was there: its readings are
        stale until they go on. Otherwise it is a new document, and the other keeps its pages, turns and summaries.
        """
        path, now = storable(os.path.abspath(os.fspath(info.path))), time.time()
        known = self.with_content(info.sha256)
        before = None if known is not None else self._at(path)
        if before is not None and not continues(before):
            before = None
        with self._db.write() as conn:
            values: list[str | int | float | None] = [path, storable(info.title or Path(path).name), info.kind]
            values += [info.size, info.page_count, now, _next_use(conn)]
            if known is not None:
                identifier = known.id
            elif before is not None:
                identifier = before.id
                conn.execute(
                    "UPDATE documents SET path = ?, title = ?, kind = ?, size = ?, n_pages = ?, opened = ?, used = ?,"
                    " sha256 = ? WHERE id = ?",
                    [*values, info.sha256, identifier],
                )
                conn.execute("UPDATE readings SET state = 'stale' WHERE document = ?", [identifier])
            else:
                (identifier,) = conn.execute(
                    "INSERT INTO documents (path, title, kind, size, n_pages, opened, used, sha256, added, id)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(id) + 1, ?) FROM documents))"
                    " RETURNING id",
                    [*values, info.sha256, now, self._first_id],
                ).fetchone()
            _note_path(conn, identifier, path)
        return self.get(identifier)

    def note_opened(self, document: int, path: str | os.PathLike[str]) -> None:
        """Store that the document was opened just now, at `path`."""
        with self._db.write() as conn:
            _note_path(conn, document, storable(os.path.abspath(os.path.expanduser(os.fspath(path)))))

    def rename(self, document: int, title: str) -> None:
        """Give a document a title of the user's; "" gives back the file's own. Raises LibraryError (gone)."""
        self.get(document)
        given = " ".join(storable(title).split())
        with self._db.write() as conn:
            conn.execute("UPDATE documents SET given_title = ? WHERE id = ?", [given or None, document])

    def set_tags(self, document: int, tags: Iterable[str]) -> None:
        """Replace the tags of a document. Spaces around a tag and empty tags are left out. Raises LibraryError
        (gone)."""
        self.get(document)
        kept = sorted({" ".join(storable(tag).split()) for tag in tags} - {""})
        with self._db.write() as conn:
            conn.execute("DELETE FROM document_tags WHERE document = ?", [document])
            conn.executemany(
                "INSERT INTO document_tags (document, tag) VALUES (?, ?)", [(document, tag) for tag in kept]
            )

    def all(self) -> list[Document]:
        """Return all documents, the one opened last first. Reads no text and no state."""
        with self._db.read() as conn:
            return [self._document(row) for row in conn.execute(f"{_SELECT} ORDER BY d.used DESC")]

    def get(self, document: int) -> Document:
        """Return one document. Raises LibraryError (gone)."""
        with self._db.read() as conn:
            row = conn.execute(f"{_SELECT} WHERE d.id = ?", [document]).fetchone()
            if row is not None:
                return self._document(row)
        raise LibraryError("gone", "This document is no longer in the library; read it again.")

    def with_content(self, sha256: str) -> Document | None:
        """Return the document whose file had exactly this content when it was last opened."""
        with self._db.read() as conn:
            row = conn.execute(f"{_SELECT} WHERE d.sha256 = ?", [sha256]).fetchone()
            return self._document(row) if row else None

    def find(self, name: str | os.PathLike[str]) -> Document | None:
        """Return the document with this id, path, file name or title, tried in this order; of several the one opened
        last."""
        return next(iter(self.find_all(name)), None)

    def find_all(self, name: str | os.PathLike[str]) -> list[Document]:
        """Return the documents with this id; where there is none, those with this path, file name or title."""
        text = os.fspath(name)
        absolute = storable(os.path.abspath(os.path.expanduser(text)))
        text = storable(text)
        documents = self.all()
        tests: tuple[Callable[[Document], bool], ...] = (
            lambda document: str(document.id) == text,
            lambda document: absolute in document.paths,
            lambda document: text in {Path(path).name for path in (document.path, *document.paths)},
            lambda document: document.title == text,
        )
        for test in tests:
            if found := [document for document in documents if test(document)]:
                return found
        return []

    def _at(self, path: str) -> Document | None:
        with self._db.read() as conn:
            row = conn.execute("SELECT document FROM document_paths WHERE path = ?", [path]).fetchone()
        return self.get(row[0]) if row else None

    def _document(self, row: tuple[Any, ...]) -> Document:
        *fields, paths, renamed, tags = row
        document = Document(*[*fields, json.loads(paths), bool(renamed), json.loads(tags)])
        if document.state is None:
            return document
        return replace(document, state=state_now(self._db, document.state))

    def remove(self, document: int) -> None:
        """Delete a document with its pages, states, summaries and turns; overwrite their bytes, and delete the copy of
        the library from before its last update. Raises LibraryError (gone).

        Each state has a transaction of its own, so that the log stays small: documents are removed when a disk is full.
        Killed in between, it leaves the document with fewer states. `Maintenance.compact` gives the space back.
        """
        self.get(document)
        with self._db.read() as conn:
            states = [row[0] for row in conn.execute("SELECT id FROM snapshots WHERE document = ?", [document])]
        for state in states:
            self._erase("DELETE FROM snapshots WHERE id = ?", state)
        self._erase("DELETE FROM documents WHERE id = ?", document)
        # FTS5 only marks deleted words, until its segments are merged.
        for index in ("sections_fts", "sections_cjk", "record_words"):
            self._erase(f"INSERT INTO {index} ({index}) VALUES ('optimize')")
        self._db.drop_copy()

    def _erase(self, statement: str, *values: int) -> None:
        """Run one deletion and overwrite its pages, where the disk has room for that in the log."""
        with self._db.read() as conn:
            conn.execute("PRAGMA secure_delete = ON").fetchall()
            try:
                with self._db.write():
                    conn.execute(statement, values)
            except LibraryError as error:
                if error.kind != "full":
                    raise
                conn.execute("PRAGMA secure_delete = OFF").fetchall()
                with self._db.write():
                    conn.execute(statement, values)
            finally:
                conn.execute("PRAGMA secure_delete = FAST").fetchall()
            # Only now are the old pages removed from the file; a window that is reading keeps them a little longer,
            # and is not waited for.
            before = conn.execute("PRAGMA busy_timeout").fetchone()[0]
            conn.execute("PRAGMA busy_timeout = 50").fetchall()
            try:
                conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                conn.execute(f"PRAGMA busy_timeout = {before}").fetchall()


def _next_use(conn: sqlite3.Connection) -> int:
    return int(conn.execute("SELECT coalesce(max(used), 0) + 1 FROM documents").fetchone()[0])


def _note_path(conn: sqlite3.Connection, document: int, path: str) -> None:
    """Let `path` lead to `document`, opened just now; another that it led to was replaced there. Inside a
    transaction."""
    now = time.time()
    before = conn.execute("SELECT document FROM document_paths WHERE path = ?", [path]).fetchone()
    conn.execute("INSERT OR REPLACE INTO document_paths (path, document, seen) VALUES (?, ?, ?)", [path, document, now])
    if before is not None and before[0] != document:
        conn.execute(
            "UPDATE documents SET replaced = ?1 WHERE id = ?2"
            " AND NOT EXISTS (SELECT 1 FROM document_paths WHERE document = ?2)",
            [now, before[0]],
        )
        conn.execute(  # a copy of it under another name is where it is to be found now
            "UPDATE documents SET path = coalesce("
            " (SELECT path FROM document_paths WHERE document = ?1 ORDER BY seen DESC LIMIT 1), path)"
            " WHERE id = ?1 AND path = ?2",
            [before[0], path],
        )
    (shown, replaced) = conn.execute("SELECT path, replaced FROM documents WHERE id = ?", [document]).fetchone()
    moved = replaced is not None or not Path(shown).exists()
    conn.execute(
        "UPDATE documents SET opened = ?, used = ?, replaced = NULL, path = iif(?, ?, path) WHERE id = ?",
        [now, _next_use(conn), moved, path, document],
    )
