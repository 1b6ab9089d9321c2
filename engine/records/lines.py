"""Lines of a document's pages, each with its place. Light: no torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Line(NamedTuple):
    """One line of a page, without its line end."""

    page: int
    start: int
    """Position of its first character in the page's text."""
    text: str

    @property
    def end(self) -> int:
        """Return the position behind its last character."""
        return self.start + len(self.text)


def lines_of(pages: Iterable[tuple[int, str]]) -> Iterator[Line]:
    """Yield the lines of `pages`, (number, text), blank ones too."""
    for number, text in pages:
        at = 0
        for line in text.split("\n"):
            yield Line(number, at, line)
            at += len(line) + 1
