"""Repair: save the readable rows of a damaged library into a new one."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from engine.library import schema, snapshots, sql_functions
from engine.library.database import Database, LibraryError, sentences
from engine.library.migrations.version_0_1 import APPLICATION_ID
from engine.library.writer_lock import AlreadyLockedError, WriterLock

_TABLES = (
    "identities",
    "documents",
    "document_paths",
    "pages",
    "page_details",
    "readings",
    "page_tokens",
    "snapshots",
    "snapshot_blobs",
    "sections",
    "summaries",
    "turns",
    "document_tags",
    "section_notes",
    "sentence_scores",
    "outlines",
    "sentence_indexes",
    "overviews",
    "ledgers",
    "snapshot_meters",
    "section_meters",
    "retentions",
    "collections",
    "collection_documents",
    "collection_folders",
    "collection_files",
)
"""Tables in insertion order: every row follows the rows that it refers to."""
_KEYS = {
    "document_paths": "path",
    "page_tokens": None,
    "document_tags": None,
    "collection_documents": None,
    "collection_folders": None,
    "collection_files": None,
}
"""Tables that are not walked by rowid, with their key; None for a table without a key."""


@dataclass(frozen=True)
class Repaired:
    """The result of a repair."""

    kept: Path
    """The damaged file, under its new name."""
    rows: int
    """Rows that were saved."""
    lost: dict[str, int]
    """Table -> rows that could not be read, do not agree with their checksum, or refer to a row that is gone; at least
    that many where whole pages of the file are gone."""


def repair(path: Path) -> Repaired:
    """Copy every readable row of the library at `path` into a new file that takes its place; keep the damaged one.

    Rows that do not agree with their checksum are left out, and so is everything that refers to a missing row. Raises
    LibraryError: missing, locked, full, foreign, and newer.
    """
    path = Path(os.path.realpath(path))
    if not path.is_file():
        raise LibraryError("missing", f"There is no library at {path}; check the name.")
    part = path.with_name(path.name + ".repaired")
    part.unlink(missing_ok=True)
    try:
        lock = WriterLock(path)
    except AlreadyLockedError as error:
        raise LibraryError("locked", f"Another Readthrough is writing the library at {path}; close it.") from error
    try:
        with sentences(path), contextlib.closing(_open_damaged(path)) as old:
            Database.open(part).close()
            rows, lost = _copy_rows(old, part)
        kept = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
        for suffix in ("", "-wal", "-shm"):
            if (side := path.with_name(path.name + suffix)).exists():
                os.replace(side, kept.with_name(kept.name + suffix))
        os.replace(part, path)
        return Repaired(kept, rows, lost)
    finally:
        for suffix in ("", "-wal", "-shm", ".lock"):
            part.with_name(part.name + suffix).unlink(missing_ok=True)
        lock.release()


def _open_damaged(path: Path) -> sqlite3.Connection:
    conn = sqlite3.connect(path, isolation_level=None)
    conn.text_factory = lambda data: data.decode("utf-8", "replace")
    sql_functions.register(conn)
    with contextlib.suppress(sqlite3.Error):
        conn.execute("PRAGMA writable_schema = ON")  # continue with the rest of a damaged schema
    with contextlib.suppress(sqlite3.Error):
        (application_id,) = conn.execute("PRAGMA application_id").fetchone()
        if application_id not in (0, APPLICATION_ID):
            conn.close()
            raise schema.NotALibraryError
    return conn


def _copy_rows(old: sqlite3.Connection, target: Path) -> tuple[int, dict[str, int]]:
    saved, lost = 0, {}
    with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as new:
        sql_functions.register(new)
        new.execute("PRAGMA foreign_keys = ON")
        new.execute("BEGIN")
        for table in _TABLES:
            copied, missing = _copy_table(old, new, table)
            saved += copied
            if missing:
                lost[table] = missing
        damaged = [row[0] for row in new.execute("SELECT id FROM snapshots") if not _is_sound(new, row[0])]
        snapshots.drop(new, damaged)
        if damaged:
            lost["snapshots"] = lost.get("snapshots", 0) + len(damaged)
        if {"pages", "page_tokens", "sections"} & lost.keys():  # so that the documents are read again
            new.execute("UPDATE readings SET state = 'interrupted' WHERE state = 'done'")
        new.execute(
            "INSERT INTO sections_cjk (rowid, heading, text)"
            " SELECT id, cjk_bigrams(heading), cjk_bigrams(text) FROM sections WHERE has_cjk(heading || text)"
        )
        new.execute("COMMIT")
    return saved, lost


def _is_sound(conn: sqlite3.Connection, snapshot: int) -> bool:
    return snapshots.checked_bytes(conn, snapshot) is not None


def _copy_table(old: sqlite3.Connection, new: sqlite3.Connection, table: str) -> tuple[int, int]:
    """Copy the rows of one table; return (saved, lost)."""
    columns = [row[1] for row in new.execute(f"PRAGMA table_info({table})")]
    try:
        there = {row[1] for row in old.execute(f"PRAGMA table_info({table})")}
    except (sqlite3.Error, UnicodeError):
        return 0, 1
    columns = [column for column in columns if column in there]
    if not columns:
        return 0, 0
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    checked = schema.CHECKED_TEXTS.get(table)
    saved = lost = 0
    for row in _rows(old, table, names):
        if row is None:
            lost += 1
            continue
        try:
            new.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", row)
            saved += 1
        except sqlite3.Error:
            lost += 1
    if checked is not None and "checksum" in columns:
        changed = new.execute(f"DELETE FROM {table} WHERE checksum IS NOT text_checksum({checked})").rowcount
        saved, lost = saved - changed, lost + changed
    return saved, lost


def _rows(old: sqlite3.Connection, table: str, names: str) -> list[tuple[object, ...] | None]:
    """Return the rows of a table, None for each that cannot be read.

    From the beginning to the first unreadable row, then from the end backwards to it: what lies behind a damaged page
    of the file is still reached.
    """
    found: list[tuple[object, ...] | None] = []
    key = _KEYS.get(table, "rowid")
    last: object = None
    try:
        for row in old.execute(f"SELECT {key or '1'}, {names} FROM {table}" + (f" ORDER BY {key}" if key else "")):
            found.append(row[1:])
            last = row[0]
        return found
    except (sqlite3.Error, UnicodeError, OverflowError):
        found.append(None)
    if key is None:
        return found
    backwards: list[tuple[object, ...] | None] = []
    with contextlib.suppress(sqlite3.Error, UnicodeError, OverflowError):
        condition = "" if last is None else f"WHERE {key} > ?"
        values = [] if last is None else [last]
        for row in old.execute(f"SELECT {key}, {names} FROM {table} {condition} ORDER BY {key} DESC", values):
            backwards.append(row[1:])
    return found + backwards[::-1]
