"""The form that asks for another summary: how long, and about what."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLineEdit, QVBoxLayout

from app.settings.registry import OPTIONS
from app.style.translation import tr
from app.style.widgets import button


class SummaryRequest(QFrame):
    """Length and subject of the next summary, asked in place."""

    requested = Signal(str, str)
    """(length, focus); focus "" for all of the document."""
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("summaryRequest")
        self.setProperty("role", "wish")
        self.length = QComboBox()
        self.length.setObjectName("requestLength")
        self.length.setAccessibleName(tr("Summary length"))
        for value, title in OPTIONS["summary_length"].choices:
            self.length.addItem(tr(title), value)
        self.focus = QLineEdit()
        self.focus.setObjectName("requestFocus")
        self.focus.setAccessibleName(tr("Subject of the summary"))
        self.focus.setPlaceholderText(tr("About everything"))
        self.focus.returnPressed.connect(self._request)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.length)
        row.addWidget(self.focus, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        buttons.addWidget(button(tr("Cancel"), self.closed.emit, "flat"))
        buttons.addWidget(button(tr("Summarise"), self._request, "primary", "requestSummary"))
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 10)
        column.setSpacing(10)
        column.addLayout(row)
        column.addLayout(buttons)
        self.hide()

    def begin(self, length: str, focus: str) -> None:
        """Show the form, filled with the last request."""
        self.length.setCurrentIndex(max(self.length.findData(length), 0))
        self.focus.setText(focus)
        self.show()
        self.length.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _request(self) -> None:
        self.requested.emit(self.length.currentData(), self.focus.text().strip())
