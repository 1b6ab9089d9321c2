"""A page of text as it is shown: with another layout than in the file, and the place of each of its letters known."""

from __future__ import annotations

import bisect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Style = Literal["heading", "bold", "italic", "code", "link", "quote"]


@dataclass(frozen=True)
class Span:
    """A stretch of the shown text in a style. level: of a heading, from 1; address: of a link."""

    start: int
    end: int
    style: Style
    level: int = 0
    address: str = ""


@dataclass
class Shaped:
    """The shown text, its styles, and where the text of the file stands in it."""

    text: str = ""
    spans: list[Span] = field(default_factory=list)
    _sources: list[int] = field(default_factory=lambda: [0])
    _shown: list[int] = field(default_factory=lambda: [0])

    def add(self, text: str, source: int | None = None) -> None:
        """Append shown text; `source` is its place in the file's text, None where it is not from there."""
        if source is not None and source >= self._sources[-1]:
            self._sources.append(source)
            self._shown.append(len(self.text))
        self.text += text

    def at(self, source: int) -> int:
        """Return the place in the shown text of a place in the file's text; of markup, the text after it."""
        place = bisect.bisect_right(self._sources, source) - 1
        inside = self._shown[place] + source - self._sources[place]
        following = self._shown[place + 1] if place + 1 < len(self._shown) else len(self.text)
        return min(inside, following)


Shaper = Callable[[list[str]], list[Shaped]]
"""The texts of consecutive pages -> the pages as shown."""


def as_it_is(pages: list[str]) -> list[Shaped]:
    """Return the pages unchanged."""
    shaped = [Shaped() for _ in pages]
    for one, text in zip(shaped, pages, strict=True):
        one.add(text, 0)
    return shaped
