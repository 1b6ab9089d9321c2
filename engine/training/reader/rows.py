"""Rows of training out of the store: summarised sections, plain sections with sentences taken out, questions.

A row is what the product reads: the numbers and marks are those of `engine.scoring`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.network.heads import COMMON, PADDING, PASSAGE, QUESTION_AGAIN, SENTENCE_FEATURES
from engine.scoring.features import sentence_features
from engine.scoring.passage import CLOSE, OPEN, PASSAGE_SENTENCES, PASSAGE_TOKENS, QUESTION_TOKENS, START
from engine.scoring.section import WINDOW_SENTENCES, WINDOW_TOKENS

ROW_TOKENS = 320
"""Tokens of a question's row: at least PASSAGE_TOKENS, twice QUESTION_TOKENS and four marks."""
FEWEST_IN_PLAIN = 14
"""Sentences of a plain section from which some are taken out as its summary."""
GAP_WEIGHT = 0.3
"""Weight of a section whose summary was taken out, relative to one with a real summary."""
FOREIGN_SHARE = 0.35
"""Share of unanswerable questions put to an unrelated text; the others get passages that share their words."""

CHOSEN = "chosen.npz"
"""File of what a teacher chose: passages near each real question in meaning, and the questions worth asking."""

Row = dict[str, NDArray[np.generic]]
Batch = dict[str, NDArray[np.generic]]
"""Rows as arrays with a first axis for them."""
Taught = tuple[NDArray[np.floating], NDArray[np.bool_], NDArray[np.bool_]]
"""For each sentence: overlap with the summary, True if it may stand in a digest, True if it is among the best three."""
Ints = NDArray[np.int64]

assert ROW_TOKENS >= PASSAGE_TOKENS + 2 * QUESTION_TOKENS + 4


