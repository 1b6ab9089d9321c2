"""Cuts a stream of text into pages of about 3,000 characters, where the text itself pauses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

SHORTEST = 2_000
WANTED = 3_000
LONGEST = 4_000
"""Characters of a page. A single line longer than the longest page is cut at a space, or anywhere."""

_PAUSES = (
    re.compile(r"\n[ \t]*\n(?=[^\n])"),  # a blank line
    re.compile(r"\n(?=[^\s])"),  # a line that is not indented: a new record, not the rest of the one before
    re.compile(r"\n"),
    re.compile(r"[.!?。]\s+|[。！？]"),
    re.compile(r"[,;}\]]\s*|\s+"),
)
"""Patterns of page ends, the best first; the cut is after the match."""


def cut_pages(blocks: Iterable[str]) -> Iterator[str]:
    """Yield the concatenation of `blocks` cut into pages. How it came in blocks does not matter."""
    return PageCutter().pages(blocks)


class PageCutter:
    """Cuts one text."""

    def __init__(self) -> None:
        self.cut_line = False
        """True if the last page begins a line that continues on the next pages."""
        self._in_line = False

    def pages(self, blocks: Iterable[str]) -> Iterator[str]:
        """Yield pages; joined they give `blocks` back."""
        held = ""
        for block in blocks:
            held += block
            start = 0
            while len(held) - start > LONGEST + 1:
                end = start + _page_length(held[start : start + LONGEST + 2])
                yield self._page(held[start:end])
                start = end
            held = held[start:]
        if held:
            yield self._page(held)

    def _page(self, text: str) -> str:
        goes_on = len(text) >= SHORTEST and "\n" not in text[-SHORTEST:]
        self.cut_line = goes_on and not self._in_line
        self._in_line = goes_on
        return text


def _page_length(text: str) -> int:
    """Return the end of the page at the start of `text` (LONGEST + 2 characters)."""
    for pause in _PAUSES:
        ends = [end for found in pause.finditer(text) if SHORTEST <= (end := found.end()) <= LONGEST]
        if ends:
            return min(ends, key=lambda end: (abs(end - WANTED), end))
    return LONGEST
