"""A generator's items and the value that it returns. Light."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Value = TypeVar("Value")


class Kept(Generic[Item, Value]):
    """Iterates over a generator once and keeps what it returns: `value`, from the end of the loop on."""

    value: Value

    def __init__(self, generator: Generator[Item, None, Value]) -> None:
        self._generator = generator

    def __iter__(self) -> Iterator[Item]:
        self.value = yield from self._generator


def run_to_end(generator: Generator[Any, None, Value]) -> Value:
    """Run `generator` to its end, without its items; return its value."""
    kept = Kept(generator)
    for _ in kept:
        pass
    return kept.value
