"""Drawing of one document of the library: title, how far it is read in words and as a hairline."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import QLineEdit, QStyleOptionViewItem, QWidget

from app.library.model import ENTRY, Entry
from app.style.row_delegate import AnyIndex, RowDelegate
from app.style.translation import tr


class DocumentDelegate(RowDelegate):
    """Title over the second line; a hairline while a document is read in part."""

    radius = 8

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        return QSize(120, option.fontMetrics.height() * 2 + 24)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: AnyIndex) -> QWidget:
        editor = QLineEdit(parent)
        editor.setObjectName("renameEditor")
        editor.setAccessibleName(tr("Title of the document"))
        editor.setPlaceholderText(tr("The title in the file"))
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        height = max(editor.sizeHint().height(), option.fontMetrics.height() + 8)
        editor.setGeometry(option.rect.adjusted(4, 3, -4, height + 3 - option.rect.height()))

    def paint_row(
        self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex, box: QRectF, chosen: bool
    ) -> None:
        entry: Entry = index.data(ENTRY)
        inside = box.adjusted(12, 9, -12, -8)
        title = self.sized(option, 1.0, QFont.Weight.Medium)
        self.draw_text(painter, inside, index.data(), "text", title, elide=Qt.TextElideMode.ElideMiddle)
        below = inside.adjusted(0, option.fontMetrics.height() + 1, 0, 0)
        role = "error" if entry.failed else "accent_text" if entry.busy else "muted"
        self.draw_text(painter, below, entry.second_line, role, self.sized(option, 0.88))
        if 0 < entry.fraction < 1 and not entry.failed:
            self._draw_share(painter, QRectF(inside.left(), box.bottom() - 6, inside.width(), 2.5), entry, chosen)

    def _draw_share(self, painter: QPainter, track: QRectF, entry: Entry, chosen: bool) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.color("border_strong" if chosen else "border"))
        painter.drawRoundedRect(track, 1.2, 1.2)
        painter.setBrush(self.theme.color("accent"))
        painter.drawRoundedRect(track.adjusted(0, 0, -track.width() * (1 - entry.fraction), 0), 1.2, 1.2)
