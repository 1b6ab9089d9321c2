"""Bookmarks and page labels of a PDF, cleaned and limited."""

from __future__ import annotations

from collections.abc import Iterable

from engine.documents.cleaning.characters import clean_title
from engine.documents.extraction import limits


def cleaned_outline(outline: Iterable[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Return the bookmarks that have a title: (title, page from 1, level from 1)."""
    entries = []
    for title, page, level in outline:
        if title := clean_title(title, limits.TITLE_CHARACTERS):
            entries.append((title, page, level))
        if len(entries) >= limits.OUTLINE_ENTRIES:
            break
    return entries


def cleaned_labels(labels: Iterable[str]) -> dict[int, str]:
    """Return page from 1 -> label, where it is not just the number."""
    cleaned = (clean_title(label, 40) for label in labels)
    return {page: label for page, label in enumerate(cleaned, 1) if label and label != str(page)}
