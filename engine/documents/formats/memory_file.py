"""Bytes in memory, read like a file on disk: a file within an archive, an attachment of a mail."""

from __future__ import annotations

import io
from typing import Protocol


class OpenFile(Protocol):
    """A file of known size that can be read from several positions."""

    size: int

    def reopened(self) -> io.RawIOBase:
        """Return another position in the same file."""
        ...


class MemoryFile:
    """Bytes as an `OpenFile`."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def reopened(self) -> io.RawIOBase:
        """Return another position in the same bytes."""
        return _Raw(self._data)


class _Raw(io.RawIOBase):
    def __init__(self, data: bytes) -> None:
        self._bytes = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._bytes.seek(offset, whence)

    def tell(self) -> int:
        return self._bytes.tell()

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        return self._bytes.readinto(buffer)
