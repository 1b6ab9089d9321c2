"""Scores of sentences for a digest by a network that reads them and a head that compares them, with those by words.

The network scores the content; the words add the title, the heading and the focus. See the model card for figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.network.heads import Heads
from engine.network.model import FalconMamba
from engine.prompting.tokenizer import Tokenizer
from engine.scoring.section import sentence_scores
from engine.summarising.sentence_scores import Span, WordScores

WORDS = 0.2
"""Weight of a standardised score by words, relative to a logit."""


@dataclass(frozen=True)
class ReadScores:
    """A `Scorer` of a checkpoint with heads."""

    model: FalconMamba
    heads: Heads
    tokenizer: Tokenizer
    words: WordScores = WordScores()  # noqa: RUF009 -- frozen

    def __call__(self, text: str, spans: Sequence[Span]) -> list[float]:
        """Return the scores of the sentences of `text` at `spans`; -inf for one without a token of its own."""
        read = sentence_scores(self.model, self.heads, self.tokenizer, text, spans)
        return [a + WORDS * b for a, b in zip(read, self.words(text, spans), strict=True)]
