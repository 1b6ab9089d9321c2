"""ROUGE-1 and ROUGE-2 of sentences against a summary, fast enough for a million sentences.

The figures are those of the library that the bench uses (a test compares them); this one counts each sentence once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

_Key = TypeVar("_Key")
_WORD = re.compile(r"[a-z0-9]+")


def words(text: str) -> list[str]:
    """Return the words of `text` as ROUGE counts them."""
    return _WORD.findall(text.lower())


class Grams:
    """The words of a text and its pairs of words, counted."""

    __slots__ = ("n1", "n2", "one", "two")

    def __init__(self, tokens: Sequence[str]) -> None:
        self.one, self.two = Counter(tokens), Counter(pairwise(tokens))
        self.n1, self.n2 = len(tokens), max(0, len(tokens) - 1)


def scores(part: Grams, whole: Grams) -> tuple[float, float]:
    """Return ROUGE-1 and ROUGE-2 (F1) of `part` against `whole`."""
    return _f1(_common(part.one, whole.one), part.n1, whole.n1), _f1(_common(part.two, whole.two), part.n2, whole.n2)


def best_choice(parts: Sequence[Grams], summary: Grams, most: int = 3) -> list[int]:
    """Return the numbers of at most `most` parts that, taken one after another, raise ROUGE-1 + ROUGE-2 the most."""
    chosen: list[int] = []
    reached, one, two, n1, n2 = 0.0, Counter[str](), Counter[tuple[str, str]](), 0, 0
    likely = [i for i, part in enumerate(parts) if _common(part.one, summary.one) > 1]
    while len(chosen) < most:
        pick, gained = -1, reached
        for i in likely:
            part = parts[i]
            if i in chosen:
                continue
            match_1 = sum(min(one[k] + part.one.get(k, 0), n) for k, n in summary.one.items())
            match_2 = sum(min(two[k] + part.two.get(k, 0), n) for k, n in summary.two.items())
            total = _f1(match_1, n1 + part.n1, summary.n1) + _f1(match_2, n2 + part.n2, summary.n2)
            if total > gained + 1e-9:
                pick, gained = i, total
        if pick < 0:
            break
        chosen.append(pick)
        reached = gained
        one += parts[pick].one
        two += parts[pick].two
        n1, n2 = n1 + parts[pick].n1, n2 + parts[pick].n2
    return chosen


def _f1(match: int, a: int, b: int) -> float:
    return 2.0 * match / (a + b) if match else 0.0


def _common(a: Mapping[_Key, int], b: Mapping[_Key, int]) -> int:
    if len(b) < len(a):
        a, b = b, a
    return sum(min(n, b[key]) for key, n in a.items() if key in b)
