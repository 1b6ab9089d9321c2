"""Phrases of a language for "the text does not hold this", as patterns. Light: no torch."""

from __future__ import annotations

import re
from dataclasses import dataclass

FEW, SOME = r"(?:[^\s]+\s+){0,3}?", r"(?:[^\s]+\s+){0,6}?"
"""Patterns of up to three and up to six words between two others."""


@dataclass(frozen=True)
class Phrases:
    """The phrases of one language."""

    missing: re.Pattern[str]
    """Pattern in a clause that says that the document lacks something."""
    hedge: re.Pattern[str]
    """Pattern in such a clause when the lack is only partial: "not explicitly"."""
    contrast: re.Pattern[str]
    """Pattern between two clauses of which the second limits the first: "but"."""
    reports: re.Pattern[str]
    """Pattern that introduces a report of the document: "the text states that"."""
    describes: re.Pattern[str]
    """A clause that describes the document and answers nothing: "it mainly discusses"."""
    filler: re.Pattern[str]
    """A sentence that is no part of an answer: an apology, an offer, advice."""
    languages: frozenset[str]
    """ISO 639-1 codes of its languages."""


def any_of(*patterns: str) -> re.Pattern[str]:
    """Return a pattern that matches where one of `patterns` does, in any case."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)
