"""High contrast: chosen in the settings, or as the system asks for it; and nothing in the window moves by itself."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from PySide6.QtCore import QAbstractAnimation

from app.style import theme as themes


def test_high_contrast_is_a_theme_that_can_be_chosen(start):
    driver = start()
    for name, roles in themes.THEMES.items():
        driver.parts.settings.update(theme=name)
        assert driver.parts.theme.roles is roles
        assert driver.parts.theme.dark == name.endswith("dark")


def test_high_contrast_of_the_system_is_followed(start, monkeypatch):
    driver = start()
    monkeypatch.setattr(themes, "wants_contrast", lambda _app: True)
    driver.parts.settings.update(theme="system")
    assert driver.parts.theme.roles in (themes.CONTRAST_LIGHT, themes.CONTRAST_DARK)
    driver.parts.settings.update(theme="light")
    assert driver.parts.theme.roles is themes.LIGHT


def test_the_systems_wish_is_read_where_qt_can_say_it():
    wish = SimpleNamespace(contrastPreference=lambda: SimpleNamespace(name="HighContrast"))
    hints = SimpleNamespace(accessibility=lambda: wish)
    assert themes.wants_contrast(SimpleNamespace(styleHints=lambda: hints))
    assert not themes.wants_contrast(SimpleNamespace(styleHints=SimpleNamespace))


def test_nothing_is_animated(start, pdf: Path):
    driver = start()
    driver.open(pdf)
    driver.until_done()
    driver.window.dialogs.show_settings()
    animations = driver.window.findChildren(QAbstractAnimation)
    # Qt itself fades the clear button of a text field, and places widgets by animations of no length.
    moving = [each for each in animations if each.totalDuration() > 0 and each.propertyName() != b"opacity"]
    assert moving == []
    driver.find("settingsDialog").close()


def test_links_of_answers_change_their_colour_with_the_theme(start, pdf: Path):
    driver = start()
    driver.open(pdf)
    driver.until_done()
    driver.ask("When did it fail?")
    card = driver.window.side.conversation.cards[0]
    card._words = "See page 3."
    for name in ("dark", "light"):
        driver.parts.settings.update(theme=name)
        assert themes.THEMES[name].accent_text in driver.find("turnAnswer", within=card).text()
