"""Questions with lists of passages, as the program reads them: several of one document, near the question in words or
in meaning, with the one that answers or without it.

The program takes the best sentence of all passages, so it is the best sentence of a whole list that must tell an answer
from none. A list without an answer comes about in three ways: what answers is left out, the question is put to another
document of the same source that is near in meaning, or the question has no answer in its document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.network.heads import COMMON
from engine.scoring.passage import PASSAGE_SENTENCES
from engine.training.reader.rows import Batch, Data, Ints, Row

LIMITS = (236, 180, 165, 165, 150, 120)
"""Tokens of a passage; the program's 700 characters are some 165."""
BEGINNING, BY_MEANING = 0.8, 0.3
"""Chance that a list holds the beginning of the document, as the program's do, and that a passage is there because it
is near in meaning and not in words."""
ALL_OF_PASSAGE = 0.4
"""Chance that not the answer's sentences alone are left out, but the passage around them."""
HELD_EVERY = 12
"""One document of so many of each source is held out."""
GIVEN = 3.0
"""Times that a question which has no answer in its document is asked, for each time that it would be otherwise."""
TRIMMED = 32
"""The rows of a batch have a multiple of so many tokens."""


@dataclass(frozen=True)
class Habit:
    """How the questions of a source are asked."""

    often: float = 1.0
    """How often, relative to others."""
    missing: float = 1.0
    """Share of the missing answers that may be missing: how surely the rest of the document does not answer as well."""
    elsewhere: float = 0.3
    """Share of these that are put to another document, which must not answer either."""
    mixed: bool = False
    """Documents are short texts put together, so passages of others may fill a list."""


HABITS = {
    "amazon_reviews": Habit(0.25, 0.25, 0.0), "reddit": Habit(0.25, 0.25, 0.0), "qamr": Habit(0.25, 0.6),
    "qed": Habit(mixed=True), "clapnq": Habit(2.0, mixed=True), "covid": Habit(1.5, 1.0, 0.0),
    "pubmed": Habit(elsewhere=0.5, mixed=True), "conditional": Habit(2.0, mixed=True), "policies": Habit(0.6, 0.3, 0.0),
    "rules": Habit(1.5, mixed=True), "boolq": Habit(mixed=True), "tables": Habit(0.8),
    "medical": Habit(1.0, 0.8, 0.0), "lower case": Habit(1.5, 1.0, 0.2),
}  # fmt: skip
"""Source -> its habit; the others have the usual one."""


