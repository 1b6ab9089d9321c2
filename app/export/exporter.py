"""Writes summary and questions to a file, Markdown or PDF, away from the window's thread."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QIODevice, QMarginsF, QObject, QSaveFile, Signal
from PySide6.QtGui import QFont, QPageLayout, QPageSize, QPdfWriter, QTextBlockFormat, QTextCursor, QTextDocument

from app.tasks.background import Background


class Exporter(QObject):
    """Runs one export at a time."""

    finished = Signal(object)
    """What happened, in a sentence."""

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self._background = Background("export", self)
        self._background.done.connect(self.finished)

    def export(self, path: str, markdown: str, title: str) -> None:
        """Write `markdown` to `path`; a name that ends in .pdf is set as a PDF."""
        self._background.start(partial(write, path, markdown, title))

    def wait(self) -> None:
        self._background.wait()


def write(path: str, markdown: str, title: str) -> str:
    """Write the file, whole or not at all; the sentence to show."""
    file = QSaveFile(path)
    if file.open(QIODevice.OpenModeFlag.WriteOnly):
        if path.lower().endswith(".pdf"):
            _set(file, markdown, title)
        else:
            file.write(markdown.encode())
        if file.commit():
            return f"Written to {path}"
    return f"The file could not be written: {file.errorString()}. Choose another place."


def _space(document: QTextDocument) -> None:
    """Room above headings and between lines, which Markdown knows nothing of."""
    block = document.begin()
    while block.isValid():
        shape = block.blockFormat()
        level = shape.headingLevel()
        if level:
            shape.setTopMargin({1: 0, 2: 22}.get(level, 14))
            shape.setBottomMargin(5)
        shape.setLineHeight(125, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        QTextCursor(block).setBlockFormat(shape)
        block = block.next()


def _set(file: QSaveFile, markdown: str, title: str) -> None:
    writer = QPdfWriter(file)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    # The document brings two centimetres of its own.
    writer.setPageMargins(QMarginsF(4, 4, 4, 4), QPageLayout.Unit.Millimeter)
    writer.setTitle(title)
    document = QTextDocument()
    document.setDefaultFont(QFont("serif", 11))
    document.setMarkdown(markdown)
    _space(document)
    document.print_(writer)
