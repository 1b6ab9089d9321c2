"""The bar under the document: the strip of its pages, one line about what has been read, details on demand."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.document.memory_strip import MemoryStrip, StripFacts
from app.state.session import DocumentSession
from app.style.theme import Theme
from app.style.translation import tr, tr_count
from app.style.widgets import ElidedLine, button, label
from app.style.words import page_words, pages_count
from engine.grounding.page_references import page_numbers

NAMED_RUNS = 6
"""Runs of pages without text that the line names."""


class StripBar(QWidget):
    """The strip and its line. Details adds what the model's memory still holds of each page."""

    def __init__(self, theme: Theme):
        super().__init__()
        self.setObjectName("stripBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.strip = MemoryStrip(theme)
        self._line = ElidedLine("small", name="coverage")
        self._details = label(role="small", wrap=True, name="coverageDetails")
        self._details.hide()
        self._more = button(tr("Details"), self._toggle, "link", "coverageMore")
        self._more.setProperty("small", "true")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._line, 1)
        row.addWidget(self._more, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 16, 7)
        column.setSpacing(2)
        column.addWidget(self.strip)
        column.addLayout(row)
        column.addWidget(self._details)

    def show_session(self, session: DocumentSession) -> None:
        """Show how far the document is read."""
        self.strip.set_facts(strip_facts(session))
        self._line.set_text(coverage_words(session))
        self._details.setText("\n".join(detail_lines(session)))
        self._more.setVisible(bool(self._details.text()))
        if not self._details.text():
            self._details.hide()

    def _toggle(self) -> None:
        opened = self._details.isHidden()
        self._details.setVisible(opened)
        self.strip.set_detailed(opened)
        self._more.setText(tr("Hide details") if opened else tr("Details"))


def strip_facts(session: DocumentSession) -> StripFacts:
    """Return what the strip shows of a session."""
    return StripFacts(
        pages=session.pages,
        read_to=session.pages if session.fully_read else session.progress.page,
        problems=dict(session.problems),
        snapshots=dict(session.snapshots),
        evidence=session.evidence,
        retention=session.retention,
    )


def coverage_words(session: DocumentSession) -> str:
    """Return one line about what has been read, pages without text named."""
    if session.fully_read:
        words = tr("All {pages} read", pages=pages_count(session.pages))
    elif session.progress.page:
        words = tr("{page} of {pages} read", page=f"{session.progress.page:,}", pages=pages_count(session.pages))
    else:
        return tr("Not read yet") if session.pages else ""
    if session.problems:
        pages = page_words(session.problems)
        if len(session.problems) > NAMED_RUNS:
            pages = tr("pages {pages}", pages=page_numbers(session.problems, NAMED_RUNS))
        count = len(session.problems)
        words += " · " + tr_count("{count} without text: {pages}", "{count} without text: {pages}", count, pages=pages)
    chosen = session.summary.basis is not None and session.summary.basis.made_from == "selection"
    if session.retention is not None and session.retention.faded_to_page and not chosen:
        words += " · " + tr("Long for this model; details from early pages may be missed")
    return words


def detail_lines(session: DocumentSession) -> list[str]:
    """Return what the model's memory still holds, a sentence each."""
    lines = []
    if session.retention is not None and session.retention.faded_to_page:
        pages = page_words(range(1, session.retention.faded_to_page + 1))
        lines.append(tr("Questions about {pages} use saved sections.", pages=pages))
    if session.retention is not None:
        lines.append(tr("Paler pages: less of them is left in the model's memory."))
    if session.snapshots:
        count = tr_count("{count} saved checkpoint", "{count} saved checkpoints", len(session.snapshots))
        lines.append(tr("Triangles: {checkpoints}, where reading can resume.", checkpoints=count))
    return lines
