"""The summary as it streams, with its pages as links, and what can be asked of it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLineEdit, QMenu, QPushButton, QVBoxLayout, QWidget

from app.state import words
from app.state.session import DocumentSession, SummaryText
from app.style.icons import IconButton
from app.style.theme import Theme
from app.style.widgets import ElidedLine, button, label
from app.summary.line_text import LineText, lines_of
from engine.protocol.vocabulary import LENGTHS

LENGTH_WORDS = {"paragraph": "A paragraph", "page": "A page", "outline": "An outline"}


class SummaryWish(QFrame):
    """How long the next summary is to be, and what about; asked in place."""

    wished = Signal(str, str)
    """(length, focus); focus "" for all of the document."""
    closed = Signal()

    def __init__(self, theme: Theme):
        super().__init__()
        self.setProperty("role", "wish")
        self.length = QComboBox()
        self.length.setAccessibleName("Length of the summary")
        for value in LENGTHS:
            self.length.addItem(LENGTH_WORDS[value], value)
        self.focus = QLineEdit()
        self.focus.setAccessibleName("What the summary is to be about")
        self.focus.setPlaceholderText("About everything")
        self.focus.returnPressed.connect(self._wish)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.length)
        row.addWidget(self.focus, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        buttons.addWidget(button("Cancel", self.closed.emit, "flat"))
        buttons.addWidget(button("Summarise", self._wish, "primary"))
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 10)
        column.setSpacing(10)
        column.addLayout(row)
        column.addLayout(buttons)
        self.hide()

    def begin(self, length: str, focus: str) -> None:
        """Show it, with what was wished for last."""
        self.length.setCurrentIndex(max(self.length.findData(length), 0))
        self.focus.setText(focus)
        self.show()
        self.length.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _wish(self) -> None:
        self.wished.emit(self.length.currentData(), self.focus.text().strip())


class SummaryView(QWidget):
    """The summary, how it was made, and what can be done with it."""

    page_requested = Signal(int)
    copy_requested = Signal()
    summary_requested = Signal(str, str)
    """(length, focus)"""
    export_requested = Signal()
    kept_requested = Signal(int)
    """Show this one of the summaries that are kept."""

    def __init__(self, theme: Theme):
        super().__init__()
        self._last = ("", "")
        self._copy = IconButton("copy", "Copy the summary with its page references (Ctrl+Shift+C)", theme)
        self._export = IconButton("export", "Export summary and questions (Ctrl+E)", theme)
        self._again = IconButton("again", "Another summary: shorter, longer, or about one subject", theme)
        self._kept = IconButton("down", "Other summaries of this document", theme)
        self._kept.clicked.connect(self._show_kept)
        self._session: DocumentSession | None = None
        self._copy.clicked.connect(self.copy_requested)
        self._export.clicked.connect(self.export_requested)
        self._again.clicked.connect(self.begin_wish)
        self.wish = SummaryWish(theme)
        self.wish.wished.connect(self._wished)
        self.wish.closed.connect(self._end_wish)
        self.text = LineText("Summary", theme)
        self.text.page_requested.connect(self.page_requested)
        self._kind = ElidedLine("caption")
        self._basis = label(role="small", wrap=True)
        self._empty = label(role="muted", wrap=True)
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(self._kind, 1)
        for tool in (self._kept, self._copy, self._export, self._again):
            row.addWidget(tool, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 12, 12, 10)
        column.setSpacing(10)
        column.addLayout(row)
        column.addWidget(self.wish)
        column.addWidget(self._empty)
        column.addWidget(self.text, 1)
        column.addWidget(self._basis)
        column.addStretch()

    def show_session(self, session: DocumentSession) -> None:
        """Show what there is of the summary."""
        self._session = session
        summary = session.summary
        self._kept.setVisible(session.summary_done and len(session.summaries) > 1)
        self._last = (summary.length, summary.focus)
        self.text.show_lines(lines_of(summary.text, summary.line_pages), follow=not session.summary_done)
        self.text.setVisible(bool(summary.text.strip()))
        for tool in (self._copy, self._export):
            tool.setVisible(session.summary_done)
        self._again.setVisible(session.fully_read and not session.summary_running)
        if session.summary_running:
            self.wish.hide()
        self._kind.set_text(kind_words(session))
        self._kind.setVisible(session.fully_read or bool(summary.text))
        basis = words.summary_basis(session.summary.basis) if session.summary_done else ""
        self._basis.setText(basis)
        self._basis.setVisible(bool(basis))
        self._empty.setText(empty_words(session))
        self._empty.setVisible(not summary.text.strip())

    def focus_chain(self) -> list[QWidget]:
        """What the tab key goes through, in the order of the screen."""
        tools = [self._kept, self._copy, self._export, self._again]
        return [*tools, self.wish.length, self.wish.focus, *self.wish.findChildren(QPushButton), self.text]

    def kept_menu(self) -> QMenu:
        """The summaries that are kept, the shown one ticked."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        session = self._session
        for place, summary in enumerate(session.summaries if session else []):
            action = menu.addAction(kind_of(summary), partial(self.kept_requested.emit, place))
            action.setCheckable(True)
            action.setChecked(session is not None and summary == session.summary)
        return menu

    def _show_kept(self) -> None:
        self.kept_menu().popup(self._kept.mapToGlobal(self._kept.rect().bottomLeft()))

    def begin_wish(self) -> None:
        """Ask how the next summary is to be."""
        self.wish.begin(*self._last)

    def _wished(self, length: str, focus: str) -> None:
        self.wish.hide()
        self.summary_requested.emit(length, focus)

    def _end_wish(self) -> None:
        self.wish.hide()
        self._again.setFocus(Qt.FocusReason.OtherFocusReason)


def kind_words(session: DocumentSession) -> str:
    """What kind of summary stands there."""
    if not session.summary_done:
        return "Being written…" if session.summary.text else ""
    return kind_of(session.summary)


def kind_of(summary: SummaryText) -> str:
    """How long a summary is, and what about."""
    about = f", about {summary.focus}" if summary.focus else ""
    return LENGTH_WORDS.get(summary.length, "Summary") + about


def empty_words(session: DocumentSession) -> str:
    """What stands where the summary will be."""
    if session.trouble is not None:
        return ""
    if session.summary_running and session.notes:
        return "The sections are being summarised, see Sections. They are merged into one summary when all are there."
    if session.summary_running and session.fully_read:
        return "The whole document is in memory. The summary is on its way."
    if session.summary_running:
        return "The summary starts as soon as the document has been read to its end. Questions can be asked already."
    if session.phase.busy:
        return "The document is being read."
    return "There is no summary yet."
