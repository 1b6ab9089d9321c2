"""The parts of a document by its own outline: bookmarks, or the headings of its sections. Light: no torch."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from engine.library.outlines import Bookmark
from engine.library.records import Page
from engine.summarising.section_text import SectionText, one_line

FEWEST_BOOKMARKS = 3
"""Bookmarks from which a document's own outline is used: fewer lead to the title and the cover."""
_LONGEST_TITLE = 100
_NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,3})*")

Place = tuple[int, int]
"""A page, and a character of its text."""


@dataclass(frozen=True)
class Part:
    """A part of a document under one title."""

    title: str
    level: int
    """1 for the outermost."""
    begins: Place
    found: bool
    """True where the title stands on that page, word for word."""
    ends: Place
    """Where the next part begins, whatever its level; past the last page for the last part."""


def parts_of(bookmarks: Sequence[Bookmark], sections: Sequence[SectionText], pages: Sequence[Page]) -> list[Part]:
    """Return the parts of a document whose sections are `sections` and whose pages are `pages`, in order."""
    texts = {page.number: page.text for page in pages}
    found = [
        (title, level, *_place(title, range(page, page + 1), texts))
        for written, page, level in bookmarks
        if (title := one_line(written)[:_LONGEST_TITLE])
    ]
    if len(found) < FEWEST_BOOKMARKS:
        found = _of_headings(sections, texts)
    found.sort(key=lambda part: part[2])
    end = ((pages[-1].number if pages else 0) + 1, 0)
    ends = [*(begins for _, _, begins, _ in found[1:]), end][: len(found)]
    return [Part(*part, stop) for part, stop in zip(found, ends, strict=True)]


def shown(parts: Sequence[Part], most: int) -> list[Part]:
    """Return the parts of the outer levels, as many levels as give at most `most` parts, each as long as all parts
    inside it. More than `most` only where the outermost level alone has more."""
    levels = sorted({part.level for part in parts})
    outer = levels[:1]
    for level in levels[1:]:
        if sum(part.level <= level for part in parts) > most:
            break
        outer.append(level)
    kept = [part for part in parts if part.level in outer]
    ends = [part.begins for part in kept[1:]] + [parts[-1].ends] if kept else []
    return [replace(part, ends=end) for part, end in zip(kept, ends, strict=True)]


def _of_headings(sections: Sequence[SectionText], texts: Mapping[int, str]) -> list[tuple[str, int, Place, bool]]:
    found = []
    for heading, group in groupby(sections, key=lambda section: one_line(section.heading)):
        first = next(iter(group))
        if heading:
            number = _NUMBER.match(heading)
            level = 1 + number[0].count(".") if number else 1
            title = heading[:_LONGEST_TITLE]
            found.append((title, level, *_place(title, range(first.first_page, first.last_page + 1), texts)))
    return found


def _place(title: str, pages: range, texts: Mapping[int, str]) -> tuple[Place, bool]:
    """Return where `title` stands on `pages`, blanks apart; the top of the first one, and False, where it does not."""
    words = [re.escape(word) for word in title.split()]
    for page in pages:
        if words and (found := re.search(r"\s+".join(words), texts.get(page, ""))):
            return (page, found.start()), True
    return (pages.start, 0), False
