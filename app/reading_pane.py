"""The summary and the section notes as they stream, with their pages as links."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QFont, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QTextBrowser, QVBoxLayout, QWidget

from app.document_session import DocumentSession, SectionNote
from app.icons import IconButton
from app.theme import Theme, scaled
from app.widgets import label, pages_words, with_page_links

METHODS = {"state": "from the whole document at once", "sections": "from the sections, merged"}


class StreamText(QTextBrowser):
    """Text that grows at its end, or is set whole; mentions of pages become links when it is whole."""

    page_requested = Signal(int)

    def __init__(self, name: str, theme: Theme):
        super().__init__()
        self._theme = theme
        self._plain = ""
        self._whole = False
        self.setAccessibleName(name)
        self.setOpenLinks(False)
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(0)
        self.anchorClicked.connect(self._clicked)
        theme.changed.connect(self._restyle)
        self._restyle()

    def show_text(self, text: str, whole: bool) -> None:
        """Show `text`; only what is new of it is laid out."""
        if text == self._plain and whole == self._whole:
            return
        follows = self._at_end()
        if whole:
            self._set_whole(text)
        elif text.startswith(self._plain) and not self._whole:
            self._append(text[len(self._plain) :])
        else:
            self.clear()
            self._append(text)
        self._plain, self._whole = text, whole
        if follows and not whole:
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def _append(self, text: str) -> None:
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        shape = QTextBlockFormat()
        shape.setLineHeight(145, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.setBlockFormat(shape)
        cursor.insertText(text)

    def _set_whole(self, text: str) -> None:
        paragraphs = [part.strip() for part in text.split("\n\n") if part.strip()]
        self.setHtml(
            "".join(
                f'<p style="line-height:145%; margin:0 0 10px 0">{with_page_links(part)}</p>' for part in paragraphs
            )
        )

    def _restyle(self) -> None:
        self.document().setDefaultStyleSheet(f"a {{ color: {self._theme.roles.accent_text}; text-decoration: none; }}")
        if self._whole:
            self._set_whole(self._plain)

    def _at_end(self) -> bool:
        bar = self.verticalScrollBar()
        return bar.value() >= bar.maximum() - 30

    def _clicked(self, url: QUrl) -> None:
        if url.scheme() == "page":
            self.page_requested.emit(int(url.path()))


class SummaryView(QWidget):
    """The summary, how it was made, and what can be done with it."""

    page_requested = Signal(int)
    copy_requested = Signal()
    again_requested = Signal()
    export_requested = Signal()

    def __init__(self, theme: Theme):
        super().__init__()
        self._copy = IconButton("copy", "Copy the summary with its page references", theme)
        self._export = IconButton("export", "Export summary and questions (Ctrl+E)", theme)
        self._again = IconButton("again", "Summarise again", theme)
        self._copy.clicked.connect(self.copy_requested)
        self._export.clicked.connect(self.export_requested)
        self._again.clicked.connect(self.again_requested)
        self.text = StreamText("Summary", theme)
        self.text.page_requested.connect(self.page_requested)
        self._basis = label(role="small", wrap=True)
        self._empty = label(role="muted", wrap=True)
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(self._basis, 1)
        for tool in (self._copy, self._export, self._again):
            row.addWidget(tool, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 14, 10)
        column.setSpacing(10)
        column.addLayout(row)
        column.addWidget(self._empty)
        column.addWidget(self.text, 1)
        column.addStretch()

    def show_session(self, session: DocumentSession) -> None:
        """Show what there is of the summary."""
        self.text.show_text(session.summary, session.summary_done)
        self.text.setVisible(bool(session.summary))
        for tool in (self._copy, self._again):
            tool.setVisible(session.summary_done)
        self._export.setVisible(session.summary_done)
        self._basis.setText(basis_words(session))
        self._empty.setText(empty_words(session))
        self._empty.setVisible(not session.summary)


def basis_words(session: DocumentSession) -> str:
    """How the summary was made and what it rests on."""
    if not session.summary_done:
        return "Being written…" if session.summary else ""
    how = METHODS.get(session.summary_method, session.summary_method)
    basis = session.summary_basis.rstrip(".")
    if basis.startswith(("of ", "from ")):
        return f"Summary {basis}."
    return " ".join(part for part in (f"Written {how}." if how else "", basis and basis + ".") if part)


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


class NotesView(QWidget):
    """One note a section, appended as they come."""

    page_requested = Signal(int)

    def __init__(self, theme: Theme):
        super().__init__()
        self._theme = theme
        self._shown: list[SectionNote] = []
        self.text = QTextBrowser()
        self.text.setAccessibleName("Notes by section")
        self.text.setOpenLinks(False)
        self.text.setTabChangesFocus(True)
        self.text.document().setDocumentMargin(0)
        self.text.anchorClicked.connect(self._clicked)
        self._empty = label(
            "A document longer than the model was trained for is summarised section by section; the notes stand here.",
            "muted",
            wrap=True,
        )
        theme.changed.connect(self._restyle)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 14, 10)
        column.addWidget(self._empty)
        column.addWidget(self.text, 1)
        column.addStretch()

    def show_session(self, session: DocumentSession) -> None:
        """Append the notes that are new; start over when they are others."""
        notes = session.notes
        if notes[: len(self._shown)] != self._shown:
            self.text.clear()
            self._shown = []
        for note in notes[len(self._shown) :]:
            self._append(note)
        self._shown = list(notes)
        self._empty.setVisible(not notes)
        self.text.setVisible(bool(notes))

    def _restyle(self) -> None:
        notes, self._shown = self._shown, []
        self.text.clear()
        for note in notes:
            self._append(note)
        self._shown = notes

    def _append(self, note: SectionNote) -> None:
        bar = self.text.verticalScrollBar()
        follows = bar.value() >= bar.maximum() - 30
        cursor = QTextCursor(self.text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        head, body = QTextBlockFormat(), QTextBlockFormat()
        head.setTopMargin(14 if self._shown or self.text.document().characterCount() > 1 else 0)
        body.setLineHeight(140, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        body.setTopMargin(3)
        strong, link, plain = QTextCharFormat(), QTextCharFormat(), QTextCharFormat()
        strong.setFont(scaled(self.font(), 1.0, QFont.Weight.DemiBold))
        strong.setForeground(self._theme.color("text"))
        link.setForeground(self._theme.color("accent_text"))
        link.setFont(scaled(self.font(), 0.92))
        link.setAnchor(True)
        link.setAnchorHref(f"page:{note.first_page}")
        plain.setForeground(self._theme.color("text"))
        plain.setFont(self.font())
        if self.text.document().characterCount() > 1:
            cursor.insertBlock()
        cursor.setBlockFormat(head)
        cursor.insertText(note.heading or f"Section {note.number}", strong)
        cursor.insertText("   ", plain)
        cursor.insertText(pages_words(note.first_page, note.last_page), link)
        cursor.insertBlock(body, plain)
        cursor.insertText(note.text, plain)
        if follows:
            bar.setValue(bar.maximum())

    def _clicked(self, url: QUrl) -> None:
        if url.scheme() == "page":
            self.page_requested.emit(int(url.path()))
