"""How tokens are cut into chunks: whole pages together while they fit, a longer page by the chunk length.

The rule has no memory at a boundary: packing the rest of a document from any boundary gives the boundaries that packing
it from the start gave. So a reading that resumes from a checkpoint feeds the very same chunks as one that was never
interrupted, and the states are equal bit for bit.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Chunk:
    """Tokens to feed at once, and the last page that has ended with them."""

    ids: array[int]
    last_page: int
    """Number of the page the last token belongs to."""


def pack_chunks(pages: Iterable[tuple[int, array[int]]], length: int) -> Iterator[Chunk]:
    """Chunks of at most `length` tokens from (page number, token ids); lazy, holds one chunk and one page."""
    waiting: array[int] = array("I")
    last_page = 0
    for number, ids in pages:
        if waiting and len(waiting) + len(ids) > length:
            yield Chunk(waiting, last_page)
            waiting = array("I")
        waiting = waiting + ids
        last_page = number
        while len(waiting) > length:
            yield Chunk(waiting[:length], number)
            waiting = waiting[length:]
    if waiting:
        yield Chunk(waiting, last_page)
