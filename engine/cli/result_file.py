"""A file that a command writes: as a whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from engine.cli.text import one_line
from engine.errors import KnownError

_STREAM = os.O_WRONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
"""Not blocking, because opening a pipe without a reader would wait for one for ever."""
_SIDES = ("", "-wal", "-shm", ".lock")
"""Ends of the names of a library's files."""


def require_other(path: Path | None, documents: Iterable[str | os.PathLike[str]], library: Path) -> None:
    """Raise KnownError where the result would overwrite a document or a file of the library, or has no folder."""
    if path is None:
        return
    if not path.parent.is_dir():
        raise KnownError(f"there is no folder {one_line(str(path.parent))}; choose another file for the result")
    for file in (*documents, *(library.with_name(library.name + side) for side in _SIDES)):
        if _is_same(path, file):
            raise KnownError(f"{one_line(str(path))} is read by this command; choose another file for the result")


def _is_same(one: Path, other: str | os.PathLike[str]) -> bool:
    """Return whether both are one file, under any name, or would be if it was made now."""
    with suppress(OSError, ValueError):
        if os.path.realpath(one) == os.path.realpath(other) or os.path.samefile(one, other):
            return True
    return False


def save(path: Path, data: bytes) -> None:
    """Write a file as a whole or not at all; a link stays one, and a pipe or a device gets the bytes. Raises
    KnownError."""
    try:
        mode = _mode_of(path)
        if mode is not None and not stat.S_ISREG(mode):
            _write_into(path, data)
        else:
            _replace(Path(os.path.realpath(path)), data, 0o666 & ~_umask() if mode is None else stat.S_IMODE(mode))
    except OSError as error:
        raise KnownError(f"{one_line(str(path))} cannot be written: {error.strerror or error}", "no access") from error


def _mode_of(path: Path) -> int | None:
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return None


def _write_into(path: Path, data: bytes) -> None:
    descriptor = os.open(path, _STREAM)
    with os.fdopen(descriptor, "wb") as file:
        os.set_blocking(descriptor, True)
        file.write(data)


def _replace(path: Path, data: bytes, mode: int) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".readthrough-", delete=False) as file:
        try:
            file.write(data)
            file.close()
            os.chmod(file.name, mode)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
