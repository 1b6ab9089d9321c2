"""Pictures and other files that are written into a text in base64; they are left out and counted."""

from __future__ import annotations

import re

_LONGEST_TYPE = 200
_START = re.compile(r"data:[\w.+-]{0,60}/?[\w.+-]{0,60}(?:;[\w.+=-]{1,60}){0,4},", re.IGNORECASE)
_MAYBE_START = re.compile(r"d(?:a(?:t(?:a(?::[\w.+/;=-]{0,190})?)?)?)?\Z", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/=%_-]*")
_PERCENT = re.compile(r"""[^\s"'()<>\\]*""")
_BLOB = re.compile(r"[A-Za-z0-9+/]{1000,4000}")
_MIXTURE = (re.compile("[a-z]"), re.compile("[A-Z]"), re.compile("[0-9]"))
_SEQUENCE = re.compile(r"[ABCDEFGHIKLMNPQRSTVWXYZ]*|[acgtun]*")
_HEXADECIMAL = re.compile(r"[0-9a-f]*|[0-9A-F]*")
"""Proteins and genes, letter by letter, and numbers: no base64, however long."""
_LONG = 4_000
_SHORTEST = 64
"""Characters of data from which on it is no text."""


class DataPictures:
    """Takes data: URIs out of a text that comes in blocks."""

    def __init__(self) -> None:
        self.count = 0
        self.characters = 0
        self._held = ""
        """The end of the last block, which may be the start of a URI."""
        self._inside: re.Pattern[str] | None = None
        """Pattern of the data of a URI left open at the end of the last block; None outside a URI."""

    def without(self, block: str) -> str:
        """Return `block` without data: URIs; their first characters, "data:image/png", are left out too."""
        if not self._held and self._inside is None and "data:" not in block and not _MAYBE_START.search(block, -200):
            return block
        text, self._held = self._held + block, ""
        pieces = []
        place = 0
        if self._inside is not None:
            place = self._skip(text, 0)
        while place < len(text):
            found = _START.search(text, place)
            if found is None:
                maybe = _MAYBE_START.search(text, max(place, len(text) - _LONGEST_TYPE))
                end = maybe.start() if maybe else len(text)
                pieces.append(text[place:end])
                self._held = text[end:]
                break
            data = _BASE64 if "base64" in found[0].lower() else _PERCENT
            length = _length(data, text, found.end())
            if found.end() + length == len(text) and length < _SHORTEST:
                pieces.append(text[place : found.start()])
                self._held = text[found.start() :]  # too short to tell yet
                break
            if length < _SHORTEST:
                pieces.append(text[place : found.end()])
                place = found.end()
                continue
            pieces.append(text[place : found.start()])
            self.count += 1
            self._inside = data
            place = self._skip(text, found.end())
        return "".join(pieces)

    def rest(self) -> str:
        """Return the text held back at the end."""
        held, self._held = self._held, ""
        return held

    def _skip(self, text: str, start: int) -> int:
        assert self._inside is not None
        length = _length(self._inside, text, start)
        self.characters += length
        if start + length < len(text):
            self._inside = None
        return start + length


def _is_encoded(run: str) -> bool:
    """Return whether a run of letters and figures is a file in base64, by its first characters."""
    if all(kind.search(run) for kind in _MIXTURE):
        return True
    return len(run) == _LONG and not (_SEQUENCE.fullmatch(run) or _HEXADECIMAL.fullmatch(run))


def _length(data: re.Pattern[str], text: str, start: int) -> int:
    found = data.match(text, start)
    return len(found[0]) if found else 0


class EncodedData:
    """Takes long runs of base64 without a data: URI out of a text that comes in blocks of whole lines."""

    def __init__(self) -> None:
        self.count = 0
        self.characters = 0
        self._is_inside = False

    def without(self, block: str) -> str:
        """Return `block` without encoded files. Letters of a gene or figures in hexadecimal are no base64."""
        pieces = []
        place = self._skip(block, 0) if self._is_inside else 0
        while (found := _BLOB.search(block, place)) is not None:
            if not _is_encoded(found[0]):
                pieces.append(block[place : found.end()])
                place = found.end()
                continue
            self.count += 1
            pieces.append(block[place : found.start()])
            place = self._skip(block, found.start())
        return "".join([*pieces, block[place:]]) if pieces or place else block

    def _skip(self, block: str, start: int) -> int:
        length = _length(_BASE64, block, start)
        self.characters += length
        self._is_inside = start + length == len(block)
        return start + length
