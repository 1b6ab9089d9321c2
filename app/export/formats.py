"""A report as PDF or OpenDocument, laid out by Qt."""

from __future__ import annotations

import os

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QUrl
from PySide6.QtGui import (
    QFont,
    QGuiApplication,
    QPageLayout,
    QPageSize,
    QPdfWriter,
    QTextBlockFormat,
    QTextCursor,
    QTextDocument,
    QTextDocumentWriter,
    QTextFormat,
)


class PlainDocument(QTextDocument):
    """A text document that loads nothing: the text is a model's, and no address in it is fetched."""

    def loadResource(self, _kind: int, _name: QUrl | str) -> object:
        return None


def laid_out(suffix: str, markdown: str, title: str) -> bytes:
    """Return a report as a file with this suffix: .pdf or .odt. Works without a window, too."""
    app = QGuiApplication.instance()
    if app is None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        os.environ.setdefault("QT_LOGGING_RULES", "qt.qpa.*=false")
        app = QGuiApplication(["readthrough"])
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if suffix == ".pdf":
        _write_pdf(buffer, markdown, title)
    else:
        QTextDocumentWriter(buffer, QByteArray(b"odf")).write(_document(markdown, title))
    return bytes(buffer.data().data())


def _write_pdf(device: QIODevice, markdown: str, title: str) -> None:
    writer = QPdfWriter(device)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    # The document brings two centimetres of its own.
    writer.setPageMargins(QMarginsF(4, 4, 4, 4), QPageLayout.Unit.Millimeter)
    writer.setTitle(title)
    _document(markdown, title).print_(writer)


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
