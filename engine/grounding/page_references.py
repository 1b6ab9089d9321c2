"""Pages in words: lists of page numbers for people, the same in answers, summaries, exports and messages. Light."""

from __future__ import annotations

from collections.abc import Iterable


def page_spans(pages: Iterable[int]) -> list[tuple[int, int]]:
    """Return the pages as runs, first and last of each: 3, 4, 5, 9 give (3, 5) and (9, 9)."""
    spans: list[tuple[int, int]] = []
    for page in sorted(set(pages)):
        if spans and page == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], page)
        else:
            spans.append((page, page))
    return spans


def page_numbers(pages: Iterable[int], most: int | None = None) -> str:
    """Return the numbers alone, runs joined: `3–5, 9`. Runs beyond `most` are replaced by `…`."""
    spans = page_spans(pages)
    parts = [str(first) if first == last else f"{first}–{last}" for first, last in spans[:most]]
    return ", ".join([*parts, "…"] if most is not None and len(spans) > most else parts)


def page_list(pages: Iterable[int]) -> str:
    """Return the pages with their noun: `page 3`, `pages 3–5, 9`; "" without pages."""
    numbers = sorted(set(pages))
    return f"{'page' if len(numbers) == 1 else 'pages'} {page_numbers(numbers)}" if numbers else ""
