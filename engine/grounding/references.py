"""Entries of a list of references: what a text cites is no answer about the text. Light: no torch."""

from __future__ import annotations

import re

from engine.grounding.words import folded

_HEADING = re.compile(
    r"(?:\d+\.? )?(?:references(?: cited)?|bibliography|works cited|literature(?: cited)?|citations|further reading|"
    r"literatur(?:verzeichnis)?|quellen|références|bibliographie|referencias|bibliografía|список литературы)[:.]?"
)
_INITIALS = re.compile(r"[^\W\d_][\w'’-]+,\s+(?:[A-Z]\.[\s-]?){1,3}")
_NAMES = re.compile(r"^\W*(?:\d+\.?\s+)?(?:[^\W\d_][\w'’-]+(?: [^\W\d_][\w'’-]+)? [A-Z]{1,3}(?:,\s+|\.\s)){2,}")
"""Authors as in lists of medicine: Wrona T, Iyer KR, Obi A."""
_YEAR = re.compile(r"\(?\b(?:19|20)\d\d[a-z]?\b\)?")
_SOURCE = re.compile(
    r"\b(?:Vol\.|No\.|pp?\.\s?\d|doi\b|eds?\.|Proceedings of|Journal of|University Press|arXiv|ISBN|Retrieved from|"
    r"Working Paper|Unpublished|\d+\s?\(\d+\)\s?[:,]\s?\d+)"
)


def is_reference(text: str, heading: str) -> bool:
    """Return whether a sentence or line under `heading` is an entry of a list of references, or a part of one."""
    if is_heading_of_references(heading):
        return True
    if _NAMES.match(text):
        return True
    sources = len(set(_SOURCE.findall(text)))
    if _INITIALS.search(text):
        return sources > 0 or _YEAR.search(text) is not None
    return sources > 1


def is_heading_of_references(heading: str) -> bool:
    """Return whether `heading` stands over a list of references."""
    return _HEADING.fullmatch(folded(heading).strip()) is not None
