"""Writes summary, answers and sections to a file (Markdown, PDF, OpenDocument), away from the window's thread."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QObject, QSaveFile, QUrl, Signal
from PySide6.QtGui import (
    QFont,
    QPageLayout,
    QPageSize,
    QPdfWriter,
    QTextBlockFormat,
    QTextCursor,
    QTextDocument,
    QTextDocumentWriter,
    QTextFormat,
)

from app.style.translation import tr
from app.tasks.background import Background
from engine.library.database import LibraryError
from engine.library.library import Library
from engine.wording.markdown import to_markdown


class PlainDocument(QTextDocument):
    """A text document that loads nothing: the text is a model's, and no address in it is fetched."""

    def loadResource(self, _kind: int, _name: QUrl | str) -> object:
        return None


class Exporter(QObject):
    """Runs one export at a time."""

    finished = Signal(object)
    """Outcome of the export, as a sentence."""

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self._background = Background("export", self)
        self._background.done.connect(self.finished)

    def export(self, path: str, library: str, document: int, title: str) -> None:
        """Write a document of the library to `path`; a name that ends in .pdf or .odt decides the format.

        library: the library's file, "" for the usual one.
        """
        self._background.start(partial(export, path, library, document, title))

    def wait(self) -> None:
        self._background.wait()


def export(path: str, library: str, document: int, title: str) -> str:
    """Read a document's results from the library and write them; returns the sentence to show."""
    try:
        with Library.open(library or None, read_only=True) as opened:
            text = to_markdown(opened, document)
    except LibraryError as error:
        return tr("Export failed: {reason}", reason=error)
    return write(path, text, title)


def write(path: str, markdown: str, title: str) -> str:
    """Write the file, whole or not at all; returns the sentence to show."""
    file = QSaveFile(path)
    if file.open(QIODevice.OpenModeFlag.WriteOnly):
        match Path(path).suffix.lower():
            case ".pdf":
                _write_pdf(file, markdown, title)
            case ".odt":
                file.write(_odt(markdown, title))
            case _:
                file.write(markdown.encode())
        if file.commit():
            return tr("Saved to {path}", path=path)
    return tr("The file could not be saved: {reason}. Choose another place.", reason=file.errorString())


def _write_pdf(file: QSaveFile, markdown: str, title: str) -> None:
    writer = QPdfWriter(file)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    # The document brings two centimetres of its own.
    writer.setPageMargins(QMarginsF(4, 4, 4, 4), QPageLayout.Unit.Millimeter)
    writer.setTitle(title)
    _document(markdown, title).print_(writer)


def _odt(markdown: str, title: str) -> QByteArray:
    """Return an OpenDocument text. Its writer closes its device, which a QSaveFile does not allow."""
    buffer = QBuffer()
    QTextDocumentWriter(buffer, b"odf").write(_document(markdown, title))
    return buffer.data()


def _document(markdown: str, title: str) -> QTextDocument:
    document = PlainDocument()
    document.setMetaInformation(QTextDocument.MetaInformation.DocumentTitle, title)
    document.setDefaultFont(QFont("serif", 11))
    features = QTextDocument.MarkdownFeature.MarkdownDialectCommonMark | QTextDocument.MarkdownFeature.MarkdownNoHTML
    document.setMarkdown(markdown, features)
    block = document.begin()
    while block.isValid():
        shape = block.blockFormat()
        level = shape.headingLevel()
        if level:
            shape.setTopMargin({1: 0, 2: 22}.get(level, 14))
            shape.setBottomMargin(5)
        if shape.intProperty(QTextFormat.Property.BlockQuoteLevel):
            shape.setLeftMargin(24)
        shape.setLineHeight(125, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        QTextCursor(block).setBlockFormat(shape)
        block = block.next()
    return document
