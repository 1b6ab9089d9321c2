"""The library's file: where it is, opening it for a writer or a reader, transactions, errors as sentences."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec

from engine.errors import KnownError
from engine.library import schema, sql_functions
from engine.library.writer_lock import AlreadyLockedError, WriterLock, has_writer
from engine.user_paths import absolute

logger = logging.getLogger(__name__)
BUSY_SECONDS = 10.0
"""Longest wait of a statement, in seconds, for a lock of another program (a backup, an SQLite shell)."""
SPARE_BYTES = 32 << 20
"""Disk space that saving a state leaves free, for deleting, compacting and other programs."""
COPY_SUFFIX = ".before-update"
"""Ends the name of the copy that is made before the schema is changed."""
_WAL_LIMIT = 64 << 20
"""The write-ahead log is cut back to this after a checkpoint; one 7B snapshot passes through whole."""


class LibraryError(KnownError):
    """An error that the user can fix; its text is one sentence: what happened, what to do.

    `kind`: missing, foreign, newer, older, locked, busy, read_only, full, damaged, disk, exists, gone (no such row).
    """

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence, reason=kind)
        self.kind = kind


def library_path(explicit: str | os.PathLike[str] | None = None) -> Path:
    """Return the library's file, links resolved: the given path, else READTHROUGH_LIBRARY, else `library.db` in
    the user's data folder. Raises LibraryError for the home of an unknown user."""
    chosen = explicit or os.environ.get("READTHROUGH_LIBRARY")
    if chosen:
        try:
            return Path(os.path.realpath(absolute(chosen)))
        except RuntimeError as error:
            raise LibraryError("missing", f"There is no folder {chosen}; choose another library.") from error
    import platformdirs

    return Path(platformdirs.user_data_dir("Readthrough", appauthor=False)) / "library.db"


class Database:
    """An open library file. One connection, used by one thread at a time; a lock inside keeps it so."""

    def __init__(self, path: Path | None, conn: sqlite3.Connection, lock: WriterLock | None) -> None:
        """`path`: None for a database in memory, which is written without a lock."""
        self._path = path
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
    def in_memory(cls, first_id: int) -> Database:
        """Make an empty database in memory, whose documents, turns and summaries are numbered from `first_id`. No part
        of it is written to a disk."""
        conn = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        sql_functions.register(conn)
        conn.execute("PRAGMA temp_store = MEMORY")
        schema.migrate(conn)
        conn.execute("PRAGMA foreign_keys = ON")
        for table in ("turns", "summaries"):
            conn.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", [table, first_id - 1])
        return cls(None, conn, None)

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
                    "older", f"The library at {path} is from an older version; `readthrough library list` updates it."
                )
        except BaseException:
            conn.close()
            raise
        return cls(path, conn, None)

    @classmethod
    def _open_to_write(cls, path: Path, busy_seconds: float) -> Database:
        _make_private(path)
        lock = None
        conn = None
        try:
            lock = WriterLock(path)
            conn = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
            sql_functions.register(conn)
            lock.lock_inode(path)
            pending = schema.pending(conn)
            new = pending == len(schema.STEPS)
            if new:
                conn.execute("PRAGMA auto_vacuum = INCREMENTAL")  # before the first table, or never
            conn.execute("PRAGMA journal_mode = WAL")
            conn.execute("PRAGMA synchronous = FULL")  # a commit survives a power cut; it costs one sync a snapshot
            conn.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT}")
            conn.execute("PRAGMA secure_delete = FAST")
            conn.execute("BEGIN IMMEDIATE")  # a file that cannot be written says so now
            conn.execute("ROLLBACK")
            if pending and not new:
                path.chmod(0o600)  # older versions let everybody read it
                _copy_before_update(conn, path)
            if pending:
                schema.migrate(conn)
            conn.execute("PRAGMA foreign_keys = ON")
        except BaseException as error:
            if conn is not None:
                conn.close()
            if lock is not None:
                lock.release()
            if isinstance(error, AlreadyLockedError):
                other = f" (process {error.process})" if error.process else ""
                raise LibraryError(
                    "locked", f"Another Readthrough{other} is writing the library at {path}; close it or use --library."
                ) from error
            raise
        return cls(path, conn, lock)

    @property
    def path(self) -> Path:
        """The file; for one in memory a name of no file."""
        return self._path or Path("memory")

    @property
    def read_only(self) -> bool:
        """Return whether it was opened for reading only."""
        return self._path is not None and self._lock is None

    def has_writer(self) -> bool:
        """Return whether this or another process is writing the library."""
        return not self.read_only or has_writer(self.path)

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Give the connection, for statements that only read and for making records of rows. Raises LibraryError."""
        with self._mutex, sentences(self.path, reading=True):
            yield self._conn

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Give the connection in a transaction: committed as a whole when the block ends, undone when it raises. Raises
        LibraryError.

        A block inside another belongs to the outer transaction.
        """
        if self.read_only:
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
        if self._path is None:
            return
        with sentences(self.path):
            free = shutil.disk_usage(self.path.parent).free
        if free < 2 * size + SPARE_BYTES:
            raise LibraryError("full", _FULL.format(path=self.path))

    def drop_copy(self) -> None:
        """Delete the copy from before the last update of the schema: it holds documents that were removed since."""
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.with_name(self._path.name + COPY_SUFFIX).unlink()

    def close(self) -> None:
        """Close the file and give up the writer's lock; harmless a second time."""
        with self._mutex:
            self._conn.close()
            if self._lock is not None:
                self._lock.release()


