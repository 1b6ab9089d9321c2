"""The parts of a document by its own outline: bookmarks, or the headings of its sections. Light: no torch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
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
    ends: Place
    """Where the next part begins, whatever its level; past the last page for the last part."""


def parts_of(bookmarks: Sequence[Bookmark], sections: Sequence[SectionText], pages: Sequence[Page]) -> list[Part]:
    """Return the parts of a document whose sections are `sections` and whose pages are `pages`, in order."""
    texts = {page.number: page.text for page in pages}
    found = [
        (title, level, (page, _offset(title, texts.get(page, ""))))
        for written, page, level in bookmarks
        if (title := one_line(written)[:_LONGEST_TITLE])
    ]
    if len(found) < FEWEST_BOOKMARKS:
        found = _of_headings(sections, texts)
    found.sort(key=lambda part: part[2])
    end = ((pages[-1].number if pages else 0) + 1, 0)
    ends = [*(begins for _, _, begins in found[1:]), end][: len(found)]
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
    return [Part(part.title, part.level, part.begins, end) for part, end in zip(kept, ends, strict=True)]


def _of_headings(sections: Sequence[SectionText], texts: dict[int, str]) -> list[tuple[str, int, Place]]:
    found = []
    for heading, group in groupby(sections, key=lambda section: one_line(section.heading)):
        page = next(iter(group)).first_page
        if heading:
            number = _NUMBER.match(heading)
            level = 1 + number[0].count(".") if number else 1
            found.append((heading[:_LONGEST_TITLE], level, (page, _offset(heading, texts.get(page, "")))))
    return found


def _offset(title: str, text: str) -> int:
    """Return where `title` stands in the text of its page, blanks apart; 0 where it does not."""
    words = [re.escape(word) for word in title.split()]
    found = re.search(r"\s+".join(words), text) if words else None
    return found.start() if found else 0
