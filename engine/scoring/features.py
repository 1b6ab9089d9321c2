"""Features of a section's sentences without a network: position, length and centrality by words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.network.heads import COMMON, SENTENCE_FEATURES

_STEPS, _DAMPING = 20, 0.85
"""Steps and damping factor of TextRank (R. Mihalcea and P. Tarau, 2004)."""


def sentence_features(
    ids: NDArray[np.integer],
    starts: NDArray[np.integer],
    ends: NDArray[np.integer],
    first: NDArray[np.bool_],
    word: NDArray[np.integer],
    rarity: NDArray[np.float32],
    place: float,
    text_tokens: int,
) -> NDArray[np.float32]:
    """Return [S, SENTENCE_FEATURES] of the sentences [starts, ends) of `ids`.

    `word`, `rarity`: the tables of `Heads`; `place`: the share of the text's sentences before this section;
    `text_tokens`: how long the text is.
    """
    n = len(starts)
    f = np.zeros((n, SENTENCE_FEATURES), np.float32)
    if n == 0:
        return f
    index = np.arange(n)
    f[:, 0] = index / max(1, n - 1)
    f[:, 1] = np.log1p(index) / 5
    f[:, 2] = first
    f[:, 3] = np.log1p(ends - starts) / 5
    weights = _word_weights(ids, starts, ends, word, rarity)
    norm = np.linalg.norm(weights, axis=1)
    unit = weights / np.maximum(norm, 1e-6)[:, None]
    centre = weights.mean(0)
    f[:, 4] = unit @ (centre / max(1e-6, float(np.linalg.norm(centre))))
    f[:, 5] = np.log(np.maximum(_text_rank(unit) * n, 1e-3)) / 2
    f[:, 6] = np.log1p(text_tokens) / 10
    f[:, 7] = place
    f[:, 8] = np.log1p(norm) / 4
    return f


def _word_weights(
    ids: NDArray[np.integer],
    starts: NDArray[np.integer],
    ends: NDArray[np.integer],
    word: NDArray[np.integer],
    rarity: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return [S, W]: the rarity of each of the section's words that a sentence holds, else 0."""
    owner = np.repeat(np.arange(len(starts)), ends - starts)
    tokens = ids[np.concatenate([np.arange(a, b) for a, b in zip(starts, ends, strict=True)])]
    unique, column = np.unique(word[tokens], return_inverse=True)
    rare = np.zeros(len(unique), np.float32)
    rare[column] = rarity[tokens]
    weights = np.zeros((len(starts), len(unique)), np.float32)
    weights[owner, column] = 1.0
    return weights * np.where(rare > COMMON, rare, 0.0)


def _text_rank(unit: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the share [S] of a walk among sentences, whose steps follow the likeness of their words."""
    n = len(unit)
    graph = unit @ unit.T
    np.fill_diagonal(graph, 0.0)
    graph /= np.maximum(graph.sum(1, keepdims=True), 1e-6)
    rank: NDArray[np.float32] = np.full(n, 1.0 / n, np.float32)
    for _ in range(_STEPS):
        rank = ((1 - _DAMPING) / n + _DAMPING * (graph.T @ rank)).astype(np.float32)
    return rank
