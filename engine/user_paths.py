"""Paths as users write them. Light."""

from __future__ import annotations

import os
from pathlib import Path

from engine.errors import KnownError


def absolute(path: str | os.PathLike[str]) -> Path:
    """Return an absolute path, with the home folder for a leading ~ where there is such a user.

    Raises KnownError for a path that no file can have.
    """
    text = os.fspath(path)
    if "\0" in text:
        raise KnownError("a file name cannot contain a NUL character", "missing")
    return Path(os.path.abspath(os.path.expanduser(text)))
