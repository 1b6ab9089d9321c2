"""Order of reading by a page's structure tree, which its author's program wrote for readers of tagged PDF.

The tree gives each paragraph, heading, list item and table of a page a rank. Lines are made by place, as on any page;
then lines whose ranks are apart from those of all others are put in the order of the ranks. So a tree that tags the
labels of a form before its values, or a table cell by cell, changes nothing within its lines.
"""

from __future__ import annotations

import ctypes
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium

from engine.documents.formats.pdf.characters import Ints, bulk_function, handle_of
from engine.documents.formats.pdf.segment import Row

# fmt: off
_GROUPS = frozenset((
    "StructTreeRoot", "Document", "DocumentFragment", "Part", "Art", "Sect", "Div", "Aside", "BlockQuote", "NonStruct",
    "Private", "Index",
))
# fmt: on
_LISTS = frozenset(("L", "TOC"))
_ITEMS = frozenset(("LI", "TOCI"))
_DEEPEST, _MOST_ELEMENTS = 60, 50_000
_MOST_OBJECTS = 200_000
_LEAST_COVERED = 0.8
"""Share of a page's characters that must be in the tree."""
_BLOCK_WORDS = 3.0
"""Words a line, from which on a block of two lines or more is running text."""
_UNRANKED = -1

_object = bulk_function("FPDFPage_GetObject", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_mark_of = bulk_function("FPDFPageObj_GetMarkedContentID", ctypes.c_int, ctypes.c_void_p)
_text_object = bulk_function("FPDFText_GetTextObject", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)


def block_ranks(page: Any) -> dict[int, int]:
    """Return marked content id -> rank of its block, for a page of pypdfium2; empty without a structure tree."""
    tree = pdfium.FPDF_StructTree_GetForPage(page.raw)
    if not tree:
        return {}
    try:
        walk = _Walk()
        for index in range(max(0, pdfium.FPDF_StructTree_CountChildren(tree))):
            walk.element(pdfium.FPDF_StructTree_GetChildAtIndex(tree, index), None, False, 0)
        return walk.ranks
    finally:
        pdfium.FPDF_StructTree_Close(tree)


def is_drawn_in_order(page: Any, ranks: dict[int, int]) -> bool:
    """Return whether the objects of a page were drawn in the order of their ranks."""
    highest = _UNRANKED
    count = min(pdfium.FPDFPage_CountObjects(page.raw), _MOST_OBJECTS)
    address = ctypes.cast(page.raw, ctypes.c_void_p).value or 0
    for mark in map(_mark_of, map(_object, repeat(address), range(count))):
        rank = ranks.get(mark, _UNRANKED)
        if rank != _UNRANKED:
            if rank < highest:
                return False
            highest = rank
    return True


def character_ranks(text_page: Any, count: int, is_space: Any, ranks: dict[int, int]) -> Ints | None:
    """Return the rank of each of `count` characters, -1 without one; None where the tree leaves out much of the page.

    `is_space`: [count] flags of the characters that show nothing.
    """
    objects = list(map(_text_object, repeat(handle_of(text_page)), range(count)))
    of_object = {handle: ranks.get(_mark_of(handle), _UNRANKED) for handle in set(objects) if handle}
    of_character = np.array([of_object.get(handle, _UNRANKED) for handle in objects], dtype=np.int64)
    shown = of_character[~is_space]
    covered = int(np.count_nonzero(shown != _UNRANKED))
    return of_character if covered and covered >= _LEAST_COVERED * len(shown) else None


def in_block_order(lines: Sequence[Row], ranks: Ints) -> list[Row]:
    """Return `lines` with those apart in the order of their ranks; lines without one stay at the ends, or follow.

    A line on which blocks of several lines stand side by side is taken apart; a table is one block.

    `ranks`: of the page's characters, by their place.
    """
    lines = list(_apart(lines, ranks))
    spans = [_span(line, ranks) for line in lines]
    ranked = [number for number, span in enumerate(spans) if span is not None]
    if not ranked:
        return list(lines)
    first, last = ranked[0], ranked[-1]
    group = dict(_groups([span for span in spans if span is not None]))
    keys: list[int] = []
    for number, span in enumerate(spans):
        if span is not None:
            keys.append(group[span])
        else:
            keys.append(_UNRANKED if number < first else len(group) if number > last else keys[-1])
    return [lines[number] for number in sorted(range(len(lines)), key=lambda number: keys[number])]


def _apart(lines: Sequence[Row], ranks: Ints) -> Iterator[Row]:
    """Yield `lines`; where blocks of running text stand beside each other, as a line for each block.

    Blocks that share lines, one with another, are taken apart only if all of them are such text: labels, numbers of
    items and short cells stay beside what they belong to.
    """
    of_lines = [[int(ranks[s.place]) if s.place < len(ranks) else _UNRANKED for s in line] for line in lines]
    count = Counter(rank for found in of_lines for rank in set(found))
    words: Counter[int] = Counter()
    for line, found in zip(lines, of_lines, strict=True):
        for segment, rank in zip(line, found, strict=True):
            words[rank] += len(segment.text.split())
    text = {rank for rank in count if count[rank] >= 2 and words[rank] >= _BLOCK_WORDS * count[rank]} - {_UNRANKED}
    beside = _connected([set(found) for found in of_lines])
    for line, found in zip(lines, of_lines, strict=True):
        if len(set(found)) < 2 or not beside[found[0]] <= text:
            yield line
            continue
        for rank in dict.fromkeys(found):
            yield [segment for segment, own in zip(line, found, strict=True) if own == rank]


def _connected(sets: Sequence[set[int]]) -> dict[int, set[int]]:
    """Return each number with all that share a set with it, directly or through others."""
    of: dict[int, set[int]] = {}
    for one in sets:
        joined = set(one)
        for number in one:
            joined |= of.get(number, set())
        for number in joined:
            of[number] = joined
    return of


def _span(line: Row, ranks: Ints) -> tuple[int, int] | None:
    """Return the lowest and highest rank on a line, None without any."""
    found = [int(ranks[segment.place]) for segment in line if segment.place < len(ranks)]
    found = [rank for rank in found if rank != _UNRANKED]
    return (min(found), max(found)) if found else None


def _groups(spans: Sequence[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], int]]:
    """Yield each span with the number of its group; spans that share ranks are in one."""
    group, end = -1, _UNRANKED
    for span in sorted(set(spans)):
        if span[0] > end:
            group += 1
        end = max(end, span[1])
        yield span, group


