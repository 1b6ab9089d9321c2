"""Exports a report to a file (Markdown, Word, PDF, OpenDocument), away from the window's thread."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QIODevice, QObject, QSaveFile, Signal

from app.export.formats import laid_out
from app.style.translation import tr
from app.tasks.background import Background
from engine.library.database import LibraryError
from engine.library.library import Library
from engine.wording.report import ALL, Parts
from engine.wording.report_file import exported


class Exporter(QObject):
    """Runs one export at a time."""

    finished = Signal(object)
    """Outcome of the export, as a sentence."""

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self._background = Background("export", self)
        self._background.done.connect(self.finished)

    def export(self, path: str, library: str, document: int, parts: Parts = ALL) -> None:
        """Write a document of the library to `path`, in the format of its suffix. library: the library's file, "" for
        the usual one."""
        self._background.start(partial(export, path, library, document, parts))

    def wait(self) -> None:
        self._background.wait()


def export(path: str, library: str, document: int, parts: Parts = ALL) -> str:
    """Read a document's results from the library and write them, whole or not at all; returns the sentence to show."""
    try:
        with Library.open(library or None, read_only=True) as opened:
            data = exported(opened, document, Path(path).suffix, parts, laid_out)
    except LibraryError as error:
        return tr("Export failed: {reason}", reason=error)
    file = QSaveFile(path)
    if file.open(QIODevice.OpenModeFlag.WriteOnly):
        file.write(data)
        if file.commit():
            return tr("Saved to {path}", path=path)
    return tr("The file could not be saved: {reason}. Choose another place.", reason=file.errorString())
