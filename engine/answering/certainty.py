"""The probability that the sentences found for a question answer it, from five figures of them."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

WEIGHTS, BIAS = (0.149, 1.53, 3.32, -1.141, -3.04), 0.193
"""Of `certainty_of`, in the order of `Figures`. A logistic regression (penalty 2 on standardised figures) fitted on 373
questions about 41 documents, sets A to F, R1, G, R2, S1 and S2, of which 273 have an answer; those that name what is
on no page were left out, because they are refused in any case (30 November 2026, docs/lab/2026-11-answers.md)."""


@dataclass(frozen=True)
class Figures:
    """What tells an answer from a sentence near the question."""

    logit: float
    """The reader's, of the best sentence: it answers, against no sentence here does."""
    coverage: float
    """Share of the question that the best sentence and its neighbours hold, with words of like meaning, 0 to 1."""
    near: float
    """Cosine of the question's meaning and the best sentence's."""
    missing: float
    """Weight of the heaviest word of the question that is missing at the best of the five best places."""
    lacks: bool
    """None of the five best sentences holds what the question must be answered with."""


def certainty_of(figures: Figures) -> float:
    """Return the probability that one of the best sentences answers."""
    logit = BIAS + sum(weight * value for weight, value in zip(WEIGHTS, astuple(figures), strict=True))
    return 1.0 / (1.0 + math.exp(-logit))
