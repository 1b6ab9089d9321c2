"""The drawing that every list of the window shares: a rounded row with hover, choice and focus, and texts in it."""

from __future__ import annotations

from abc import abstractmethod

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.style.theme import Theme, scaled

AnyIndex = QModelIndex | QPersistentModelIndex


class RowDelegate(QStyledItemDelegate):
    """Paints the row's background; a subclass paints its content."""

    radius = 6

    def __init__(self, theme: Theme, parent: QWidget | None = None):
        super().__init__(parent)
        self.theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(option.rect).adjusted(1, 1, -2, -1)
        state = option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.theme.color("accent_soft" if chosen else "hover"))
            painter.drawRoundedRect(box, self.radius, self.radius)
        if chosen and state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(self.theme.color("accent"))
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), self.radius, self.radius)
        self.paint_row(painter, option, index, box, chosen)
        painter.restore()

    @abstractmethod
    def paint_row(
        self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex, box: QRectF, chosen: bool
    ) -> None:
        """Paint the content of a row into `box`."""

    def draw_text(
        self,
        painter: QPainter,
        box: QRectF,
        text: str,
        role: str,
        font: QFont,
        where: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop,
        elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> float:
        """Draw one line of text, shortened to the box; returns its width in pixels. role: of the theme's colours."""
        painter.setFont(font)
        painter.setPen(self.theme.color(role))
        shown = painter.fontMetrics().elidedText(text, elide, max(int(box.width()), 10))
        painter.drawText(box, where | Qt.TextFlag.TextSingleLine, shown)
        return float(painter.fontMetrics().horizontalAdvance(shown))

    @staticmethod
    def sized(option: QStyleOptionViewItem, factor: float, weight: QFont.Weight | None = None) -> QFont:
        """Return the list's font, `factor` times as large."""
        return scaled(option.font, factor, weight)
