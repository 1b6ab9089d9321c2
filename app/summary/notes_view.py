"""The section summaries, each with its pages; sections without findings share a line."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.state.session import DocumentSession
from app.style.theme import Theme
from app.style.translation import tr
from app.style.widgets import label
from app.summary.line_text import Line, LineText, lines_of
from engine.library.records import SectionNote
from engine.prompting.prompts import NO_FINDINGS


class NotesView(QWidget):
    """One section summary after the other."""

    page_requested = Signal(int)

    def __init__(self, theme: Theme):
        super().__init__()
        self._shown: list[SectionNote] = []
        self.text = LineText(tr("Section summaries"), theme)
        self.text.setObjectName("sectionsText")
        self.text.page_requested.connect(self.page_requested)
        self._empty = label(
            tr("Documents longer than the model was trained for are summarised section by section, here."),
            "muted",
            wrap=True,
            name="sectionsEmpty",
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 12, 10)
        column.addWidget(self._empty)
        column.addWidget(self.text, 1)
        column.addStretch()

    def show_session(self, session: DocumentSession) -> None:
        """Show the section summaries that there are."""
        if session.notes != self._shown:
            self._shown = list(session.notes)
            self.text.show_lines(note_lines(session.notes), follow=not session.summary_done)
        self._empty.setVisible(not session.notes)
        self.text.setVisible(bool(session.notes))


def note_lines(notes: list[SectionNote]) -> list[Line]:
    """Return heading and text of each section; neighbours without findings share a line."""
    lines: list[Line] = []
    quiet: list[SectionNote] = []
    for note in notes:
        if note.text.strip() == NO_FINDINGS:
            quiet.append(note)
            continue
        lines += _quiet_lines(quiet)
        quiet = []
        span = tuple(range(note.first_page, note.last_page + 1))
        lines.append(Line(section_title(note), span, "heading"))
        lines += [Line(line.text, line.pages) for line in lines_of(note.text, note.line_pages)]
    return lines + _quiet_lines(quiet)


def section_title(note: SectionNote) -> str:
    """Return a section's heading, or its number where it has none."""
    return note.heading or tr("Section {number}", number=note.number)


def _quiet_lines(notes: list[SectionNote]) -> list[Line]:
    if not notes:
        return []
    span = tuple(range(notes[0].first_page, notes[-1].last_page + 1))
    name = section_title(notes[0])
    if len(notes) > 1:
        name = tr("Sections {first}–{last}", first=notes[0].number, last=notes[-1].number)
    return [Line(tr("{name}: nothing notable", name=name), span, "muted")]
