"""Writes summary and questions to a file, Markdown or PDF, away from the window's thread."""

from __future__ import annotations

from PySide6.QtCore import QIODevice, QMarginsF, QObject, QRunnable, QSaveFile, QThreadPool, Signal
from PySide6.QtGui import QFont, QPageLayout, QPageSize, QPdfWriter, QTextDocument


class _Signals(QObject):
    done = Signal(str)
    failed = Signal(str)


class _Task(QRunnable):
    def __init__(self, path: str, markdown: str, title: str, signals: _Signals):
        super().__init__()
        self._path, self._markdown, self._title, self._signals = path, markdown, title, signals

    def run(self) -> None:
        file = QSaveFile(self._path)
        if not file.open(QIODevice.OpenModeFlag.WriteOnly):
            self._fail(file)
            return
        if self._path.lower().endswith(".pdf"):
            self._print(file)
        else:
            file.write(self._markdown.encode())
        if file.commit():
            self._signals.done.emit(self._path)
        else:
            self._fail(file)

    def _print(self, file: QSaveFile) -> None:
        writer = QPdfWriter(file)
        writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
        writer.setPageMargins(QMarginsF(22, 22, 22, 22), QPageLayout.Unit.Millimeter)
        writer.setTitle(self._title)
        document = QTextDocument()
        document.setDefaultFont(QFont("serif", 11))
        document.setMarkdown(self._markdown)
        document.print_(writer)

    def _fail(self, file: QSaveFile) -> None:
        self._signals.failed.emit(f"The file could not be written: {file.errorString()}. Choose another place.")


class Exporter(QObject):
    """Runs one export at a time."""

    done = Signal(str)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._signals = _Signals(self)
        self._signals.done.connect(self.done)
        self._signals.failed.connect(self.failed)

    def export(self, path: str, markdown: str, title: str) -> None:
        """Write `markdown` to `path`; a name that ends in .pdf is set as a PDF."""
        self._pool.start(_Task(path, markdown, title, self._signals))
