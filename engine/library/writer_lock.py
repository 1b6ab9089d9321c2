"""The lock that makes one process the writer of a library; the operating system drops it when that process ends."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

_LOCKED_BYTE = 1 << 30
"""Past the end of the file: where locks are mandatory (Windows) the process number before it stays readable."""
_held_here: set[str] = set()


class AlreadyLockedError(Exception):
    """Somebody else holds the lock; `process` is their number where it is known."""

    def __init__(self, process: int | None) -> None:
        super().__init__(f"locked by process {process}")
        self.process = process


class WriterLock:
    """An advisory lock on the file beside the library, held until `release` or the end of the process.

    A record lock: a forked child does not inherit it, so an extractor that outlives a killed worker keeps nobody out.
    A record lock does not exclude its own process either; `_held_here` does. The file itself stays behind, unlocked
    and harmless. Raises AlreadyLockedError, or OSError where the file cannot be made.
    """

    def __init__(self, library: Path) -> None:
        self._path = library.with_name(library.name + ".lock")
        self._key = os.path.realpath(self._path)
        if self._key in _held_here:
            raise AlreadyLockedError(os.getpid())
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._file)
        except OSError as error:
            process = _process_in(self._file)
            os.close(self._file)
            raise AlreadyLockedError(process) from error
        _held_here.add(self._key)
        with contextlib.suppress(OSError):  # a full disk: the number is a courtesy
            os.ftruncate(self._file, 0)
            os.write(self._file, str(os.getpid()).encode())

    def release(self) -> None:
        """Give the lock up; harmless a second time."""
        if self._key in _held_here:
            _held_here.discard(self._key)
            os.close(self._file)


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
