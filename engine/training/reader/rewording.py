"""Questions in other words: words of a question replaced by synonyms, or by a more general word, from WordNet.

People ask for "pay" where a text says "remuneration". WORDNET names the folder with the database files of WordNet
(`index.noun`, `data.noun` …, Princeton University); it is read while the data are built and is no part of the product.
"""

from __future__ import annotations

import random
import re
from collections.abc import Collection
from functools import cache
from pathlib import Path

from engine.training.reader.cloze import IRREGULAR, SMALL

_PARTS = ("noun", "verb", "adj", "adv")
_SENSES = 2
"""Senses of a word, the most frequent first, whose synonyms are taken."""
_BROADER = "@"
_DERIVED = "+"
_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
_ENDINGS = (
    ("ies", "y"),
    ("ied", "y"),
    ("es", "e"),
    ("es", ""),
    ("s", ""),
    ("ing", "e"),
    ("ing", ""),
    ("ed", "e"),
    ("ed", ""),
)
_NEVER = SMALL | {"many", "much", "name", "called", "there", "first", "year", "number", "kind", "type", "long", "often"}
"""Words that stay: they say what is asked."""
_IN_TEXT, _ELSEWHERE, _DROPPED = 0.7, 0.25, 0.08
"""Chances of a word of the passage, and of another, to be replaced, and of either to be left out."""


class WordNet:
    """Words of like meaning."""

    def __init__(self, folder: Path, known: Collection[str]) -> None:
        """`folder`: of the database files; `known`: words that may take the place of others."""
        self._known = known
        self._senses: dict[tuple[str, str], list[str]] = {}
        self._synsets: dict[tuple[str, str], tuple[list[str], list[tuple[str, str, str]]]] = {}
        for part in _PARTS:
            for line in (folder / f"index.{part}").read_text(encoding="latin-1").splitlines():
                if not line.startswith(" "):
                    lemma, _, count, *rest = line.split()
                    self._senses[lemma, part] = rest[-int(count) :][:_SENSES]
            for line in (folder / f"data.{part}").read_text(encoding="latin-1").splitlines():
                if not line.startswith(" "):
                    self._add(part, line)
        self.like = cache(self._like)

    def _add(self, part: str, line: str) -> None:
        fields = line.split(" | ", maxsplit=1)[0].split()
        words = int(fields[3], 16)
        lemmas = [re.sub(r"\(.*", "", lemma) for lemma in fields[4 : 4 + 2 * words : 2]]
        at = 5 + 2 * words
        pointers = [(fields[i], fields[i + 1], fields[i + 2]) for i in range(at, at + 4 * int(fields[at - 1]), 4)]
        self._synsets[part, fields[0]] = lemmas, [p for p in pointers if p[0] in (_BROADER, _DERIVED)]

    def _like(self, lemma: str) -> tuple[str, ...]:
        """Return known words that mean about the same as `lemma`, or something broader, the nearest first."""
        near: dict[str, None] = {}
        far: dict[str, None] = {}
        for part in _PARTS:
            for number, sense in enumerate(self._senses.get((lemma, part), ())):
                lemmas, pointers = self._synsets[part, sense]
                near.update(dict.fromkeys(lemmas))
                for mark, other, kind in pointers:
                    there = self._synsets.get(({"n": "noun", "v": "verb", "r": "adv"}.get(kind, "adj"), other))
                    if there and (mark == _DERIVED or number == 0):
                        far.update(dict.fromkeys(there[0][:2]))
        words = [word.replace("_", " ") for word in (*near, *far)]
        return tuple(
            w for w in words if w != lemma and not w.startswith(lemma) and all(p in self._known for p in w.split())
        )

    def lemma(self, word: str) -> str:
        """Return the form of a word that WordNet knows; the word itself where it knows none."""
        word = IRREGULAR.get(word, word)
        if any((word, part) in self._senses for part in _PARTS):
            return word
        for ending, instead in _ENDINGS:
            if word.endswith(ending) and len(word) > len(ending) + 2:
                cut = word[: -len(ending)] + instead
                for form in (cut, cut[:-1] if len(cut) > 3 and cut[-1:] == cut[-2:-1] else cut):
                    if any((form, part) in self._senses for part in _PARTS):
                        return form
        return word

    def reworded(self, question: str, passage: str, rng: random.Random) -> str:
        """Return `question` with some of its words replaced or left out, above all those that `passage` holds; the
        question itself where nothing can be replaced."""
        held = set(re.findall(r"[a-z]+", passage.lower()))
        pieces: list[str] = []
        at, changed = 0, 0
        for found in _WORD.finditer(question):
            word = found.group()
            low = word.lower()
            named = word[0].isupper() and found.start() > 0
            if low in _NEVER or named or len(low) < 3:
                continue
            chance = rng.random() / (_IN_TEXT if low in held else _ELSEWHERE)
            if chance >= 1.0:
                continue
            likes = self.like(self.lemma(low))
            if rng.random() < _DROPPED:
                instead = ""
            elif likes:
                instead = likes[min(int(rng.expovariate(0.7)), len(likes) - 1)]
                if (
                    low.endswith("s")
                    and not low.endswith("ss")
                    and self.lemma(low) != low
                    and not instead.endswith("s")
                ):
                    instead += "s"
            else:
                continue
            pieces += [question[at : found.start()], instead]
            at, changed = found.end(), changed + 1
        text = re.sub(r"\s+", " ", "".join([*pieces, question[at:]])).replace(" ?", "?").strip()
        return text if changed else question
