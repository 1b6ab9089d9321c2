"""The SHA-256 of a file: how a document is recognised before it is opened."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from engine.control import Cancelled, Control
from engine.documents.extraction import limits
from engine.documents.formats.regular_file import RegularFile, open_regular, shown_name
from engine.documents.outcomes import refusal
from engine.user_paths import absolute

_BLOCK_BYTES = 4 << 20


def digest_of(path: str | Path, control: Control | None = None) -> str:
    """Return the SHA-256 of a file's content.

    Raises Cancelled, and DocumentError when `path` is not a readable regular file or exceeds the largest size of a
    document.
    """
    return _digest(path, None, control)


def starts_with(path: str | Path, size: int, sha256: str) -> bool:
    """Return whether the first `size` bytes of a file have this SHA-256. Raises DocumentError."""
    return _digest(path, size, None) == sha256


def _digest(path: str | Path, size: int | None, control: Control | None) -> str:
    path = absolute(path)
    descriptor, status = open_regular(path)
    try:
        if status.st_size > max(limits.MAX_BYTES.values()):
            raise refusal("too_big", shown_name(path))
        file, digest = RegularFile(descriptor, status.st_size if size is None else size), hashlib.sha256()
        block = bytearray(_BLOCK_BYTES)
        while got := file.readinto(block):
            if control is not None and control.cancelled:
                raise Cancelled
            digest.update(memoryview(block)[:got])
    finally:
        os.close(descriptor)
    return digest.hexdigest()
