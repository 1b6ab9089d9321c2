"""Files that come with the program: models, icons, samples, styles. Light."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def source_root() -> Path:
    """Return the folder of the program's packages: child processes put it on their module search path."""
    return Path(str(files("engine"))).parent


def resource_path(name: str) -> Path:
    """Return the path of a resource, such as "models/demo" or "theme.qss"; "" is their folder."""
    return Path(str(files("resources"))) / name
