"""The window on small screens, in half a screen, and in large letters."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QPushButton, QWidget

from app.window import frame


@pytest.fixture
def small_screen(monkeypatch: pytest.MonkeyPatch):
    """Make the screen as large as a test asks for."""

    def make(width: int, height: int) -> None:
        room = QRect(0, 0, width, height)
        monkeypatch.setattr(frame, "available", lambda _widget: room)
        monkeypatch.setattr("app.style.screen.available", lambda _widget: room)

    return make


@pytest.mark.parametrize(("width", "height", "library"), [(1280, 690, False), (1440, 860, True), (1920, 1040, True)])
def test_first_window_fits_the_screen(start, small_screen, width: int, height: int, library: bool):
    small_screen(width, height)
    driver = start()
    assert driver.window.width() <= width and driver.window.height() <= height
    assert driver.window.library.isVisible() is library


def test_a_saved_size_of_a_larger_screen_is_cut(start, small_screen):
    driver = start()
    driver.window.resize(1800, 1000)
    driver.settle()
    driver.close()
    small_screen(1280, 690)
    again = start()
    assert again.window.width() <= 1280 and again.window.height() <= 690


def test_half_a_screen_shows_the_document_above_its_side_pane(start, pdf):
    driver = start()
    driver.open(pdf)
    driver.until_done()
    driver.window.resize(640, 720)
    driver.until(lambda: driver.window.width() == 640)
    document, side = driver.window.document, driver.window.side
    assert not driver.window.library.isVisible()
    assert side.geometry().top() > document.geometry().top() and side.width() >= side.tabs.sizeHint().width()
    assert side.question.isVisible() and document.pages.height() > 60
    driver.window.resize(1500, 900)
    driver.until(driver.window.library.isVisible)
    assert side.geometry().left() > document.geometry().left()


def shown_buttons(dialog: QWidget) -> list[QPushButton]:
    return [one for one in dialog.findChildren(QPushButton) if one.isVisible() and one.text()]


def has_room(button: QPushButton) -> bool:
    return button.width() >= button.fontMetrics().horizontalAdvance(button.text())


def test_large_letters_fit_the_settings_and_grow_the_icons(start):
    driver = start()
    icon = driver.find("sidebarTool", within=driver.window.document)
    before = icon.iconSize().width()
    driver.window.dialogs.show_settings()
    driver.parts.settings.update(text_size=20)
    dialog = driver.find("settingsDialog")
    driver.until(lambda: driver.find("on_open", within=dialog).font().pointSizeF() == 20)
    driver.until(lambda: len(shown_buttons(dialog)) > 3 and all(map(has_room, shown_buttons(dialog))))
    assert icon.iconSize().width() > before
    driver.parts.settings.update(text_size=0)
    assert icon.iconSize().width() == before
    dialog.close()


def test_side_pane_narrows_again_when_the_letters_do(start):
    driver = start()
    before = driver.window.side.minimumWidth()
    driver.parts.settings.update(text_size=20)
    assert driver.window.side.minimumWidth() > before
    driver.parts.settings.update(text_size=0)
    assert driver.window.side.minimumWidth() == before


def test_outline_gives_way_in_a_narrow_document(start, pdf):
    driver = start(settings={"show_outline": True})
    driver.open(pdf)
    driver.until(driver.window.document.outline.isVisible)
    driver.window.resize(500, 800)
    driver.until(driver.window.document.outline.isHidden)
    driver.window.resize(1500, 900)
    driver.until(driver.window.document.outline.isVisible)
