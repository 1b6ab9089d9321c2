"""Choose the model that reads: the ones that are there, and whether they fit this machine."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.settings.models import DEMO_FOLDER, ModelEntry, ModelFinder, look_at, total_memory
from app.settings.store import SettingsStore
from app.style.theme import Theme
from app.style.widgets import button, label, restyle, size_words

MOST = 440
"""Height of the list of models, pixels."""
DEMO_WORDS = (
    "Comes with the program and shows how it works. It is small: it was made for the sample and for records like it. "
    "Choose a larger model for your own documents."
)


class ModelCard(QFrame):
    """One model to choose."""

    def __init__(self, entry: ModelEntry, memory: int):
        super().__init__()
        self.entry = entry
        self.setProperty("role", "card")
        self.choice = QRadioButton(entry.name)
        self.choice.setEnabled(not entry.problem)
        font = self.choice.font()
        font.setBold(True)
        self.choice.setFont(font)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(5)
        column.addWidget(self.choice)
        words, role = fit_words(entry, memory)
        note = label(words, role, wrap=True)
        self.choice.setAccessibleDescription(words)
        column.addWidget(note)
        if entry.demo:
            column.addWidget(label(DEMO_WORDS, "muted", wrap=True))
        else:
            place = label(entry.folder, "small", wrap=True)
            place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(place)
        self.choice.toggled.connect(lambda on: restyle(self, "chosen", "true" if on else "false"))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.choice.isEnabled():
            self.choice.setChecked(True)


def fit_words(entry: ModelEntry, memory: int) -> tuple[str, str]:
    """Whether a model fits, and the style of saying so."""
    if entry.problem:
        return f"Cannot be used: {entry.problem}.", "warning"
    size = f"{size_words(entry.weight_bytes)} of weights, about {size_words(entry.needs)} of memory"
    if not memory:
        return f"{size}.", "small"
    if entry.needs > memory:
        return f"{size}: more than this machine's {size_words(memory)}.", "warning"
    if entry.needs > memory * 0.7:
        return f"{size}: just fits this machine's {size_words(memory)}; close other programs.", "warning"
    return f"{size}: fits this machine.", "small"


class ModelDialog(QDialog):
    """A decision, so a dialog. Saves the choice in the settings."""

    chosen = Signal(str)
    """The folder; "" for the demo model."""

    def __init__(self, settings: SettingsStore, theme: Theme, parent: QWidget | None = None):
        super().__init__(parent)
        self.setWindowTitle("Model")
        self.setMinimumWidth(560)
        self._settings = settings
        self._group = QButtonGroup(self)
        self._cards: list[ModelCard] = []
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._finder = ModelFinder(self)
        self._finder.found.connect(self.show_models)
        body = QWidget()
        body.setObjectName("dialogBody")
        self._column = QVBoxLayout(body)
        self._column.setContentsMargins(2, 2, 8, 2)
        self._column.setSpacing(10)
        self._column.addStretch(1)
        scroll = QScrollArea()
        scroll.setObjectName("dialogScroll")
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(body)
        self._scroll = scroll
        scroll.setFixedHeight(110)
        scroll.verticalScrollBar().rangeChanged.connect(self._fit)
        self._problem = label(role="warning", wrap=True)
        self._problem.hide()
        self._use = button("Use this model", self._accept, "primary")
        self._use.setEnabled(False)
        row = QHBoxLayout()
        row.addWidget(button("Add a folder…", self._add))
        row.addStretch(1)
        row.addWidget(button("Cancel", self.reject))
        row.addWidget(self._use)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(label("Which model reads", "title"))
        column.addWidget(
            label(
                "Any Mamba or Falcon Mamba checkpoint in the Hugging Face format. Nothing is downloaded.",
                "muted",
                wrap=True,
            )
        )
        column.addWidget(scroll, 1)
        column.addWidget(self._problem)
        column.addLayout(row)
        self._finder.start(settings.now.model_folders + ((settings.now.model,) if settings.now.model else ()))

    def show_models(self, entries: list[ModelEntry]) -> None:
        """List what was found, the one in use chosen."""
        for card in self._cards:
            self._column.removeWidget(card)
            card.deleteLater()
        memory = total_memory()
        self._cards = [ModelCard(entry, memory) for entry in entries]
        now = self._settings.now.model or str(DEMO_FOLDER)
        for place, card in enumerate(self._cards):
            self._column.insertWidget(place, card)
            self._group.addButton(card.choice)
            card.choice.setChecked(Path(card.entry.folder) == Path(now))
        self._group.buttonToggled.connect(lambda *_: self._use.setEnabled(True))
        self._use.setEnabled(any(card.choice.isChecked() for card in self._cards))
        gone = self._settings.now.model and not any(card.choice.isChecked() for card in self._cards)
        self._problem.setText(f"The chosen model is no longer at {now}." if gone else "")
        self._problem.setVisible(bool(gone))

    def _fit(self, _least: int, hidden: int) -> None:
        """As high as the cards need, within reason; more of them scroll."""
        height = min(self._scroll.height() + hidden, MOST)
        if hidden and height > self._scroll.height():
            self._scroll.setFixedHeight(height)
            self.resize(self.width(), self.sizeHint().height())

    def done(self, result: int) -> None:
        self._finder.wait()
        super().done(result)

    def _add(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "A folder with a model, or with several")
        if folder:
            self.add_folder(folder)

    def add_folder(self, folder: str) -> None:
        """Remember a folder and look again."""
        if folder not in self._settings.now.model_folders:
            self._settings.update(model_folders=(*self._settings.now.model_folders, folder))
        if look_at(Path(folder)) is None and not any(Path(folder).glob("*/config.json")):
            self._problem.setText(f"There is no model in {folder}: a model has a config.json and .safetensors files.")
            self._problem.show()
        self._finder.start(self._settings.now.model_folders)

    def _accept(self) -> None:
        card = next((card for card in self._cards if card.choice.isChecked()), None)
        if card is not None:
            folder = "" if card.entry.demo else card.entry.folder
            self._settings.update(model=folder)
            self.chosen.emit(folder)
            self.accept()
