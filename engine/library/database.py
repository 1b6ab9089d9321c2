"""The library's file: where it is, opening it for a writer or a reader, transactions, errors as sentences."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from engine.errors import KnownError
from engine.library import schema
from engine.library.writer_lock import AlreadyLockedError, WriterLock

BUSY_SECONDS = 10.0
"""How long a statement waits for a lock that another program holds (a backup, an SQLite shell)."""
SPARE_BYTES = 32 << 20
"""Disk space that saving a state leaves free: what deleting, compacting and other programs need to go on."""
_WAL_LIMIT = 64 << 20
"""The write-ahead log is cut back to this after a checkpoint; one 7B snapshot passes through whole."""


class LibraryError(KnownError):
    """Something that the user can mend; its text is one sentence: what happened, what to do.

    `kind`: missing, foreign, newer, older, locked, busy, read_only, full, damaged, disk, gone (no such row).
    """

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence, reason=kind)
        self.kind = kind


def library_path(explicit: str | os.PathLike[str] | None = None) -> Path:
    """The library's file: the given path, else READTHROUGH_LIBRARY, else `library.db` in the user's data folder."""
    chosen = explicit or os.environ.get("READTHROUGH_LIBRARY")
    if chosen:
        return Path(chosen).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_data_dir("Readthrough", appauthor=False)) / "library.db"


class Database:
    """An open library file. One connection, used by one thread at a time; a lock inside keeps it so."""

    def __init__(self, path: Path, conn: sqlite3.Connection, lock: WriterLock | None) -> None:
        self.path = path
        self._conn = conn
        self._lock = lock
        self._mutex = threading.RLock()

    @classmethod
    def open(cls, path: Path, read_only: bool = False, busy_seconds: float = BUSY_SECONDS) -> Database:
        """Open `path`. A writer makes the file and brings its schema up to date; a reader does neither.

        Raises LibraryError.
        """
        with sentences(path):
            return cls._open_to_read(path, busy_seconds) if read_only else cls._open_to_write(path, busy_seconds)

    @classmethod
    def _open_to_read(cls, path: Path, busy_seconds: float) -> Database:
        if not path.exists():
            raise LibraryError("missing", f"There is no library at {path} yet; read a document first.")
        conn = _connect_to_read(path, busy_seconds)
        try:
            pending = schema.pending(conn)
            if pending == len(schema.STEPS):
                raise LibraryError("missing", f"The library at {path} is still empty; read a document first.")
            if pending:
                raise LibraryError(
                    "older", f"The library at {path} is from an older version; open it for writing once to update it."
                )
        except BaseException:
            conn.close()
            raise
        return cls(path, conn, None)

    @classmethod
    def _open_to_write(cls, path: Path, busy_seconds: float) -> Database:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock = WriterLock(path)
        except AlreadyLockedError as error:
            other = f" (process {error.process})" if error.process else ""
            raise LibraryError(
                "locked", f"Another Readthrough{other} is writing the library at {path}; close it or use --library."
            ) from error
        conn = None
        try:
            conn = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
            pending = schema.pending(conn)
            if pending == len(schema.STEPS):
                conn.execute("PRAGMA auto_vacuum = INCREMENTAL")  # before the first table, or never
            conn.execute("PRAGMA journal_mode = WAL")
            conn.execute("PRAGMA synchronous = FULL")  # a commit survives a power cut; it costs one sync a snapshot
            conn.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT}")
            conn.execute("PRAGMA secure_delete = FAST")
            conn.execute("BEGIN IMMEDIATE")  # a file that cannot be written says so now
            conn.execute("ROLLBACK")
            if pending:
                schema.migrate(conn)
            conn.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            if conn is not None:
                conn.close()
            lock.release()
            raise
        return cls(path, conn, lock)

    @property
    def read_only(self) -> bool:
        return self._lock is None

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """The connection, for statements that only read. Raises LibraryError."""
        with self._mutex, sentences(self.path):
            yield self._conn

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: committed as a whole when the block ends, undone when it raises. Raises LibraryError.

        A block inside another belongs to the outer transaction.
        """
        if self._lock is None:
            raise LibraryError("read_only", f"The library at {self.path} was opened for reading only.")
        with self._mutex, sentences(self.path):
            if self._conn.in_transaction:
                yield self._conn
                return
            self._conn.execute("BEGIN IMMEDIATE")
            try:
                yield self._conn
                self._conn.execute("COMMIT")
            except BaseException:
                if self._conn.in_transaction:  # a full disk may have undone it already
                    self._conn.execute("ROLLBACK")
                raise

    def require_space(self, size: int) -> None:
        """Raise LibraryError (full) when `size` new bytes, in the log and then in the file, would fill the disk.

        SQLite itself notices a full disk only when nothing can be done any more, not even deleting.
        """
        with sentences(self.path):
            free = shutil.disk_usage(self.path.parent).free
        if free < 2 * size + SPARE_BYTES:
            raise LibraryError("full", _FULL.format(path=self.path))

    def close(self) -> None:
        """Close the file and give up the writer's lock; harmless a second time."""
        with self._mutex:
            self._conn.close()
            if self._lock is not None:
                self._lock.release()


