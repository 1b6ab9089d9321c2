"""Files of a model folder, read with care: such a folder comes from anywhere. Light.

Only regular files are read, of bounded size, and through no link that leaves the folder; JSON is of bounded depth.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from engine.errors import KnownError

JSON_BYTES = 8 << 20
"""Most bytes of a settings file."""
TOKENIZER_BYTES = 64 << 20
"""Most bytes of a tokenizer.json: the largest published ones have half of it."""
TEMPLATE_BYTES = 256 << 10
"""Most bytes of a chat template."""
INDEX_BYTES = 32 << 20
"""Most bytes of a safetensors index."""
DEPTH = 64
"""Deepest nesting of a settings file."""
_CACHE = "models--"


class ModelFileError(KnownError):
    """A file of a model folder must not be read; the text is one sentence for the user."""


def is_there(path: Path, most: int | None = None) -> bool:
    """Return whether there is a file, and check that it is regular, within its folder and of at most `most` bytes.

    Raises ModelFileError.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        return False
    except (OSError, ValueError) as error:
        raise ModelFileError(f"{path} cannot be read ({_reason(error)}); download the model again") from error
    if stat.S_ISDIR(status.st_mode):
        raise ModelFileError(f"{path} is a folder where a file is expected; download the model again")
    if not stat.S_ISREG(status.st_mode):
        raise ModelFileError(f"{path} is not a regular file; download the model again")
    if most is not None and status.st_size > most:
        raise ModelFileError(
            f"{path} has {status.st_size:,} bytes, more than such a file needs; download the model again"
        )
    if _leaves(path):
        raise ModelFileError(f"{path} is a link to a file outside the model's folder; put the file itself there")
    return True


def read_bytes(path: Path, most: int) -> bytes | None:
    """Return the content of a file, or None if there is none. Raises ModelFileError."""
    if not is_there(path, most):
        return None
    try:
        # It may have been replaced since: opening a pipe must not wait, and no more than `most` bytes are read.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb") as file:
            return file.read(most)
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read ({_reason(error)}); download the model again") from error


def read_text(path: Path, most: int) -> str | None:
    """Return the text of a file, or None if there is none. Raises ModelFileError."""
    data = read_bytes(path, most)
    try:
        return None if data is None else data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ModelFileError(f"{path} is not text in UTF-8; download the model again") from error


def read_json(path: Path, most: int = JSON_BYTES) -> dict[str, Any] | None:
    """Return the object in a JSON file, or None if there is no file. Raises ModelFileError."""
    text = read_text(path, most)
    if text is None:
        return None
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        what = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise ModelFileError(f"{path} cannot be read as JSON ({what}); download the file again") from error
    if not isinstance(values, dict):
        raise ModelFileError(f"{path} is not a JSON object; download the file again")
    if _is_deep(values):
        raise ModelFileError(f"{path} cannot be read as JSON (it is nested too deeply); download the file again")
    return values


def _leaves(path: Path) -> bool:
    """Return whether a link leads out of the file's folder; files of huggingface_hub's cache may link within it."""
    folder = path.parent.resolve()
    place = path.resolve()
    root = folder
    for parent in folder.parents:
        if parent.name.startswith(_CACHE):
            root = parent.parent
    return not place.is_relative_to(root)


def _is_deep(values: Any) -> bool:
    level = [values]
    for _ in range(DEPTH):
        level = [
            item
            for value in level
            for item in (value.values() if isinstance(value, dict) else value)
            if isinstance(item, (dict, list))
        ]
        if not level:
            return False
    return True


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
