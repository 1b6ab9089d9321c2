"""The models on this machine: their names and sizes, whether they fit, and which ones can be downloaded."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
from PySide6.QtCore import QObject, Signal

from app.style.theme import RESOURCES
from app.style.translation import mark, tr
from app.tasks.background import Background

INCLUDED = RESOURCES / "models"
"""The folder of the models that come with the program."""
DEMO_FOLDER = INCLUDED / "demo"
DEFAULT_FOLDER = DEMO_FOLDER
"""The model that the worker loads where none is chosen; as in engine.generation.runtime, which is heavy to import."""
READABLE = ("falcon_mamba", "mamba")
WORK_SHARE = 1.25
"""Memory for weights, state and work over the size of the weight files."""
PROGRAM_BYTES = 400_000_000
"""Memory of the reading process without a model."""


@dataclass(frozen=True)
class ModelEntry:
    """One folder with a checkpoint."""

    folder: str
    name: str
    included: bool
    """It comes with the program."""
    weight_bytes: int
    problem: str = ""
    """Reason why the model cannot be used, as a sentence; "" if it can."""

    @property
    def needs(self) -> int:
        """Bytes of memory, about."""
        return memory_for(self.weight_bytes)


@dataclass(frozen=True)
class Suggestion:
    """A model that can be downloaded from Hugging Face and works here."""

    repository: str
    weight_bytes: int
    licence: str
    note: str
    """Purpose of the model; translated when shown."""

    @property
    def command(self) -> str:
        """The command that downloads it into the Hugging Face cache, where it is found."""
        return f"hf download {self.repository}"


SUGGESTIONS = (
    Suggestion(
        "tiiuae/Falcon3-Mamba-7B-Instruct",
        14_600_000_000,
        "TII Falcon License 2.0",
        mark("Best answers and summaries."),
    ),
    Suggestion(
        "tiiuae/falcon-mamba-7b-instruct",
        14_600_000_000,
        "TII Falcon-Mamba License 2.0",
        mark("The earlier model of the same size."),
    ),
    Suggestion(
        "state-spaces/mamba-2.8b-hf",
        11_100_000_000,
        "Apache 2.0",
        mark("A base model: it was not trained to answer questions, so expect rough answers."),
    ),
)


def memory_for(weight_bytes: int) -> int:
    """Return the bytes of memory that a model with so many bytes of weights needs, about."""
    return int(weight_bytes * WORK_SHARE) + PROGRAM_BYTES


def model_name(folder: str) -> str:
    """Return the name of a chosen folder before anything of it is read; "" is the default model's."""
    path = Path(folder).resolve() if folder else DEFAULT_FOLDER.resolve()
    if path.parent != INCLUDED.resolve():
        return path.name
    return tr("Demo model") if path.name == DEMO_FOLDER.name else tr("Included {name}", name=path.name)


def is_included(folder: str) -> bool:
    """Return whether a chosen folder is of a model that comes with the program; "" is the default model's."""
    return not folder or Path(folder).resolve().parent == INCLUDED.resolve()


def total_memory() -> int:
    """Return the bytes of this machine's memory."""
    return int(psutil.virtual_memory().total)


def look_at(folder: Path) -> ModelEntry | None:
    """Return what a folder holds; None when it is no model at all. Reads config.json and file sizes only."""
    config_file = folder / "config.json"
    if not config_file.is_file():
        return None
    included, name = is_included(str(folder)), model_name(str(folder))
    weights = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    try:
        kind = json.loads(config_file.read_text(encoding="utf-8")).get("model_type", "")
    except (OSError, ValueError, AttributeError):
        return ModelEntry(str(folder), name, included, weights, tr("Its config.json cannot be read."))
    if kind not in READABLE:
        shown = kind.capitalize() if kind else tr("unknown")
        sentence = tr("Not supported: this is a {kind} model. Readthrough runs Mamba models.", kind=shown)
        return ModelEntry(str(folder), name, included, weights, sentence)
    if not weights:
        return ModelEntry(str(folder), name, included, 0, tr("It has no .safetensors weights."))
    return ModelEntry(str(folder), name, included, weights)


def folder_problem(path: Path) -> str:
    """Return why a chosen file or folder holds no model, in a sentence; "" when it holds one."""
    if path.suffix.lower() == ".gguf" or (path.is_dir() and any(path.glob("*.gguf")) and look_at(path) is None):
        return tr(
            "GGUF files are not supported. Readthrough needs the model's original folder, with config.json and "
            ".safetensors files."
        )
    if not path.is_dir():
        return tr("{path} is not a folder.", path=path)
    if look_at(path) is None and not any(path.glob("*/config.json")):
        return tr("No model in {path}: a model has a config.json and .safetensors files.", path=path)
    return ""


def snapshot_folders() -> list[Path]:
    """Return the checkpoints in the Hugging Face cache."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    hub = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    return sorted(hub.glob("models--*/snapshots/*")) if hub.is_dir() else []


def find_models(extra: Iterable[str]) -> list[ModelEntry]:
    """Return the included models, the models in `extra` folders (or right below them) and in the Hugging Face cache."""
    folders = sorted(INCLUDED.iterdir(), key=lambda folder: folder != DEFAULT_FOLDER)
    for name in extra:
        folder = Path(name).expanduser()
        folders.append(folder)
        if folder.is_dir() and not (folder / "config.json").exists():
            folders += sorted(child for child in folder.iterdir() if child.is_dir())
    found: dict[str, ModelEntry] = {}
    for folder in [*folders, *snapshot_folders()]:
        try:
            entry = look_at(folder)
        except OSError:
            continue
        if entry is None or (entry.problem and folder not in folders):
            continue
        if "--" in folder.parent.parent.name:
            name = folder.parent.parent.name.split("--")[-1]
            entry = ModelEntry(entry.folder, name, False, entry.weight_bytes, entry.problem)
        found.setdefault(str(folder.resolve()), entry)
    return list(found.values())


class ModelFinder(QObject):
    """Looks for models away from the window's thread."""

    found = Signal(object)
    """list[ModelEntry]"""

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self._background = Background("models", self)
        self._background.done.connect(self.found)

    def start(self, extra: tuple[str, ...]) -> None:
        self._background.start(partial(find_models, extra))

    def wait(self) -> None:
        self._background.wait()
