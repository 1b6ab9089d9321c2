"""Files that come with the program: models, icons, samples, styles. Light."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def resource_path(name: str) -> Path:
    """Return the path of a resource, such as "models/demo" or "theme.qss"; "" is their folder."""
    return Path(str(files("resources"))) / name
