"""What the window is for, from end to end, over the real worker and the demo model: once with the mouse, once with
the keyboard alone."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QPushButton

from app.settings.models import DEMO_FOLDER
from app.state.session import Phase
from app.window.side_pane import ENTITIES, QUESTIONS, SECTIONS, SUMMARY
from engine.grounding.locate import figures_of, terms_of
from tests.app.conftest import Driver, make_pdf

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not (DEMO_FOLDER / "model.safetensors").exists(), reason="no demo model"),
]

PAGES = 400
ASKED = (17, 203, 388)


def entry(page: int) -> str:
    """In the words that the demo model was made for."""
    pump, bar = 200 + page, f"{page % 90 + 3}.{page % 9 + 1}"
    return "\n".join(
        (
            f"Day shift, {page % 28 + 1} {('March', 'April', 'May')[page % 3]} 2024",
            "In the afternoon the spare parts were counted. The weather was dry.",
            f"A check of pump P-{pump} gave {bar} bar for the outlet pressure.",
            "Before the break the trend on the screen was flat.",
        )
    )


def question(page: int) -> str:
    return f"What was the outlet pressure of pump P-{200 + page}?"


def letters(words: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKC", words).casefold() if letter.isalnum())


@pytest.fixture
def book(tmp_path: Path, qapp) -> Path:
    return make_pdf(tmp_path / "book.pdf", PAGES, entry)


def marked_text(driver: Driver, page: int) -> str:
    """The words under the marks of a page, as the page itself has them."""
    pages = driver.window.document.pages
    driver.until(lambda: pages.marks.passages.get(page - 1))
    shapes = sorted(pages.marks.passages[page - 1], key=lambda shape: (shape.top(), shape.left()))
    first, last = shapes[0], shapes[-1]
    said: list[str] = []
    source = driver.window.document.source
    source.selected.connect(lambda _page, text, _shapes: said.append(text))
    start = (first.left() + 1, first.center().y())
    source.select(page - 1, start, (last.right() - 1, last.center().y()))
    driver.until(lambda: said)
    return said[-1]


def check_landing(driver: Driver, turn) -> None:
    """The page is the one that was named, it is on the screen, and the marked words are those of the answer."""
    pages = driver.window.document.pages
    driver.until(lambda: pages.page == turn.best_page and pages.is_drawn)
    assert driver.window.document.strip.facts.evidence is not None
    text = letters(marked_text(driver, turn.best_page))
    terms = [turn.sentence] if turn.sentence else terms_of(turn.answer) + figures_of(turn.question)
    assert any(letters(term) in text for term in terms), (terms, text)


def test_the_whole_story_with_the_mouse(start, book):
    driver = start(real=True)
    window = driver.window
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(book))])
    actions, button, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(50, 50), actions, data, button, keys))

    # It is seen being read, page by page.
    seen: list[int] = []
    strip = window.document.strip
    driver.until(lambda: driver.session.phase is Phase.READING, 60)
    driver.until(lambda: _watch(seen, strip.facts.read_to) or len(seen) > 5, 60)
    assert seen == sorted(seen) and driver.text("phase").startswith("Reading page")
    assert window.document.pages.page_count == PAGES

    # The window is closed in mid-reading, and opened again.
    at = driver.session.progress.tokens
    assert not driver.session.fully_read
    driver.close()
    again = start(real=True)
    window = again.window
    again.until(lambda: again.session is not None and again.session.progress.reused_tokens > 0, 60)
    assert again.session.progress.reused_tokens <= at + 20_000
    again.until_done(300)
    assert again.session.fully_read and again.session.pages == PAGES
    assert window.side.summary.text.toPlainText().strip()
    assert window.side.tabs.currentIndex() == SUMMARY

    # Three questions; every answer with evidence leads to the right place.
    turns = [again.ask(question(page), 100) for page in ASKED]
    assert all(turn.done and turn.turn_id is not None for turn in turns)
    assert window.side.tabs.currentIndex() == QUESTIONS
    cited = [turn for turn in turns if turn.pages or turn.mentions]
    assert any(turn.sentence for turn in cited), "not one of three plain questions was answered"
    for turn in cited:
        card = next(card for card in window.side.conversation.cards if card.key == turn.key)
        window.document.go_to(1)
        again.bot.mouseClick(card.chips[0], Qt.MouseButton.LeftButton)
        check_landing(again, turn)

    # What was kept is there the next day, nothing is read again, and the page is the one that was looked at.
    page = window.document.pages.page
    again.close()
    third = start(real=True)
    third.until_idle(60)
    third.until(lambda: len(third.session.conversation.turns) == 3)
    third.until(lambda: third.window.document.pages.page == page)
    assert third.session.fully_read and third.session.summary == again.session.summary
    kept = [[(note.number, note.text, note.line_pages) for note in one.session.notes] for one in (again, third)]
    assert kept[0] == kept[1] != []
    assert third.session.ledger == again.session.ledger and third.session.ledger.entries
    assert third.session.retention == again.session.retention is not None


def _watch(seen: list[int], page: int) -> bool:
    if page and page not in seen:
        seen.append(page)
    return False


def test_the_whole_story_with_the_keyboard_alone(start, book):
    driver = start(real=True)
    window = driver.window
    window.activateWindow()
    driver.until(window.isActiveWindow)

    def press(key: Qt.Key, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        driver.bot.keyClick(QApplication.focusWidget() or window, key, keys)
        QApplication.processEvents()

    control = Qt.KeyboardModifier.ControlModifier

    # Ctrl+O, the name, Enter.
    typed: list[str] = []

    def choose() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QFileDialog)
        field = dialog.findChild(QLineEdit)
        assert field is not None
        driver.bot.keyClicks(field, str(book))
        typed.append(field.text())
        driver.bot.keyClick(field, Qt.Key.Key_Return)

    QTimer.singleShot(600, choose)
    press(Qt.Key.Key_O, control)
    driver.until(lambda: typed and driver.session is not None)
    window.activateWindow()
    driver.until(window.isActiveWindow)
    driver.until(lambda: driver.session.phase is Phase.READING and driver.session.progress.page > 3, 60)

    # Pause, go on; a question meanwhile, three at the end.
    press(Qt.Key.Key_P, control)
    driver.until(lambda: driver.session.paused)
    press(Qt.Key.Key_P, control)
    driver.until(lambda: not driver.session.paused)

    def ask(page: int):
        press(Qt.Key.Key_L, control)
        assert QApplication.focusWidget() is window.side.question.box
        driver.bot.keyClicks(QApplication.focusWidget(), question(page))
        press(Qt.Key.Key_Return)
        turn = driver.session.conversation.turns[-1]
        driver.until(lambda: turn.done or turn.problem, 200)
        assert turn.done and turn.question == question(page)
        return turn

    ask(1)
    driver.until_done(300)
    for page in ASKED:
        ask(page)
    # Each view by its keys.
    for number, place in ((Qt.Key.Key_1, SUMMARY), (Qt.Key.Key_2, SECTIONS), (Qt.Key.Key_3, ENTITIES)):
        press(number, control)
        assert window.side.tabs.currentIndex() == place
    press(Qt.Key.Key_4, control)

    # Evidence: Tab from the tabs to the first chip, Space; and Ctrl+J for the newest answer.
    turns = driver.session.conversation.turns
    cited = [turn for turn in turns if turn.pages or turn.mentions]
    assert cited, "not one of four plain questions was answered"
    window.side.tabs.setFocus()
    for _ in range(60):
        press(Qt.Key.Key_Tab)
        chip = QApplication.focusWidget()
        if isinstance(chip, QPushButton) and chip.property("role") == "chip":
            break
    else:
        raise AssertionError("the tab key does not come to the evidence")
    press(Qt.Key.Key_Space)
    check_landing(driver, cited[0])
    press(Qt.Key.Key_J, control)

    # The strip: F6 to it, to the left, Enter; a page number; find; close.
    window.document.view.setFocus()
    press(Qt.Key.Key_F6)
    assert QApplication.focusWidget() is window.document.strip
    press(Qt.Key.Key_Home)
    press(Qt.Key.Key_Return)
    assert window.document.pages.page == 1
    press(Qt.Key.Key_G, control)
    driver.bot.keyClicks(QApplication.focusWidget(), "123")
    press(Qt.Key.Key_Return)
    assert window.document.pages.page == 123
    press(Qt.Key.Key_F, control)
    driver.bot.keyClicks(QApplication.focusWidget(), "P-511")
    driver.until(lambda: driver.text("matchCount") == "1 of 1", 60)
    assert window.document.pages.page == 311
    press(Qt.Key.Key_Escape)
    press(Qt.Key.Key_Q, control)
    driver.until(lambda: not driver.parts.client.running, 4)
