"""Where numba keeps what it compiled: a folder for every state of these sources.

numba asks only a kernel's own file whether the machine code that it kept is still true. What a kernel takes from other
files, as most here do, may have changed with an update, and the old code would go on running.
"""

from __future__ import annotations

import os
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import numba

SOURCES = Path(__file__).parents[1]
"""The package `kernels`: code in `cpu/` takes constants from the files above it."""


def cache_folder(sources: Path, parent: Path) -> Path | None:
    """The folder in `parent` for the code compiled from `sources`; those for other states of them are removed.

    None where nothing can be written: numba then looks for a place of its own.
    """
    digest = sha256()
    for file in sorted(sources.rglob("*.py")):
        digest.update(file.relative_to(sources).as_posix().encode() + b"\0" + file.read_bytes())
    folder = parent / f"readthrough-kernels-{digest.hexdigest()[:16]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    if not os.access(folder, os.W_OK):
        return None
    for other in parent.glob("readthrough-kernels-*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    return folder


def configure() -> None:
    """Tell numba, before it is asked to compile anything. NUMBA_CACHE_DIR names another parent than __pycache__."""
    config: Any = numba.config  # numba sets its variables there by name
    folder = cache_folder(SOURCES, Path(config.CACHE_DIR or SOURCES / "__pycache__"))
    if folder is not None:
        config.CACHE_DIR = str(folder)
