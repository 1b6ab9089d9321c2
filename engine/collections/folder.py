"""The files of a folder for a collection: found, ordered, compared with what was read before. Light: no torch."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

from engine.documents.outcomes import READABLE_SUFFIXES
from engine.errors import KnownError
from engine.library.collections import CollectionFile

Order = Literal["newest", "smallest"]
"""Order in which the files of a folder are read."""
ORDERS: tuple[Order, ...] = get_args(Order)


def files_of(folder: Path, order: Order = "newest") -> list[CollectionFile]:
    """Return the readable files below `folder`, in the order in which they are to be read, and the folders below it
    that cannot be listed, with the error.

    Hidden files and folders are left out, and so are links: a link may lead out of the folder or in a circle. Raises
    KnownError where `folder` is not a folder that can be listed.
    """
    if not folder.is_dir():
        raise KnownError(f"{folder} is not a folder; choose a folder", "missing")
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
    """Yield the readable files below `folder`; a folder below it that cannot be listed is one with an error."""
    try:
        waiting = [iter(_entries(folder))]
    except OSError as error:
        raise KnownError(f"{folder} cannot be listed: {error.strerror or error}", "no access") from error
    while waiting:
        entry = next(waiting[-1], None)
        if entry is None:
            waiting.pop()
            continue
        try:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(iter(_entries(entry.path)))
            elif entry.is_file(follow_symlinks=False) and entry.name.lower().endswith(READABLE_SUFFIXES):
                yield _file(entry)
        except OSError as error:
            with contextlib.suppress(OSError):  # it is gone
                yield replace(_file(entry), error=f"it cannot be listed: {error.strerror or error}")


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        shown = [entry for entry in entries if not entry.name.startswith((".", "~$")) and not entry.is_symlink()]
    return sorted(shown, key=lambda entry: entry.name)


def _file(entry: os.DirEntry[str]) -> CollectionFile:
    status = entry.stat(follow_symlinks=False)
    return CollectionFile(entry.path, status.st_size, status.st_mtime_ns, status.st_ino)
