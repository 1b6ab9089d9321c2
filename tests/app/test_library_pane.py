"""The library: search in titles and texts, keyboard, files that could not be read, what was dropped."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from app.library.passages import closest_passages, sentence_before
from app.library.suggestions import suggested_questions
from app.library.text_search import find_in_texts, snippets
from app.state.session import Aspect, Phase
from app.window.drops import dropped
from engine.library.library import Library
from engine.protocol.evidence import PageSpan, Sentence
from tests.app.library_on_disk import write_library

TEXTS = {
    "/files/pumps.pdf": [
        "The pump was inspected. The <valve> of the cooling circuit was replaced on 3 May 2024 after the alarm of",
        "the morning shift. Nothing else happened.",
    ],
    "/files/minutes.pdf": [
        "The board met. The Committee decided to buy a new crane.",
        "A crane is a machine for lifting.",
    ],
}


@pytest.fixture
def library(tmp_path: Path) -> Path:
    write_library(tmp_path / "library.db", TEXTS)
    return tmp_path / "library.db"


def test_search_finds_texts_and_opens_their_page(start, library):
    driver = start()
    pane = driver.window.library
    driver.until(lambda: pane.model.rowCount() == 2)
    pane.search.setText("cooling circuit")
    driver.until(lambda: pane.model.rowCount() == 1)
    entry = pane.model.entry(pane.model.index(0))
    assert entry.found.page == 1 and "cooling circuit" in entry.second_line
    with driver.bot.waitSignal(pane.place_requested, timeout=3000) as asked:
        driver.bot.keyClick(pane.search, Qt.Key.Key_Return)
    assert asked.args == ["/files/pumps.pdf", 1, "cooling circuit"]


def sent(driver, monkeypatch) -> list[object]:
    """The commands that the window sends from now on."""
    commands: list[object] = []
    monkeypatch.setattr(driver.parts.client, "send", commands.append)
    return commands


def test_a_document_is_renamed_in_its_row(start, library, monkeypatch):
    driver = start()
    pane = driver.window.library
    driver.until(lambda: pane.model.rowCount() == 2)
    commands = sent(driver, monkeypatch)
    entry = pane.model.entry(pane.model.index(0))
    pane.begin_rename(entry.path)
    editor = driver.find("renameEditor", within=pane)
    assert editor.text() == entry.title
    editor.setText("Minutes of May")
    driver.bot.keyClick(editor, Qt.Key.Key_Return)
    driver.until(lambda: commands)
    assert (commands[-1].document_id, commands[-1].title, commands[-1].tags) == (
        entry.document_id, "Minutes of May", None,
    )  # fmt: skip


def test_tags_are_asked_for_shown_and_filter_the_list(start, library, monkeypatch):
    with Library.open(library) as opened:
        opened.documents.set_tags(1, ["work"])
    driver = start()
    pane = driver.window.library
    driver.until(lambda: pane.model.rowCount() == 2)
    assert list(pane.tags.buttons) == ["", "work"] and pane.tags.isVisible()
    pane.tags.buttons["work"].click()
    assert pane.model.rowCount() == 1
    entry = pane.model.entry(pane.model.index(0))
    assert entry.path == "/files/pumps.pdf" and entry.second_line.endswith("work")
    commands = sent(driver, monkeypatch)
    pane.tags_requested.emit(entry)
    dialog = driver.find("tagsDialog")
    assert dialog.textValue() == "work"
    dialog.setTextValue("work, pumps ,")
    dialog.accept()
    driver.until(lambda: commands)
    assert commands[-1].tags == ["work", "pumps", ""]
    pane.tags.buttons[""].click()
    assert pane.model.rowCount() == 2


def test_search_without_matches_says_so_and_escape_ends_it(start, library):
    driver = start()
    pane = driver.window.library
    driver.until(lambda: pane.model.rowCount() == 2)
    pane.search.setText("zeppelin")
    driver.until(lambda: driver.text("libraryEmpty") == "Nothing found.")
    assert driver.shown("libraryEmpty") and not driver.shown("documents")
    driver.bot.keyClick(pane.search, Qt.Key.Key_Escape)
    driver.until(lambda: pane.model.rowCount() == 2)


def test_arrow_down_goes_from_the_search_to_the_list(start, library):
    driver = start()
    driver.window.activateWindow()
    driver.until(driver.window.isActiveWindow)
    pane = driver.window.library
    driver.until(lambda: pane.model.rowCount() == 2)
    driver.window.actions_.by_name["search_library"].trigger()
    driver.bot.keyClick(pane.search, Qt.Key.Key_Down)
    assert pane.list.hasFocus() and pane.list.currentIndex().row() == 0


def test_right_click_leaves_the_selection_alone(start, library):
    driver = start()
    pane = driver.window.library
    driver.until(lambda: pane.model.rowCount() == 2)
    pane.list.setCurrentIndex(pane.model.index(0))
    where = pane.list.visualRect(pane.model.index(1)).center()
    driver.bot.mousePress(pane.list.viewport(), Qt.MouseButton.RightButton, pos=where)
    assert pane.list.currentIndex().row() == 0


def test_failed_files_stay_listed_with_their_reason(start, pdf, tmp_path: Path):
    driver = start("damaged")
    names = ["a.pdf", "b.pdf"]
    for name in names:
        (tmp_path / name).write_bytes(b"%PDF-1.4")
        driver.open(tmp_path / name)
    model = driver.window.library.model
    driver.until(lambda: model.rowCount() == 2 and all(model.entry(model.index(row)).failed for row in range(2)))
    entry = model.entry(model.index(0))
    assert "damaged" in entry.second_line
    menu = driver.window.library.menu_for(entry)
    next(action for action in menu.actions() if action.text() == "Remove from list").trigger()
    menu.deleteLater()
    driver.until(lambda: model.rowCount() == 1)
    assert entry.path not in driver.controller.sessions


def test_another_document_can_be_read_first(start, pdf, tmp_path: Path):
    driver = start(delay=0.03)
    driver.open(pdf)
    first = driver.session
    driver.until(lambda: first.phase is Phase.READING)
    other = tmp_path / "other.pdf"
    other.write_bytes(pdf.read_bytes())
    driver.open(other)
    driver.until(lambda: driver.text("phase").startswith("Waiting for “Halden” to be read ("))
    assert driver.shown("readFirst")
    driver.click("readFirst")
    second = driver.session
    driver.until(lambda: second.fully_read)
    assert not first.fully_read
    driver.until(lambda: first.summary_done and second.summary_done and not first.phase.busy)


def test_a_reading_that_gave_way_can_be_stopped_and_taken_up_again(start, pdf, tmp_path: Path):
    driver = start(delay=0.03)
    driver.open(pdf)
    first = driver.session
    driver.until(lambda: first.phase is Phase.READING)
    other = tmp_path / "other.pdf"
    other.write_bytes(pdf.read_bytes())
    driver.open(other)
    driver.until(lambda: driver.shown("readFirst"))
    driver.click("readFirst")
    second = driver.session
    driver.until(lambda: second.phase is Phase.READING)
    assert str(pdf) in driver.parts.settings.now.unfinished
    driver.open(pdf)
    driver.controller.stop()
    driver.until(lambda: first.stopped and not first.phase.busy)
    assert str(pdf) not in driver.parts.settings.now.unfinished
    driver.settle()
    driver.click("continue")
    driver.until(lambda: first.summary_done and second.summary_done and not first.phase.busy)


def test_a_long_reading_is_asked_about(start, tmp_path: Path, pdf):
    driver = start(pages=6000, delay=0.001)
    driver.open(pdf)
    driver.until(lambda: driver.window.findChild(object, "longReading") is not None)
    box = driver.find("longReading")
    assert "will take about" in box.text() and box.text().count("min") == 1
    driver.click("longReadingStop", within=box)
    driver.until(lambda: driver.session.stopped and not driver.session.phase.busy)


def test_the_question_about_a_long_reading_is_withdrawn_when_little_is_left(start, pdf):
    driver = start(pages=6000, delay=0.001)
    driver.open(pdf)
    driver.until(lambda: driver.window.findChild(object, "longReading") is not None)
    assert not driver.find("longReading").isModal()
    driver.controller.pause()
    driver.until(lambda: driver.session.paused)
    driver.session.progress.seconds_left = 5.0
    driver.controller.session_changed.emit(driver.session, int(Aspect.PROGRESS))
    driver.until(lambda: driver.window.findChild(object, "longReading") is None)
    assert not driver.session.stopped


def test_a_dropped_folder_is_a_collection_or_a_model(tmp_path: Path):
    folder = tmp_path / "papers"
    folder.mkdir()
    for name in ("b.pdf", "a.txt", "picture.png"):
        (folder / name).write_text("x")
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "one.png").write_text("x")
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text("{}")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in (folder, pictures, folder / "a.txt", model)])
    found = dropped(data)
    assert found.documents == (str(folder / "a.txt"),) and found.folders == (str(folder),)
    assert found.model == str(model)


def test_passages_snippets_and_suggestions_come_from_the_texts(library):
    with Library.open(library, read_only=True) as opened:
        pumps = opened.documents.find("/files/pumps.pdf").id
        end = "the morning shift."
        sentence = Sentence(page=2, start=0, end=len(end), text=end)
        begun = sentence_before(opened, pumps, sentence)
        assert begun is not None and begun.page == 1 and begun.text.startswith("The <valve> of the cooling")
        assert sentence_before(opened, pumps, Sentence(page=2, start=19, end=41, text="Nothing else happened.")) is None
        close = closest_passages(opened, pumps, "Which valve was replaced?", [PageSpan(1, 2)], None)
        assert close and close[0].page == 1 and "valve" in close[0].text
        assert closest_passages(opened, pumps, "Which valve was replaced?", [PageSpan(1, 2)], 0) == []
        found = find_in_texts(opened, "CRANE")
        assert list(found) == ["/files/minutes.pdf"] and found["/files/minutes.pdf"].words in ("crane", "Crane")
        around = snippets(opened, pumps, [(1, "3 May 2024"), (2, "nowhere")])
        assert list(around) == [(1, "3 May 2024")] and "was replaced on 3 May 2024" in around[1, "3 May 2024"]
    pages = [text for texts in TEXTS.values() for text in texts]
    assert suggested_questions(pages) == ["What is a crane?", "What did the Committee decide?"]


def test_files_dropped_together_each_keep_their_result(start, pdf, tmp_path: Path):
    folder = tmp_path / "papers"
    folder.mkdir()
    for name in ("one.pdf", "two.pdf"):
        (folder / name).write_bytes(pdf.read_bytes())
    (tmp_path / "broken.docx").write_bytes(b"PK\x03\x04 not a document")
    driver = start("damaged docx")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in (*folder.iterdir(), tmp_path / "broken.docx")])
    actions, button, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    driver.window.dropEvent(QDropEvent(QPointF(50, 50), actions, data, button, keys))
    sessions = driver.controller.sessions
    driver.until(
        lambda: len(sessions) == 3 and all(one.summary_done or one.trouble is not None for one in sessions.values())
    )
    results = {Path(path).name: (one.summary_done, one.trouble is not None) for path, one in sessions.items()}
    assert results == {"one.pdf": (True, False), "two.pdf": (True, False), "broken.docx": (False, True)}
    model = driver.window.library.model
    driver.settle()
    failed = [entry for row in range(model.rowCount()) if (entry := model.entry(model.index(row))).failed]
    assert [Path(entry.path).name for entry in failed] == ["broken.docx"] and "damaged" in failed[0].second_line


def test_cached_data_of_a_document_or_of_all_is_deleted_on_request(start, library):
    driver = start()
    pane = driver.window.library
    driver.until(lambda: pane.model.rowCount() == 2)
    entry = pane.model.entry(pane.model.index(0))
    menu = pane.menu_for(entry)
    action = next(action for action in menu.actions() if action.text().startswith("Delete cached data ("))
    assert action.isEnabled() is (entry.cached > 0)
    menu.deleteLater()
    pane.free_requested.emit(entry.document_id)
    driver.until(lambda: driver.window.toast.words.startswith("3.0 MB of cached data deleted"))
    driver.window.dialogs.show_settings()
    dialog = driver.find("settingsDialog")
    driver.until(lambda: " used." in driver.text("cacheUse", within=dialog))
    dialog.show_usage(5_000_000)
    driver.click("freeSpace", within=dialog)
    driver.until(lambda: driver.text("cacheUse", within=dialog).startswith("2.0 MB used."))
    dialog.close()
