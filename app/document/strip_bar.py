"""What lies under the document: the memory strip and one honest line about what has been read."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.document.memory_strip import MemoryStrip, StripFacts
from app.state.session import DocumentSession
from app.style.theme import Theme
from app.style.widgets import ElidedLine, button, counted, label


class StripBar(QWidget):
    """The strip and its line; the line opens to all it has to say."""

    def __init__(self, theme: Theme):
        super().__init__()
        self.setObjectName("stripBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.strip = MemoryStrip(theme)
        self.line = ElidedLine("small")
        self._all = label(role="small", wrap=True)
        self._all.hide()
        self._more = button("More", self._toggle, "link")
        self._more.setProperty("small", "true")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.line, 1)
        row.addWidget(self._all, 1)
        row.addWidget(self._more, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 16, 7)
        column.setSpacing(2)
        column.addWidget(self.strip)
        column.addLayout(row)

    def show_session(self, session: DocumentSession) -> None:
        """Show how far the document is read."""
        self.strip.set_facts(strip_facts(session))
        words = coverage_words(session)
        self.line.set_text(words)
        self._all.setText(words)
        self._offer()

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._offer()

    def _offer(self) -> None:
        needed = self.line.fontMetrics().horizontalAdvance(self.line.whole) > self.width() - 40
        # Its place is kept: the line must not change its length because there is more of it.
        self._more.setVisible(needed or not self._all.isHidden())

    def _toggle(self) -> None:
        opened = self._all.isHidden()
        self._all.setVisible(opened)
        self.line.setVisible(not opened)
        self._more.setText("Less" if opened else "More")
        self._offer()


def strip_facts(session: DocumentSession) -> StripFacts:
    """What the strip shows of a session."""
    return StripFacts(
        pages=session.pages,
        read_to=session.pages if session.fully_read else session.progress.page,
        problems=dict(session.problems),
        snapshots=dict(session.snapshots),
        evidence=session.evidence,
        retention=session.retention,
    )


def coverage_words(session: DocumentSession) -> str:
    """One honest line about what has been read, and about what the memory still holds of it."""
    if session.fully_read and session.outcome:
        words = session.outcome
    elif session.fully_read:
        words = f"All {counted(session.pages, 'page')} are in memory."
    elif session.progress.page:
        words = f"{session.progress.page:,} of {counted(session.pages, 'page')} are in memory"
        if session.problems:
            words += f"; {counted(len(session.problems), 'page')} could not be read"
        if session.snapshots:
            words += f"; {counted(len(session.snapshots), 'saved state')} to go on from"
        words += "."
    else:
        return "Nothing of this document is in memory yet" if session.pages else ""
    if session.retention is not None and session.retention.faded_to_page:
        faded = session.retention.faded_to_page
        pages = "Page 1 has" if faded == 1 else f"Pages 1 to {faded:,} have"
        words += f" {pages} faded from the document's memory; questions about them are put to their sections."
    return words
