"""The SHA-256 of a file: how a document is recognised before it is opened."""

from __future__ import annotations

import os
from pathlib import Path

from engine.documents.formats.regular_file import RegularFile, open_regular, sha256


def digest_of(path: str | Path) -> str:
    """Return the SHA-256 of a file's content. Raises DocumentError for what is no readable regular file."""
    descriptor, status = open_regular(Path(path).expanduser().absolute())
    try:
        return sha256(RegularFile(descriptor, status.st_size))
    finally:
        os.close(descriptor)
