"""The models on this machine: what they are called, how large they are, whether they fit."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.style.theme import RESOURCES
from app.tasks.background import Background

DEMO_FOLDER = RESOURCES / "models" / "demo"
READABLE = ("falcon_mamba", "mamba")
WORK_SHARE = 1.25
"""Memory for weights, state and work over the size of the weight files."""
PROGRAM_BYTES = 400_000_000
"""What the reading process takes without a model."""


@dataclass(frozen=True)
class ModelEntry:
    """One folder with a checkpoint."""

    folder: str
    name: str
    demo: bool
    weight_bytes: int
    problem: str = ""
    """Why it cannot be used; "" when it can."""

    @property
    def needs(self) -> int:
        """Bytes of memory, about."""
        return int(self.weight_bytes * WORK_SHARE) + PROGRAM_BYTES


def model_name(folder: str) -> str:
    """What a chosen folder is called before anything of it is read; "" is the demo model's."""
    if not folder or Path(folder).resolve() == DEMO_FOLDER.resolve():
        return "Demo model"
    return Path(folder).name


def total_memory() -> int:
    """Bytes of this machine's memory; 0 where that cannot be told."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0


def look_at(folder: Path) -> ModelEntry | None:
    """What a folder holds; None when it is no model at all. Reads config.json and file sizes only."""
    config_file = folder / "config.json"
    if not config_file.is_file():
        return None
    demo = folder.resolve() == DEMO_FOLDER.resolve()
    name = "Demo model" if demo else folder.name
    weights = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    try:
        kind = json.loads(config_file.read_text(encoding="utf-8")).get("model_type", "")
    except (OSError, ValueError, AttributeError):
        return ModelEntry(str(folder), name, demo, weights, "its config.json cannot be read")
    if kind not in READABLE:
        return ModelEntry(str(folder), name, demo, weights, f"a {kind or 'nameless'} model; Mamba models are read")
    if not weights:
        return ModelEntry(str(folder), name, demo, 0, "it has no .safetensors weights")
    return ModelEntry(str(folder), name, demo, weights)


def snapshot_folders() -> list[Path]:
    """Checkpoints in the Hugging Face cache."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    hub = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    return sorted(hub.glob("models--*/snapshots/*")) if hub.is_dir() else []


def find_models(extra: Iterable[str]) -> list[ModelEntry]:
    """The demo model, the models in `extra` folders (or right below them), and those in the Hugging Face cache."""
    folders: list[Path] = [DEMO_FOLDER]
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
            entry = ModelEntry(
                entry.folder, folder.parent.parent.name.split("--")[-1], False, entry.weight_bytes, entry.problem
            )
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
