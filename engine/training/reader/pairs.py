"""Documents with the summaries that people wrote, from a file."""

from __future__ import annotations

import bz2
import json
from dataclasses import dataclass
from pathlib import Path

from engine.errors import KnownError

FEWEST_WORDS = 5
"""Least words of a sentence that may stand in a digest."""


@dataclass(frozen=True)
class Pair:
    """A document and its real summary."""

    kind: str
    text: str
    summary: str


def load(path: Path) -> list[Pair]:
    """Return the pairs of a file. Raise KnownError where it is none."""
    try:
        data = bz2.decompress(path.read_bytes()) if path.suffix == ".bz2" else path.read_bytes()
        values = json.loads(data)
        values = list(values.values()) if isinstance(values, dict) else values
        return [Pair(str(value.get("n", "all")), value["x"], value["s"]) for value in values]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KnownError(f"{path} holds no pairs of documents and summaries: {error}") from error
