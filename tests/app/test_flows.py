"""What a person does with the window, from the first start to the next day, over the stand-in worker."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog, QLabel

from app.jobs import reading_time
from app.jobs.reading_time import expected_seconds
from app.state.session import DocumentSession, Phase
from app.window.side_pane import QUESTIONS
from engine.protocol import wire


def test_empty_window_names_what_the_included_model_can_do(start):
    driver = start()
    driver.window.activateWindow()
    driver.until(driver.window.isActiveWindow)
    assert driver.window.welcome.isVisible() and driver.find("welcomeOpen").hasFocus()
    assert driver.shown("welcomeModel") and "small" in driver.text("welcomeModelText")


def test_a_dropped_pdf_is_shown_read_and_summarised(start, pdf):
    driver = start(delay=0.01)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(pdf))])
    actions, button, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    driver.window.dropEvent(QDropEvent(QPointF(50, 50), actions, data, button, keys))
    driver.until(lambda: driver.session.phase is Phase.READING)
    driver.until(lambda: driver.window.document.pages.page_count == 40)
    driver.until(lambda: driver.window.document.pages.is_drawn)
    driver.until_done()
    assert driver.session.fully_read
    assert "P-204" in driver.window.side.summary.text.toPlainText()
    notes = driver.window.side.notes.text.toPlainText()
    assert (
        "3. Failure  p.\u00a011\u201315" in notes.replace("p. ", "p.\u00a0") and notes.count("Vibration readings") == 6
    )
    assert driver.text("coverage").startswith("All 40 pages read · 2 without text: pages 17, 34")


def test_progress_shows_pages_tokens_speed_time_and_memory(start, pdf):
    driver = start(delay=0.05)
    driver.open(pdf)
    driver.until(lambda: driver.session.progress.page > 8)
    driver.settle()
    assert driver.text("phase").startswith("Reading page")
    assert "of about 19,200 tokens" in driver.text("progressTokens")
    assert "tokens/s" in driver.text("progressSpeed") and "left" in driver.text("progressLeft")
    assert "412 MB of memory" in driver.find("memoryPlot").words
    assert not driver.shown("memoryPlot")


def test_three_questions_and_a_click_on_the_evidence(start, pdf):
    driver = start()
    driver.open(pdf)
    driver.until_done()
    for question in ("When did it fail?", "What did it cost?", "What was the weather?"):
        driver.ask(question)
    cards = driver.window.side.conversation.cards
    assert len(cards) == 3 and driver.window.side.tabs.currentIndex() == QUESTIONS
    chip = cards[0].chips[0]
    assert chip.text() == "Page 9" and "Pump P-209" in chip.toolTip()
    assert driver.text("turnQuote", cards[0]).startswith("“Entry 9. Pump P-209 was inspected")
    driver.bot.mouseClick(chip, Qt.MouseButton.LeftButton)
    driver.until(lambda: driver.window.document.pages.page == 9)
    driver.until(lambda: driver.window.document.strip.facts.evidence is not None)
    pages = driver.window.document.pages
    driver.until(lambda: pages.marks.passages.get(8))
    assert len(pages.marks.passages) == 1
    assert "48,200 EUR" in driver.text("turnDoubt", cards[0])
    assert "No answer found in 6 of 6 sections." in driver.text("turnAnswer", cards[2])
    assert [cards[2].chips[place].text() for place in range(2)] == ["Page 3", "Page 17"]


def test_a_question_in_mid_reading_is_answered_and_the_reading_goes_on(start, pdf):
    driver = start(delay=0.03)
    driver.open(pdf)
    driver.until(lambda: driver.session.progress.page > 3)
    turn = driver.ask("When did it fail?")
    assert turn.done and not driver.session.fully_read
    driver.until_done()


def test_pause_resume_and_stop(start, pdf):
    driver = start(delay=0.03)
    driver.open(pdf)
    driver.until(lambda: driver.session.progress.page > 2)
    driver.window.actions_.by_name["pause"].trigger()
    driver.until(lambda: driver.session.paused)
    page = driver.round_trips(2)
    assert driver.round_trips(2) == page
    driver.window.actions_.by_name["pause"].trigger()
    driver.until(lambda: driver.session.progress.page > page)
    driver.window.actions_.by_name["stop"].trigger()
    driver.until_idle()
    driver.settle()
    panel = driver.window.side.progress
    assert panel.isVisible() and driver.shown("continue") and driver.text("continue") == "Resume reading"
    driver.click("continue")
    driver.until_done()


def test_follow_up_edit_and_another_try_make_a_tree(start, pdf):
    driver = start()
    driver.open(pdf)
    driver.until_done()
    first = driver.ask("When did it fail?")
    driver.window.questions.follow(first.key)
    assert driver.text("questionContext", driver.window.side.question) == "Follow-up to: “When did it fail?”"
    follow = driver.ask("And who said so?")
    assert follow.parent is first and follow.depth == 1
    driver.window.questions.again(first.key)
    driver.until(lambda: driver.session.conversation.turns[-1].done)
    driver.settle()
    shown = list(driver.session.conversation.visible())
    assert [turn.revises for turn in shown] == [first.key] and shown[0].seed is not None
    driver.window.questions.show_version(shown[0].key, -1)
    driver.settle()
    assert list(driver.session.conversation.visible()) == [first, follow]
    driver.window.questions.ask_edited(first.key, "When exactly did it fail?")
    driver.until(lambda: driver.session.conversation.turns[-1].done)
    assert len(driver.session.conversation.tries(first)) == 3


def test_ask_as_of_a_page_from_the_strip(start, pdf):
    driver = start()
    driver.open(pdf)
    driver.until_done()
    driver.window.document.strip.menu_for(12).actions()[1].trigger()
    assert driver.text("questionContext", driver.window.side.question) == "Using pages 1–12 only"
    assert driver.ask("What was known?").page == 12


def test_the_strip_jumps_with_mouse_and_keyboard(start, pdf):
    driver = start()
    driver.open(pdf)
    driver.until_done()
    driver.until(lambda: driver.window.document.pages.page_count == 40)
    strip = driver.window.document.strip
    driver.bot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.cell_rect(20).center().toPoint())
    assert driver.window.document.pages.page == 20
    strip.setFocus()
    for _ in range(3):
        driver.bot.keyClick(strip, Qt.Key.Key_Right)
    driver.bot.keyClick(strip, Qt.Key.Key_Return)
    assert driver.window.document.pages.page == 23
    assert strip.words(17) == "Page 17: read, no text on this page (a picture)"
    driver.click("coverageMore")
    assert strip.words(17) == "Page 17: read, 50% left in the model's memory, no text on this page (a picture)"


def test_find_selects_and_steps_through_hits(start, pdf):
    driver = start()
    driver.open(pdf)
    driver.until(lambda: driver.window.document.pages.page_count == 40)
    bar = driver.window.document.find_bar
    driver.window.actions_.by_name["find"].trigger()
    bar.field.setText("P-212")
    driver.until(lambda: driver.text("matchCount") == "1 of 1")
    assert driver.window.document.pages.page == 12
    bar.field.setText("inspected")
    driver.until(lambda: driver.text("matchCount").endswith("of 40"))
    bar.field.setText("nowhere to be seen")
    driver.until(lambda: driver.text("matchCount") == "No matches")
    driver.bot.keyClick(bar.field, Qt.Key.Key_Escape)
    assert bar.isHidden()


def test_text_of_a_page_can_be_selected_and_copied(start, pdf):
    driver = start()
    driver.open(pdf)
    pages = driver.window.document.pages
    driver.until(lambda: pages.is_drawn)
    sheet = pages.page_rect(1).toRect()
    down, up = sheet.topLeft(), sheet.center()
    driver.bot.mousePress(pages.viewport(), Qt.MouseButton.LeftButton, pos=down)
    driver.bot.mouseMove(pages.viewport(), up)
    driver.until(lambda: "Entry 1" in pages.selected_text or "Page 1" in pages.selected_text)
    driver.bot.mouseRelease(pages.viewport(), Qt.MouseButton.LeftButton, pos=up)
    pages.copy()
    assert QGuiApplication.clipboard().text() == pages.selected_text


def test_a_selection_may_go_over_several_pages_and_backwards(start, pdf):
    driver = start()
    driver.open(pdf)
    pages = driver.window.document.pages
    driver.until(lambda: pages.is_drawn)
    pages.zoom_step(-1)
    while pages.zoom > 0.3:
        pages.zoom_step(-1)
    first, third = (pages.page_rect(page).toRect().center() for page in (1, 3))
    for down, up in ((first, third), (third, first)):
        driver.bot.mousePress(pages.viewport(), Qt.MouseButton.LeftButton, pos=down)
        driver.bot.mouseMove(pages.viewport(), up)
        driver.until(lambda: "Entry 2." in pages.selected_text and "Page 3" in pages.selected_text)
        driver.bot.mouseRelease(pages.viewport(), Qt.MouseButton.LeftButton, pos=up)
        assert pages.selected_text.index("Entry 2.") < pages.selected_text.index("Page 3")
        assert "Entry 4" not in pages.selected_text


@pytest.mark.parametrize("name", ["notes.txt", "\u8a18\u9332.txt", "\u0633\u062c\u0644.log"])
def test_a_record_shows_its_beginning_at_once(start, tmp_path: Path, name: str):
    path = tmp_path / name
    path.write_text("\u0627\u0644\u062a\u0642\u0631\u064a\u0631 \u6f22\u5b57 first line\n" * 200, encoding="utf-8")
    driver = start()
    driver.open(path)
    driver.until(lambda: "first line" in driver.window.document.text.toPlainText())
    assert driver.window.document.view is driver.window.document.text


def test_closing_in_mid_reading_and_opening_again_goes_on(start, pdf):
    driver = start(delay=0.05)
    driver.open(pdf)
    driver.until(lambda: driver.session.progress.page > 4)
    driver.close()
    assert driver.parts.settings.now.unfinished == (str(pdf),)
    again = start(delay=0.005)
    again.until_done()
    assert again.session.path == str(pdf)
    assert again.parts.settings.now.unfinished == ()


def test_a_finished_document_is_shown_again_without_reading(start, pdf):
    driver = start()
    driver.open(pdf)
    driver.until_done()
    driver.close()
    again = start(settings={"on_open": "wait"})
    again.until_idle()
    assert again.session.path == str(pdf) and not again.session.phase.busy


def test_the_demo_model_is_named_as_such_wherever_it_is_met(start, pdf):
    driver = start()
    driver.open(pdf)
    driver.until_done()
    assert driver.text("modelBadge") == "Included model"
    assert driver.find("modelBadge").property("demo") == "true"


def test_help_opens_and_closes_by_key(start):
    driver = start()
    driver.window.activateWindow()
    driver.until(driver.window.isActiveWindow)
    driver.bot.keyClick(driver.window, Qt.Key.Key_F1)
    driver.until(lambda: isinstance(QApplication.activeWindow(), QDialog))
    dialog = QApplication.activeWindow()
    assert not dialog.isModal()
    words = {label.text() for label in dialog.findChildren(QLabel)}
    assert {"Open", "Ctrl+O", "Ask", "Ctrl+L", "Strip of pages"} <= words
    driver.bot.keyClick(dialog, Qt.Key.Key_Escape)
    driver.until(lambda: not isinstance(QApplication.activeWindow(), QDialog))


def test_the_links_of_a_summary_and_the_ledger_are_reached_by_key(start, pdf):
    driver = start()
    driver.open(pdf)
    driver.until_done()
    driver.until(lambda: driver.window.document.pages.page_count == 40)
    driver.window.activateWindow()
    driver.until(driver.window.isActiveWindow)
    side, pages = driver.window.side, driver.window.document.pages

    def tab_to(widget) -> None:
        for _ in range(20):
            if QApplication.focusWidget() is widget:
                return
            driver.bot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        raise AssertionError(f"the tab key does not come to {widget.accessibleName()}")

    side.tabs.setFocus()
    tab_to(side.summary.text)
    if not side.summary.text.textCursor().hasSelection():
        driver.bot.keyClick(side.summary.text, Qt.Key.Key_Tab)
    driver.bot.keyClick(side.summary.text, Qt.Key.Key_Return)
    driver.until(lambda: pages.page == 3)
    driver.bot.keyClick(side.summary.text, Qt.Key.Key_Tab)
    driver.bot.keyClick(side.summary.text, Qt.Key.Key_Return)
    driver.until(lambda: pages.page == 9)

    side.tabs.setFocus()
    driver.bot.keyClick(side.tabs, Qt.Key.Key_Right)
    driver.bot.keyClick(side.tabs, Qt.Key.Key_Right)
    assert side.entities.isVisible()
    tab_to(side.entities.search)
    driver.bot.keyClicks(side.entities.search, "march")
    assert side.entities.model.rowCount() == 1
    tab_to(side.entities.list)
    driver.bot.keyClick(side.entities.list, Qt.Key.Key_Down)
    for page in (9, 12, 9):
        driver.bot.keyClick(side.entities.list, Qt.Key.Key_Return)
        driver.until(lambda page=page: pages.page == page)


def test_every_summary_that_was_made_can_be_shown_again(start, pdf):
    driver = start()
    driver.open(pdf)
    driver.until_done()
    view = driver.window.side.summary
    assert not driver.shown("keptSummaries")
    driver.window.actions_.by_name["another_summary"].trigger()
    view.request.focus.setText("costs")
    driver.bot.keyClick(view.request.focus, Qt.Key.Key_Return)
    driver.until(lambda: driver.session.summary.focus == "costs" and not driver.session.phase.busy)
    driver.settle()
    assert driver.text("summaryKind") == "About costs" and driver.shown("keptSummaries")
    menu = view.kept_menu()
    assert [(action.text(), action.isChecked()) for action in menu.actions()] == [
        ("Full, about costs", True),
        ("Full", False),
    ]
    menu.actions()[1].trigger()
    menu.deleteLater()
    driver.settle()
    assert not driver.shown("summaryKind") and driver.session.summary.focus == ""


def test_asking_as_of_the_page_that_is_looked_at(start, pdf):
    driver = start()
    driver.open(pdf)
    driver.until_done()
    driver.until(lambda: driver.window.document.pages.page_count == 40)
    driver.window.document.go_to(17)
    menu = driver.window.document.page_menu()
    next(action for action in menu.actions() if "pages 1–17" in action.text()).trigger()
    assert driver.text("questionContext", driver.window.side.question) == "Using pages 1–17 only"
    menu.deleteLater()


def test_every_action_has_a_name_and_no_two_share_keys(start):
    driver = start()
    keys = [key.toString() for action in driver.window.actions_.by_name.values() for key in action.shortcuts()]
    assert len(keys) == len(set(keys)) and len(keys) > 25


def test_every_control_has_a_name_for_a_screen_reader(start, pdf):
    from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QLineEdit, QListView

    driver = start()
    driver.open(pdf)
    driver.until_done()
    driver.ask("When did it fail?")
    nameless = [
        type(widget).__name__
        for kind in (QAbstractButton, QLineEdit, QListView, QAbstractScrollArea)
        for widget in driver.window.findChildren(kind)
        if widget.isVisible() and not widget.accessibleName() and not getattr(widget, "text", lambda: "")()
    ]
    assert not nameless


def test_the_theme_changes_at_once_and_back(start, pdf):
    driver = start()
    driver.open(pdf)
    driver.until_done()
    driver.parts.settings.update(theme="dark")
    assert driver.parts.theme.dark
    driver.parts.settings.update(theme="light")
    assert not driver.parts.theme.dark


def test_a_reading_that_takes_hours_is_not_begun_unasked(start, pdf):
    driver = start("hours")
    driver.open(pdf)
    driver.until(lambda: driver.session.long_seconds)
    driver.settle()
    assert not driver.session.phase.busy and not driver.session.progress.tokens
    assert driver.text("progressReused").startswith("Reading it will take about 9.0 h.")
    assert driver.text("progressReused").endswith("With the included model: 2 min.")
    driver.click("continue")
    driver.until_done()
    assert driver.session.fully_read and driver.session.long_seconds is None


def test_expected_time_of_a_reading_follows_the_sizes_of_file_and_model(tmp_path: Path, monkeypatch):
    (tmp_path / "model.safetensors").write_bytes(b"0" * 1_400_000)
    monkeypatch.setattr(reading_time, "_has_gpu", lambda: False)
    text = DocumentSession("/x/big.log", size=400_000_000)
    assert expected_seconds(text, str(tmp_path), "auto") == pytest.approx(1_000, rel=0.01)
    assert expected_seconds(DocumentSession("/x/a.pdf", page_count=1000), str(tmp_path), "cpu") == pytest.approx(4.7)
    for session, device in ((text, "cuda"), (DocumentSession("/x/a.docx", size=9), "cpu")):
        assert expected_seconds(session, str(tmp_path), device) is None


def test_deleted_states_are_told(start, pdf):
    driver = start()
    dropped = wire.StatesDropped(states=3, n_bytes=4_000_000, quota_bytes=8_000_000_000)
    driver.parts.client.received.emit(dropped)
    assert driver.window.toast.words.startswith("The cache limit of 8.0 GB is reached: 4.0 MB of the oldest")
