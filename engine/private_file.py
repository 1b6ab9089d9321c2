"""Small files of the user's own, replaced in one step: a reader sees the old content or the new one. Light."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def replace_private(file: Path, text: str) -> None:
    """Write `text` in UTF-8 to `file`, which only the owner can read; missing folders are made, for the owner only.

    Raises OSError, and leaves the old content then.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.stem}")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
        os.replace(name, file)
    except BaseException:
        os.unlink(name)
        raise
