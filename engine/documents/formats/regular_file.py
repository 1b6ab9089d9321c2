"""A regular file, opened by descriptor; FIFOs, devices and folders are refused."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.documents.pages import DocumentError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
"""Not blocking, because opening a FIFO without a writer would wait for one for ever."""

_HASH_BLOCK = 1 << 20


@dataclass(frozen=True)
class Stamp:
    """Facts by which a change of the file is noticed."""

    size: int
    modified: int
    """Nanoseconds."""
    identity: tuple[int, int]
    """(device, inode): the same as long as a path leads to the same file, also when it grows."""

    @classmethod
    def of(cls, status: os.stat_result) -> Stamp:
        """Return the stamp of a file whose status is `status`."""
        return cls(status.st_size, status.st_mtime_ns, (status.st_dev, status.st_ino))


class RegularFile(io.RawIOBase):
    """Read-only bytes of one file up to the size it had when opened, with its own position.

    Several may share a descriptor within one thread: each seeks before it reads.
    """

    def __init__(self, descriptor: int, size: int) -> None:
        self.descriptor = descriptor
        self.size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise ValueError("negative seek position")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), max(0, self.size - self._position))
        got = 0
        os.lseek(self.descriptor, self._position, os.SEEK_SET)
        while got < wanted:
            piece = os.read(self.descriptor, wanted - got)
            if not piece:
                break
            view[got : got + len(piece)] = piece
            got += len(piece)
        self._position += got
        return got

    def reopened(self) -> io.RawIOBase:
        """Return another position in the same file."""
        return RegularFile(self.descriptor, self.size)


def open_regular(path: str | Path) -> tuple[int, os.stat_result]:
    """Return a descriptor of the regular file at `path` and its status. Raises DocumentError for anything else."""
    name = shown_name(path)
    try:
        # Looked at first as well: opening a device can do things (rewind a tape, take a terminal).
        _refuse_special(name, os.stat(path))
        descriptor = os.open(path, _FLAGS)
    except FileNotFoundError:
        raise DocumentError("missing", f"There is no file {printable(str(path))}; check the name.") from None
    except (PermissionError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DocumentError("no_access", f"{name} cannot be opened ({reason}); check its permissions.") from None
    try:
        status = os.fstat(descriptor)
        _refuse_special(name, status)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, status


def _refuse_special(name: str, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise DocumentError("not_a_file", f"{name} is a folder; choose a file in it.")
    if not stat.S_ISREG(status.st_mode):
        raise DocumentError("not_a_file", f"{name} is a pipe or a device, not a regular file; save it to a file first.")


def shown_name(path: str | Path) -> str:
    """Return the file's name as one printable line."""
    return printable(Path(path).name or str(path))


def printable(name: str) -> str:
    """Return `name` with question marks for control characters and bytes that are not UTF-8."""
    return "".join(character if character.isprintable() else "?" for character in name)


def sha256(file: RegularFile) -> str:
    """Return the SHA-256 of all bytes of `file` in hexadecimal, read in blocks."""
    digest = hashlib.sha256()
    block = bytearray(_HASH_BLOCK)
    file.seek(0)
    while got := file.readinto(block):
        digest.update(memoryview(block)[:got])
    return digest.hexdigest()
