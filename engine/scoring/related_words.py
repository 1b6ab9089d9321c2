"""Words of like meaning, by the embeddings of the reader: people ask in other words than a text uses.

The vectors of a language model's input put "doctor" beside "physician" and "permitted" beside "allowed". Only words of
one token are compared. The reader's table of rarity tells a subject that is not in the document from a common word.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.prompting.tokenizer import Tokenizer
from engine.scoring.reader_model import reader_model

LEAST, MOST = 0.27, 10
"""Cosine from which a word counts as related, and how many do."""
_FEWEST_LETTERS = 3


class RelatedWords:
    """The vocabulary of one tokenizer as vectors, and how rare words are."""

    def __init__(
        self, words: list[str], vectors: NDArray[np.float32], tokenizer: Tokenizer, rarity: NDArray[np.float32]
    ) -> None:
        """`words`: in lower case, each once; `vectors` [W, D]: of length 1; `rarity`: of each token, as in `Heads`."""
        self._words, self._vectors, self._tokenizer, self._rarity = words, vectors, tokenizer, rarity
        self._number = {word: number for number, word in enumerate(words)}

    def of(self, word: str) -> list[tuple[str, float]]:
        """Return the words nearest to `word`, each with its cosine, nearest first; none for an unknown word."""
        number = self._number.get(word)
        if number is None:
            return []
        cosines = self._vectors @ self._vectors[number]
        nearest = np.argsort(-cosines)[1 : MOST + 1]
        return [(self._words[i], float(cosines[i])) for i in nearest if cosines[i] >= LEAST]

    def rarity(self, word: str) -> float:
        """Return how rare `word` is in texts of all kinds: 1 to 3 for a common one, 5 and more for a rare one."""
        return float(self._rarity[self._tokenizer.encode_document(f" {word}")].sum())


@lru_cache(maxsize=1)
def related_words() -> RelatedWords | None:
    """Return the words of the shipped reader; None where it is not installed."""
    reader = reader_model()
    if reader is None:
        return None
    table = reader.model.embeddings.float().cpu().numpy()
    numbers: dict[str, int] = {}
    for number in range(len(table)):
        text = reader.tokenizer.decode([number])
        word = text.removeprefix(" ")
        if text != word and len(word) >= _FEWEST_LETTERS and word.isalpha() and word.islower():
            numbers.setdefault(word, number)
    centred = table - table.mean(0)
    vectors = centred[list(numbers.values())]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return RelatedWords(list(numbers), vectors, reader.tokenizer, reader.heads.rarity.float().cpu().numpy())
