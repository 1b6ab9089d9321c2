"""Models on this computer that have a name: downloaded ones, and folders or GGUF files that the user added. Light.

The list is a JSON file in the user's data folder, or READTHROUGH_MODELS. A model is on it when its files are whole: a
download is entered after the checksums of all its files were compared.
"""

from __future__ import annotations

import difflib
import json
import os
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import KnownError
from engine.models.catalogue import catalogue, find
from engine.network.published import repository_of
from engine.private_file import replace_private
from engine.resources import resource_path
from engine.user_paths import absolute

VARIABLE = "READTHROUGH_MODELS"
_VERSION = 1
_LONGEST_NAME = 80


@dataclass(frozen=True)
class LocalModel:
    """A model on the list."""

    name: str
    path: str
    """Its folder or its .gguf file."""
    repository: str = ""
    """Where it was downloaded from; "" where the user added it."""
    revision: str = ""
    """Commit of the repository."""
    checksums: dict[str, str] = field(default_factory=dict)
    """File name -> SHA-256 of a download."""

    @property
    def downloaded(self) -> bool:
        """Return whether `models get` downloaded it."""
        return bool(self.repository)


def list_file() -> Path:
    """Return the path of the list: READTHROUGH_MODELS, else a file in the user's data folder."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return absolute(chosen)
    import platformdirs

    return Path(platformdirs.user_data_dir("Readthrough", appauthor=False)) / "models.json"


class LocalModels:
    """The list, read anew for every question and replaced as a whole."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or list_file()

    def all(self) -> list[LocalModel]:
        """Return the models in the order in which they came. Raises KnownError where the list cannot be read."""
        try:
            data = json.loads(self.file.read_text(encoding="utf-8"))
            return [_from_json(row) for row in data["models"]]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise KnownError(f"the list of models {self.file} cannot be read: {error.strerror or error}") from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise KnownError(
                f"the list of models {self.file} is damaged; remove it and add the models again"
            ) from error

    def find(self, name: str) -> LocalModel | None:
        """Return the model with the name or the repository `name`, whatever its case."""
        wanted = name.strip().casefold()
        entry = find(name)
        names = {wanted} | ({entry.name, entry.repository.casefold()} if entry is not None else set())
        for model in self.all():
            if model.name.casefold() in names or (model.repository and model.repository.casefold() in names):
                return model
        return None

    def put(self, model: LocalModel) -> None:
        """Enter a model, in the place of one of the same name. Raises KnownError."""
        others = [other for other in self.all() if other.name.casefold() != model.name.casefold()]
        self._write([*others, model])

    def add(self, path: str | Path, name: str = "") -> LocalModel:
        """Enter a folder or a .gguf file of the user's, under `name` (default: its own). Raises KnownError.

        What the folder holds is not looked at here (`engine.models.check`).
        """
        place = absolute(path)
        if not place.exists():
            raise KnownError(f"there is nothing at {place}; give a model folder or a .gguf file", "missing")
        known = next((model for model in self.all() if Path(model.path) == place), None)
        if known is not None and not name:
            return known
        model = LocalModel(self._free_name(name or _name_of(place), exact=bool(name)), str(place))
        self._write([other for other in self.all() if Path(other.path) != place] + [model])
        return model

    def remove(self, name: str) -> LocalModel:
        """Take a model off the list and return it. Raises KnownError where there is none of that name."""
        model = self.find(name)
        if model is None:
            raise KnownError(f"no model on this computer is named {name}; `models list` shows the names", "missing")
        self._write([other for other in self.all() if other.name != model.name])
        return model

    def _free_name(self, name: str, exact: bool) -> str:
        """Return `name`, or one with a number behind it where it is taken. Raises KnownError."""
        if not re.fullmatch(rf"[\w.+-]{{1,{_LONGEST_NAME}}}", name) or set(name) == {"."}:
            raise KnownError(f"{name!r} cannot be the name of a model; use letters, digits, dots and hyphens")
        taken = {model.name.casefold() for model in self.all()}
        if name.casefold() not in taken and find(name) is None and name.casefold() not in included():
            return name
        if exact:
            raise KnownError(f"the name {name} is taken; choose another with --name")
        return next(other for n in range(2, 10_000) if (other := f"{name}-{n}").casefold() not in taken)

    def _write(self, models: list[LocalModel]) -> None:
        text = json.dumps({"version": _VERSION, "models": [asdict(model) for model in models]}, indent=1)
        try:
            replace_private(self.file, text)
        except OSError as error:
            raise KnownError(f"the list of models {self.file} cannot be written: {error.strerror or error}") from error


def included() -> dict[str, Path]:
    """Return the models that come with the program by name, the demonstration model first."""
    folders = [path for path in resource_path("models").iterdir() if (path / "config.json").is_file()]
    return {path.name: path for path in sorted(folders, key=lambda path: (path.name != "demo", path.name))}


def _nearest(name: str) -> str:
    """Return `" (did you mean X?)"` for the model whose name is most like `name`; "" where none is."""
    names = [*included(), *(model.name for model in LocalModels().all()), *(entry.name for entry in catalogue())]
    near = difflib.get_close_matches(name.casefold(), names, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def resolve(wish: str | Path) -> Path:
    """Return the folder or .gguf file that `--model` means: a path that exists, else a name. Raises KnownError.

    Names: of an included model, of one on the list, or of the catalogue once it is downloaded.
    """
    text = os.fspath(wish)
    path = absolute(text)
    if path.exists():
        return path
    name = text if "/" in text or "\\" in text else Path(text).name
    if (shipped := included().get(name.casefold())) is not None:
        return shipped
    model = LocalModels().find(name)
    if model is not None:
        if not Path(model.path).exists():
            raise KnownError(
                f"the model {model.name} is no longer at {model.path}; add or download it again", "missing"
            )
        return Path(model.path)
    entry = find(name)
    if entry is not None:
        raise KnownError(
            f"{entry.title} is not on this computer yet; `readthrough models get {entry.name}` downloads it", "missing"
        )
    raise KnownError(
        f"there is no model folder {path} and no model of that name{_nearest(name)}; "
        "`readthrough models list` shows the names",
        "missing",
    )


def _name_of(path: Path) -> str:
    name = repository_of(path).rpartition("/")[2] if path.is_dir() else path.stem
    return re.sub(r"[^\w.+-]+", "-", name).strip("-.")[:_LONGEST_NAME].lower() or "model"


def _from_json(row: dict[str, Any]) -> LocalModel:
    model = LocalModel(**{key: row[key] for key in ("name", "path", "repository", "revision", "checksums")})
    texts = (model.name, model.path, model.repository, model.revision)
    if not all(isinstance(text, str) for text in texts) or not isinstance(model.checksums, dict):
        raise ValueError("a row of the list is not sound")
    return model
