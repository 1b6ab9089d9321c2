"""Facts that are published about checkpoints, by the name of their repository. Light: no torch.

The data is resources/catalogue.json. A trained context belongs to a name, never to a shape: Falcon3-Mamba has the shape
of Falcon Mamba and four times its context. Sources: model cards of Falcon3-Mamba (32K) and of Falcon Mamba (arXiv
2410.05355: up to 8,192); Mamba was trained on The Pile in sequences of 2,048 (arXiv 2312.00752, appendix E.2).
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from engine.resources import resource_path

_CACHE = "models--"


@cache
def catalogue_data() -> dict[str, Any]:
    """Return the content of resources/catalogue.json."""
    data: dict[str, Any] = json.loads(resource_path("catalogue.json").read_text(encoding="utf-8"))
    return data


@cache
def _by_name() -> dict[str, dict[str, Any]]:
    return {str(row["repository"]).rpartition("/")[2].casefold(): row for row in catalogue_data()["models"]}


def published(*names: str) -> dict[str, Any] | None:
    """Return the catalogue's row of the first known repository of `names`: "owner/name" or "name"."""
    for name in names:
        if (row := _by_name().get(name.rstrip("/").rpartition("/")[2].casefold())) is not None:
            return row
    return None


def published_context(*names: str) -> int | None:
    """Return the trained context published for the first known repository of `names`: "owner/name" or "name"."""
    row = published(*names)
    return None if row is None else int(row["context"])


def repository_of(folder: Path) -> str:
    """Return the name of the repository that a folder was downloaded from: the folder's own name, or the name in the
    huggingface_hub cache that contains it."""
    for part in reversed(folder.parts):
        if part.startswith(_CACHE):
            return part.removeprefix(_CACHE).replace("--", "/")
    return folder.name
