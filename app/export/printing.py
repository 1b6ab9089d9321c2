"""Prints the pages of a PDF: drawn one by one by a page process of its own, at the printer's resolution."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QImage, QPainter
from PySide6.QtPrintSupport import QPrinter

from app.pages.source import PageSource
from app.style.translation import tr

MOST_DOTS = 300
"""Dots an inch at most: more makes pages slow to draw and shows no difference on paper."""


class PagePrinter(QObject):
    """Prints one document; `finished` says how it went."""

    finished = Signal(object)
    """Outcome of the printing, as a sentence."""

    def __init__(self, printer: QPrinter, parent: QObject | None = None):
        super().__init__(parent)
        self._printer = printer
        self._painter: QPainter | None = None
        self._source = PageSource(self)
        self._sizes: list[QSizeF] = []
        self._rest: list[int] = []
        self._printed = 0
        self._source.opened.connect(self._on_opened)
        self._source.failed.connect(lambda _reason, sentence: self._end(sentence))
        self._source.sizes_known.connect(self._on_sizes)
        self._source.page_drawn.connect(self._on_drawn)
        self._source.page_lost.connect(lambda _page: self._next())

    def start(self, path: str, password: str | None = None) -> None:
        """Print a file, or the pages that the printer's dialog has chosen."""
        self._source.open(path, password)

    def wait_stopped(self) -> None:
        """Block until no process is left; only for the end of the program."""
        self._source.wait_stopped()

    def _on_opened(self, count: int) -> None:
        first, last = self._printer.fromPage() or 1, self._printer.toPage() or count
        self._rest = list(range(first - 1, min(last, count)))
        self._sizes = [QSizeF()] * count

    def _on_sizes(self, first: int, sizes: list[QSizeF]) -> None:
        self._sizes[first : first + len(sizes)] = sizes
        if self._painter is None and self._rest and not self._sizes[self._rest[-1]].isEmpty():
            self._painter = QPainter()
            if not self._painter.begin(self._printer):
                self._end(tr("The document could not be printed."))
                return
            self._next()

    def _next(self) -> None:
        if self._painter is None:
            return
        if not self._rest:
            self._end(tr("Sent to the printer: {name}", name=self._printer.printerName() or self._printer.docName()))
            return
        page = self._rest[0]
        dots = min(self._printer.resolution(), MOST_DOTS)
        self._source.want([(page, round(self._sizes[page].width() / 72 * dots))])

    def _on_drawn(self, page: int, image: QImage) -> None:
        if self._painter is None or not self._rest or page != self._rest[0]:
            return
        self._rest.pop(0)
        if self._printed:
            self._printer.newPage()
        self._printed += 1
        paper = QRectF(self._painter.viewport())
        size = QSizeF(image.size()).scaled(paper.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRectF((paper.width() - size.width()) / 2, 0, size.width(), size.height())
        self._painter.drawImage(place, image)
        self._next()

    def _end(self, sentence: str) -> None:
        if self._painter is not None:
            self._painter.end()
            self._painter = None
        self._source.close()
        self.finished.emit(sentence)
