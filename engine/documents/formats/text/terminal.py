"""Terminal output as plain text: escape sequences taken out, overstrikes and backspaces carried out, NULs dropped."""

from __future__ import annotations

import re
import unicodedata

_ESCAPES = re.compile(
    "\x1b\\[[0-?]*[ -/]*(?P<control>[@-~])"  # CSI: colours, cursor
    "|\x1b\\][^\x07\x1b\n]{0,4096}(?:\x07|\x1b\\\\)"  # OSC: titles, links
    "|\x1b[PX^_][^\x1b\n]{0,4096}\x1b\\\\"  # strings to the device
    "|\x1b[ -/]+[0-~]"  # character sets
    "|\x1b[0-~]"  # all others of two characters
    "|\x9b[0-?]*[ -/]*[@-~]"
)
_EIGHT_BIT = re.compile(rb"\x9b(?=[\d;]{1,16}[A-Za-z])|\x9b(?=[mKJ](?![A-Za-z])|\?\d{1,4}[hl])")
_MOVES = frozenset("CGHf")
"""Cursor movements that leave a gap on the screen."""
_UNFINISHED = re.compile(
    "\x1b(?:\\[[0-?]*[ -/]*|\\][^\x07\x1b\n]{0,4096}\x1b?|[PX^_][^\x1b\n]{0,4096}\x1b?|[ -/]*)?\\Z"
)


def without_escapes(text: str) -> str:
    """Return `text` without whole escape sequences; a cursor movement becomes a space."""
    if "\x1b" not in text and "\x9b" not in text:
        return text
    return _ESCAPES.sub(lambda found: " " if found["control"] in _MOVES else "", text)


def with_whole_escapes(line: bytes) -> bytes:
    """Return a line in an encoding of one byte a character with its 8-bit controls as escapes of two characters.

    0x9b is a letter in some of these encodings: it is a control where a terminal's colour or erasure follows.
    """
    return _EIGHT_BIT.sub(b"\x1b[", line) if _EIGHT_BIT.search(line) else line


def unfinished_escape(text: str) -> int:
    """Return the start of an escape sequence that is unfinished at the end of `text`; its length if none is."""
    found = _UNFINISHED.search(text, max(0, len(text) - 4200))
    return found.start() if found else len(text)


def without_overstrikes(text: str) -> str:
    """Return `text` with backspaces carried out line by line: bold and underlined letters are there once."""
    if "\b" not in text:
        return text
    return "\n".join(_struck(line) if "\b" in line else line for line in text.split("\n"))


def _struck(line: str) -> str:
    shown: list[str] = []
    place = 0
    for character in line:
        if character == "\b":
            place = max(0, place - 1)
            continue
        if place == len(shown):
            shown.append(character)
        elif unicodedata.combining(character):  # an accent is struck over its letter
            shown[place] += character
        elif character != "_" or shown[place] in " _":  # an underline leaves the letter above it
            shown[place] = character
        place += 1
    return "".join(shown)
