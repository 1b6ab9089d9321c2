"""Choose a model: those on this computer and whether they fit, and those that can be downloaded."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QButtonGroup, QDialog, QFileDialog, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.settings.model_cards import ModelCard
from app.settings.model_task import ModelTasks
from app.settings.models import DEFAULT_FOLDER, ModelFinder
from app.settings.store import SettingsStore
from app.style.screen import fit_to_screen
from app.style.translation import tr
from app.style.widgets import button, label
from engine.errors import KnownError
from engine.models.local import LocalModels
from engine.protocol.wire import ModelListed

HEIGHT = 560
"""Height of the list of models in pixels, if the screen has room."""


class ModelDialog(QDialog):
    """Lists models to choose and to download; saves the choice in the settings."""

    chosen = Signal(str)
    """The folder or file; "" for the default model."""

    def __init__(self, settings: SettingsStore, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("modelDialog")
        self.setWindowTitle(tr("Choose a model"))
        self.setMinimumWidth(520)
        self.setAcceptDrops(True)
        self._settings = settings
        self._group = QButtonGroup(self)
        self._cards: list[ModelCard] = []
        self._added = ""
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._tasks = ModelTasks.of(parent or self)
        self._tasks.changed.connect(self._show_task)
        self._finder = ModelFinder(self)
        self._finder.found.connect(self._on_found)
        self._finder.added.connect(self._on_added)
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
        # Two rows: in one, a language with longer words has no room.
        ways = QHBoxLayout()
        ways.addWidget(button(tr("Add a folder…"), self._add, name="addFolder"))
        ways.addWidget(button(tr("Add a GGUF file…"), self._add_file, name="addFile"))
        ways.addWidget(button(tr("Look again"), self.look_again, name="lookAgain"))
        ways.addStretch(1)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button(tr("Cancel"), self.reject))
        row.addWidget(self._use)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(label(tr("Choose a model"), "title"))
        about = tr(
            "Readthrough runs Mamba and Falcon Mamba models on this computer: downloaded ones, model folders in the "
            "Hugging Face format, and GGUF files. You can drop a folder or file here."
        )
        column.addWidget(label(about, "muted", wrap=True))
        column.addWidget(scroll, 1)
        column.addWidget(self._problem)
        column.addLayout(ways)
        column.addLayout(row)
        fit_to_screen(self, 680, HEIGHT + 190)
        self._look()

    def _body(self) -> QWidget:
        """Return the list: models on this computer, then those to download."""
        body = QWidget()
        body.setObjectName("dialogBody")
        column = QVBoxLayout(body)
        column.setContentsMargins(2, 2, 8, 2)
        column.setSpacing(10)
        self._here, self._there = QVBoxLayout(), QVBoxLayout()
        for title, cards in ((tr("On this computer"), self._here), (tr("To download"), self._there)):
            column.addWidget(label(title, "heading"))
            cards.setSpacing(10)
            column.addLayout(cards)
            column.addSpacing(8)
        column.addStretch(1)
        return body

    def show_models(self, rows: list[ModelListed]) -> None:
        """List the models that were found, the one in use chosen, or the one that was just added."""
        for card in self._cards:
            for cards in (self._here, self._there):
                cards.removeWidget(card)
            self._group.removeButton(card.choice)
            card.hide()
            card.deleteLater()
        self._cards = [self._card(row) for row in rows]
        now = Path(self._added or self._settings.now.model or str(DEFAULT_FOLDER))
        for card in self._cards:
            (self._here if card.row.path else self._there).addWidget(card)
            if card.row.path:
                self._group.addButton(card.choice)
                card.choice.setChecked(card.choice.isEnabled() and Path(card.row.path) == now)
            self._show_task(card.row.name)
        self._use.setEnabled(any(card.choice.isChecked() for card in self._cards))
        if not self._problem.text() and not any(Path(card.row.path) == now for card in self._cards if card.row.path):
            self._say(tr("The chosen model is no longer at {folder}.", folder=now))

    def look_again(self) -> None:
        """Look for models again."""
        self._say("")
        self._look()

    def add_folder(self, folder: str) -> None:
        """Remember a folder or file with a model and choose it; say why where it holds none."""
        self._say("")
        self._finder.add(folder)

    def done(self, result: int) -> None:
        self._finder.wait()
        super().done(result)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.add_folder(paths[0])

    def _card(self, row: ModelListed) -> ModelCard:
        card = ModelCard(row)
        card.download.connect(lambda name: self._tasks.start(name, "get", name, "--accept-licence"))
        card.pause.connect(self._pause)
        card.check.connect(lambda name: self._tasks.start(name, "check", card.row.path))
        card.remove.connect(lambda _name: self._remove(card.row))
        return card

    def _show_task(self, name: str) -> None:
        """Show what is being done with a model; look again when a run has changed what there is."""
        task = self._tasks.task(name)
        for card in self._cards:
            if card.row.name == name:
                card.show_task(task, self._tasks.problems.get(name, ""), self._tasks.checked.get(name))
        ended = task is None and name not in self._tasks.problems and name not in self._tasks.checked
        if ended and self.sender() is self._tasks:
            self._look()

    def _pause(self, name: str) -> None:
        task = self._tasks.task(name)
        if task is not None:
            task.stop()

    def _remove(self, row: ModelListed) -> None:
        """Delete a download's files in a process; take what the user added off the list."""
        if row.place in ("downloaded", "incomplete"):
            self._tasks.start(row.name, "remove", row.name, "--yes")
            return
        rest = tuple(folder for folder in self._settings.now.model_folders if folder != row.path)
        try:
            if LocalModels().find(row.name) is not None:
                LocalModels().remove(row.name)
        except KnownError as error:
            self._say(str(error))
            return
        self._settings.update(model_folders=rest)
        self.look_again()

    def _look(self) -> None:
        now = self._settings.now
        self._finder.start(now.model_folders + ((now.model,) if now.model else ()))

    def _on_found(self, found: tuple[list[ModelListed], str]) -> None:
        rows, problem = found
        if problem:
            self._say(problem)
        self.show_models(rows)

    def _on_added(self, found: tuple[str, str]) -> None:
        path, problem = found
        self._say(problem)
        if not problem:
            self._added = path
            self._look()

    def _add(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Choose a model folder"))
        if folder:
            self.add_folder(folder)

    def _add_file(self) -> None:
        file, _ = QFileDialog.getOpenFileName(self, tr("Choose a GGUF file"), "", tr("GGUF files (*.gguf)"))
        if file:
            self.add_folder(file)

    def _say(self, sentence: str) -> None:
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))

    def _accept(self) -> None:
        card = next((card for card in self._cards if card.choice.isChecked()), None)
        if card is not None:
            folder = "" if Path(card.row.path) == DEFAULT_FOLDER else card.row.path
            self._settings.update(model=folder)
            self.chosen.emit(folder)
            self.accept()
