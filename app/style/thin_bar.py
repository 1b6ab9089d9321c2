"""A thin bar that fills."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.style.theme import Theme


class ThinBar(QWidget):
    """Shows a share, 0 to 1. Unlike QProgressBar it never paints before the window's turn to paint comes."""

    def __init__(self, theme: Theme, name: str):
        super().__init__()
        self._theme = theme
        self._share = -1.0
        self.setFixedHeight(6)
        self.setAccessibleName(name)
        theme.changed.connect(self.update)

    @property
    def share(self) -> float:
        return max(self._share, 0.0)

    def set_share(self, share: float) -> None:
        """share: 0 to 1."""
        share = min(max(share, 0.0), 1.0)
        if share != self._share:
            self._share = share
            self.setAccessibleDescription(f"{share:.0%}")
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        box = QRectF(self.rect())
        painter.setBrush(self._theme.color("border"))
        painter.drawRoundedRect(box, 3, 3)
        if self._share > 0:
            box.setWidth(max(box.width() * self._share, 6))
            painter.setBrush(self._theme.color("accent"))
            painter.drawRoundedRect(box, 3, 3)
        painter.end()