def _connect_to_read(path: Path, busy_seconds: float) -> sqlite3.Connection:
    """A connection that cannot write.

    In a folder that cannot be written to either, a library without a log beside it is opened as immutable: SQLite
    could not make the log's index, and nobody can be writing.
    """
    uri = path.absolute().as_uri() + "?mode=ro"
    log = path.with_name(path.name + "-wal")
    for attempt in (uri, uri + "&immutable=1"):
        conn = sqlite3.connect(attempt, uri=True, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
        try:
            conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            conn.close()
            unopened = _code(error) in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
            if attempt == uri and unopened and not (log.exists() and log.stat().st_size):
                continue
            raise
        except BaseException:
            conn.close()
            raise
        return conn
    raise AssertionError("unreachable")


def _code(error: sqlite3.Error) -> int:
    """The primary result code, 0 where there is none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


@contextlib.contextmanager
def sentences(path: Path) -> Iterator[None]:
    """Turn what a user can mend into a LibraryError; a mistake of ours passes as it is."""
    try:
        yield
    except schema.NotALibraryError as error:
        raise LibraryError("foreign", f"{path} is not a Readthrough library; choose another file.") from error
    except schema.NewerLibraryError as error:
        raise LibraryError(
            "newer", f"The library at {path} was made by a newer version of Readthrough; update the program."
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise LibraryError("disk", f"The library at {path} cannot be opened: {reason}.") from error
    except sqlite3.Error as error:
        sentence = _SENTENCES.get(_code(error))
        if sentence is None:
            raise
        raise LibraryError(sentence[0], sentence[1].format(path=path)) from error


_FULL = "The disk with the library at {path} is full; free some space and try again; what was saved is kept."
_SENTENCES = {
    sqlite3.SQLITE_BUSY: ("busy", "Another program holds the library at {path}; close it and try again."),
    sqlite3.SQLITE_LOCKED: ("busy", "Another program holds the library at {path}; close it and try again."),
    sqlite3.SQLITE_READONLY: ("read_only", "The library at {path} cannot be written to; check its permissions."),
    sqlite3.SQLITE_FULL: ("full", _FULL),
    sqlite3.SQLITE_IOERR: ("disk", "The disk failed while using the library at {path}; check the disk and its space."),
    sqlite3.SQLITE_CANTOPEN: ("disk", "The library at {path} cannot be opened; check that the folder is accessible."),
    sqlite3.SQLITE_CORRUPT: (
        "damaged",
        "The library at {path} is damaged; restore a copy of it, or move it away and read the documents again.",
    ),
    sqlite3.SQLITE_NOTADB: ("foreign", "{path} is not a Readthrough library, or is damaged; choose another file."),
}


def storable(text: str) -> str:
    """Return `text` as SQLite can hold it: half a surrogate pair, as in a file name that is not UTF-8, is spelled
    out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
