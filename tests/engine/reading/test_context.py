"""Context: pages are loaded from the library once, and a cancelled job stops."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from engine.control import Cancelled, Control
from engine.library.records import Page
from engine.reading.context import Context


class CountingPages:
    """Four pages, the third without a row; counts how often each is loaded."""

    def __init__(self) -> None:
        self.loaded: list[int] = []

    def of(self, document: int, reading: int | None, first: int, last: int) -> list[Page]:
        numbers = [number for number in range(first, last + 1) if number in (1, 2, 4)]
        self.loaded += numbers
        return [Page(number, None, f"page {number}", None, None, None) for number in numbers]


@pytest.fixture
def loaded() -> CountingPages:
    return CountingPages()


@pytest.fixture
def context(loaded: CountingPages) -> Context:
    document: Any = SimpleNamespace(document=SimpleNamespace(id=7), pages=4)
    return Context(None, SimpleNamespace(pages=loaded), document, Control(), "job")  # type: ignore[arg-type]


def test_pages_are_loaded_once(context: Context, loaded: CountingPages) -> None:
    assert [page.number for page in context.pages(2, 3)] == [2]
    assert [page.number for page in context.pages()] == [1, 2, 4]
    assert context.pages(0, 2)[0].text == "page 1"
    assert set(loaded.loaded) == {1, 2, 4}
    before = list(loaded.loaded)
    assert [page.number for page in context.pages(first=4)] == [4]
    assert loaded.loaded == before


def test_cancelled_job_raises(context: Context) -> None:
    context.raise_if_cancelled()
    context.control.cancel()
    assert context.cancelled()
    with pytest.raises(Cancelled):
        context.raise_if_cancelled()
