"""A file that a command writes: as a whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from engine.cli.text import one_line
from engine.errors import KnownError


def save(path: Path, data: bytes) -> None:
    """Write a file as a whole or not at all. Raises KnownError."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            try:
                file.write(data)
                file.close()
                os.chmod(file.name, 0o666 & ~_umask())
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise
    except OSError as error:
        raise KnownError(f"{one_line(str(path))} cannot be written: {error.strerror or error}", "no access") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
