"""The section summaries, each with its pages; sections without findings share a line."""

from __future__ import annotations

from collections.abc import Container

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.state.session import DocumentSession
from app.style.theme import Theme
from app.style.translation import tr
from app.style.widgets import button, label
from app.summary.line_text import Line, LineText, lines_of
from engine.library.records import SectionNote

MOST_OPEN = 20
"""Sections that are shown open; more are folded at first."""


class NotesView(QWidget):
    """One section summary after the other."""

    page_requested = Signal(int)

    def __init__(self, theme: Theme):
        super().__init__()
        self._shown: list[SectionNote] = []
        self._path = ""
        self._folded = False
        """Sections are folded, but for `_others`."""
        self._chosen = False
        """A person has folded or opened all."""
        self._others: set[int] = set()
        """Numbers of the sections that a person has folded or opened."""
        self.text = LineText(tr("Section summaries"), theme)
        self.text.setObjectName("sectionsText")
        self.text.page_requested.connect(self.page_requested)
        self.text.fold_requested.connect(self._toggle)
        self._all = button("", self._toggle_all, "link", "sectionsFold")
        self._all.setProperty("small", "true")
        self._empty = label(
            tr("Documents longer than the model was trained for are summarised section by section, here."),
            "muted",
            wrap=True,
            name="sectionsEmpty",
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 12, 10)
        column.addWidget(self._empty)
        column.addWidget(self._all, 0, Qt.AlignmentFlag.AlignRight)
        column.addWidget(self.text, 1)
        column.addStretch()

    def show_session(self, session: DocumentSession) -> None:
        """Show the section summaries that there are."""
        if session.path != self._path:
            self._path, self._others, self._chosen = session.path, set(), False
        if not self._chosen and not self._others:
            self._folded = session.section_count > MOST_OPEN
        if session.notes != self._shown:
            self._shown = list(session.notes)
            self._show(follow=not session.summary_done)
        self._all.setVisible(len(session.notes) > 1)
        self._empty.setVisible(not session.notes)
        self.text.setVisible(bool(session.notes))

    def _show(self, follow: bool = False) -> None:
        numbers = {note.number for note in self._shown}
        folded = numbers - self._others if self._folded else numbers & self._others
        self.text.show_lines(note_lines(self._shown, folded), follow=follow)
        self._all.setText(tr("Show all") if folded else tr("Fold all"))

    def _toggle(self, number: int) -> None:
        self._others ^= {number}
        self._show()

    def _toggle_all(self) -> None:
        """Open all sections where one is folded; else fold them."""
        self._folded = not (self._folded or self._others)
        self._others = set()
        self._chosen = True
        self._show()


def note_lines(notes: list[SectionNote], folded: Container[int] = ()) -> list[Line]:
    """Return heading and text of each section; neighbours without findings share a line. folded: sections of which the
    heading alone is shown."""
    lines: list[Line] = []
    quiet: list[SectionNote] = []
    for note in notes:
        if not note.has_findings:
            quiet.append(note)
            continue
        lines += _quiet_lines(quiet)
        quiet = []
        span = tuple(range(note.first_page, note.last_page + 1))
        is_folded = note.number in folded
        lines.append(Line(section_title(note), span, "heading", -note.number if is_folded else note.number))
        if is_folded:
            continue
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
