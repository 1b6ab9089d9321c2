"""TextStream: tokens in, text out, piece by piece, without breaking a character."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

# A character of UTF-8 has at most four bytes, so at most four tokens; what four have not completed is no character.
_MAX_PENDING = 4
_REPLACEMENT = "\ufffd"


class Decoder(Protocol):
    """A tokenizer, such as `engine.prompting.tokenizer.Tokenizer`."""

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids, special tokens left out."""


class TextStream:
    """Decodes tokens to text piece by piece; the pieces joined are the decoded text.

    A piece never ends inside a character, and no space is lost: a tokenizer may drop the space at the start of a
    decoded text, so new tokens are decoded together with those of the piece before, and the difference is new.
    """

    def __init__(self, tokenizer: Decoder) -> None:
        self._tokenizer = tokenizer
        self._window: list[int] = []  # tokens decoded together: those of the last whole piece, then newer ones
        self._given = 0  # characters of the window's text that were given out
        self._newest = 0  # where the newer ones begin in the window
        self._waiting = 0  # newest tokens after which a character was unfinished

    def add(self, token: int) -> str:
        """Return the text that `token` completes; empty while a character is unfinished."""
        self._window.append(token)
        text = self._decode(self._window)
        finished = text.rstrip(_REPLACEMENT)
        self._waiting = self._waiting + 1 if finished != text else 0
        if self._waiting >= _MAX_PENDING:
            finished = text[:-1]  # only the last one can still become a character
        return self._advance(text, finished)

    def flush(self) -> str:
        """Return the rest at the end of a text: an unfinished character, as replacement characters."""
        text = self._decode(self._window)
        return self._advance(text, text)

    def _advance(self, text: str, finished: str) -> str:
        """Return the new part of `finished`, the part of the window's `text` that later tokens cannot change."""
        piece = finished[self._given :]
        if not piece:
            return ""
        self._given = len(finished)
        if finished == text:  # nothing is held back: the next token needs only this piece as its context
            self._window = self._window[self._newest :]
            self._given, self._newest = len(self._decode(self._window)), len(self._window)
        return piece

    def _decode(self, ids: list[int]) -> str:
        return self._tokenizer.decode(ids) if ids else ""
