"""Pages of a document that has none of its own: chapters, slides, sheets and messages, cut where they are too long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.documents.cleaning.characters import clean_text_page, clean_title
from engine.documents.extraction import limits
from engine.documents.formats.text.page_cutter import LONGEST, WANTED, cut_pages

_EARLIEST_CHAPTER, _EARLIEST_BREAK = 200, 1_200
"""Characters of a page from which on a heading of the first level, or any other, begins the next one."""


class Block(NamedTuple):
    """A paragraph, a row of a table, or a heading."""

    text: str
    level: int = 0
    """Level of a heading, from 1; 0 for other blocks."""


@dataclass(frozen=True)
class PartPage:
    """A cleaned page."""

    text: str
    label: str = ""
    notes: list[str] = field(default_factory=list)


@dataclass
class Parts:
    """Pages and outline of a document, in the making."""

    pages: list[PartPage] = field(default_factory=list)
    outline: list[tuple[str, int, int]] = field(default_factory=list)
    """(title, page from 1, level from 1)"""
    title: str = ""
    notes: list[str] = field(default_factory=list)

    def add_text(self, text: str, label: str = "", notes: Iterable[str] = ()) -> None:
        """Add a text as one page, or as several if it is too long for one."""
        self.add_blocks([Block(text)], label, notes, breaks=False)

    def add_blocks(
        self, blocks: Iterable[Block], label: str = "", notes: Iterable[str] = (), *, breaks: bool = True
    ) -> None:
        """Add blocks as pages of about 3,000 characters; headings begin pages where `breaks`, and enter the outline."""
        first = len(self.pages)
        held: list[str] = []
        size = 0
        for block in blocks:
            is_heading = block.level > 0 and bool(block.text.strip())
            earliest = _EARLIEST_CHAPTER if block.level == 1 else _EARLIEST_BREAK
            begins = breaks and is_heading and size >= earliest
            if held and (begins or size + len(block.text) > LONGEST or size >= WANTED):
                self._add_page(held)
                held, size = [], 0
            if is_heading:
                self._add_entry(block, len(self.pages) + 1)
            text = "#" * min(6, block.level) + " " + block.text if is_heading else block.text
            if len(text) > LONGEST:
                *full, text = cut_pages([text])
                for page in full:
                    self._add_page([*held, page])
                    held = []
                size = 0
            held.append(text)
            size += len(text) + 1
        if held:
            self._add_page(held)
        self._label(first, label, list(notes))

    def _add_page(self, texts: list[str]) -> None:
        self.pages.append(PartPage(clean_text_page("\n".join(texts))))

    def _add_entry(self, block: Block, page: int) -> None:
        title = clean_title(" ".join(block.text.split()), limits.TITLE_CHARACTERS)
        if title and len(self.outline) < limits.OUTLINE_ENTRIES:
            self.outline.append((title, page, block.level))

    def _label(self, first: int, label: str, notes: list[str]) -> None:
        label = clean_title(label, 80)
        count = len(self.pages) - first
        for number, page in enumerate(self.pages[first:], 1):
            name = f"{label}, part {number}" if label and count > 1 else label
            self.pages[first + number - 1] = PartPage(page.text, name, notes if number == 1 else [])

    def add(self, other: Parts, label: str) -> None:
        """Add the pages and outline of `other`, a document within this one, under its name."""
        first = len(self.pages)
        self.outline.append((clean_title(label, limits.TITLE_CHARACTERS), first + 1, 1))
        self.outline += [(title, page + first, level + 1) for title, page, level in other.outline]
        for page in other.pages:
            name = f"{label}: {page.label}" if page.label else label
            self.pages.append(PartPage(page.text, clean_title(name, 120), page.notes))
        self.notes += [f"{label}: {note}" for note in other.notes]
