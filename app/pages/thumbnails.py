"""Small pictures of the pages of a PDF: drawn by a page process of their own, those in view first."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QListView, QStyleOptionViewItem, QWidget

from app.pages.source import PageSource
from app.style.row_delegate import AnyIndex, RowDelegate
from app.style.theme import Theme
from app.style.translation import tr

WIDTH, HEIGHT = 120, 160
"""Pixels of the room for one picture."""
KEPT = 400
"""Pictures in memory."""
IMAGE = Qt.ItemDataRole.UserRole


class ThumbnailModel(QAbstractListModel):
    """One row a page, with its picture once it is drawn."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._count = 0
        self._images: dict[int, QImage] = {}

    def reset(self, count: int) -> None:
        """Hold so many pages, without pictures."""
        self.beginResetModel()
        self._count, self._images = count, {}
        self.endResetModel()

    def set_image(self, page: int, image: QImage) -> None:
        """Show the picture of a page, from 0; the oldest ones are dropped."""
        self._images.pop(page, None)
        self._images[page] = image
        while len(self._images) > KEPT:
            del self._images[next(iter(self._images))]
        self.dataChanged.emit(self.index(page), self.index(page))

    def lacks(self, page: int) -> bool:
        """Return whether a page has no picture."""
        return page not in self._images

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._count

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{index.row() + 1:,}"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return tr("Page {page}", page=index.row() + 1)
        return self._images.get(index.row()) if role == IMAGE else None


class ThumbnailDelegate(RowDelegate):
    """The picture over its page number."""

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        return QSize(WIDTH + 24, HEIGHT + option.fontMetrics.height() + 18)

    def paint_row(
        self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex, box: QRectF, chosen: bool
    ) -> None:
        room = QRectF(box.center().x() - WIDTH / 2, box.top() + 7, WIDTH, HEIGHT)
        image: QImage | None = index.data(IMAGE)
        size = image.deviceIndependentSize() if image is not None else room.size() * 0.9
        size = size.scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
        sheet = QRectF(room.center().x() - size.width() / 2, room.bottom() - size.height(), size.width(), size.height())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(sheet, self.theme.color("page"))
        if image is not None:
            painter.drawImage(sheet, image)
        painter.setPen(self.theme.color("border_strong"))
        painter.drawRect(sheet)
        below = QRectF(box.left(), room.bottom() + 4, box.width(), option.fontMetrics.height() + 2)
        centre = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        self.draw_text(painter, below, index.data(), "text" if chosen else "muted", self.sized(option, 0.9), centre)


class Thumbnails(QListView):
    """Shows the pages; a click or Enter goes to one. Opens its file when it is first shown."""

    page_requested = Signal(int)
    """Page, from 1."""

    def __init__(self, theme: Theme, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("thumbnails")
        self.setAccessibleName(tr("Pages"))
        self.pages = ThumbnailModel(self)
        self.source = PageSource(self)
        self._file: tuple[str, str | None] | None = None
        self._opened = False
        self._ask = QTimer(self)
        self._ask.setSingleShot(True)
        self._ask.setInterval(60)
        self._ask.timeout.connect(self._want)
        self.setModel(self.pages)
        self.setItemDelegate(ThumbnailDelegate(theme, self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._ask.start())
        self.clicked.connect(lambda index: self.page_requested.emit(index.row() + 1))
        self.activated.connect(lambda index: self.page_requested.emit(index.row() + 1))
        self.source.opened.connect(self._on_opened)
        self.source.page_drawn.connect(self.pages.set_image)

    def set_file(self, path: str, password: str | None) -> None:
        """Show the pages of this PDF; "" for none."""
        if self._file == (path, password):
            return
        self.source.close()
        self.pages.reset(0)
        self._file, self._opened = ((path, password) if path else None), False
        if self.isVisible():
            self._open()

    def show_page(self, page: int) -> None:
        """Select a page, unless the reader is going through the pictures."""
        index = self.pages.index(page - 1)
        if index.isValid() and not self.hasFocus():
            self.setCurrentIndex(index)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._open()
        self._ask.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._ask.start()

    def _open(self) -> None:
        if self._file is not None and not self._opened:
            self._opened = True
            self.source.open(*self._file)

    def _on_opened(self, count: int) -> None:
        if self.pages.rowCount() != count:
            self.pages.reset(count)
        self._ask.start()

    def _want(self) -> None:
        """Ask for the pictures in view, and a few below."""
        if not self._opened or not self.isVisible() or not self.pages.rowCount():
            return
        height = max(self.sizeHintForRow(0), 1)
        first = self.verticalScrollBar().value() // height
        last = min(first + self.viewport().height() // height + 4, self.pages.rowCount())
        width = round(WIDTH * self.devicePixelRatioF())
        self.source.want([(page, width) for page in range(first, last) if self.pages.lacks(page)])
