"""Collections of documents: added by hand, or with the files of folders. A document may be in several."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass

from engine.library.database import Database, LibraryError, storable


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection and its numbers."""

    id: int
    name: str
    documents: int
    failed: int
    """Files of its folders that could not be read."""
    folders: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class CollectionFile:
    """A file of a collection's folder as it was when it was last read."""

    path: str
    size: int
    modified: int
    """Time of the last change, in nanoseconds."""
    inode: int
    document: int | None = None
    error: str = ""
    """Why it could not be read; empty where it was."""

    def is_same(self, other: CollectionFile) -> bool:
        """Return whether both are one file without a change between: same size, time and inode."""
        return (self.size, self.modified, self.inode) == (other.size, other.modified, other.inode)


class Collections:
    """The tables of collections."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def make(self, name: str) -> int:
        """Return the id of the collection `name`, made if there is none."""
        name = storable(" ".join(name.split()))
        if not name:
            raise LibraryError("missing", "The collection has no name; give it one.")
        with self._db.write() as conn:
            conn.execute("INSERT OR IGNORE INTO collections (name, created) VALUES (?, ?)", [name, time.time()])
            return self._id(conn, name)

    def all(self) -> list[Collection]:
        """Return all collections by name."""
        with self._db.read() as conn:
            names = [row[0] for row in conn.execute("SELECT name FROM collections ORDER BY name COLLATE NOCASE")]
        return [self.get(name) for name in names]

    def get(self, name: str) -> Collection:
        """Return a collection. Raises LibraryError (gone)."""
        with self._db.read() as conn:
            identifier = self._id(conn, name)
            row = conn.execute(
                "SELECT id, name, (SELECT count(*) FROM collection_documents WHERE collection = c.id),"
                " (SELECT count(*) FROM collection_files WHERE collection = c.id AND error <> '')"
                " FROM collections c WHERE id = ?",
                [identifier],
            ).fetchone()
            folders = conn.execute(
                "SELECT path FROM collection_folders WHERE collection = ? ORDER BY path", [identifier]
            ).fetchall()
        return Collection(row[0], row[1], row[2], row[3], tuple(path for (path,) in folders))

    def remove(self, name: str) -> None:
        """Delete a collection; its documents stay in the library. Raises LibraryError (gone)."""
        with self._db.write() as conn:
            conn.execute("DELETE FROM collections WHERE id = ?", [self._id(conn, name)])

    def add(self, name: str, documents: Sequence[int]) -> None:
        """Put documents into a collection; one that is in it already stays once."""
        with self._db.write() as conn:
            identifier = self._id(conn, name)
            conn.executemany(
                "INSERT OR IGNORE INTO collection_documents (collection, document) VALUES (?, ?)",
                [(identifier, document) for document in documents],
            )

    def take_out(self, name: str, documents: Sequence[int]) -> None:
        """Take documents out of a collection; they stay in the library."""
        with self._db.write() as conn:
            identifier = self._id(conn, name)
            conn.executemany(
                "DELETE FROM collection_documents WHERE collection = ? AND document = ?",
                [(identifier, document) for document in documents],
            )

    def add_folder(self, name: str, folder: str) -> None:
        """Note that the files of `folder` belong to a collection."""
        with self._db.write() as conn:
            identifier = self._id(conn, name)
            conn.execute(
                "INSERT OR IGNORE INTO collection_folders (collection, path) VALUES (?, ?)",
                [identifier, storable(folder)],
            )

    def documents(self, name: str) -> list[int]:
        """Return the ids of a collection's documents, in the order in which they came. Raises LibraryError (gone)."""
        with self._db.read() as conn:
            rows = conn.execute(
                "SELECT document FROM collection_documents WHERE collection = ? ORDER BY document",
                [self._id(conn, name)],
            )
            return [row[0] for row in rows]

    def files(self, name: str) -> dict[str, CollectionFile]:
        """Return path -> the files of a collection's folders, read or failed."""
        with self._db.read() as conn:
            rows = conn.execute(
                "SELECT path, size, modified, inode, document, error FROM collection_files WHERE collection = ?",
                [self._id(conn, name)],
            )
            return {row[0]: CollectionFile(*row) for row in rows}

    def note_file(self, name: str, file: CollectionFile) -> None:
        """Store the outcome of reading a file, and put its document into the collection in place of the one that was
        read at its path before, all in one transaction."""
        with self._db.write() as conn:
            identifier, path = self._id(conn, name), storable(file.path)
            before = conn.execute(
                "SELECT document FROM collection_files WHERE collection = ? AND path = ?", [identifier, path]
            ).fetchone()
            conn.execute(
                "INSERT OR REPLACE INTO collection_files (collection, path, size, modified, inode, document, error)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                [identifier, path, file.size, file.modified, file.inode, file.document, storable(file.error)],
            )
            if before is not None and before[0] not in (None, file.document):
                self._drop_unused(conn, identifier, before[0])
            if file.document is not None:
                conn.execute(
                    "INSERT OR IGNORE INTO collection_documents (collection, document) VALUES (?, ?)",
                    [identifier, file.document],
                )

    def forget_file(self, name: str, path: str) -> None:
        """Drop the row of a file that is gone; its document leaves the collection unless another file has it."""
        with self._db.write() as conn:
            identifier = self._id(conn, name)
            row = conn.execute(
                "DELETE FROM collection_files WHERE collection = ? AND path = ? RETURNING document",
                [identifier, storable(path)],
            ).fetchone()
            if row is not None and row[0] is not None:
                self._drop_unused(conn, identifier, row[0])

    @staticmethod
    def _drop_unused(conn: sqlite3.Connection, identifier: int, document: int) -> None:
        conn.execute(
            "DELETE FROM collection_documents WHERE collection = ?1 AND document = ?2"
            " AND NOT EXISTS (SELECT 1 FROM collection_files WHERE collection = ?1 AND document = ?2)",
            [identifier, document],
        )

    @staticmethod
    def _id(conn: sqlite3.Connection, name: str) -> int:
        row = conn.execute("SELECT id FROM collections WHERE name = ?", [storable(" ".join(name.split()))]).fetchone()
        if row is None:
            raise LibraryError("gone", f"There is no collection {name}; `collection list` shows all.")
        return int(row[0])
