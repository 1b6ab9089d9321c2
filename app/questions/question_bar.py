"""The box to ask in, with the context of the next question above it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from app.style.icons import IconButton
from app.style.theme import Theme
from app.style.translation import tr
from app.style.widgets import ElidedLine, button, restyle

MAX_LINES = 6


class QuestionBox(QPlainTextEdit):
    """Grows with its text. Enter sends, Shift+Enter breaks the line."""

    sent = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("question")
        self.setAccessibleName(tr("Question"))
        self.setPlaceholderText(tr("Ask about this document"))
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.document().setDocumentMargin(2)
        self.document().documentLayout().documentSizeChanged.connect(lambda _size: self._fit())
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def _fit(self) -> None:
        lines = min(max(int(self.document().size().height()), 1), MAX_LINES)
        self.setFixedHeight(self.fontMetrics().lineSpacing() * lines + 12)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = not event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain:
            self.sent.emit()
        else:
            super().keyPressEvent(event)


class QuestionBar(QWidget):
    """The box, a line about its context, and the button."""

    asked = Signal(str)
    context_dropped = Signal()
    """Ask about the whole document after all."""

    def __init__(self, theme: Theme):
        super().__init__()
        self.setObjectName("questionBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.box = QuestionBox()
        self.box.sent.connect(self._send)
        self.box.installEventFilter(self)
        self._send_button = IconButton("send", tr("Ask (Enter)"), theme, role="on_accent", size=18)
        self._send_button.setObjectName("send")
        self._send_button.setMinimumSize(30, 30)
        self._send_button.clicked.connect(self._send)
        self.box.textChanged.connect(self._enable)
        self._frame = QFrame()
        self._frame.setObjectName("questionFrame")
        inside = QHBoxLayout(self._frame)
        inside.setContentsMargins(10, 5, 6, 5)
        inside.addWidget(self.box, 1)
        inside.addWidget(self._send_button, 0, Qt.AlignmentFlag.AlignBottom)
        self._context = ElidedLine("small", name="questionContext")
        self._drop = button(tr("Clear"), self.context_dropped.emit, "link", "clearContext")
        self._drop.setToolTip(tr("Ask about the whole document"))
        self._context_row = QWidget()
        row = QHBoxLayout(self._context_row)
        row.setContentsMargins(4, 0, 0, 0)
        row.addWidget(self._context, 1)
        row.addWidget(self._drop)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 16, 14)
        column.setSpacing(6)
        column.addWidget(self._context_row)
        column.addWidget(self._frame)
        self.set_context("")
        self._enable()

    def set_context(self, words: str) -> None:
        """Show the context of the next question; "" for the whole document."""
        self._context.set_text(words)
        self._context_row.setVisible(bool(words))

    def focus(self) -> None:
        self.box.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            restyle(self._frame, "focused", event.type() == QEvent.Type.FocusIn)
        return super().eventFilter(watched, event)

    def _enable(self) -> None:
        self._send_button.setEnabled(bool(self.box.toPlainText().strip()))

    def _send(self) -> None:
        text = self.box.toPlainText().strip()
        if text:
            self.box.clear()
            self.asked.emit(text)
