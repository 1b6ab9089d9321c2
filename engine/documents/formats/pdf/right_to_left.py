"""Hebrew and Arabic in lines that are laid out from the left to the right: the order seen, and the order read.

Segments and rows are made of what is seen, from the left to the right; each finished line is then put in the order in
which it is read, by the direction of most of its letters.
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import numpy.typing as npt

_BLOCKS = ((0x590, 0x8FF), (0xFB1D, 0xFDFF), (0xFE70, 0xFEFC))
_LETTER = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_RUN = re.compile(f"[{_LETTER}](?:[^A-Za-z\u00c0-\u058f\u0900-\u1fff\t\n]*[{_LETTER}])?")
_LETTERS = re.compile(f"[{_LETTER}]")
_LATIN = re.compile(r"[^\W\d_]")
_FROM_LEFT = re.compile(f"([%°]?)([^\\W{_LETTER}](?:[^\\t{_LETTER}]*[^\\W{_LETTER}])?)([%°]?)")
"""Figures and words of other scripts, which keep their direction, and a sign of percent or degree on either side."""
_ARABIC = re.compile(f"[^\\W{_LETTER}](?:[^\\t{_LETTER}]*[^\\W{_LETTER}])?")
"""The same beside Arabic letters, where a sign of percent stands to the left of its figure."""
_ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc]")
_LAM, _ALEFS = 0x644, (0x622, 0x623, 0x625, 0x627)
_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")


def are_right_to_left(code: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return which characters are Hebrew, Arabic, or of another script that runs from the right to the left."""
    found = np.zeros(len(code), dtype=bool)
    for first, last in _BLOCKS:
        found |= (code >= first) & (code <= last)
    return found


def lam_first(code: npt.NDArray[np.int64], start: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Return the characters with lam before alef where one drawing shows both; PDFium gives them reversed."""
    pairs = np.flatnonzero(np.isin(code[:-1], _ALEFS) & (code[1:] == _LAM) & (start[1:] == start[:-1]))
    if len(pairs):
        code = code.copy()
        code[pairs], code[pairs + 1] = code[pairs + 1], code[pairs].copy()
    return code


def letters_of_marks(
    code: npt.NDArray[np.int64], start: npt.NDArray[np.float32], end: npt.NDArray[np.float32]
) -> list[tuple[int, int]]:
    """Return the marks of a line, each with the letter that it stands over, as places among the glyphs."""
    marks = [place for place, value in enumerate(code.tolist()) if unicodedata.category(chr(value)) == "Mn"]
    letters = np.setdiff1d(np.arange(len(code)), marks)
    if not len(letters):
        return []
    found = []
    for mark in marks:
        shared = np.minimum(end[letters], end[mark]) - np.maximum(start[letters], start[mark])
        found.append((mark, int(letters[int(np.argmax(shared))])))
    return found


def in_logical_order(line: str) -> str:
    """Return a line as it is read, from the order in which it is seen from the left to the right."""
    count = len(_LETTERS.findall(line))
    if not count:
        return line
    if count > len(_LATIN.findall(line)) - count:
        return _turned(line)
    return _RUN.sub(lambda found: _turned(found[0]), line)


def _turned(text: str) -> str:
    return _FROM_LEFT.sub(_from_left, text[::-1].translate(_MIRRORED))


def _from_left(found: re.Match[str]) -> str:
    """Return figures and words in their own direction; behind Arabic letters a sign stands on their other side."""
    cell = found.string[found.string.rfind("\t", 0, found.start()) + 1 : found.start()]
    return found[1] + found[2][::-1] + found[3] if _ARABIC.search(cell) else found[0][::-1]
