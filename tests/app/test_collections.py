"""Collections in the window: a folder is read, its state is shown, all its documents are asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtWidgets import QLabel

from app.collections.reply_card import ReplyCard
from app.settings.store import SettingsStore
from engine.library.collections import CollectionFile
from engine.library.library import Library
from tests.app.library_on_disk import write_library
from tests.app.test_accessibility import nameless

TEXTS = {"/files/pumps.pdf": ["The pump was inspected."], "/files/minutes.pdf": ["The board met."]}


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """A folder with two documents, which a library holds as a collection with one file that could not be read."""
    folder = tmp_path / "papers"
    folder.mkdir()
    for name in ("pumps.pdf", "minutes.pdf", "broken.pdf"):
        (folder / name).write_text("x")
    write_library(tmp_path / "library.db", TEXTS)
    with Library.open(tmp_path / "library.db") as library:
        library.collections.make("papers")
        library.collections.add_folder("papers", str(folder))
        for name, number in (("pumps", 1), ("minutes", 2)):
            library.collections.note_file("papers", CollectionFile(f"{folder}/{name}.pdf", 1, 1, number, number))
        broken = CollectionFile(f"{folder}/broken.pdf", 1, 1, 3, error="This PDF is damaged; get another copy.")
        library.collections.note_file("papers", broken)
    return folder


def page_of(driver):
    """The page of the collection `papers`, shown by a click on its row."""
    view = driver.window.collections
    driver.until(lambda: "papers" in driver.controller.collections.all)
    driver.until(lambda: view.list.entries.rowCount() == 1 and len(view._documents) == 2)
    view.list.clicked.emit(view.list.entries.index(0))
    driver.settle()
    return view.page


def test_the_list_and_the_page_say_what_a_collection_holds(start, papers):
    driver = start()
    page = page_of(driver)
    row = driver.window.collections.list.entries.entry(driver.window.collections.list.entries.index(0))
    assert row.title == "papers" and row.second_line == "2 documents · 1 file could not be read"
    assert page.isVisible() and driver.text("collectionName") == "papers"
    assert page.documents.entries.rowCount() == 2
    failed = page.failed.entries.entry(page.failed.entries.index(0))
    assert failed.title == "broken.pdf" and "damaged" in failed.second_line
    assert not nameless(driver.window)


def test_a_dropped_folder_is_read_paused_and_resumed(start, tmp_path: Path):
    folder = tmp_path / "works"
    folder.mkdir()
    (folder / "a.txt").write_text("x")
    driver = start(pages=2000, delay=0.02)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(folder))])
    where = QPointF(20, 20)
    plain = Qt.KeyboardModifier.NoModifier
    driver.window.dropEvent(QDropEvent(where, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, plain))
    facts = driver.controller.collections.all["works"]
    driver.until(lambda: facts.number > 3)
    driver.until(lambda: "of 2,000 files" in driver.text("collectionState"))
    assert driver.parts.settings.now.unfinished_folders == (str(folder),)
    driver.click("collectionPause")
    driver.until(lambda: driver.text("collectionState").startswith("Paused"))
    driver.until(lambda: not driver.controller.collections._readings("works"))
    number = facts.number
    driver.click("collectionPause")
    driver.until(lambda: facts.number > number)
    assert facts.files == number + 2000 and not facts.paused
    driver.click("collectionStop")
    driver.until(lambda: not facts.reading)
    assert facts.number < 2000 and driver.parts.settings.now.unfinished_folders == ()


def test_a_reading_that_the_end_of_the_window_interrupted_goes_on(start, papers, tmp_path: Path):
    SettingsStore(tmp_path / "settings.json").update(unfinished_folders=(str(papers), str(tmp_path / "gone")))
    driver = start(pages=5, delay=0.001)
    driver.until(lambda: driver.parts.settings.now.unfinished_folders == (str(tmp_path / "gone"),))
    assert list(driver.controller.collections.all) == ["papers"]


def test_an_answer_lists_its_rows_and_a_click_opens_the_page(start, papers):
    driver = start()
    page = page_of(driver)
    page.question.box.setPlainText("How many pumps?")
    page.question.box.sent.emit()
    driver.until(lambda: driver.controller.collections.all["papers"].replies[0].done)
    driver.settle()
    card = driver.find("replyCard", ReplyCard)
    assert driver.text("replyAnswer", card) == "1 row."
    assert "P-204 · 48 EUR" in driver.find("replyRows", QLabel, card).text()
    covered = driver.text("replyCovered", card)
    assert covered == (
        "2 of 3 documents asked. Counted in 3 sections, without a model. 1 table could not be read in full. "
        "1 page could not be read in full."
    )
    driver.click("replyCopy", card)
    assert "pumps, page 1" in QGuiApplication.clipboard().text()
    with driver.bot.waitSignal(driver.window.collections.place_requested, timeout=20000) as asked:
        driver.find("replyRows", QLabel, card).linkActivated.emit("row:0")
    assert asked.args == ["/files/pumps.pdf", 1, "pump was inspected"]
    driver.until(lambda: driver.session is not None and not page.isVisible())


def test_documents_are_put_into_a_collection_by_hand(start, papers, monkeypatch):
    driver = start()
    page_of(driver)
    sent: list[object] = []
    monkeypatch.setattr(driver.parts.client, "send", sent.append)
    driver.window.library.collect_requested.emit(2)
    dialog = driver.find("collectionDialog")
    assert dialog.comboBoxItems() == ["papers"]
    dialog.setTextValue(" new  one ")
    dialog.accept()
    driver.until(lambda: sent)
    assert (sent[-1].collection, sent[-1].add) == ("new one", [2])
    driver.click("collectionRemove")
    driver.until(lambda: len(sent) > 1)
    assert sent[-1].delete and sent[-1].collection == "papers"
