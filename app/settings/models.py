"""The models that the model dialog lists, looked for away from the window's thread."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.style.theme import RESOURCES
from app.style.translation import tr
from app.tasks.background import Background
from engine.errors import KnownError
from engine.models.listing import describe, listing
from engine.models.local import LocalModels
from engine.protocol.wire import ModelListed

INCLUDED = RESOURCES / "models"
"""The folder of the models that come with the program."""
DEMO_FOLDER = INCLUDED / "demo"
DEFAULT_FOLDER = DEMO_FOLDER
"""The model that the worker loads where none is chosen; as in engine.generation.runtime, which is heavy to import."""


def model_name(folder: str) -> str:
    """Return the name of a chosen model before anything of it is read; "" is the default model's."""
    path = Path(folder).resolve() if folder else DEFAULT_FOLDER.resolve()
    if path.parent != INCLUDED.resolve():
        return _local_name(path)
    return tr("Demo model") if path.name == DEMO_FOLDER.name else tr("Included {name}", name=path.name)


def _local_name(path: Path) -> str:
    """Return the name of a model on the list of this computer, else that of its folder or file."""
    try:
        known = next((model.name for model in LocalModels().all() if Path(model.path).resolve() == path), None)
    except KnownError:
        known = None
    return known or (path.stem if path.suffix.lower() == ".gguf" else path.name)


def is_included(folder: str) -> bool:
    """Return whether a chosen folder is of a model that comes with the program; "" is the default model's."""
    return not folder or Path(folder).resolve().parent == INCLUDED.resolve()


def look_at(path: Path) -> ModelListed | None:
    """Return what a folder or a .gguf file holds; None when it is no model at all. Reads small files and sizes only."""
    if path.suffix.lower() != ".gguf" and not (path / "config.json").exists() and not any(path.glob("*.gguf")):
        return None
    return describe(path)


def add_model(path: str) -> tuple[str, str]:
    """Enter a folder or .gguf file of the user's in the list of this computer.

    Returns its path, and why it holds no model, in a sentence; one of the two is "".
    """
    place = Path(path)
    try:
        if not place.exists():
            return "", tr("There is nothing at {path}.", path=place)
        found = look_at(place)
        if found is None:
            children = [child for child in sorted(place.iterdir()) if child.is_dir()] if place.is_dir() else []
            inside = [child for child in children if look_at(child) is not None]
            if not inside:
                return "", tr("No model in {path}: a model has a config.json and .safetensors files.", path=place)
            place, found = inside[0], describe(inside[0])
        if found.problem:
            return "", found.problem
        return LocalModels().add(place).path, ""
    except (KnownError, OSError) as error:
        return "", str(error)


def find_models(extra: Iterable[str]) -> tuple[list[ModelListed], str]:
    """Return all models, those in `extra` folders among them, and what is wrong with the list of models, if anything
    is."""
    problem = ""
    try:
        rows = listing()
    except KnownError as error:
        rows, problem = [], str(error)
    known = {row.path for row in rows}
    for name in extra:
        folder = Path(name).expanduser()
        try:
            if str(folder) not in known and (found := look_at(folder)) is not None:
                rows.insert(next((i for i, row in enumerate(rows) if not row.path), len(rows)), found)
        except OSError:
            continue
    return rows, problem


class ModelFinder(QObject):
    """Looks for models, or at one that was chosen, away from the window's thread."""

    found = Signal(object)
    """(list[ModelListed], problem)"""
    added = Signal(object)
    """(path, problem) of a model that was chosen."""

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self._finding, self._adding = Background("models", self), Background("model", self)
        self._finding.done.connect(self.found)
        self._adding.done.connect(self.added)

    def start(self, extra: tuple[str, ...]) -> None:
        """Look for models."""
        self._finding.start(partial(find_models, extra))

    def add(self, path: str) -> None:
        """Look at a folder or file, and enter it in the list."""
        self._adding.start(partial(add_model, path))

    def wait(self) -> None:
        """Block until no thread is left."""
        self._finding.wait()
        self._adding.wait()
