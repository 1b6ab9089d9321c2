"""The files of a folder for a collection: found, ordered, compared with what was read before. Light: no torch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

from engine.documents.outcomes import READABLE_SUFFIXES
from engine.errors import KnownError
from engine.library.collections import CollectionFile

Order = Literal["newest", "smallest"]
"""Order in which the files of a folder are read."""
ORDERS: tuple[Order, ...] = get_args(Order)


def files_of(folder: Path, order: Order = "newest") -> list[CollectionFile]:
    """Return the readable files below `folder`, in the order in which they are to be read.

    Hidden files and folders are left out, and so are links: a link may lead out of the folder or in a circle. Raises
    KnownError where `folder` is not a folder that can be listed.
    """
    if not folder.is_dir():
        raise KnownError(f"{folder} is not a folder", "missing")
    found = list(_walk(folder))
    if order == "smallest":
        return sorted(found, key=lambda file: (file.size, file.path))
    return sorted(found, key=lambda file: (-file.modified, file.path))


def current(path: str) -> CollectionFile | None:
    """Return the file at `path` as it is now; None where there is none."""
    try:
        status = os.stat(path, follow_symlinks=False)
    except OSError:
        return None
    return CollectionFile(path, status.st_size, status.st_mtime_ns, status.st_ino)


def _walk(folder: Path) -> Iterator[CollectionFile]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise KnownError(f"{folder} cannot be listed: {error.strerror or error}", "no access") from error
    for entry in entries:
        if entry.name.startswith((".", "~$")) or entry.is_symlink():
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path))
        elif entry.is_file(follow_symlinks=False) and entry.name.lower().endswith(READABLE_SUFFIXES):
            status = entry.stat(follow_symlinks=False)
            yield CollectionFile(entry.path, status.st_size, status.st_mtime_ns, status.st_ino)
