"""The lock that makes one process the writer of a library; the operating system drops it when that process ends."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path

import platformdirs

_LOCKED_BYTE = 1 << 30
"""Past the end of the file: where locks are mandatory (Windows) the process number before it stays readable."""
_ATTEMPTS, _PAUSE_SECONDS = 3, 0.02
_held_here: set[str] = set()


class AlreadyLockedError(Exception):
    """Another process holds the lock; `process` is its number where it is known."""

    def __init__(self, process: int | None) -> None:
        super().__init__(f"locked by process {process}")
        self.process = process


class WriterLock:
    """Advisory locks held until `release` or the end of the process: one on a file beside the library, and one named
    after the library's device and inode, so that a hard link or another mount counts as the same library.

    These are record locks: a forked child does not inherit them, so an extractor that outlives a killed worker does not
    block the next process. A record lock does not exclude its own process either; `_held_here` does. The files remain,
    unlocked and harmless. Raises AlreadyLockedError, or OSError when a file cannot be made.
    """

    def __init__(self, library: Path) -> None:
        """Lock `library`, a path with its symbolic links resolved; the file need not exist yet."""
        self._files: dict[str, int] = {}
        self._lock(library.with_name(library.name + ".lock"))

    def lock_inode(self, library: Path) -> None:
        """Lock the file that `library` is by now. Nothing happens where no folder for such locks can be had."""
        status = library.stat()
        folder = Path(platformdirs.user_cache_dir("Readthrough", appauthor=False)) / "locks"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            return
        try:
            self._lock(folder / f"{status.st_dev:x}-{status.st_ino:x}.lock")
        except AlreadyLockedError:
            self.release()
            raise

    def release(self) -> None:
        """Give the locks up; harmless a second time."""
        while self._files:
            key, file = self._files.popitem()
            _held_here.discard(key)
            os.close(file)

    def _lock(self, path: Path) -> None:
        key = os.path.realpath(path)
        if key in _held_here:
            raise AlreadyLockedError(os.getpid())
        file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            _lock_soon(file)
        except OSError as error:
            process = _process_in(file)
            os.close(file)
            raise AlreadyLockedError(process) from error
        _held_here.add(key)
        self._files[key] = file
        with contextlib.suppress(OSError):  # a full disk: the number is a courtesy
            os.ftruncate(file, 0)
            os.write(file, str(os.getpid()).encode())


def has_writer(library: Path) -> bool:
    """Return whether a process holds the lock beside `library`, a path with its symbolic links resolved."""
    path = library.with_name(library.name + ".lock")
    if os.path.realpath(path) in _held_here:
        return True  # closing the file here would give the lock up
    try:
        file = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False
    try:
        _lock(file)
    except OSError:
        return True
    finally:
        os.close(file)
    return False


def _lock_soon(file: int) -> None:
    """Lock a file, which another process may hold for a moment only to see whether it is locked. Raises OSError."""
    for _ in range(_ATTEMPTS - 1):
        with contextlib.suppress(OSError):
            _lock(file)
            return
        time.sleep(_PAUSE_SECONDS)
    _lock(file)


def _process_in(file: int) -> int | None:
    try:
        os.lseek(file, 0, os.SEEK_SET)
        return int(os.read(file, 32))
    except (OSError, ValueError):
        return None


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        os.lseek(file, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _LOCKED_BYTE)
