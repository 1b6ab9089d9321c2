"""Scores of sentences for a digest, by words alone, in every language that has words or characters.

The score is that of TextRank (R. Mihalcea and P. Tarau, 2004: a random walk among sentences along the likeness of their
words), less a share for a late place, plus what a sentence shares with the title, the heading and the focus. A model
that reads can give scores of its own: whatever has the type of `Scorer` will do.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.grounding.languages import language_of
from engine.grounding.words import terms

Span = tuple[int, int]
"""Characters of a text, end exclusive."""
Scorer = Callable[[str, Sequence[Span]], Sequence[float]]
"""(text, places of its sentences) -> a score for each; a higher one is better, -inf for one that is never chosen.
Scores can be compared within one text."""
_STEPS, _DAMPING = 20, 0.85
_MOST_SENTENCES = 400
"""Sentences that are compared at once: the likeness of each to each is stored."""
_LEANS = re.compile(
    r"(?:this|these|that|those|it|its|they|their|he|his|she|her|such|however|therefore|thus|hence|also|then|but|and|so|"
    r"moreover|furthermore|additionally|instead|otherwise|nevertheless|similarly|likewise|consequently|for example|for "
    r"instance|in addition|as a result|as such|in this case|in contrast|on the other hand|if so|again|see|note that|as "
    r"noted|as mentioned|as described|"
    r"например|однако|поэтому|также|кроме того|таким образом|это|эти|этот|эта|он|она|они|но|"
    r"dies|diese[rsmn]?|er|sie|es|daher|jedoch|aber|außerdem|zum beispiel|cela|ce|cette|ces|ainsi|cependant|donc|par "
    r"exemple)\b|これ|この|それ|その|しかし|また|例えば|但是|因此|例如|此外",
    re.IGNORECASE,
)
"""Begins a sentence that needs the one before it."""
_POINTS = re.compile(
    r"\b(?:see|refer to|described in|discussed in) (?:also )?(?:section|chapter|appendix|figure|table|page)\b|\bas "
    r"follows\b|\bthe following (?:command|example|list|table)s?\b|\bsiehe (?:abschnitt|kapitel)\b|смотрите раздел|"
    r"см\. раздел|следующ\w+ команд|次のよう|次のコマンド|以下の|如下|参照",
    re.IGNORECASE,
)
"""In a sentence that sends its reader elsewhere."""
_SHORT, _LONG = 8, 40
"""Words below which a sentence says too little, and above which it says too much at once."""


@dataclass(frozen=True)
class WordScores:
    """The default scorer."""

    title: str = ""
    """Title of the document and headings that the text stands under."""
    focus: str = ""
    """Subject of the digest; empty for the whole document."""
    place: float = 0.5
    """Loss with the logarithm of a sentence's place."""
    titled: float = 0.5
    """Gain of a sentence that holds all words of the title."""
    focused: float = 6.0
    """Gain of a sentence that holds all words of the focus."""
    length: float = 0.5
    """Loss of a sentence that is much too short or too long."""
    wordy: float = 0.0
    """Loss with the logarithm of a sentence's words."""
    leaning: float = 0.4
    """Loss of a sentence that leans on the one before it or points elsewhere; see `leans`."""

    def __call__(self, text: str, spans: Sequence[Span]) -> list[float]:
        """Return the scores of the sentences of `text` at `spans`."""
        language = language_of(text)
        sentences = [terms(text[start:end], language) for start, end in spans]
        ranks: list[float] = []
        for first in range(0, len(sentences), _MOST_SENTENCES):
            ranks += _text_rank(sentences[first : first + _MOST_SENTENCES])
        title, focus = set(terms(self.title, language)), set(terms(self.focus, language))
        return [
            rank
            - self.place * math.log1p(place)
            + self.titled * _share(title, words)
            + self.focused * _share(focus, words)
            - self.length * _misfit(len(words))
            - self.wordy * math.log(max(1, len(words)))
            - self.leaning * leans(text[start:end])
            for place, (rank, words, (start, end)) in enumerate(zip(ranks, sentences, spans, strict=True))
        ]


def leans(sentence: str) -> bool:
    """Return whether a sentence begins with a word that refers to the one before it, or points elsewhere."""
    return _LEANS.match(sentence) is not None or _POINTS.search(sentence) is not None


def _text_rank(sentences: Sequence[Sequence[str]]) -> list[float]:
    """Return the standardised TextRank of sentences, given by their stems."""
    count = len(sentences)
    if count < 2:
        return [0.0] * count
    unit = _unit_vectors(sentences)
    graph = unit @ unit.T
    np.fill_diagonal(graph, 0.0)
    graph /= np.maximum(graph.sum(1, keepdims=True), 1e-9)
    rank = np.full(count, 1.0 / count)
    for _ in range(_STEPS):
        rank = (1 - _DAMPING) / count + _DAMPING * (graph.T @ rank)
    logs = np.log(np.maximum(rank * count, 1e-3))
    spread = float(logs.std())
    return [float(value) for value in (logs - logs.mean()) / (spread if spread > 1e-6 else 1.0)]


def _unit_vectors(sentences: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """Return [S, W]: the rarity of each word that a sentence holds, each row of length 1 or 0."""
    counts = Counter(word for words in sentences for word in set(words))
    column = {word: place for place, word in enumerate(counts)}
    vectors = np.zeros((len(sentences), max(1, len(column))))
    for row, words in enumerate(sentences):
        for word, times in Counter(words).items():
            rarity = math.log(1 + len(sentences) / counts[word])
            vectors[row, column[word]] = (1 + math.log(times)) * rarity
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors /= np.maximum(norms, 1e-9)
    return vectors


def _share(wanted: set[str], words: Sequence[str]) -> float:
    return len(wanted.intersection(words)) / len(wanted) if wanted else 0.0


def _misfit(words: int) -> float:
    """Return how far a sentence is from a good length: 0 for a good one, 1 and more for a bad one."""
    if words < _SHORT:
        return (_SHORT - words) / _SHORT * 2
    return max(0.0, (words - _LONG) / _LONG)
