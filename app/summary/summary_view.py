"""The summary while it streams, with its pages as links; a head of facts over it, and what it covers below."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.settings.registry import LENGTH_TITLES, OPTIONS
from app.state.session import DocumentSession, SummaryText
from app.style.icons import IconButton
from app.style.theme import Theme
from app.style.translation import tr, tr_count
from app.style.widgets import ElidedLine, FlowLayout, label
from app.style.words import pages_count
from app.summary.basis import basis_words
from app.summary.line_text import LineText, lines_of
from app.summary.summary_request import SummaryRequest


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
        self._session: DocumentSession | None = None
        self._copy = IconButton("copy", tr("Copy the summary with its page references (Ctrl+Shift+C)"), theme)
        self._export = IconButton("export", tr("Export (Ctrl+E)"), theme)
        self._again = IconButton("again", tr("New summary: another length or subject (Ctrl+Shift+S)"), theme)
        self._kept = IconButton("down", tr("Other summaries of this document"), theme)
        self._kept.setObjectName("keptSummaries")
        self._kept.clicked.connect(self._show_kept)
        self._copy.clicked.connect(self.copy_requested)
        self._export.clicked.connect(self.export_requested)
        self._again.clicked.connect(self.begin_request)
        self.request = SummaryRequest()
        self.request.requested.connect(self._requested)
        self.request.closed.connect(self._end_request)
        self.text = LineText(tr("Summary"), theme)
        self.text.setObjectName("summaryText")
        self.text.page_requested.connect(self.page_requested)
        self._kind = ElidedLine("caption", name="summaryKind")
        self._lengths = QWidget()
        self._lengths.setObjectName("summaryLengths")
        switch = FlowLayout(self._lengths, 4)
        self.lengths: dict[str, QToolButton] = {}
        for value, title in OPTIONS["summary_length"].choices:
            choice = QToolButton()
            choice.setText(tr(title))
            choice.setAccessibleName(tr("Summary length: {length}", length=tr(title)))
            choice.setCheckable(True)
            choice.setProperty("role", "segment")
            choice.clicked.connect(partial(self._switch_length, str(value)))
            self.lengths[str(value)] = choice
            switch.addWidget(choice)
        self._title = label(role="heading", wrap=True, name="summaryTitle")
        self._facts = label(role="small", wrap=True, name="summaryFacts")
        self._basis = label(role="small", wrap=True, name="summaryBasis")
        self._empty = label(role="muted", wrap=True, name="summaryEmpty")
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(self._lengths, 1)
        row.addStretch()
        for tool in (self._kept, self._copy, self._export, self._again):
            row.addWidget(tool, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 12, 12, 10)
        column.setSpacing(8)
        column.addWidget(self._title)
        column.addWidget(self._facts)
        column.addLayout(row)
        column.addWidget(self._kind)
        column.addWidget(self.request)
        column.addWidget(self._empty)
        column.addWidget(self.text, 1)
        column.addWidget(self._basis)
        column.addStretch()

    def show_session(self, session: DocumentSession) -> None:
        """Show the summary as far as it has come."""
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
            self.request.hide()
        self._title.setText(session.name)
        self._facts.setText(" · ".join(facts_of(session)))
        for part in (self._title, self._facts):
            part.setVisible(session.opened or session.fully_read)
        self._kind.set_text(kind_words(session))
        self._kind.setVisible(bool(self._kind.whole))
        self._lengths.setVisible(session.summary_done)
        for length, choice in self.lengths.items():
            choice.setChecked(session.summary_done and length == summary.length)
        basis = basis_words(session)
        self._basis.setText(basis)
        self._basis.setVisible(bool(basis))
        self._empty.setText(empty_words(session))
        self._empty.setVisible(not summary.text.strip() and bool(self._empty.text()))

    def focus_chain(self) -> list[QWidget]:
        """Return the widgets in the order of the screen, for the tab key."""
        tools = [self._kept, self._copy, self._export, self._again]
        return [
            *self.lengths.values(),
            *tools,
            self.request.length,
            self.request.focus,
            *self.request.findChildren(QPushButton),
            self.text,
        ]

    def kept_menu(self) -> QMenu:
        """Return the menu of the summaries that are kept, the shown one ticked."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        session = self._session
        for place, summary in enumerate(session.summaries if session else []):
            action = menu.addAction(kind_of(summary), partial(self.kept_requested.emit, place))
            action.setCheckable(True)
            action.setChecked(session is not None and summary == session.summary)
        return menu

    def begin_request(self) -> None:
        """Ask for length and subject of the next summary."""
        self.request.begin(*self._last)

    def _switch_length(self, length: str, _checked: bool = False) -> None:
        """Show the summary of another length: the one that was made before, or a new one."""
        session = self._session
        if session is None:
            return
        focus = session.summary.focus
        kept = [(one.length, one.focus) for one in session.summaries]
        self.lengths[length].setChecked(length == session.summary.length)
        if (length, focus) in kept:
            self.kept_requested.emit(kept.index((length, focus)))
        else:
            self.summary_requested.emit(length, focus)

    def _show_kept(self) -> None:
        self.kept_menu().popup(self._kept.mapToGlobal(self._kept.rect().bottomLeft()))

    def _requested(self, length: str, focus: str) -> None:
        self.request.hide()
        self.summary_requested.emit(length, focus)

    def _end_request(self) -> None:
        self.request.hide()
        self._again.setFocus(Qt.FocusReason.OtherFocusReason)


def facts_of(session: DocumentSession) -> list[str]:
    """Return what is known of the document without the model: pages, sections, the days it spans."""
    facts = [pages_count(session.pages)] if session.pages else []
    if session.notes and session.fully_read:
        facts.append(tr_count("{count} section", "{count} sections", session.section_count))
    entries = session.ledger.entries if session.ledger is not None else []
    days = sorted(entry.value for entry in entries if entry.kind == "date" and len(entry.value) == 10)
    rest = len(days) // 20
    if len(days) > 1:
        # One in twenty at either end may be a law or a birthday, unrelated to the document's time.
        first, last = days[rest], days[-1 - rest]
        facts.append(tr("dates mostly from {first} to {last}", first=first, last=last))
    return facts


def kind_words(session: DocumentSession) -> str:
    """Return what the summary is about, where it is not the whole document; "Writing…" while it comes."""
    if not session.summary_done:
        return tr("Writing…") if session.summary.text else ""
    return tr("About {subject}", subject=session.summary.focus) if session.summary.focus else ""


def kind_of(summary: SummaryText) -> str:
    """Return length and subject of a summary."""
    length = tr(LENGTH_TITLES.get(summary.length, "Summary"))
    return tr("{length}, about {subject}", length=length, subject=summary.focus) if summary.focus else length


def empty_words(session: DocumentSession) -> str:
    """Return what stands where the summary will be."""
    if session.trouble is not None:
        return ""
    if session.summary_running and session.notes and not session.fully_read:
        return tr_count(
            "Key sentences of {count} section so far, see Sections. The summary follows when the document is read.",
            "Key sentences of {count} sections so far, see Sections. The summary follows when the document is read.",
            session.section_count,
        )
    if session.summary_running and session.notes:
        note = session.notes[-1]
        return tr("Summarising sections ({number} of {count})…", number=note.number, count=session.section_count)
    if session.summary_running and session.fully_read:
        return tr("Writing the summary…")
    if session.summary_running:
        return tr("The summary follows when the document is read. You can ask questions now.")
    if session.phase.busy:
        return ""
    return tr("No summary yet.")
