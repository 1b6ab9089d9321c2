"""Items pass through one by one, and the value is there at the end."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from engine.generators import Kept, run_to_end


def counting(closed: list[bool]) -> Generator[int, None, str]:
    try:
        yield 1
        yield 2
        return "done"
    finally:
        closed.append(True)


def test_items_come_as_they_are_made_and_the_value_last():
    kept = Kept(counting([]))
    for item in kept:
        assert item in (1, 2)
        with pytest.raises(AttributeError):
            _ = kept.value
    assert kept.value == "done"


def test_run_to_end_gives_the_value_alone():
    assert run_to_end(counting([])) == "done"


def test_a_loop_that_is_left_closes_the_generator():
    closed: list[bool] = []

    def first() -> int:
        for item in Kept(counting(closed)):
            return item
        return 0

    assert first() == 1
    assert closed
