"""Find in the document."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from app.style.icons import IconButton
from app.style.theme import Theme
from app.style.translation import tr
from app.style.widgets import label


class FindBar(QWidget):
    """Asks to find while the text is typed, and to step through the matches."""

    find_requested = Signal(str)
    step_requested = Signal(int)
    closed = Signal()

    def __init__(self, theme: Theme):
        super().__init__()
        self.setObjectName("findBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.field = QLineEdit()
        self.field.setObjectName("findText")
        self.field.setPlaceholderText(tr("Find in the document"))
        self.field.setAccessibleName(tr("Find in the document"))
        self.field.setMaximumWidth(320)
        self._count = label(role="small", name="matchCount")
        self._count.setAccessibleName(tr("Matches"))
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(180)
        self._delay.timeout.connect(lambda: self.find_requested.emit(self.field.text()))
        self.field.textChanged.connect(lambda _text: self._delay.start())
        self.field.returnPressed.connect(lambda: self.step_requested.emit(1))
        previous = IconButton("up", tr("Find previous (Shift+F3)"), theme)
        following = IconButton("down", tr("Find next (F3)"), theme)
        close = IconButton("close", tr("Close (Escape)"), theme)
        previous.clicked.connect(lambda: self.step_requested.emit(-1))
        following.clicked.connect(lambda: self.step_requested.emit(1))
        close.clicked.connect(self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 10, 6)
        row.setSpacing(4)
        row.addWidget(self.field, 1)
        row.addWidget(previous)
        row.addWidget(following)
        row.addSpacing(6)
        row.addWidget(self._count)
        row.addStretch(1)
        row.addWidget(close)
        self.hide()

    def begin(self, text: str = "") -> None:
        """Show the bar and take the keyboard."""
        self.show()
        if text and "\n" not in text:
            self.field.setText(text)
        self.field.setFocus()
        self.field.selectAll()

    def dismiss(self) -> None:
        """Hide the bar and end the search."""
        if not self.isHidden():
            self._delay.stop()
            self.hide()
            self.find_requested.emit("")
            self.closed.emit()

    def show_matches(self, matches: int, place: int, searching: bool) -> None:
        """Show how many matches there are, and which one is current."""
        if not self.field.text().strip():
            self._count.setText("")
        elif matches:
            shown = tr("{place} of {matches}", place=f"{place:,}", matches=f"{matches:,}")
            self._count.setText(shown + ("…" if searching else ""))
        else:
            self._count.setText(tr("Searching…") if searching else tr("No matches"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            back = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self.step_requested.emit(-1 if back else 1)
        else:
            super().keyPressEvent(event)
