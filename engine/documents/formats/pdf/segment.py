"""A piece of a line, with its place on the page."""

from __future__ import annotations

from typing import NamedTuple


class Segment(NamedTuple):
    """Text without gaps on one line."""

    text: str
    left: float
    right: float
    low: float
    high: float
    place: int
    """Position in the order of drawing."""
    begins_cell: bool = False
    """True where it begins a column, although the gap before it is narrow."""
    ends_word: bool = False
    """True where a space stands at its end, which its box holds too."""

    @property
    def height(self) -> float:
        return max(0.1, self.high - self.low)


Row = list[Segment]
"""The segments of a line, from left to right."""
