"""Hebrew and Arabic in lines that are laid out from the left to the right: the order seen, and the order read.

Segments and rows are made of what is seen, from the left to the right; each finished line is then put in the order in
which it is read, by the direction of most of its letters.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

_BLOCKS = ((0x590, 0x8FF), (0xFB1D, 0xFDFF), (0xFE70, 0xFEFC))
_LETTER = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_RUN = re.compile(f"[{_LETTER}](?:[^A-Za-z\u00c0-\u058f\u0900-\u1fff\t\n]*[{_LETTER}])?")
_LETTERS = re.compile(f"[{_LETTER}]")
_LATIN = re.compile(r"[^\W\d_]")
_FROM_LEFT = re.compile(f"[%°]?[^\\W{_LETTER}](?:[^\\t{_LETTER}]*[^\\W{_LETTER}])?[%°]?")
"""Figures and words of other scripts, which keep their direction."""
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


def in_logical_order(line: str) -> str:
    """Return a line as it is read, from the order in which it is seen from the left to the right."""
    count = len(_LETTERS.findall(line))
    if not count:
        return line
    if count > len(_LATIN.findall(line)) - count:
        return _FROM_LEFT.sub(lambda found: found[0][::-1], line[::-1].translate(_MIRRORED))
    return _RUN.sub(lambda found: _turned(found[0]), line)


def _turned(text: str) -> str:
    return _FROM_LEFT.sub(lambda found: found[0][::-1], text[::-1].translate(_MIRRORED))
