"""A line over the window that reports what was done and disappears."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from app.style.widgets import label

SECONDS = 4


class Toast(QFrame):
    """Floats at the bottom of its parent."""

    def __init__(self, parent: QWidget):
        super().__init__(parent)
        self._over = parent
        self.setObjectName("toast")
        self.setProperty("role", "toast")
        self._words = label(name="toastText")
        row = QHBoxLayout(self)
        row.setContentsMargins(18, 10, 18, 10)
        row.addWidget(self._words)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        parent.installEventFilter(self)
        self.hide()

    @property
    def words(self) -> str:
        return "" if self.isHidden() else self._words.text()

    def say(self, words: str) -> None:
        """Show a sentence for a few seconds."""
        self.hold(words)
        self._timer.start(SECONDS * 1000)

    def hold(self, words: str) -> None:
        """Show a sentence until it is hidden."""
        self._timer.stop()
        self._words.setText(words)
        self.setAccessibleName(words)
        self.adjustSize()
        self._place()
        self.show()
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        room = self._over.size()
        self.move((room.width() - self.width()) // 2, room.height() - self.height() - 70)