@dataclass
class _Walk:
    """The walk through a tree, in its order."""

    ranks: dict[int, int] = field(default_factory=dict)
    _last: int = _UNRANKED
    _elements: int = 0

    def element(self, element: Any, rank: int | None, in_table: bool, depth: int) -> None:
        """Give the content of `element` ranks: its own, or `rank`, that of the block it stands in."""
        self._elements += 1
        if not element or depth > _DEEPEST or self._elements > _MOST_ELEMENTS:
            return
        kind = _kind(element)
        if not in_table:
            if kind in _LISTS or (kind in _GROUPS and rank is None):
                rank = None
            elif rank is None or kind in _ITEMS or kind == "Table":
                rank = self._next()
        is_group = rank is None
        for index in range(max(0, pdfium.FPDF_StructElement_CountChildren(element))):
            child = pdfium.FPDF_StructElement_GetChildAtIndex(element, index)
            if child:
                before = self._last
                self.element(child, None if is_group else rank, in_table or kind == "Table", depth + 1)
                if rank is not None and not in_table and kind != "Table" and self._last != before:
                    rank = self._next()  # what follows a list within an item comes after it
                continue
            mark = pdfium.FPDF_StructElement_GetChildMarkedContentID(element, index)
            if mark >= 0:
                self.ranks.setdefault(mark, self._next() if rank is None else rank)

    def _next(self) -> int:
        self._last += 1
        return self._last


def _kind(element: Any) -> str:
    length = pdfium.FPDF_StructElement_GetType(element, None, 0)
    if not 2 < length < 200:
        return ""
    buffer = ctypes.create_string_buffer(length)
    pdfium.FPDF_StructElement_GetType(element, buffer, length)
    return buffer.raw[: length - 2].decode("utf-16-le", "replace")