class Data:
    """The arrays that `build` wrote."""

    def __init__(self, folder: Path) -> None:
        texts, labels, words = (np.load(folder / f"{name}.npz") for name in ("texts", "labels", "words"))
        self.ids, self.ends, self.first = texts["ids"], texts["ends"].astype(np.int64), texts["first"]
        self.documents: Ints = texts["documents"].astype(np.int64)
        self.sources = texts["sources"] if "sources" in texts else np.full(len(self.documents), "")
        self.labels = {name: labels[name] for name in labels.files}
        self.labels["overlap"] = self.labels["overlap"].astype(np.float32)
        self.questions = {name: dict(np.load(folder / f"{name}.npz")) for name in ("real", "made")}
        self.nearest: dict[str, Ints] = {}
        self.kept: dict[str, Ints] = {name: np.arange(len(q["whole"])) for name, q in self.questions.items()}
        """Numbers of the questions that are asked."""
        self.others: Ints = np.zeros((0, 0), np.int64)
        """[N, OTHERS] for each real question documents of the same source that are near it in meaning, -1 for none."""
        if (folder / CHOSEN).is_file():
            with np.load(folder / CHOSEN) as chosen:
                self.nearest["real"] = chosen["nearest"].astype(np.int64)
                self.kept["real"] = np.flatnonzero(chosen["kept"])
                self.others = chosen["others"].astype(np.int64) if "others" in chosen else self.others
        self.word, self.rarity = words["word"], words["rarity"].astype(np.float32)
        counts = [len(self.questions[kind]["whole"]) for kind in ("real", "made")]
        self.asked_from = {"real": len(self.ends), "made": len(self.ends) + counts[0]}
        """Place of the first question of a kind among the teacher's vectors, which follow those of the sentences."""
        lengths = self.documents[:, 1] - self.documents[:, 0]
        plain = np.arange(int(texts["bounds"][1]), len(self.documents))
        self.plain = plain[lengths[plain] >= 300]

    @property
    def sizes(self) -> dict[str, int]:
        """Return the number of rows of each finite kind."""
        return {"section": len(self.labels["document"])} | {k: len(kept) for k, kept in self.kept.items()}

    def sentences(self, start: int, stop: int) -> tuple[Ints, Ints, slice]:
        """Return starts and ends of the sentences within the tokens [start, stop), and their numbers."""
        low, high = (int(i) for i in np.searchsorted(self.ends, [start, stop], "right"))
        ends = self.ends[low:high]
        return np.concatenate([[start], ends[:-1]])[: len(ends)], ends, slice(low, high)

    def section(self, rng: np.random.Generator, number: int) -> Row:
        """Return a row of a summarised document: mostly from its beginning, sometimes from later on."""
        start, stop = (int(i) for i in self.documents[self.labels["document"][number]])
        starts, ends, where = self.sentences(start, stop)
        labels = slice(int(self.labels["offsets"][number]), int(self.labels["offsets"][number + 1]))
        low, late = 0, np.flatnonzero(starts >= stop - (WINDOW_TOKENS - 1))
        if stop - start > WINDOW_TOKENS - 1 and rng.random() < 0.35:
            low = int(rng.integers(0, (late[0] if len(late) else 0) + 1))
        elif len(ends) > 20 and rng.random() < 0.25:
            low = int(rng.integers(0, len(ends) // 3))
        high = self._fitting(starts, ends, low)
        if high - low > 24 and rng.random() < 0.25:
            high = int(rng.integers(low + 12, high))
        if high <= low:
            return self.section(rng, int(rng.integers(len(self.labels["document"]))))
        overlap, may, best = (self.labels[name][labels][low:high] for name in ("overlap", "may", "best"))
        base = int(starts[low])
        return self._section_row(
            self.ids[base : ends[high - 1]], starts[low:high] - base, ends[low:high] - base,
            self.first[where][low:high], (overlap, may, best), low / len(ends), stop - start, 1.0,
            np.arange(where.start + low, where.start + high),
        )  # fmt: skip

    def gap(self, rng: np.random.Generator) -> Row:
        """Return a row of a plain document without some of its most central sentences, which stand for its summary."""
        start, stop = (int(i) for i in self.documents[self.plain[rng.integers(len(self.plain))]])
        starts, ends, where = self.sentences(start, stop)
        if len(ends) < 2:
            return self.gap(rng)
        low, late = 0, np.flatnonzero(starts >= stop - (WINDOW_TOKENS - 1))
        if ends[-1] - starts[0] > WINDOW_TOKENS - 1:
            low = int(rng.integers(0, (late[0] if len(late) else 0) + 1))
        high = max(low + 1, self._fitting(starts, ends, low))
        base, first, place = int(starts[low]), self.first[where][low:high], low / len(ends)
        s, e = starts[low:high] - base, np.minimum(ends[low:high] - base, WINDOW_TOKENS - 1)
        ids, count = self.ids[base : base + e[-1]], high - low
        if count < FEWEST_IN_PLAIN or rng.random() < 0.3:
            none = np.zeros(count, bool)
            numbers = where.start + np.arange(low, high)
            return self._section_row(ids, s, e, first, (np.zeros(count), none, none), place, stop - start, 0.0, numbers)
        may = (e - s) > 7
        bags = [
            Counter(self.word[t[self.rarity[t] > COMMON]].tolist())
            for t in (ids[a:b] for a, b in zip(s, e, strict=True))
        ]
        spread = Counter(word for bag in bags for word in bag)
        worth = np.array([sum(spread[w] > 1 for w in bag) / (len(bag) + 6) for bag in bags]) * may
        out = np.argsort(-worth * (0.6 + 0.8 * rng.random(count)))[: int(rng.integers(2, 5))]
        stay = np.ones(count, bool)
        stay[out] = False
        summary: Counter[int] = Counter()
        for i in out:
            summary |= bags[i]
        total = sum(summary.values())
        overlap = np.array([2 * sum((bag & summary).values()) / max(1, sum(bag.values()) + total) for bag in bags])
        best = np.zeros(count, bool)
        best[np.argsort(-np.where(stay & may, overlap, -1.0))[:3]] = True
        left = np.concatenate([ids[a:b] for a, b in zip(s[stay], e[stay], strict=True)])
        e_left = np.cumsum((e - s)[stay])
        return self._section_row(
            left, e_left - (e - s)[stay], e_left, first[stay], (overlap[stay], may[stay], best[stay]), place,
            stop - start, GAP_WEIGHT, where.start + low + np.flatnonzero(stay),
        )  # fmt: skip

    def question(self, rng: np.random.Generator, kind: str, number: int, missing: float, rows: int = 2) -> list[Row]:
        """Return the rows of the kept question `number` of `kind`: its passage and one that does not answer, or two of
        three `rows`; at the chance `missing` all do not. One of three is near the question in meaning."""
        number = int(self.kept[kind][number])
        some = self.questions[kind]
        ids = some["ids"][some["offsets"][number] : some["offsets"][number + 1]]
        gold = some["gold"][some["gold_offsets"][number] : some["gold_offsets"][number + 1]].astype(np.int64)
        own = some["passages"][number].astype(np.int64)
        chance = rng.random()
        if len(gold) and chance < missing * FOREIGN_SHARE:
            chosen = [some["passages"][rng.integers(len(some["passages"]))][0].astype(np.int64) for _ in range(rows)]
            gold = gold[:0]
        elif len(gold) and chance < missing:
            chosen, gold = [own[1], own[2]], gold[:0]
        else:
            chosen = [own[0], own[1] if rng.random() < 0.7 else own[2]]
        while len(chosen) < rows:
            near = self.nearest[kind][number] if kind in self.nearest else own[1:]
            chosen.append(near[rng.integers(len(near))])
        found = [self.passage(ids, int(low), int(high), gold, bool(some["whole"][number])) for low, high in chosen]
        return [row | {"asked": np.asarray(self.asked_from[kind] + number)} for row in found]

    def passage(self, question: NDArray[np.integer], start: int, stop: int, gold: Ints, whole: bool) -> Row:
        """Return the row of `question` and the passage [start, stop), with what of `gold` lies in it."""
        asked = question[:QUESTION_TOKENS]
        read = self.ids[start : min(stop, start + PASSAGE_TOKENS)]
        stop, at = start + len(read), len(asked) + 2
        line = np.concatenate([[START], asked, [OPEN], read, [CLOSE], asked, [CLOSE]])
        row: Row = {
            "ids": _padded(line, ROW_TOKENS, PADDING),
            "length": np.asarray(len(line)),
            "question": _padded(asked, QUESTION_TOKENS, PADDING),
            "has": np.asarray(len(read) > 0),
        }
        kinds = np.zeros(ROW_TOKENS, np.int64)
        kinds[at : at + len(read)] = PASSAGE
        kinds[at + len(read) : len(line)] = QUESTION_AGAIN
        starts, ends = np.zeros(PASSAGE_SENTENCES, np.int64), np.ones(PASSAGE_SENTENCES, np.int64)
        sentences, right = np.zeros(PASSAGE_SENTENCES, bool), np.zeros(PASSAGE_SENTENCES, bool)
        opens, closes = np.zeros(ROW_TOKENS, bool), np.zeros(ROW_TOKENS, bool)
        numbers = np.zeros(PASSAGE_SENTENCES, np.int64)
        if len(read):
            s, e, where = self.sentences(start, stop)
            if len(e) == 0 or e[-1] < stop:  # cut inside a sentence
                s, e = np.append(s, e[-1] if len(e) else start), np.append(e, stop)
            s, e = s[:PASSAGE_SENTENCES], e[:PASSAGE_SENTENCES]
            starts[: len(e)], ends[: len(e)], sentences[: len(e)] = s - start + at, e - start + at, True
            numbers[: len(e)] = where.start + np.arange(len(e))
            for low, high in gold:
                if start <= low and high <= stop:
                    right[np.flatnonzero((s < high) & (e > low))[: 3 if whole else 1]] = True
                    if not whole:
                        opens[low - start + at] = closes[high - 1 - start + at] = True
        marks = {
            "starts": starts,
            "ends": ends,
            "sentences": sentences,
            "right": right,
            "opens": opens,
            "closes": closes,
            "numbers": numbers,
            "asked_tokens": np.asarray(len(asked)),
        }
        return row | {"kinds": kinds} | marks

    def _fitting(self, starts: Ints, ends: Ints, low: int) -> int:
        fits = int(np.searchsorted(ends, int(starts[low]) + WINDOW_TOKENS - 1, "right"))
        return min(len(ends), low + WINDOW_SENTENCES, fits)

    def _section_row(
        self, ids: NDArray[np.integer], starts: Ints, ends: Ints, first: NDArray[np.bool_],
        taught: Taught, place: float, text_tokens: int, weight: float, numbers: Ints,
    ) -> Row:  # fmt: skip
        """Return the row of a section of tokens `ids`, whose sentences are [starts, ends) among them; `numbers`: which
        of the store's they are."""
        overlap, may, best = taught
        line = np.concatenate([[START], ids])
        s, e = starts + 1, ends + 1
        features = sentence_features(line, s, e, first, self.word, self.rarity, place, text_tokens)
        row: Row = {
            "ids": _padded(line, WINDOW_TOKENS, PADDING),
            "length": np.asarray(len(line)),
            "features": np.zeros((WINDOW_SENTENCES, SENTENCE_FEATURES), np.float32),
            "weight": np.asarray(weight, np.float32),
            "starts": _padded(s, WINDOW_SENTENCES, 0),
            "ends": _padded(e, WINDOW_SENTENCES, 1),
            "sentences": _padded(np.ones(len(s), bool), WINDOW_SENTENCES, 0),
            "overlap": _padded(overlap.astype(np.float32), WINDOW_SENTENCES, 0),
            "may": _padded(may, WINDOW_SENTENCES, 0),
            "best": _padded(best, WINDOW_SENTENCES, 0),
            "numbers": _padded(numbers, WINDOW_SENTENCES, 0),
        }
        row["features"][: len(s)] = features
        return row


def stack(rows: Sequence[Row]) -> Batch:
    """Return the rows as arrays with a first axis for them."""
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def _padded(values: NDArray[np.generic], size: int, padding: int) -> NDArray[np.generic]:
    kept = values.astype(np.int64) if np.issubdtype(values.dtype, np.integer) else values
    return np.concatenate([kept, np.full(size - len(kept), padding, kept.dtype)])
