"""Prints a text document of the library, laid out as the window shows it, away from the window's thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial

from PySide6.QtCore import QMarginsF, QObject, QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPageLayout, QPainter, QTextDocument
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QApplication

from app.document.kinds import shaper_of
from app.document.markdown_text import rendered
from app.document.shaped import Shaped
from app.document.text_styles import style_spans
from app.style.theme import LIGHT
from app.style.translation import tr
from app.tasks.background import Background
from engine.library.database import LibraryError
from engine.library.library import Library
from engine.library.records import Page

STRETCH = 40
"""Pages of the document that are laid out at once."""
POINTS = 10.0
MARGINS = QMarginsF(16, 14, 16, 12)
"""Of a sheet, in millimetres."""
FOOT = 2.0
"""Height of the foot, in lines."""


class TextPrinter(QObject):
    """Prints one document; `finished` says how it went."""

    finished = Signal(object)
    """Outcome of the printing, as a sentence."""

    def __init__(self, printer: QPrinter, parent: QObject | None = None):
        super().__init__(parent)
        self._printer = printer
        self._stopped = threading.Event()
        self._background = Background("print", self)
        self._background.done.connect(self.finished)

    def start(self, library: str, document: int, path: str) -> None:
        """Print what the library holds of a document, or the sheets that the printer's dialog has chosen.

        library: the library's file, "" for the usual one; path: the document's file.
        """
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        if shaper_of(path) is rendered:
            font = QFont(QApplication.font())
        font.setPointSizeF(POINTS)
        self._background.start(partial(self._print, library, document, path, font))

    def wait_stopped(self) -> None:
        """Stop, and block until no thread is left; only for the end of the program."""
        self._stopped.set()
        self._background.wait()

    def _print(self, library: str, document: int, path: str, font: QFont) -> str:
        self._printer.setPageMargins(MARGINS, QPageLayout.Unit.Millimeter)
        painter = QPainter()
        if not painter.begin(self._printer):
            return tr("The document could not be printed.")
        try:
            with Library.open(library or None, read_only=True) as opened:
                title = opened.documents.get(document).title
                sheets = _Sheets(self._printer, painter, font, title)
                for rows in _stretches(opened, document):
                    shaped = shaper_of(path)([row.text for row in rows])
                    for sheet in sheets.of(rows, shaped):
                        if self._stopped.is_set() or sheets.is_last(sheet):
                            return self._sent()
        except LibraryError as error:
            return tr("The document could not be printed: {reason}", reason=error)
        finally:
            painter.end()
        return self._sent()

    def _sent(self) -> str:
        return tr("Sent to the printer: {name}", name=self._printer.printerName() or self._printer.docName())


class _Sheets:
    """Paints sheets of paper, each with a foot: the title and the number of the sheet."""

    def __init__(self, printer: QPrinter, painter: QPainter, font: QFont, title: str):
        self._printer, self._painter, self._font, self._title = printer, painter, font, title
        self._number = self._painted = 0
        painter.setFont(font)
        self._line = painter.fontMetrics().height()
        self._paper = QRectF(painter.viewport())

    def is_last(self, sheet: int) -> bool:
        """Return whether no further sheet is wanted."""
        return 0 < self._printer.toPage() <= sheet

    def of(self, rows: list[Page], shaped: list[Shaped]) -> Iterator[int]:
        """Paint pages of the document; yield the number of each sheet."""
        size = QSizeF(self._paper.width(), self._paper.height() - FOOT * self._line)
        text = self._laid_out(rows, shaped, size)
        for place in range(text.pageCount()):
            self._number += 1
            if self._number >= (self._printer.fromPage() or 1):
                self._paint(text, place, size)
            yield self._number

    def _laid_out(self, rows: list[Page], shaped: list[Shaped], size: QSizeF) -> QTextDocument:
        text = QTextDocument()
        text.setDefaultFont(self._font)
        text.setDocumentMargin(0)
        text.documentLayout().setPaintDevice(self._printer)
        lines: list[str] = []
        starts: list[int] = []
        for row, page in zip(rows, shaped, strict=True):
            lines.append("\u2500\u2500 " + tr("page {pages}", pages=row.label or row.number) + " \u2500\u2500")
            starts.append(sum(line.count("\n") + 1 for line in lines))
            lines += [page.text if page.text.strip() else f"[{row.problem or tr('no text on this page')}]", ""]
        text.setPlainText("\n".join(lines))
        for block, page in zip(starts, shaped, strict=True):
            style_spans(text, text.findBlockByNumber(block).position(), page, self._font, _on_paper)
        text.setPageSize(size)  # last: it lays out every block, with its style
        return text

    def _paint(self, text: QTextDocument, place: int, size: QSizeF) -> None:
        if self._painted:
            self._printer.newPage()
        self._painted += 1
        painter = self._painter
        painter.save()
        painter.translate(QPointF(0, -place * size.height()))
        text.drawContents(painter, QRectF(QPointF(0, place * size.height()), size))
        painter.restore()
        painter.setPen(_on_paper("muted"))
        painter.setFont(self._font)
        foot = QRectF(0, self._paper.height() - self._line, self._paper.width(), self._line)
        number = str(self._number)
        room = foot.width() - 2 * painter.fontMetrics().horizontalAdvance(number)
        title = painter.fontMetrics().elidedText(self._title, Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, title)
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, number)


def _stretches(library: Library, document: int) -> Iterator[list[Page]]:
    first = 1
    while rows := library.pages.of(document, first=first, last=first + STRETCH - 1):
        yield rows
        first += STRETCH


def _on_paper(role: str) -> QColor:
    """Return the colour of a role on paper."""
    return QColor(Qt.GlobalColor.transparent) if role == "sunken" else QColor(getattr(LIGHT, role))
