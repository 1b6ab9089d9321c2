"""The tags of the library as a row of buttons: the chosen one filters the list."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QToolButton, QWidget

from app.style.translation import tr
from app.style.widgets import FlowLayout


class TagFilter(QWidget):
    """Offers every tag and "All"; hidden while no document has a tag."""

    chosen = Signal(str)
    """The tag to filter by; "" for all documents."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("tagFilter")
        self._row = FlowLayout(self, 4)
        self._buttons: dict[str, QToolButton] = {}
        self._tag = ""
        self.hide()

    @property
    def buttons(self) -> dict[str, QToolButton]:
        """The button of each tag, in their order; that of "" is "All"."""
        return self._buttons

    def show_tags(self, tags: list[str]) -> None:
        """Offer these tags; the chosen one stays as long as it is among them."""
        if list(self._buttons) != ["", *tags]:
            for old in self._buttons.values():
                old.hide()
                old.deleteLater()
            self._row.clear()
            self._buttons = {tag: self._button(tag) for tag in ("", *tags)}
        self.setVisible(bool(tags))
        self._choose(self._tag if self._tag in tags else "")

    def _button(self, tag: str) -> QToolButton:
        choice = QToolButton()
        choice.setText(tag.replace("&", "&&") or tr("All"))
        choice.setAccessibleName(tr("Documents with the tag {tag}", tag=tag) if tag else tr("All documents"))
        choice.setCheckable(True)
        choice.setProperty("role", "segment")
        choice.clicked.connect(lambda _checked=False: self._choose(tag))
        self._row.addWidget(choice)
        return choice

    def _choose(self, tag: str) -> None:
        for name, choice in self._buttons.items():
            choice.setChecked(name == tag)
        if tag != self._tag:
            self._tag = tag
            self.chosen.emit(tag)
