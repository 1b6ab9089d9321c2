"""A small plot of the memory used over the tokens read."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.style.theme import Theme, scaled
from app.style.translation import tr
from engine.units import size_text


class MemoryPlot(QWidget):
    """Resident memory over tokens read; it stays flat, however long the document is."""

    def __init__(self, theme: Theme, parent: QWidget | None = None):
        super().__init__(parent)
        self._theme = theme
        self._points: list[tuple[int, int]] = []
        self._total = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setObjectName("memoryPlot")
        self.setAccessibleName(tr("Memory used while reading"))
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(200, 2 * self._row + 30)

    @property
    def _row(self) -> int:
        """Height of a line of text, pixels."""
        return QFontMetrics(scaled(self.font(), 0.82)).height()

    def show_points(self, points: list[tuple[int, int]], total: int) -> None:
        """points: (tokens read, resident bytes); total: tokens expected in all."""
        self._points, self._total = list(points), total
        self.setAccessibleDescription(self.words)
        self.setToolTip(self.words)
        self.update()

    @property
    def words(self) -> str:
        """The plot in words."""
        if len(self._points) < 2:
            return ""
        first, last = self._points[0], self._points[-1]
        return tr(
            "{memory} of memory at {tokens} tokens, {later_memory} at {later_tokens}",
            memory=size_text(first[1]),
            tokens=f"{first[0]:,}",
            later_memory=size_text(last[1]),
            later_tokens=f"{last[0]:,}",
        )

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(scaled(self.font(), 0.82))
        row = self._row
        above = QRectF(0, 0, self.width(), row)
        box = QRectF(0, row + 2, self.width(), self.height() - 2 * row - 4)
        painter.setPen(self._theme.color("muted"))
        painter.drawText(above, Qt.AlignmentFlag.AlignLeft, tr("Memory used"))
        painter.setPen(QPen(self._theme.color("border"), 1))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        if self._points:
            top = max(size for _, size in self._points) * 1.35
            end = max(self._total, self._points[-1][0], 1)
            line = [
                QPointF(box.left() + box.width() * tokens / end, box.bottom() - box.height() * size / top)
                for tokens, size in self._points
            ]
            fill = self._theme.color("accent_soft")
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(fill)
            painter.drawPolygon(
                QPolygonF([QPointF(line[0].x(), box.bottom()), *line, QPointF(line[-1].x(), box.bottom())])
            )
            painter.setPen(QPen(self._theme.color("accent"), 1.6))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(QPolygonF(line))
            painter.setPen(self._theme.color("text"))
            now = size_text(self._points[-1][1])
            painter.drawText(above, Qt.AlignmentFlag.AlignRight, now)
            painter.setPen(self._theme.color("muted"))
            below = QRectF(0, box.bottom() + 2, self.width(), row)
            painter.drawText(below, Qt.AlignmentFlag.AlignLeft, "0")
            painter.drawText(below, Qt.AlignmentFlag.AlignRight, tr("{count} tokens", count=f"{end:,}"))
        painter.end()
