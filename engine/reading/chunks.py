"""Cut tokens into chunks: all of the same length, whatever the pages, and the rest at the end.

The rule has no memory at a boundary: cutting the rest of a document from any boundary gives the boundaries that cutting
it from the start gave. So a reading that resumes from a checkpoint feeds the very same chunks as one that was never
interrupted, and the states are equal bit for bit. One length also means one shape: a library that prepares work for
each new shape (oneDNN keeps a thousand of them) prepares it once, and memory stays constant (I2).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Chunk:
    """Tokens to feed at once."""

    ids: array[int]
    last_page: int
    """Number of the page that the last token belongs to."""


def pack_chunks(pages: Iterable[tuple[int, array[int]]], length: int) -> Iterator[Chunk]:
    """Yield chunks of `length` tokens, the last one shorter, from (page number, ids). Holds one chunk and one page."""
    waiting: array[int] = array("I")
    last_page = 0
    for number, ids in pages:
        waiting += ids
        last_page = number
        while len(waiting) >= length:
            yield Chunk(waiting[:length], number)
            waiting = waiting[length:]
    if waiting:
        yield Chunk(waiting, last_page)


def after(position: int, pages: Iterable[tuple[int, array[int]]]) -> Iterator[tuple[int, array[int]]]:
    """Yield the part of `pages` (number, tokens) at or after the `position`-th of their tokens, without empty pages."""
    start = 0
    for number, ids in pages:
        rest = ids[max(0, position - start) :]
        start += len(ids)
        if rest:
            yield number, rest


class LastApart:
    """Iterates over all but the last of `pages`; afterwards `last` holds that one alone (empty where there was none).

    Which page is the last does not depend on where a reading began, so cutting there keeps the rule without memory.
    """

    def __init__(self, pages: Iterable[tuple[int, array[int]]]):
        self._pages = pages
        self.last: list[tuple[int, array[int]]] = []

    def __iter__(self) -> Iterator[tuple[int, array[int]]]:
        for page in self._pages:
            yield from self.last
            self.last = [page]


class UpTo:
    """Iterates over the first `tokens` tokens of `pages` (number, tokens); afterwards `rest` holds what is left of the
    page that was cut there."""

    def __init__(self, pages: Iterator[tuple[int, array[int]]], tokens: int):
        self._pages, self._left = pages, tokens
        self.rest: list[tuple[int, array[int]]] = []

    def __iter__(self) -> Iterator[tuple[int, array[int]]]:
        while self._left > 0 and (page := next(self._pages, None)) is not None:
            number, ids = page
            begin, rest = ids[: self._left], ids[self._left :]
            self._left -= len(begin)
            if rest:
                self.rest = [(number, rest)]
            yield number, begin
