"""What a screen reader meets: the accessibility tree of the window and its dialogs."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QWidget

ROLES = {
    QAccessible.Role.Button,
    QAccessible.Role.PushButton,
    QAccessible.Role.EditableText,
    QAccessible.Role.ComboBox,
    QAccessible.Role.List,
    QAccessible.Role.Tree,
    QAccessible.Role.PageTab,
    QAccessible.Role.RadioButton,
    QAccessible.Role.CheckBox,
}


def tree(interface: QAccessibleInterface) -> Iterator[QAccessibleInterface]:
    """The interface and everything visible below it."""
    if interface.state().invisible:
        return
    yield interface
    for place in range(interface.childCount()):
        child = interface.child(place)
        if child is not None:
            yield from tree(child)


def nameless(top: QWidget) -> list[str]:
    """The controls below a widget that a screen reader cannot name."""
    root = QAccessible.queryAccessibleInterface(top)
    assert root is not None
    found = [one for one in tree(root) if one.role() in ROLES]
    assert len(found) > 3
    return [
        f"{one.role()} {getattr(one.object(), 'objectName', str)()}"
        for one in found
        if not one.text(QAccessible.Text.Name).strip() and not _is_part(one)
    ]


def _is_part(interface: QAccessibleInterface) -> bool:
    """Whether it is a part of another control: the line of a combo box, the arrow of a scroll bar."""
    parent = interface.parent()
    return parent is not None and parent.role() in (QAccessible.Role.ComboBox, QAccessible.Role.ScrollBar)


def test_every_control_of_the_window_has_a_name_and_a_role(start, pdf):
    driver = start(settings={"show_outline": True})
    assert not nameless(driver.window)
    driver.open(pdf)
    driver.until_done()
    driver.ask("When did it fail?")
    driver.ask("What was the weather?")
    driver.window.document.begin_find()
    for place in range(4):
        driver.window.side.tabs.setCurrentIndex(place)
        assert not nameless(driver.window)


def test_every_control_of_the_dialogs_has_a_name(start):
    driver = start()
    for show, name in (("choose_model", "modelDialog"), ("show_settings", "settingsDialog")):
        getattr(driver.window.dialogs, show)()
        dialog = driver.find(name)
        driver.until(dialog.isVisible)
        assert not nameless(dialog)
        dialog.close()


def test_the_strip_and_the_answer_say_what_they_show(start, pdf):
    driver = start()
    driver.open(pdf)
    driver.until_done()
    driver.ask("When did it fail?")
    strip = QAccessible.queryAccessibleInterface(driver.window.document.strip)
    assert strip.text(QAccessible.Text.Description).startswith("40 of 40 pages read.")
    card = QAccessible.queryAccessibleInterface(driver.window.side.conversation.cards[0])
    assert card.text(QAccessible.Text.Name).startswith("Question: When did it fail?. Answer: The bearing of pump P-204")
