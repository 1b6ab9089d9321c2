"""Looking after the library's file: checking it, copying it, giving free space back."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from engine.library import schema, snapshots
from engine.library.database import Database, LibraryError, copy_to
from engine.library.records import Verification
from engine.user_paths import absolute

_VACUUM_PAGES = 2048
"""Pages given back in one transaction: on a full disk the log must stay small too."""


class Maintenance:
    """Operations on the library's file as a whole."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def data_version(self) -> int:
        """Return a number that changes when another connection has written: a cheap question for news."""
        with self._db.read() as conn:
            version: int = conn.execute("PRAGMA data_version").fetchone()[0]
            return version

    def verify(self, progress: Callable[[int, int], None] | None = None) -> Verification:
        """Check the file's structure, its references, its indexes, and the checksums of texts and states.

        A writer drops damaged states: they are read again when they are next wanted. `progress` is called with
        (checked, all). Raises LibraryError where the file is too damaged to go through.
        """
        problems = self._file_problems() + self._text_problems()
        with self._db.read() as conn:
            rows = conn.execute(f"SELECT {snapshots.COLUMNS} FROM snapshots ORDER BY id").fetchall()
        damaged = []
        for checked, row in enumerate(rows):
            if progress is not None:
                progress(checked, len(rows))
            with self._db.read() as conn:
                if snapshots.checked_bytes(conn, row[0]) is None:
                    damaged.append(snapshots.snapshot_of(row))
        if damaged and not self._db.read_only:
            with self._db.write() as conn:
                snapshots.drop(conn, [snapshot.id for snapshot in damaged])
        return Verification(len(rows), damaged, problems)

    def backup(self, target: str | os.PathLike[str]) -> int:
        """Copy the library in its present state to a new file; return the size of the copy in bytes. Raises
        LibraryError."""
        path = absolute(target)
        if path.exists():
            raise LibraryError("exists", f"There is a file {path} already; choose another name.")
        with self._db.read() as conn:
            copy_to(conn, path)
        return path.stat().st_size

    def compact(self) -> int:
        """Give free space back to the disk; return the bytes by which the library's files shrank.

        Works in small steps, so that it also works on a full disk. A program that is reading the library at that moment
        may hold some of the space until it closes.
        """
        before = self.file_size()
        with self._db.read() as conn:
            _checkpoint(conn)
            (free,) = conn.execute("PRAGMA freelist_count").fetchone()
            while free:
                # Not execute(): it takes one step of this statement, and a step gives back one page.
                conn.executescript(f"PRAGMA incremental_vacuum({_VACUUM_PAGES});")
                _checkpoint(conn)
                (left,) = conn.execute("PRAGMA freelist_count").fetchone()
                if left >= free:
                    break
                free = left
        return max(0, before - self.file_size())

    def file_size(self) -> int:
        """Return the bytes of the library's file and its log."""
        path: Path = self._db.path
        files = (path, path.with_name(path.name + "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def _file_problems(self) -> list[str]:
        with self._db.read() as conn:
            problems = [text for (text,) in conn.execute("PRAGMA quick_check(20)") if text != "ok"]
            broken = conn.execute("PRAGMA foreign_key_check").fetchall()
            problems += [f"{table} {row} refers to a missing row of {parent}" for table, row, parent, _ in broken[:20]]
            if not self._db.read_only:
                try:
                    conn.execute("INSERT INTO sections_fts (sections_fts, rank) VALUES ('integrity-check', 1)")
                except sqlite3.DatabaseError as error:
                    if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_CORRUPT:
                        raise
                    conn.execute("INSERT INTO sections_fts (sections_fts) VALUES ('rebuild')")
                    problems.append("the search index did not agree with the sections; it was rebuilt")
        return problems

    def _text_problems(self) -> list[str]:
        """Return a sentence for every table with rows that do not agree with their checksum."""
        problems = []
        with self._db.read() as conn:
            for table, columns in schema.CHECKED_TEXTS.items():
                (changed,) = conn.execute(
                    f"SELECT count(*) FROM {table} WHERE checksum IS NOT text_checksum({columns})"
                ).fetchone()
                if changed:
                    problems.append(f"{changed} of the rows in {table} changed since they were written")
        return problems


def _checkpoint(conn: sqlite3.Connection) -> None:
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
