"""The number of tokens that a document is expected to have, while its pages come."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from engine.control import Control
from engine.documents.pages import Page
from engine.reading.page_feed import PageFeed


class Letters:
    """A tokenizer with a token a letter."""

    def encode_document(self, text: str) -> list[int]:
        return [1] * len(text)


class OnePage:
    """A document of which one page has come."""

    def __init__(self, kind: str, size: int, page_count: int | None):
        self.info = SimpleNamespace(kind=kind, size=size, page_count=page_count)
        self.rest = threading.Event()

    def pages(self) -> Iterator[Page]:
        yield Page(1, "x" * 99)
        self.rest.wait(5)


@pytest.mark.parametrize(
    ("kind", "size", "page_count", "share"),
    [("text", 1000, None, 10), ("pdf", 5_000_000, 20, 20), ("office", 1000, None, None)],
)
def test_expected_tokens_follow_pages_or_bytes(kind: str, size: int, page_count: int | None, share: int | None) -> None:
    document: Any = OnePage(kind, size, page_count)
    tokenizer: Any = Letters()
    with PageFeed(document, tokenizer, Control()) as feed:
        first = next(iter(feed))
        assert feed.expected_tokens() == (share * len(first.ids) if share else None)
        document.rest.set()
