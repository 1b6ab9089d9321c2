"""The notes by section as they stream, each with its pages; sections without findings are told together."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.state.session import DocumentSession
from app.style.theme import Theme
from app.style.widgets import label
from app.summary.line_text import Line, LineText, lines_of
from engine.library.records import SectionNote
from engine.prompting.prompts import NO_FINDINGS


class NotesView(QWidget):
    """One note a section."""

    page_requested = Signal(int)

    def __init__(self, theme: Theme):
        super().__init__()
        self._shown: list[SectionNote] = []
        self.text = LineText("Notes by section", theme)
        self.text.page_requested.connect(self.page_requested)
        self._empty = label(
            "A document longer than the model was trained for is summarised section by section; the notes stand here.",
            "muted",
            wrap=True,
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 12, 10)
        column.addWidget(self._empty)
        column.addWidget(self.text, 1)
        column.addStretch()

    def show_session(self, session: DocumentSession) -> None:
        """Show the notes that there are."""
        if session.notes != self._shown:
            self._shown = list(session.notes)
            self.text.show_lines(note_lines(session.notes), follow=not session.summary_done)
        self._empty.setVisible(not session.notes)
        self.text.setVisible(bool(session.notes))


def note_lines(notes: list[SectionNote]) -> list[Line]:
    """Heading and text of each section; neighbours without findings share a line."""
    lines: list[Line] = []
    quiet: list[SectionNote] = []
    for note in notes:
        if note.text.strip() == NO_FINDINGS:
            quiet.append(note)
            continue
        lines += _quiet_lines(quiet)
        quiet = []
        span = tuple(range(note.first_page, note.last_page + 1))
        lines.append(Line(note.heading or f"Section {note.number}", span, "heading"))
        lines += [Line(line.text, line.pages) for line in lines_of(note.text, note.line_pages)]
    return lines + _quiet_lines(quiet)


def _quiet_lines(notes: list[SectionNote]) -> list[Line]:
    if not notes:
        return []
    span = tuple(range(notes[0].first_page, notes[-1].last_page + 1))
    name = notes[0].heading or f"Section {notes[0].number}"
    if len(notes) > 1:
        name = f"Sections {notes[0].number} to {notes[-1].number}"
    return [Line(f"{name}: {NO_FINDINGS[:1].lower()}{NO_FINDINGS[1:]}", span, "muted")]
