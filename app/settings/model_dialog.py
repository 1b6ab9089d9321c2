"""Choose a model: those on this machine and whether they fit, and those that can be downloaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.settings.model_cards import ModelCard, SuggestionCard
from app.settings.models import DEFAULT_FOLDER, SUGGESTIONS, ModelEntry, ModelFinder, folder_problem, total_memory
from app.settings.store import SettingsStore
from app.style.screen import fit_to_screen
from app.style.translation import tr
from app.style.widgets import button, label

HEIGHT = 560
"""Height of the list of models in pixels, if the screen has room."""


class ModelDialog(QDialog):
    """Lists models to choose and to download; saves the choice in the settings."""

    chosen = Signal(str)
    """The folder; "" for the default model."""

    def __init__(self, settings: SettingsStore, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("modelDialog")
        self.setWindowTitle(tr("Choose a model"))
        self.setMinimumWidth(520)
        self._settings = settings
        self._group = QButtonGroup(self)
        self._cards: list[ModelCard] = []
        self._added = ""
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._finder = ModelFinder(self)
        self._finder.found.connect(self.show_models)
        scroll = QScrollArea()
        scroll.setObjectName("dialogScroll")
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidgetResizable(True)
        scroll.setWidget(self._body())
        self._problem = label(role="warning", wrap=True, name="modelProblem")
        self._problem.hide()
        self._use = button(tr("Use this model"), self._accept, "primary", "useModel")
        self._use.setEnabled(False)
        self._group.buttonToggled.connect(lambda *_: self._use.setEnabled(True))
        row = QHBoxLayout()
        row.addWidget(button(tr("Add a folder…"), self._add, name="addFolder"))
        row.addWidget(button(tr("Look again"), self.look_again, name="lookAgain"))
        row.addStretch(1)
        row.addWidget(button(tr("Cancel"), self.reject))
        row.addWidget(self._use)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(label(tr("Choose a model"), "title"))
        about = tr("Readthrough runs Mamba and Falcon Mamba models in the Hugging Face format, on this computer only.")
        column.addWidget(label(about, "muted", wrap=True))
        column.addWidget(scroll, 1)
        column.addWidget(self._problem)
        column.addLayout(row)
        fit_to_screen(self, 640, HEIGHT + 190)
        self._remember_folders()

    def _body(self) -> QWidget:
        """Return the list: models on this machine, then suggestions."""
        body = QWidget()
        body.setObjectName("dialogBody")
        column = QVBoxLayout(body)
        column.setContentsMargins(2, 2, 8, 2)
        column.setSpacing(10)
        column.addWidget(label(tr("On this computer"), "heading"))
        self._found = QVBoxLayout()
        self._found.setSpacing(10)
        column.addLayout(self._found)
        column.addSpacing(8)
        column.addWidget(label(tr("To download"), "heading"))
        note = tr("Run the command in a terminal (it needs “pip install huggingface_hub”), then press Look again.")
        column.addWidget(label(note, "small", wrap=True))
        memory = total_memory()
        for suggestion in SUGGESTIONS:
            column.addWidget(SuggestionCard(suggestion, memory))
        column.addStretch(1)
        return body

    def show_models(self, entries: list[ModelEntry]) -> None:
        """List the models that were found, the one in use chosen, or the one of a folder that was just added."""
        for card in self._cards:
            self._found.removeWidget(card)
            self._group.removeButton(card.choice)
            card.deleteLater()
        memory = total_memory()
        self._cards = [ModelCard(entry, memory, self._remover(entry)) for entry in entries]
        now = Path(self._settings.now.model or str(DEFAULT_FOLDER))
        for card in self._cards:
            self._found.addWidget(card)
            self._group.addButton(card.choice)
            card.choice.setChecked(Path(card.entry.folder) == now)
        added = [card for card in self._cards if self._added and Path(card.entry.folder) == Path(self._added)]
        if added and added[0].choice.isEnabled():
            added[0].choice.setChecked(True)
        self._use.setEnabled(any(card.choice.isChecked() for card in self._cards))
        if not self._problem.text() and not any(card.choice.isChecked() for card in self._cards):
            self._say(tr("The chosen model is no longer at {folder}.", folder=now))

    def look_again(self) -> None:
        """Look for models again, after a download."""
        self._say("")
        self._remember_folders()

    def done(self, result: int) -> None:
        self._finder.wait()
        super().done(result)

    def _remember_folders(self) -> None:
        now = self._settings.now
        self._finder.start(now.model_folders + ((now.model,) if now.model else ()))

    def _add(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Choose a model folder"))
        if folder:
            self.add_folder(folder)

    def add_folder(self, folder: str) -> None:
        """Remember a folder with a model and choose it; say why where it holds none."""
        problem = folder_problem(Path(folder))
        self._say(problem)
        if problem:
            return
        self._added = folder
        if folder not in self._settings.now.model_folders:
            self._settings.update(model_folders=(*self._settings.now.model_folders, folder))
        self._remember_folders()

    def _remover(self, entry: ModelEntry) -> Callable[[], object] | None:
        """Return what takes an added folder off the list; None for models that were found without one."""
        folders = self._settings.now.model_folders
        if entry.folder not in folders:
            return None
        rest = tuple(folder for folder in folders if folder != entry.folder)

        def remove() -> None:
            self._settings.update(model_folders=rest)
            self.look_again()

        return remove

    def _say(self, sentence: str) -> None:
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))

    def _accept(self) -> None:
        card = next((card for card in self._cards if card.choice.isChecked()), None)
        if card is not None:
            folder = "" if Path(card.entry.folder) == DEFAULT_FOLDER else card.entry.folder
            self._settings.update(model=folder)
            self.chosen.emit(folder)
            self.accept()
