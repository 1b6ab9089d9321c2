"""Repetition of a text: lines, lists and paragraphs that a model writes again and again.

The loop rule of engine.generation.stopping compares tokens, so it sees neither a list whose numbers go up nor a long
paragraph. This one compares text. Light: no torch.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

SAME_LINES = 3
"""Lines in a row that say the same, list numbers aside."""
COUNTING_LINES = 8
"""Lines in a row that differ only in figures that go up or down by the same step."""
FEWEST_WORDS = 3
"""Words that such a line must have: short rows repeat in tables."""
PARAGRAPH = 160
"""Characters of a text that counts as repeated when it follows itself."""
_MARKER = re.compile(r"^\s*(?:[-*+\u2022\u2013]|\(?\d{1,4}[.):]|\*\*\d{1,4}[.):]?\*\*)\s*")
_FIGURE = re.compile(r"\d+")


def repeats(text: str) -> bool:
    """Return whether the end of `text` repeats what stands before it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    bodies = [_MARKER.sub("", line).casefold() for line in lines]
    return _same_lines(bodies) or _counts(bodies) or _same_block(text.rstrip())


def _same_lines(bodies: Sequence[str]) -> bool:
    last = bodies[-SAME_LINES:]
    return len(last) == SAME_LINES and len(set(last)) == 1 and len(last[0].split()) >= FEWEST_WORDS


def _counts(bodies: Sequence[str]) -> bool:
    last = bodies[-COUNTING_LINES:]
    if len(last) < COUNTING_LINES or len({_FIGURE.sub("0", body) for body in last}) > 1:
        return False
    figures = [[int(figure) for figure in _FIGURE.findall(body)] for body in last]
    if not figures[0] or len(_FIGURE.sub("", last[0]).split()) < FEWEST_WORDS:
        return False
    steps = [[b - a for a, b in zip(one, two, strict=True)] for one, two in pairwise(figures)]
    return all(step == steps[0] for step in steps) and any(steps[0])


def _same_block(text: str) -> bool:
    """Return whether the last PARAGRAPH characters or more stand twice in a row at the end."""
    tail = text[-PARAGRAPH:]
    before = text.rfind(tail, 0, len(text) - 1) if len(text) > PARAGRAPH else -1
    if before < 0:
        return False
    length = len(text) - PARAGRAPH - before
    times = 2 if length >= PARAGRAPH else SAME_LINES
    block = " ".join(text[len(text) - length :].split())
    whole = " ".join(text.split())
    return len(block) * times >= PARAGRAPH and whole.endswith(" ".join([block] * times))
