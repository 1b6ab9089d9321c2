"""Sections that fold, and dates and names of which all can be shown."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QUrl

from app.state.session import DocumentSession, SummaryText
from app.style.theme import Theme
from app.summary.entities_model import SHOWN
from app.summary.entities_view import EntitiesView
from app.summary.notes_view import MOST_OPEN, NotesView, note_lines
from app.summary.summary_view import SummaryView
from engine.library.records import Ledger, LedgerEntry, SectionNote


def note(number: int, text: str = "- The pump failed.", findings: bool = True) -> SectionNote:
    return SectionNote(number, number, f"Chapter {number}", number, number, "", text, [[number]], findings)


@pytest.fixture
def sections(qtbot, qapp) -> NotesView:
    view = NotesView(Theme(qapp))
    qtbot.addWidget(view)
    view.show()
    return view


def shown(view: NotesView) -> list[str]:
    while not view.text.is_finished:
        view.text.work()
    return [line.split("  ")[0].strip() for line in view.text.toPlainText().replace("\u2002", " ").split("\n")]


def session_of(count: int) -> DocumentSession:
    notes = [note(number) for number in range(1, count + 1)]
    return DocumentSession("/x/a.pdf", notes=notes, section_count=count, summary_done=True)


def test_a_section_folds_at_a_click_on_its_heading(sections):
    sections.show_session(session_of(2))
    assert shown(sections) == ["▾ Chapter 1", "• The pump failed.", "▾ Chapter 2", "• The pump failed."]
    sections.text.anchorClicked.emit(QUrl("fold:1"))
    assert shown(sections) == ["▸ Chapter 1", "▾ Chapter 2", "• The pump failed."]
    sections.findChild(object, "sectionsFold").click()
    assert len(shown(sections)) == 4
    sections.findChild(object, "sectionsFold").click()
    assert shown(sections) == ["▸ Chapter 1", "▸ Chapter 2"]


def test_many_sections_are_folded_until_one_is_opened(sections):
    session = session_of(MOST_OPEN + 1)
    sections.show_session(session)
    assert len(shown(sections)) == MOST_OPEN + 1
    sections.text.anchorClicked.emit(QUrl("fold:7"))
    assert shown(sections)[6:9] == ["▾ Chapter 7", "• The pump failed.", "▸ Chapter 8"]
    sections.show_session(session)
    assert len(shown(sections)) == MOST_OPEN + 2


def test_what_has_no_findings_is_told_by_the_engine_and_not_by_its_words():
    lines = note_lines([note(1, "No key findings."), note(2, "Nichts.", False), note(3, "Rien.", False)])
    assert [line.text for line in lines] == ["Chapter 1", "No key findings.", "Sections 2–3: nothing notable"]


def test_the_most_important_entries_come_first_and_all_on_request(qtbot, qapp):
    entries = [LedgerEntry("name", f"P-{number}", f"P-{number}", 1, [number]) for number in range(1, SHOWN + 41)]
    view = EntitiesView(Theme(qapp))
    qtbot.addWidget(view)
    view.show()
    view.show_session(DocumentSession("/x/a.pdf", document_id=1, ledger=Ledger(entries, 0, 9)))
    assert view.model.rowCount() == SHOWN
    basis, more = view.findChild(object, "entityBasis"), view.findChild(object, "entitiesAll")
    assert basis.text() == "Found by text search on 9 pages. 40 less frequent entries hidden."
    assert more.text() == "Show all"
    view.search.setText("P-99")
    assert view.model.rowCount() == 1
    view.search.clear()
    more.click()
    assert view.model.rowCount() == SHOWN + 40 and more.text() == "Show fewer"
    assert basis.text() == "Found by text search on 9 pages."
    more.click()
    assert view.model.rowCount() == SHOWN


def test_the_length_switch_shows_a_summary_that_was_made_or_asks_for_one(qtbot, qapp):
    view = SummaryView(Theme(qapp))
    qtbot.addWidget(view)
    view.show()
    session = DocumentSession("/x/a.pdf", fully_read=True, summary_done=True)
    session.summary = SummaryText("All.", [], "page")
    session.summaries = [session.summary, SummaryText("Short.", [], "paragraph")]
    view.show_session(session)
    assert [length for length, choice in view.lengths.items() if choice.isChecked()] == ["page"]
    with qtbot.waitSignal(view.kept_requested) as kept:
        view.lengths["paragraph"].click()
    assert kept.args == [1]
    with qtbot.waitSignal(view.summary_requested) as asked:
        view.lengths["outline"].click()
    assert asked.args == ["outline", ""]
    assert [length for length, choice in view.lengths.items() if choice.isChecked()] == ["page"]


def test_a_text_that_is_laid_out_at_once_begins_at_its_top(sections):
    session = session_of(MOST_OPEN + 40)
    sections.resize(300, 200)
    sections.show_session(session)
    shown(sections)
    sections.text.ensureCursorVisible()
    assert sections.text.textCursor().position() == 0 and sections.text.verticalScrollBar().value() == 0
