"""Files dropped on the window: documents to open, or a model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData

from engine.documents.outcomes import READABLE_SUFFIXES

MOST_FILES = 50
"""Files of a dropped folder that are opened."""


@dataclass(frozen=True)
class Dropped:
    """The documents to open, and the folder or file of a model; "" for none."""

    documents: tuple[str, ...] = ()
    model: str = ""


def has_files(data: QMimeData) -> bool:
    """Return whether something on this computer is dragged."""
    return any(url.isLocalFile() for url in data.urls())


def dropped(data: QMimeData) -> Dropped:
    """Return what was dropped. A folder stands for the documents in it, unless it holds a model."""
    documents: list[str] = []
    model = ""
    for path in (Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()):
        if path.suffix.lower() == ".gguf" or (path.is_dir() and _is_model(path)):
            model = model or str(path)
        elif path.is_dir():
            documents += _documents_in(path)
        else:
            documents.append(str(path))
    return Dropped(tuple(documents), model)


def _is_model(folder: Path) -> bool:
    return (folder / "config.json").is_file() or any(folder.glob("*.gguf")) or any(folder.glob("*.safetensors"))


def _documents_in(folder: Path) -> list[str]:
    found = (file for file in sorted(folder.iterdir()) if file.suffix.lower() in READABLE_SUFFIXES and file.is_file())
    return [str(file) for file in found][:MOST_FILES]
