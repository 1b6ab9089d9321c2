"""How a language says that a text does not hold something, as patterns. Light: no torch."""

from __future__ import annotations

import re
from dataclasses import dataclass

FEW, SOME = r"(?:[^\s]+\s+){0,3}?", r"(?:[^\s]+\s+){0,6}?"
"""Up to three and up to six words between two others."""


@dataclass(frozen=True)
class Phrases:
    """The phrases of one language."""

    missing: re.Pattern[str]
    """Found in a clause that says that the document lacks something."""
    hedge: re.Pattern[str]
    """Found in such a clause if it lacks that only in part: "not explicitly"."""
    contrast: re.Pattern[str]
    """Between two clauses of which the second limits the first: "but"."""
    reports: re.Pattern[str]
    """Begins what the document says: "the text states that"."""
    describes: re.Pattern[str]
    """A clause that describes the document and answers nothing: "it mainly discusses"."""
    filler: re.Pattern[str]
    """A sentence that is no part of an answer: an apology, an offer, advice."""


def any_of(*patterns: str) -> re.Pattern[str]:
    """Return a pattern that matches where one of `patterns` does, in any case."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)
