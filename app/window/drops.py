"""What was dropped on the window: documents to open, folders to read into collections, or a model."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData

from engine.documents.outcomes import READABLE_SUFFIXES

MOST_LOOKED_AT = 2_000
"""Files of a dropped folder that are looked at for one that can be read."""


@dataclass(frozen=True)
class Dropped:
    """The documents to open, the folders to read, and the folder or file of a model; "" for none."""

    documents: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    model: str = ""


def has_files(data: QMimeData) -> bool:
    """Return whether something on this computer is dragged."""
    return any(url.isLocalFile() for url in data.urls())


def dropped(data: QMimeData) -> Dropped:
    """Return what was dropped; a folder without a document and without a model counts for nothing."""
    documents: list[str] = []
    folders: list[str] = []
    model = ""
    for path in (Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()):
        if path.suffix.lower() == ".gguf" or (path.is_dir() and _is_model(path)):
            model = model or str(path)
        elif path.is_dir():
            folders += [str(path)] if _has_documents(path) else []
        else:
            documents.append(str(path))
    return Dropped(tuple(documents), tuple(folders), model)


def _is_model(folder: Path) -> bool:
    return (folder / "config.json").is_file() or any(folder.glob("*.gguf")) or any(folder.glob("*.safetensors"))


def _has_documents(folder: Path) -> bool:
    """Return whether a document is below `folder`; also where it holds too many files to look at all of them now."""
    looked = 0
    for _, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if any(name.lower().endswith(READABLE_SUFFIXES) and not name.startswith(".") for name in files):
            return True
        looked += len(files) + len(folders)
        if looked > MOST_LOOKED_AT:
            return True
    return False
