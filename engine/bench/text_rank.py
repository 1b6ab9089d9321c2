"""TextRank (R. Mihalcea and P. Tarau, 2004) over words alone: the baseline for a digest by a network."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine.grounding.words import stems

_STEPS, _DAMPING = 30, 0.85


def text_rank(sentences: Sequence[str]) -> list[float]:
    """Return the rank of each sentence: the words that it shares with other sentences, weighted by their ranks."""
    if not sentences:
        return []
    bags = [stems(sentence, "en") for sentence in sentences]
    words = {word: i for i, word in enumerate(sorted(frozenset().union(*bags)))}
    n = len(sentences)
    held = np.zeros((n, max(1, len(words))))
    for i, bag in enumerate(bags):
        held[i, [words[word] for word in bag]] = 1.0
    rarity = np.array([math.log((1 + n) / (1 + count)) + 1.0 for count in held.sum(0)])
    weights = held * rarity
    unit = weights / np.maximum(np.linalg.norm(weights, axis=1, keepdims=True), 1e-9)
    graph = unit @ unit.T
    np.fill_diagonal(graph, 0.0)
    graph /= np.maximum(graph.sum(1, keepdims=True), 1e-9)
    rank = np.full(n, 1.0 / n)
    for _ in range(_STEPS):
        rank = (1 - _DAMPING) / n + _DAMPING * (graph.T @ rank)
    return [float(value) for value in rank]
