"""Words of documents, people and models are shown as they are: no widget takes them for HTML or loads a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QEvent, QModelIndex
from PySide6.QtGui import QAction, QColor, QHelpEvent, QImage, Qt, QTextDocument
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLabel,
    QMessageBox,
    QTabWidget,
    QTextEdit,
    QToolTip,
    QWidget,
)

from app.export.formats import laid_out
from app.style.widgets import plain_tip, with_page_links
from engine.documents.extraction.extractor import open_document
from engine.wording.markdown import written
from engine.wording.report import Block
from tests.app.conftest import make_pdf
from tests.app.rich_worker import hostile

TAG = "<img"
OBJECT = "\ufffc"
"""Stands for a picture in a text document."""


@pytest.fixture
def picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "private.png"
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    assert image.save(str(path))
    monkeypatch.setenv("READTHROUGH_PICTURE", str(path))
    return path


def is_html(text: str) -> bool:
    """Whether Qt takes a tooltip or a label's text of format AutoText for HTML that holds the hostile tag."""
    return TAG in text and Qt.mightBeRichText(text)


def cells(model: QAbstractItemModel, parent: QModelIndex | None = None) -> Iterator[QModelIndex]:
    parent = parent or QModelIndex()
    is_list = isinstance(model, QAbstractListModel)  # which has no columns and no children
    for row in range(model.rowCount(parent)):
        for column in range(1 if is_list else model.columnCount(parent)):
            index = model.index(row, column, parent)
            yield index
            if not is_list and column == 0:
                yield from cells(model, index)


def faults(widget: QWidget) -> Iterator[str]:
    """What of a widget is taken for HTML."""
    tips = [widget.toolTip(), widget.statusTip(), widget.whatsThis()]
    tips += [action.toolTip() for action in widget.findChildren(QAction)]
    match widget:
        case QLabel():
            formats = Qt.TextFormat
            rich = widget.textFormat() in (formats.RichText, formats.MarkdownText) and TAG in widget.text()
            if rich or (widget.textFormat() == formats.AutoText and is_html(widget.text())):
                yield f"text {widget.text()[:80]!r}"
        case QTextEdit():
            if TAG in widget.toHtml() or OBJECT in widget.toPlainText():
                yield f"document {widget.toPlainText()[:80]!r}"
        case QAbstractItemView() if widget.model() is not None:
            tips += [str(index.data(Qt.ItemDataRole.ToolTipRole) or "") for index in cells(widget.model())]
        case QComboBox():
            tips += [str(widget.itemData(row, Qt.ItemDataRole.ToolTipRole) or "") for row in range(widget.count())]
    if widget.isVisible():
        place = widget.rect().center()
        QApplication.sendEvent(widget, QHelpEvent(QEvent.Type.ToolTip, place, widget.mapToGlobal(place)))
        tips.append(QToolTip.text())
    yield from (f"tooltip {tip[:80]!r}" for tip in tips if is_html(tip))


def all_faults() -> list[str]:
    widgets = [widget for top in QApplication.topLevelWidgets() for widget in (top, *top.findChildren(QWidget))]
    return [f"{type(w).__name__} {w.objectName()}: {fault}" for w in dict.fromkeys(widgets) for fault in faults(w)]


def test_no_widget_takes_words_for_html(start, tmp_path: Path, picture: Path) -> None:
    driver = start(command=lambda _: [sys.executable, "-m", "tests.app.rich_worker"])
    path = make_pdf(tmp_path / "<img src=x><h1>a&b.pdf", 20, lambda page: f"{hostile()} {page}")
    driver.open(path)
    driver.until_done()
    turn = driver.ask(hostile() + "What?")
    assert TAG in turn.answer and TAG in turn.question
    shown: list[str] = []
    for tabs in driver.window.findChildren(QTabWidget):
        for place in range(tabs.count()):
            tabs.setCurrentIndex(place)
            driver.settle()
            shown += all_faults()
    shown += all_faults()
    assert not shown, "\n".join(shown)
    labels = [label.text() for label in driver.window.findChildren(QLabel)]
    assert any("&lt;img" in text or TAG in text for text in labels), "the hostile words were shown"
    assert TAG in driver.window.side.summary.text.toPlainText()


def test_a_walk_finds_a_widget_that_takes_words_for_html(qtbot, picture: Path) -> None:
    label = QLabel(hostile())
    qtbot.addWidget(label)
    label.setToolTip(hostile())
    assert len(list(faults(label))) == 2


@pytest.mark.parametrize("number", ["99999999999", "9" * 5000])
def test_a_number_that_no_page_can_have_is_no_link(number: str) -> None:
    text = with_page_links(f"It failed on page {number}, page 7 says.")
    assert text.count("href") == 1 and 'href="page:7"' in text


def test_the_address_of_a_link_is_shown_letter_by_letter(start, picture: Path) -> None:
    driver = start()
    driver.window.dialogs.open_address(f"https://example.org/<img src='{picture.as_uri()}'>")
    box = driver.window.findChild(QMessageBox, "addressDialog")
    labels = box.findChildren(QLabel)
    assert any(TAG in label.text() for label in labels)
    assert [fault for label in labels for fault in faults(label)] == []
    box.reject()


@pytest.mark.parametrize("text", ["a <b> c", "a &lt;b&gt; c", "<img src=x>\nline"])
def test_a_tip_shows_each_letter(text: str) -> None:
    document = QTextDocument()
    document.setHtml(plain_tip(text))
    assert document.toPlainText() == text


@pytest.mark.parametrize("suffix", [".pdf", ".odt"])
def test_a_printed_report_keeps_every_word_and_loads_nothing(
    qapp: QApplication, tmp_path: Path, picture: Path, suffix: str
) -> None:
    texts = [
        "x<y is last",
        "List<String> is last",
        "tool <file> is last",
        "<table> is last",
        "<title> is last",
        "<!-- is last",
        "3*4*5 is last",
        "# 5 of 7 is last",
        "a_b_c is last",
        "&lt;b&gt; is last",
        f"![x]({picture.as_uri()}) is last",
        f"<img src='{picture.as_uri()}'> is last",
        "[x](y) is last",
        "> 4 is last",
        "- 5 is last",
        "6. is last",
        "--- is last",
        "is last #",
    ]
    lines = [text.replace("last", "first") for text in texts if not text.startswith(("-", "6"))]
    blocks = [Block("heading", (f"# {texts[0]} #",), 1), Block("list", tuple(texts)), Block("text", tuple(lines))]
    file = tmp_path / f"report{suffix}"
    file.write_bytes(laid_out(suffix, written(blocks), texts[0]))
    with open_document(file, processes=1) as document:
        shown = "".join("".join(page.text.split()) for page in document.pages())
    assert [text for text in (*texts, *lines, f"# {texts[0]} #") if "".join(text.split()) not in shown] == []
    assert b"/Subtype /Image" not in file.read_bytes()
