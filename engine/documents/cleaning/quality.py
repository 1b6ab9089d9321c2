"""Measures how much of a page's text is text: the gate between the two readers.

A font without a map to Unicode gives a reader nothing but guesses, and each way of guessing leaves its own trace. A
font without a space glyph makes a reader guess where words end.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

GOOD_ENOUGH = 0.05
"""Up to here the second reader is not asked: formulas and tables have some stray signs."""

CLEARLY_BETTER = 0.02
"""The second reader's text is taken only if it is better by this much: on a page that is hard for both, PDFium's is."""

UNREADABLE = 0.35
"""Noise from here on: the page is not fed to the model. The long documents of the corpus stay under 0.04."""

_GLYPH_NAMES = re.compile(
    r"/(?:(?:g|G|gid|glyph|cid|C|c|H|a)\d{1,5}|x[0-9A-Fa-f]{2}|uni[0-9A-F]{4}|\d{1,3}\u25a1?(?:/\d{1,3}\u25a1?){5,})"
)
_NUMBERED_GLYPHS = re.compile(r"\(cid:\d+\)")
_MARKS = re.compile("[\ufffd\u25a1\ue000-\uf8ff\U000f0000-\U0010fffd\x00\x01\x03-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f]")
"""Replacement characters, private use, and controls. Not U+0002: that is how PDFium marks a line-end hyphen."""
_LATIN_SIGNS = re.compile("[\u00a1-\u00bf\u00d7\u00f7\u02b0-\u02ff]")
"""Signs that stand one by one in honest text, and in rows where a font's codes were taken for Latin-1."""
_SIGN_SHARE = 0.25
_SPACELESS_LETTERS = 26
_SPACELESS = re.compile(f"[a-zß-öø-ÿά-ώа-џ]{{{_SPACELESS_LETTERS},}}")
"""More than 25 small letters in a row: words of running text and names in programs (which have capitals) are shorter; a
line without its spaces is not."""


_PAIRS = ("th", "he", "in", "er", "an", "re", "on", "at", "en", "nd", "es", "or", "te", "ed", "st", "de", "ie", "ch")
_FEW_COMMON, _MANY_COMMON = 0.07, 0.15
_SAMPLE, _SHORTEST_SAMPLE = 1_500, 120
_SHIFTS = tuple(bytes((code + shift) % 256 for code in range(256)) for shift in range(1, 32))
_VOWELS = frozenset("aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýąęıőű")
_LONG_WORDS = 16
"""Characters a word on average, from which on words have lost the spaces between them."""
_INNER_CAPITAL = re.compile(r"[a-z][A-Z]")


class Quality(NamedTuple):
    """Shares of a text, white space left out, from 0 (none) to 1 (all of it)."""

    noise: float
    """Share of characters that could not be decoded."""
    spaceless: float
    """Letters in rows too long to be words."""

    @property
    def badness(self) -> float:
        return min(1.0, self.noise + self.spaceless)


def quality(text: str) -> Quality:
    """Return the faults of one page's text as a reader gave it. An empty text has none."""
    size = len(text) - sum(map(text.count, " \n\r\t\xa0"))
    if size <= 0:
        return Quality(0.0, 0.0)
    is_ascii = text.isascii()
    noise = sum(len(found.group()) for found in (*_GLYPH_NAMES.finditer(text), *_NUMBERED_GLYPHS.finditer(text)))
    if not (is_ascii and _printed(text).isprintable()):  # of nearly all pages, and ten times as fast
        noise += len(_MARKS.findall(text))
    signs = 0 if is_ascii else len(_LATIN_SIGNS.findall(text))
    if signs > _SIGN_SHARE * size:
        noise += signs + _letters_beyond_ascii(text)
    if is_shifted(text):
        noise = size
    spaceless = 0
    if max(map(len, text.split()), default=0) >= _SPACELESS_LETTERS:
        spaceless = sum(len(found.group()) for found in _SPACELESS.finditer(text))
    return Quality(min(1.0, noise / size), spaceless / size)


def _printed(text: str) -> str:
    """Return `text` without line ends, tabs and PDFium's sign for a hyphen."""
    for sign in "\r\n\t\x02":
        text = text.replace(sign, "")
    return text


def is_shifted(text: str) -> bool:
    """Return whether the letters of `text` are another text's, moved by a constant in the table of characters.

    So a font's numbers of glyphs look that were taken for characters: "7KH" for "The".
    """
    if _common(text[:_SAMPLE]) > _FEW_COMMON:
        return False
    sample = b"".join(text[:_SAMPLE].encode("ascii", "ignore").split())
    if len(sample) < _SHORTEST_SAMPLE or _common(sample.decode("ascii")) > _FEW_COMMON:
        return False
    return any(_common(sample.translate(table).decode("latin-1")) > _MANY_COMMON for table in _SHIFTS)


def _common(text: str) -> float:
    """Return the share of pairs of letters that are common in European languages."""
    text = text.lower()
    return sum(map(text.count, _PAIRS)) / max(1, len(text))


def is_plausible(text: str) -> bool:
    """Return whether `text`, of a font that another reader could not map, looks like words of a language.

    Letters that are shifted by a constant have too few vowels, no spaces, and capitals in the middle of words.
    """
    words = text.split()
    letters = [character for character in text if character.isalpha()]
    if not letters:
        return True
    latin = [character for character in letters if character < "\u0250"]
    if len(latin) < 0.5 * len(letters):
        return sum(map(str.isalnum, text)) > 0.5 * len("".join(words))
    if len("".join(words)) > _LONG_WORDS * len(words):
        return False
    vowels = sum(character.casefold() in _VOWELS for character in latin)
    inner_capitals = len(_INNER_CAPITAL.findall(text))
    return 0.25 <= vowels / len(latin) <= 0.65 and inner_capitals < 0.1 * len(words) + 1


def _letters_beyond_ascii(text: str) -> int:
    """Latin-1 letters: where signs abound, they are codes of the same font."""
    return sum(
        1 for character in text if "\u00a1" <= character <= "\u00ff" and unicodedata.category(character)[0] == "L"
    )
