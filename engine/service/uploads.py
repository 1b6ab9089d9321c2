"""Uploaded files: kept beside the library, because a question reads what is new in its document's file. Light."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from engine.errors import KnownError

_UNSAFE = re.compile(r"[^\w.,()+ -]")
_LONGEST = 60
_PIECE = 1 << 20
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def folder_of(library_file: Path) -> Path:
    """Return the folder of the files that were uploaded to a library."""
    return library_file.with_name(library_file.name + ".uploads")


def keep(folder: Path, name: str, source: BinaryIO) -> Path:
    """Copy an uploaded file into a folder of its own, named by its content; return its path. The same file uploaded
    again has the same path. Raises KnownError where it cannot be written."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".part-")  # mode 0600
        try:
            digest = hashlib.sha256()
            with os.fdopen(descriptor, "wb") as target:
                while piece := source.read(_PIECE):
                    digest.update(piece)
                    target.write(piece)
            place = folder / digest.hexdigest()[:32]
            place.mkdir(mode=0o700, exist_ok=True)
            path = place / safe_name(name)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise KnownError(f"the file cannot be stored: {error.strerror}", "full") from error
    return path


def discard(folder: Path, path: Path) -> None:
    """Delete an uploaded file, and its folder when that is empty; do nothing for a file from elsewhere."""
    if path.parent.parent != folder:
        return
    path.unlink(missing_ok=True)
    with suppress(OSError):  # another name of the same content is still there
        path.parent.rmdir()


def safe_name(name: str) -> str:
    """Return a file name without folders and without characters that a file system may refuse."""
    plain = _UNSAFE.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip(". ")
    stem, dot, kind = plain.rpartition(".")
    if dot and len(kind) <= 10:
        plain = f"{stem[: _LONGEST - len(kind) - 1]}.{kind}"
    plain = plain[:_LONGEST] or "document"
    return f"_{plain}" if _RESERVED.fullmatch(plain) else plain
