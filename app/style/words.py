"""Counts, pages, sizes and times in the language of the window."""

from __future__ import annotations

from collections.abc import Iterable

from app.style.translation import tr, tr_count
from engine.grounding.page_references import page_numbers
from engine.protocol.events import StatesDropped
from engine.units import duration_text, size_text


def pages_count(number: int) -> str:
    """Return `1 page`, `2,000 pages`."""
    return tr_count("{count} page", "{count} pages", number)


def tokens_count(number: int) -> str:
    """Return `1 token`, `2,000 tokens`."""
    return tr_count("{count} token", "{count} tokens", number)


def page_words(pages: Iterable[int]) -> str:
    """Return `page 3`, `pages 3–5, 9`; "" without pages."""
    numbers = sorted(set(pages))
    if not numbers:
        return ""
    shown = page_numbers(numbers)
    return tr("page {pages}", pages=shown) if len(numbers) == 1 else tr("pages {pages}", pages=shown)


def span_words(first: int, last: int) -> str:
    """Return `page 7`, `pages 7–9`."""
    return page_words(range(first, last + 1))


def capital(words: str) -> str:
    """Return the words with a capital at the beginning."""
    return words[:1].upper() + words[1:]


def dropped_words(event: StatesDropped) -> str:
    """Return the sentence about saved states that were deleted to keep the cache limit."""
    return tr(
        "The cache limit of {limit} is reached: {size} of the oldest cached data was deleted. It is made again when it "
        "is needed.",
        limit=size_text(event.quota_bytes),
        size=size_text(event.n_bytes),
    )


def freed_words(size: int) -> str:
    """Return the sentence about cached data that was deleted on request."""
    return tr("{size} of cached data deleted. It is made again when it is needed.", size=size_text(size))


def taken(seconds: float) -> str:
    """Return how long a silent job has taken, as the end of a line; "" for 0."""
    return f" ({duration_text(seconds)})" if seconds else ""


def time_left(seconds: float) -> str:
    """Return the time left, no more exact than it is known."""
    if seconds < 10:
        return tr("a few seconds left")
    return tr("about {time} left", time=duration_text(seconds))
