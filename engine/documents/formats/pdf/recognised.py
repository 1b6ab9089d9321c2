"""The result of text recognition (OCR)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recognised:
    """A page read from its picture. `text` is empty if lines were found and none of them could be read."""

    text: str
    certainty: float
    """Mean over all characters, 0 to 1."""
    lost: int
    """Lines that could not be recognised."""
