"""The settings: typed, versioned, one small JSON file in the platform's folder."""

from __future__ import annotations

import dataclasses
import json
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import QIODevice, QObject, QSaveFile, QStandardPaths, Signal

from app.settings.registry import OPTIONS
from app.style.translation import tr
from engine.protocol.vocabulary import Device, Length, Method, Precision

SETTINGS_VERSION = 1
RECENT_FILES = 12
PLACES = 200

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """Every setting with its default; an empty model or library means the worker's own. Choices: `registry.OPTIONS`."""

    model: str = ""
    model_folders: tuple[str, ...] = ()
    device: Device = "auto"
    precision: Precision = "auto"
    library: str = ""
    summary_method: Method = "auto"
    summary_length: Length = "page"
    quota_gb: int = 8
    """Gigabytes that the saved states of the library may take."""
    on_open: str = "summarize"
    theme: str = "system"
    language: str = ""
    """Code of a language; "" follows the system."""
    text_size: int = 0
    """Points for reading text; 0 follows the system."""
    show_library: bool | None = None
    """None: as the width of the screen suggests."""
    show_outline: bool = False
    recent: tuple[str, ...] = ()
    last_document: str = ""
    unfinished: tuple[str, ...] = ()
    """The documents whose reading had begun when the window was closed; it resumes at the next start."""
    unfinished_folders: tuple[str, ...] = ()
    """Likewise the folders that were being read into a collection."""
    places: dict[str, int] = field(default_factory=dict)
    """Path -> the page that was shown last, the newest last."""
    window: dict[str, str] = field(default_factory=dict)
    """Geometry and splitter sizes, hex."""

    def with_place(self, path: str, page: int) -> dict[str, int]:
        """Return `places` with this one as its newest."""
        others = {other: there for other, there in self.places.items() if other != path}
        return dict([*others.items(), (path, page)][-PLACES:])

    def with_recent(self, path: str) -> Settings:
        """Return the settings with `path` first among the recent files."""
        others = tuple(other for other in self.recent if other != path)
        return dataclasses.replace(self, recent=(path, *others)[:RECENT_FILES])


def from_json(text: str) -> Settings:
    """Return the settings in a file's text; an unusable value falls back to its default. Raises ValueError."""
    found: Any = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("settings are not an object")
    values: dict[str, Any] = {}
    for item in dataclasses.fields(Settings):
        if item.name not in found:
            continue
        value = found[item.name]
        default = getattr(Settings(), item.name)
        if isinstance(default, tuple) and isinstance(value, list):
            value = tuple(entry for entry in value if isinstance(entry, str))
        usable = type(value) is type(default) or (default is None and isinstance(value, bool))
        if not usable or (item.name in OPTIONS and value not in OPTIONS[item.name].values):
            logger.warning("settings: %s has an unusable value, the default is used", item.name)
            continue
        values[item.name] = value
    return Settings(**values)


def to_json(settings: Settings) -> str:
    """Return the text of the settings file."""
    return json.dumps({"version": SETTINGS_VERSION, **dataclasses.asdict(settings)}, indent=1, ensure_ascii=False)


def default_path() -> Path:
    """Return where the settings file is on this platform."""
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppConfigLocation)) / "settings.json"


class SettingsStore(QObject):
    """Holds the settings, saves every change and reports it."""

    changed = Signal(object, object)
    """(before, after)"""

    def __init__(self, path: Path | None = None, parent: QObject | None = None):
        super().__init__(parent)
        self.path = path or default_path()
        self.problem: str | None = None
        """A sentence when the file could not be used or saved."""
        self._now = self._load()

    @property
    def now(self) -> Settings:
        return self._now

    def update(self, **changes: Any) -> None:
        """Change some values and save them at once."""
        before = self._now
        self._now = dataclasses.replace(before, **changes)
        if self._now != before:
            self._save()
            self.changed.emit(before, self._now)

    def add_recent(self, path: str) -> None:
        """Note that `path` was opened just now."""
        self.update(recent=self._now.with_recent(path).recent, last_document=path)

    def note_unfinished(self, path: str, begun: bool) -> None:
        """Note that the reading of `path` has begun or ended."""
        others = tuple(other for other in self.now.unfinished if other != path)
        self.update(unfinished=(*others, path) if begun else others)

    def note_unfinished_folder(self, folder: str, begun: bool) -> None:
        """Note that the reading of a folder has begun or ended."""
        others = tuple(other for other in self.now.unfinished_folders if other != folder)
        self.update(unfinished_folders=(*others, folder) if begun else others)

    def _load(self) -> Settings:
        try:
            return from_json(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Settings()
        except (OSError, ValueError) as error:
            self.problem = tr("The settings file could not be read, so the defaults are used.")
            logger.warning("%s: %s", self.path, error)
            return Settings()

    def _save(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = QSaveFile(str(self.path))
        written = file.open(QIODevice.OpenModeFlag.WriteOnly)
        if written:
            file.write(to_json(self._now).encode())
            written = file.commit()
        if not written:
            reason = file.errorString()
            self.problem = tr(
                "The settings could not be saved in {folder}: {reason}", folder=self.path.parent, reason=reason
            )
            logger.warning("%s", self.problem)
