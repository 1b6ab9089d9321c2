"""Identifiers of a text: names made of letters and digits, such as FT-474, P 835 or ME-4411/2. Light: no torch."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.grounding.words import UNSPACED, signs_unified

_CURRENCY = "(?:EUR|USD|GBP|CHF|JPY|CNY|INR|CAD|AUD|SEK|NOK|DKK|PLN|RUB)"
SPACED = rf"\b(?!{_CURRENCY}\b)(?:[A-ZÀ-ÖØ-ÞΑ-ΩА-ЯЁ]){{1,4}} \d{{2,}}\b(?![.,]\d)"
"""PR 409: capitals and a number, but for sums of money."""
_WORD = rf"[^\W{UNSPACED}]"
_IDENTIFIER = re.compile(
    rf"{SPACED}|(?<!{_WORD})[^\W\d_{UNSPACED}]+[-./_]?\d{{2,}}{_WORD}*(?:[-./_]{_WORD}+)*(?!{_WORD})"
)
_PIECES = re.compile(r"[^\W\d_]+|\d+")
_ONE_LETTER_WORDS = frozenset("aeiouwyzàавикосуяўіє")
"""Words of one letter: prepositions, articles and conjunctions of several languages."""
_PERIOD = re.compile(r"(?:FY|Q\d?)[ -]?'?\d+", re.IGNORECASE)


def identifiers(text: str) -> list[str]:
    """Return the identifiers in `text`, letters and then two digits or more, each once, in order."""
    return list(dict.fromkeys(found for _, _, found in find_identifiers(text)))


def find_identifiers(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, identifier) for each identifier in `text`; a fiscal year is a date and no identifier."""
    plain = signs_unified(text)
    for found in _IDENTIFIER.finditer(plain):
        if not _PERIOD.fullmatch(found[0]) and not _begins_sentence(plain, found):
            yield found.start(), found.end(), plain[found.start() : found.end()]


def _begins_sentence(text: str, found: re.Match[str]) -> bool:
    """Return whether the capital of an identifier is a word of one letter that begins a sentence: "В 2023 году"."""
    letter, blank, _ = found[0].partition(" ")
    if not blank or letter.lower() not in _ONE_LETTER_WORDS:
        return False
    before = text[: found.start()].rstrip(" \"'«»“”„(*_-\u2022")
    return not before or before[-1] in ".!?…:\n\r"


def is_identifier(text: str) -> bool:
    """Return whether `text` as a whole is an identifier, in whatever case."""
    return bool(_IDENTIFIER.fullmatch(text) or _IDENTIFIER.fullmatch(text.upper()))


def written_pattern(identifier: str) -> str:
    """Return a regular expression for the ways to write a folded identifier: P-835, P 835, P835."""
    return r"[-\s./_]?".join(re.escape(piece) for piece in _PIECES.findall(identifier))


def pieces(identifier: str) -> list[str]:
    """Return the runs of letters and of digits in an identifier."""
    return _PIECES.findall(identifier)
