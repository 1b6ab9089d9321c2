"""The document as readers of PDFs expect it: copy, words, outline, links, back and forward, marks, text size."""

from __future__ import annotations

from pathlib import Path

import pytest
from fpdf import FPDF
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontInfo, QGuiApplication
from PySide6.QtWidgets import QMessageBox, QToolButton

from app.document.history import PlaceHistory
from app.pages.marks import Passage

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve pages with bookmarks; page 1 links to page 9 and to an address."""
    path = tmp_path_factory.mktemp("book") / "book.pdf"
    pdf = FPDF()
    pdf.set_font("helvetica", size=14)
    pdf.set_title("Handbook")
    ninth = pdf.add_link(page=1)
    for page in range(1, 13):
        pdf.add_page()
        if page % 3 == 1:
            pdf.start_section(f"Chapter {page // 3 + 1}", level=0)
        pdf.start_section(f"Part {page}", level=1)
        pdf.text(20, 40, f"Entry {page}: valve-{page} works.")
        if page == 1:
            pdf.link(20, 60, 60, 10, ninth)
            pdf.link(20, 80, 60, 10, "https://example.org/manual")
            pdf.link(20, 100, 60, 10, "file:///etc/passwd")
        if page == 9:
            pdf.set_link(ninth, y=0, page=9)
    pdf.output(str(path))
    return path


def shown(start, path: Path, **fake):
    driver = start(settings={"on_open": "wait"}, **fake)
    driver.open(path)
    pages = driver.window.document.pages
    driver.until(lambda: pages.is_drawn and pages.page_count == 12 and 0 in pages._links)
    return driver, pages


def spot(pages, x: float, y: float, page: int = 1) -> QPoint:
    """A place on a page, in millimetres, in the viewport."""
    rect = pages.page_rect(page)
    scale = rect.width() / 210
    return QPoint(round(rect.left() + x * scale), round(rect.top() + y * scale))


def test_ctrl_c_copies_selected_text(start, book):
    driver, pages = shown(start, book)
    driver.bot.mousePress(pages.viewport(), Qt.MouseButton.LeftButton, pos=spot(pages, 19, 38))
    driver.bot.mouseMove(pages.viewport(), spot(pages, 120, 42))
    driver.until(lambda: "Entry 1" in pages.selected_text)
    driver.bot.mouseRelease(pages.viewport(), Qt.MouseButton.LeftButton, pos=spot(pages, 120, 42))
    QGuiApplication.clipboard().setText("before")
    driver.bot.keyClick(pages, Qt.Key.Key_C, CONTROL)
    assert QGuiApplication.clipboard().text() == pages.selected_text != ""


def test_double_click_selects_a_word(start, book):
    driver, pages = shown(start, book)
    driver.bot.mouseDClick(pages.viewport(), Qt.MouseButton.LeftButton, pos=spot(pages, 23, 39))
    driver.until(lambda: pages.selected_text == "Entry")


def test_ctrl_a_and_ctrl_c_copy_every_page(start, book):
    driver, pages = shown(start, book)
    driver.bot.keyClick(pages, Qt.Key.Key_A, CONTROL)
    driver.bot.keyClick(pages, Qt.Key.Key_C, CONTROL)
    driver.until(lambda: "valve-12" in QGuiApplication.clipboard().text())
    assert QGuiApplication.clipboard().text().index("valve-1 ") < QGuiApplication.clipboard().text().index("valve-11")


def test_outline_lists_bookmarks_and_goes_to_them(start, book):
    driver, pages = shown(start, book)
    driver.window.actions_.by_name["outline"].trigger()
    tree = driver.find("outline")
    driver.until(lambda: tree.topLevelItemCount() == 4)
    chapter = tree.topLevelItem(2)
    assert (chapter.text(0), chapter.text(1), chapter.childCount()) == ("Chapter 3", "7", 3)
    tree.itemClicked.emit(chapter.child(1), 0)
    driver.until(lambda: pages.page == 8)
    assert driver.parts.settings.now.show_outline


def test_link_jumps_and_back_and_forward_return(start, book):
    driver, pages = shown(start, book)
    actions = driver.window.actions_.by_name
    assert not driver.find("backTool").isEnabled()
    driver.bot.mouseClick(pages.viewport(), Qt.MouseButton.LeftButton, pos=spot(pages, 30, 65))
    driver.until(lambda: pages.page == 9)
    actions["back"].trigger()
    assert pages.page == 1 and driver.find("forwardTool").isEnabled()
    actions["forward"].trigger()
    driver.until(lambda: pages.page == 9)


def test_link_to_an_address_asks_first_and_refuses_files(start, book):
    driver, pages = shown(start, book)
    driver.bot.mouseClick(pages.viewport(), Qt.MouseButton.LeftButton, pos=spot(pages, 30, 85))
    driver.until(lambda: driver.window.findChild(QMessageBox, "addressDialog") is not None)
    box = driver.find("addressDialog")
    assert box.informativeText() == "https://example.org/manual"
    box.reject()
    driver.bot.mouseClick(pages.viewport(), Qt.MouseButton.LeftButton, pos=spot(pages, 30, 105))
    driver.until(lambda: "cannot be opened" in driver.window.toast.words)


def test_history_forgets_what_was_ahead_after_a_new_jump():
    history = PlaceHistory()
    history.leave((1, 0.0))
    history.leave((5, 0.0))
    assert history.back((9, 2.0)) == (5, 0.0) and history.forward((5, 0.0)) == (9, 2.0)
    history.back((9, 2.0))
    history.leave((5, 0.0))
    assert not history.can_go_forward and history.back((7, 0.0)) == (5, 0.0)


def test_a_new_answer_replaces_the_marks_of_the_last_one(start, pdf):
    driver = start()
    driver.open(pdf)
    driver.until_done()
    pages = driver.window.document.pages
    driver.until(lambda: pages.page_count == 40)
    driver.ask("When did it fail?")
    driver.until(lambda: pages.page == 9 and pages.marks.passages.get(8))
    driver.ask("What was the weather?")
    driver.until(lambda: not pages.marks.passages)
    assert driver.window.document.strip.facts.evidence is None


def test_passages_on_two_pages_are_marked_together(start, pdf):
    driver = start(settings={"on_open": "wait"})
    driver.open(pdf)
    pages = driver.window.document.pages
    driver.until(lambda: pages.page_count == 40)
    driver.window.document.show_passages([Passage(4, "Pump P-204 was inspected"), Passage(5, "Pump P-205 was")])
    driver.until(lambda: pages.marks.passages.get(3) and pages.marks.passages.get(4))
    assert pages.page == 4


def test_the_words_that_answer_are_marked_within_their_sentence(start, pdf, tmp_path: Path):
    sentence = "Pump P-204 was inspected"
    driver = start(settings={"on_open": "wait"})
    driver.open(pdf)
    pages = driver.window.document.pages
    driver.until(lambda: pages.page_count == 40)
    driver.window.document.show_passages([Passage(4, "Entry 4."), Passage(4, sentence, words=(5, 10))])
    driver.until(lambda: pages.marks.words.get(3))
    (word,), shapes = pages.marks.words[3], pages.marks.passages[3]
    assert len(shapes) == 2 and shapes[1].contains(word.center()) and word.width() < shapes[1].width() / 2
    driver.window.document.show_passages([])
    assert not pages.marks.words


def test_a_record_keeps_its_font_when_the_letters_grow(start, tmp_path: Path):
    path = tmp_path / "notes.log"
    path.write_text("one line\n" * 40)
    driver = start(settings={"on_open": "wait"})
    driver.open(path)
    text = driver.window.document.text
    driver.until(lambda: "one line" in text.toPlainText())
    family = QFontInfo(text.font()).family()
    driver.parts.settings.update(text_size=20)
    assert QFontInfo(text.font()).family() == family and text.font().pointSizeF() == 20
    driver.parts.settings.update(text_size=0)
    assert QFontInfo(text.font()).family() == family and text.font().pointSizeF() < 20


@pytest.mark.parametrize("data", [b"PK\x03\x04" + bytes(range(256)) * 9, bytes(range(256)) * 20])
def test_nothing_binary_is_shown_as_text(start, tmp_path: Path, data: bytes):
    path = tmp_path / "report.docx"
    path.write_bytes(data)
    driver = start(settings={"on_open": "wait"})
    with driver.bot.waitSignal(driver.parts.reader.head_read, timeout=5000):
        driver.open(path)
    driver.settle()
    assert driver.window.document.text.toPlainText() == ""


def test_close_document_returns_to_the_welcome(start, book):
    driver, _ = shown(start, book)
    driver.window.actions_.by_name["close"].trigger()
    assert driver.window.welcome.isVisible() and driver.session is None


def test_small_pictures_of_the_pages_are_drawn_and_lead_to_them(start, pdf):
    driver = start(settings={"show_outline": True, "on_open": "wait"})
    driver.open(pdf)
    window = driver.window.document
    driver.until(lambda: window.pages.page_count == 40)
    panel = window.outline
    pages = next(button for button in panel.findChildren(QToolButton) if button.text() == "Pages")
    assert not panel.shows_pages
    pages.click()
    driver.until(lambda: panel.thumbnails.pages.rowCount() == 40 and not panel.thumbnails.pages.lacks(0))
    index = panel.thumbnails.pages.index(2)
    panel.thumbnails.clicked.emit(index)
    assert window.pages.page == 3
    panel.thumbnails.scrollToBottom()
    driver.until(lambda: not panel.thumbnails.pages.lacks(39))
    driver.controller.close_document()
    assert panel.thumbnails.pages.rowCount() == 0 and not panel.thumbnails.source.process_id