def _connect_to_read(path: Path, busy_seconds: float) -> sqlite3.Connection:
    """Return a read-only connection.

    When the folder is not writable either, a library without a log beside it is opened as immutable: SQLite could not
    make the log's index, and no other process can be writing.
    """
    uri = path.as_uri() + "?mode=ro"
    log = path.with_name(path.name + "-wal")
    for attempt in (uri, uri + "&immutable=1"):
        conn = sqlite3.connect(attempt, uri=True, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
        try:
            sql_functions.register(conn)
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
    """Return the primary result code, 0 where there is none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


@contextlib.contextmanager
def sentences(path: Path, reading: bool = False) -> Iterator[None]:
    """Turn errors that the user can fix into LibraryErrors; errors of the program pass as they are.

    `reading`: a block that makes records of rows. There, whatever a row has that no record can hold is damage.
    """
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
        raise LibraryError(
            "disk", f"The library at {path} cannot be opened ({reason}); check the file, or choose another library."
        ) from error
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError):
        raise
    except sqlite3.Error as error:
        kind, sentence = _SENTENCES.get(_code(error), ("damaged", _DAMAGED))
        logger.warning("library: %s", error)
        raise LibraryError(kind, sentence.format(path=path)) from error
    except UnicodeError as error:
        raise LibraryError("damaged", _DAMAGED.format(path=path)) from error
    except (ValueError, TypeError, LookupError, ArithmeticError, msgspec.MsgspecError) as error:
        if not reading:
            raise
        logger.warning("library: %s: %s", type(error).__name__, error)
        raise LibraryError("damaged", _DAMAGED.format(path=path)) from error


def _make_private(path: Path) -> None:
    """Make the library's folders and file, if they are missing, so that only their owner can read them: they hold the
    text of documents. SQLite gives its log the permissions of the file."""
    missing = [folder for folder in path.parents if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _copy_before_update(conn: sqlite3.Connection, path: Path) -> None:
    """Copy a library of an older version to a file beside it before its schema is changed; replace an earlier copy.
    Raises OSError, sqlite3.Error."""
    copy_to(conn, path.with_name(path.name + COPY_SUFFIX), overwrite=True)


def copy_to(conn: sqlite3.Connection, target: Path, overwrite: bool = False) -> None:
    """Copy the whole database to a new file `target`, which appears when it is complete; only its owner can read it.

    Raises OSError (FileExistsError unless `overwrite`), sqlite3.Error.
    """
    if target.exists() and not overwrite:
        raise FileExistsError(errno.EEXIST, "there is a file of that name already", str(target))
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    try:
        os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with contextlib.closing(sqlite3.connect(part)) as copy:
            conn.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


_FULL = "The disk with the library at {path} is full; free some space and try again; what was saved is kept."
_DAMAGED = "The library at {path} is damaged; 'readthrough library repair' saves what can be read, or restore a backup."
_SENTENCES = {
    sqlite3.SQLITE_BUSY: ("busy", "Another program holds the library at {path}; close it and try again."),
    sqlite3.SQLITE_LOCKED: ("busy", "Another program holds the library at {path}; close it and try again."),
    sqlite3.SQLITE_READONLY: ("read_only", "The library at {path} cannot be written to; check its permissions."),
    sqlite3.SQLITE_FULL: ("full", _FULL),
    sqlite3.SQLITE_IOERR: ("disk", "The disk failed while using the library at {path}; check the disk and its space."),
    sqlite3.SQLITE_CANTOPEN: ("disk", "The library at {path} cannot be opened; check that the folder is accessible."),
    sqlite3.SQLITE_CORRUPT: ("damaged", _DAMAGED),
    sqlite3.SQLITE_NOTADB: ("foreign", "{path} is not a Readthrough library, or is damaged; choose another file."),
}


def storable(text: str) -> str:
    """Return `text` as SQLite can hold it: half a surrogate pair, as in a file name that is not UTF-8, is spelled
    out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