class Lists:
    """The real questions of `data`, `rows` rows each, of which the share `missing` has no answer among them."""

    def __init__(self, data: Data, vectors: NDArray[np.floating], rows: int, missing: float) -> None:
        """`vectors`: of the store's sentences and questions, see `engine.training.reader.teacher`."""
        self.data, self.vectors, self.rows, self.missing = data, vectors, rows, missing
        some = data.questions["real"]
        self.document = np.searchsorted(data.documents[:, 1], some["passages"][:, 0, 0].astype(np.int64), "right")
        self.bounds = np.searchsorted(data.ends, data.documents, "right")
        """[N, 2] numbers of each document's sentences, end exclusive."""
        self.held = held_out(data.sources)[self.document]
        self.given = np.diff(some["gold_offsets"].astype(np.int64)) == 0

    def order(self, rng: np.random.Generator, held: bool = False) -> list[int]:
        """Return the numbers of the questions of one round, those of a frequent source several times; `held`: of
        documents that are held out, each once."""
        kept = self.data.kept["real"]
        kept = kept[self.held[kept] == held]
        if held:
            return [int(number) for number in kept]
        often = np.array([self._habit(int(number)).often for number in kept]) * np.where(self.given[kept], GIVEN, 1.0)
        times = (often + rng.random(len(kept))).astype(np.int64)
        return [int(number) for number in rng.permutation(np.repeat(kept, times))]

    def question(self, rng: np.random.Generator, number: int, limit: int, absent: bool | None = None) -> list[Row]:
        """Return the rows of question `number`, of passages of at most `limit` tokens, in any order; `absent`: without
        the answer, by chance if it is None."""
        some, habit, document = self.data.questions["real"], self._habit(number), int(self.document[number])
        ids = some["ids"][some["offsets"][number] : some["offsets"][number + 1]]
        gold = some["gold"][some["gold_offsets"][number] : some["gold_offsets"][number + 1]].astype(np.int64)
        if absent is None:
            absent = bool(rng.random() < self.missing * habit.missing)
        others = [int(other) for other in self.data.others[number] if other >= 0] if len(self.data.others) else []
        whole = bool(some["whole"][number])
        places = [document, *(others if habit.mixed else [])]
        if len(gold) and absent and others and rng.random() < habit.elsewhere:
            places = [others[int(rng.integers(len(others)))]]
        found: list[tuple[int, int]] = []
        for place in places:
            taken = np.zeros(int(self.bounds[place, 1] - self.bounds[place, 0]), bool)
            first: list[tuple[int, int]] = []
            if len(gold) and (absent or place != document):
                self._hide(rng, taken, place, gold, whole, some["passages"][number, 0].astype(np.int64))
            elif place == document:
                first = [self._sentences(*(gold[0] if len(gold) else some["passages"][number, 0].astype(np.int64)))]
            found += self._passages(rng, number, ids, place, taken, first, limit, self.rows - len(found))
            if len(found) == self.rows:
                break
        found += [(0, 0)] * (self.rows - len(found))
        kept = gold if len(gold) and not absent else gold[:0]
        shuffled = (found[i] for i in rng.permutation(self.rows))
        rows = [self.data.passage(ids, low, high, kept, whole) for low, high in shuffled]
        return [row | {"asked": np.asarray(self.data.asked_from["real"] + number)} for row in rows]

    def _habit(self, number: int) -> Habit:
        return HABITS.get(str(self.data.sources[self.document[number]]), Habit())

    def _sentences(self, low: int, high: int) -> tuple[int, int]:
        """Return the numbers of the sentences that hold tokens [low, high), end exclusive."""
        first, last = np.searchsorted(self.data.ends, [low, high - 1], "right")
        return int(first), int(last) + 1

    def _hide(
        self, rng: np.random.Generator, taken: NDArray[np.bool_], place: int, gold: Ints, whole: bool, own: Ints
    ) -> None:
        """Mark as taken the sentences of document `place` that answer, and those with the words of an answer."""
        base, last = (int(bound) for bound in self.bounds[place])
        hidden = [self._sentences(*span) for span in gold]
        if rng.random() < ALL_OF_PASSAGE:
            hidden.append(self._sentences(*own))
        low, high = (int(token) for token in self.data.documents[place])
        words = self.data.word[self.data.ids[low:high]]
        for a, b in () if whole else gold:
            answer = self.data.ids[a:b]
            if self.data.rarity[answer].max() > COMMON:
                found = _found(words, self.data.word[answer])
                hidden += [self._sentences(low + at, low + at + int(b - a)) for at in found]
        for first, end in hidden:
            if first < last and end > base:
                taken[max(0, first - base) : end - base] = True

    def _passages(
        self, rng: np.random.Generator, number: int, ids: NDArray[np.integer], place: int, taken: NDArray[np.bool_],
        first: Sequence[tuple[int, int]], limit: int, most: int,
    ) -> list[tuple[int, int]]:  # fmt: skip
        """Return at most `most` passages of document `place` around sentences that are not `taken`, as tokens: around
        the sentences `first`, the document's beginning, and those that the question shares most with."""
        base, last = (int(bound) for bound in self.bounds[place])
        asked = self.vectors[self.data.asked_from["real"] + number].astype(np.float32)
        near = self.vectors[base:last].astype(np.float32) @ asked
        by_words, by_meaning = (iter(np.argsort(-scores).tolist()) for scores in (self._shared(ids, place), near))
        found: list[tuple[int, int]] = []
        for begin, end in first:
            found.append(
                self._around(*self._wider(rng, begin - base, end - base, base, last, limit), base, taken, limit)
            )
        if len(found) < most and not taken[0] and rng.random() < BEGINNING:
            found.append(self._around(0, 1, base, taken, limit))
        while len(found) < most:
            hit = next((k for k in (by_meaning if rng.random() < BY_MEANING else by_words) if not taken[k]), None)
            if hit is None:
                hit = next((k for k in range(len(taken)) if not taken[k]), None)
            if hit is None:
                break
            found.append(self._around(hit, hit + 1, base, taken, limit))
        return found

    def _wider(
        self, rng: np.random.Generator, begin: int, end: int, base: int, last: int, limit: int
    ) -> tuple[int, int]:
        """Return sentences [begin, end) of a document with up to two around them, if they fit into `limit` tokens."""
        more = int(rng.integers(0, 3))
        before = int(rng.integers(0, more + 1))
        first, stop = max(0, begin - before), min(last - base, end + more - before)
        start = int(self.data.ends[base + first - 1]) if base + first else 0
        return (first, stop) if int(self.data.ends[base + stop - 1]) - start <= limit else (begin, end)

    def _shared(self, ids: NDArray[np.integer], place: int) -> NDArray[np.floating]:
        """Return for each sentence of document `place` the rarity of the words that it shares with a question, less for
        longer sentences."""
        low, high = (int(token) for token in self.data.documents[place])
        ends = self.data.ends[slice(*self.bounds[place])] - low
        words, total = self.data.word[self.data.ids[low:high]], np.zeros(len(ends), np.float32)
        asked = {int(self.data.word[token]): float(self.data.rarity[token]) for token in ids}
        for word, rarity in asked.items():
            if rarity > COMMON:
                total[np.unique(np.searchsorted(ends, np.flatnonzero(words == word), "right"))] += rarity
        lengths = np.diff(ends, prepend=0)
        shared: NDArray[np.floating] = total / (0.6 + 0.4 * lengths / max(1.0, float(lengths.mean())))
        return shared

    def _around(self, first: int, last: int, base: int, taken: NDArray[np.bool_], limit: int) -> tuple[int, int]:
        """Return the tokens of sentences [first, last) of the document whose sentences begin at `base`, and of those
        around them that are not `taken`, up to `limit`; mark them as taken."""
        ends = self.data.ends
        start_of = lambda k: int(ends[base + k - 1]) if base + k else 0  # noqa: E731
        grows = True
        while grows and last - first < PASSAGE_SENTENCES:
            grows = False
            if last < len(taken) and not taken[last] and int(ends[base + last]) - start_of(first) <= limit:
                last, grows = last + 1, True
            if first and not taken[first - 1] and int(ends[base + last - 1]) - start_of(first - 1) <= limit:
                first, grows = first - 1, True
        taken[first:last] = True
        return start_of(first), int(ends[base + last - 1])


def held_out(sources: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Return which documents are held out: every HELD_EVERY-th of a source."""
    held = np.zeros(len(sources), bool)
    for source in np.unique(sources):
        held[np.flatnonzero(sources == source)[HELD_EVERY // 2 :: HELD_EVERY]] = True
    return held


def trimmed(batch: Batch) -> Batch:
    """Return a batch of rows without the padding that all have."""
    width, most = batch["ids"].shape[1], int(batch["length"].max())
    keep = min(width, -(-most // TRIMMED) * TRIMMED)
    return {
        name: array[:, :keep] if array.ndim == 2 and array.shape[1] == width else array for name, array in batch.items()
    }


def _found(words: NDArray[np.integer], answer: NDArray[np.integer]) -> list[int]:
    """Return where the words `answer` stand one behind the other among `words`."""
    at = np.flatnonzero(words[: len(words) - len(answer) + 1] == answer[0])
    for i, word in enumerate(answer[1:], 1):
        at = at[words[at + i] == word]
    return [int(place) for place in at]
