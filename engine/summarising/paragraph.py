"""A paragraph chosen from the lines of a list, for a model that writes lists only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.grounding.attribution import weights
from engine.grounding.lines import parse_line


@dataclass(frozen=True)
class Paragraph:
    """Some lines of a list as one paragraph."""

    text: str
    pages: list[int]
    kept: int = 0
    """Lines of the list that it has; 0 where the text was no list."""
    lines: int = 0
    """Lines that the list had."""


def choose_paragraph(lines: Sequence[tuple[str, list[int]]], most: int) -> Paragraph:
    """Return the highest-weighted of `lines` (text, pages), at most `most`, in their order.

    The weight of a line is the number of its content words on all lines: a recurring subject weighs more.
    """
    parsed = [(parse_line(line), pages) for line, pages in lines]
    items = [(line.text, pages) for line, pages in parsed if line.item]
    if not items:
        text = " ".join(line.strip() for line, _ in lines)
        return Paragraph(text, sorted({page for _, pages in lines for page in pages}))
    content = [frozenset(weights(line)) for line, _ in items]
    weight = [sum(len(own & other) for other in content) for own in content]
    kept = sorted(sorted(range(len(items)), key=lambda place: (-weight[place], place))[:most])
    text = " ".join(items[place][0] for place in kept)
    return Paragraph(text, sorted({page for place in kept for page in items[place][1]}), len(kept), len(items))
