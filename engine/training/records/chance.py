"""One seeded source of randomness, and two ways to begin and end a sentence."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def capital(text: str) -> str:
    """Return `text` with a capital first letter."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """Return `text` with a capital first letter and a full stop, unless it ends in one of ".:?"."""
    text = capital(text)
    return text if text[-1] in ".:?" else text + "."


class Chance(ABC):
    """Random choices of one record from one seed."""

    strange = 0.6
    """Share of the training values that come from no list of their relation."""

    def __init__(self, seed: int, *, held_out: bool, easy: bool) -> None:
        """Seed the source. `held_out` allows values that training never shows; `easy` keeps to few forms."""
        self.random: random.Random = random.Random(seed)
        self.held_out = held_out
        self.easy = easy

    def below(self, n: int) -> int:
        """Return a random integer in [0, n)."""
        return int(self.random.random() * n)

    def pick(self, items: Sequence[T]) -> T:
        """Return one of `items`."""
        return items[int(self.random.random() * len(items))]

    @abstractmethod
    def person(self) -> str:
        """Return a person's name."""

    @abstractmethod
    def date(self) -> str:
        """Return a date in the record's form."""

    @abstractmethod
    def place(self) -> str:
        """Return a town."""
