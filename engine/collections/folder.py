"""The files of a folder for a collection: found, ordered, compared with what was read before. Light: no torch."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

from engine.documents.folder import is_document, is_shown
from engine.documents.outcomes import READABLE_SUFFIXES
from engine.errors import KnownError
from engine.library.collections import CollectionFile

Order = Literal["newest", "smallest"]
"""Order in which the files of a folder are read."""
ORDERS: tuple[Order, ...] = get_args(Order)


@dataclass(frozen=True)
class Files:
    """The files below a folder."""

    readable: list[CollectionFile]
    """In the order in which they are to be read; a folder that cannot be listed is one with an error."""
    others: list[str]
    """Names of files of kinds that are not read."""


def files_of(folder: Path, order: Order = "newest") -> Files:
    """Return the files below `folder`.

    Hidden files and folders are left out, and so are links: a link may lead out of the folder or in a circle. Raises
    KnownError where `folder` is not a folder that can be listed.
    """
    if not folder.is_dir():
        raise KnownError(f"{folder} is not a folder; choose a folder", "missing")
    files = Files([], [])
    for found in _walk(folder):
        if isinstance(found, str):
            files.others.append(found)
        else:
            files.readable.append(found)
    if order == "smallest":
        files.readable.sort(key=lambda file: (file.size, file.path))
    else:
        files.readable.sort(key=lambda file: (-file.modified, file.path))
    return files


def current(path: str) -> CollectionFile | None:
    """Return the file at `path` as it is now; None where there is none."""
    try:
        status = os.stat(path, follow_symlinks=False)
    except OSError:
        return None
    return CollectionFile(path, status.st_size, status.st_mtime_ns, status.st_ino)


def _walk(folder: Path) -> Iterator[CollectionFile | str]:
    """Yield the readable files below `folder`, and the names of others; a folder below it that cannot be listed is a
    file with an error."""
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
            elif entry.is_file(follow_symlinks=False):
                yield _file(entry) if _is_read(entry) else entry.name
        except OSError as error:
            with contextlib.suppress(OSError):  # it is gone
                yield replace(_file(entry), error=f"it cannot be listed: {error.strerror or error}")


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        shown = [entry for entry in entries if is_shown(entry.name) and not entry.is_symlink()]
    return sorted(shown, key=lambda entry: entry.name)


def _is_read(entry: os.DirEntry[str]) -> bool:
    """Return whether a file is of a kind that is read; its first bytes are looked at once, not at each look at the
    folder."""
    if entry.name.lower().endswith(READABLE_SUFFIXES):
        return True
    status = entry.stat(follow_symlinks=False)
    return _is_known_content(entry.path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=65_536)
def _is_known_content(path: str, size: int, modified: int) -> bool:
    return is_document(Path(path))


def _file(entry: os.DirEntry[str]) -> CollectionFile:
    status = entry.stat(follow_symlinks=False)
    return CollectionFile(entry.path, status.st_size, status.st_mtime_ns, status.st_ino)
