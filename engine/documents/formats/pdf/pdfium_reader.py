"""Reads a PDF with PDFium: text by the places of its characters, form values, typed-on notes."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from traceback import format_exc
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from engine.documents.extraction import limits
from engine.documents.formats.memory_file import OpenFile
from engine.documents.formats.pdf.annotations import Annotations, flatten, page_annotations
from engine.documents.formats.pdf.characters import (
    characters,
    place_finder,
    run_boxes,
    turn_finder,
    unmapped_share,
)
from engine.documents.formats.pdf.drawn_texts import lines_in_fonts, unseen_texts
from engine.documents.formats.pdf.layers import remove_hidden
from engine.documents.formats.pdf.layout import Placed, page_lines
from engine.documents.formats.pdf.plain_page import is_right_to_left, plain_text
from engine.documents.formats.pdf.problems import CannotOpen
from engine.documents.formats.pdf.raised import power_finder
from engine.documents.formats.pdf.structure_tree import block_ranks, character_ranks, is_drawn_in_order

_READ_BUFFER = 1 << 16
_SURROGATE = re.compile("[\ud800-\udfff]")
_DRAWING_OBJECTS = 50
"""Paths on a page without text from which on it is called a drawing; fewer are rules and frames."""
_OBJECT_LOOKS = 2_000
_LARGEST_SCALE = 4.0
"""Pixels a point of a page's picture: a tiny page is not blown up."""
_AS_DRAWN = "its lines could not be put in reading order; they stand in the order in which they were drawn"
_MOST_LAID_OUT = 200_000
"""Characters of a page whose places are looked at; more take the page's text as PDFium gives it."""


@dataclass(frozen=True)
class RawPage:
    """A page's text before it is cleaned."""

    text: str
    unmapped: float = 0.0
    """Share of characters whose font has no map to Unicode for them."""
    unseen: Sequence[tuple[float, float]] = ()
    """Places of texts that were drawn and are not in `text`, if they are not blanks; see `drawn_texts.py`."""
    notes: list[str] = field(default_factory=list)
    fault: str = ""
    """Traceback of an error in our own code, which put the lines in order; the text is then as PDFium gives it."""
    placed: tuple[Placed, ...] = ()
    """Values and notes among its text, which PDFium gives once only: a second reading must be handed them."""


class PdfiumReader:
    """A document opened by PDFium. Raises CannotOpen if PDFium cannot."""

    def __init__(self, file: OpenFile, passwords: list[str]) -> None:
        self.password = ""
        self._hidden: frozenset[str] = frozenset()
        self._document = self._open(file, passwords)
        self._document.get_page_size(0)  # a page tree that is a cycle or too deep shows here
        self._is_tagged = bool(pdfium.FPDFCatalog_IsTagged(self._document.raw))
        self._form: Any = None
        self._form_kind = self._document.get_formtype()
        if self._form_kind != pdfium.FORMTYPE_NONE:
            self._document.init_forms()
            self._form = self._document.formenv

    def _open(self, file: OpenFile, passwords: list[str]) -> Any:
        view = io.BufferedReader(file.reopened(), _READ_BUFFER)
        for password in passwords:
            try:
                document = pypdfium2.PdfDocument(view, password=password)
            except pypdfium2.PdfiumError as error:
                if error.err_code == pdfium.FPDF_ERR_SECURITY:
                    raise CannotOpen("needs_certificate") from error
                if error.err_code != pdfium.FPDF_ERR_PASSWORD:
                    raise
            else:
                self.password = password
                return document
        raise CannotOpen("wrong_password" if len(passwords) > 1 else "needs_password")

    @property
    def page_count(self) -> int:
        """Number of pages."""
        return len(self._document)

    @property
    def is_dynamic_form(self) -> bool:
        """Return whether the file is a dynamic XFA form, whose pages Adobe Reader builds at opening."""
        return bool(self._form_kind == pdfium.FORMTYPE_XFA_FULL)

    @property
    def has_form_data(self) -> bool:
        """Return whether the file is an XFA form of any kind."""
        return self._form_kind in (pdfium.FORMTYPE_XFA_FULL, pdfium.FORMTYPE_XFA_FOREGROUND)

    @property
    def title(self) -> str:
        """Title by the document's metadata."""
        return str(self._document.get_metadata_value("Title"))

    def attachments(self) -> list[str]:
        """Return the names of attached files."""
        count = min(1_000, self._document.count_attachments())
        return [self._document.get_attachment(number).get_name() for number in range(count)]

    def attachment(self, number: int) -> bytes:
        """Return the content of an attached file, counted from 0."""
        return bytes(self._document.get_attachment(number).get_data())

    def hide_layers(self, names: frozenset[str]) -> None:
        """Leave the layers of these names out of the text."""
        self._hidden = names

    def page(self, number: int, hidden_notes: frozenset[int] = frozenset(), added: Sequence[Placed] = ()) -> RawPage:
        """Return the text of page `number`, from 1. Raises MemoryError for a page of too much text.

        `hidden_notes`: annotations of the page that are on hidden layers, counted from 0. `added`: texts that stand
        between its own.
        """
        page = self._document[number - 1]
        try:
            found = page_annotations(page, self._form, hidden_notes)
            found.placed += added
            if found.is_drawn:
                flatten(page)
                page.close()
                page = self._document[number - 1]
            if self._hidden:
                remove_hidden(page, self._hidden)
            text_page = page.get_textpage()
            try:
                return self._text(page, text_page, found)
            finally:
                text_page.close()
        finally:
            page.close()

    def _text(self, page: Any, text_page: Any, found: Annotations) -> RawPage:
        count = text_page.count_chars()
        if count > limits.PAGE_CHARACTERS:
            raise MemoryError
        notes = [_comments(found.comments)] if found.comments else []
        if count == 0 and not found.placed:
            return RawPage("", notes=notes)
        text = text_page.get_text_range() if count else ""
        box = page.get_bbox()
        unmapped = unmapped_share(text_page, count)
        if count > _MOST_LAID_OUT:
            added = "".join(f"\n{placed.text}" for placed in found.placed)
            return RawPage((text_page.get_text_bounded() or text) + added, unmapped, (), notes)
        try:
            ranks = block_ranks(page) if self._is_tagged else {}
            in_order = not ranks or is_drawn_in_order(page, ranks)
            ordered = _in_order(text_page, count, text, box, found, ranks, in_order)
            return RawPage(ordered, unmapped, unseen_texts(page), notes, placed=tuple(found.placed))
        except MemoryError:
            raise
        except Exception:
            added = "".join(f"\n{placed.text}" for placed in found.placed)
            as_drawn = (text_page.get_text_bounded() or text) + added
            return RawPage(as_drawn, unmapped, (), [*notes, _AS_DRAWN], format_exc())

    def lines_in_fonts(self, number: int, lines: Sequence[str], names: Collection[str]) -> list[str]:
        """Return those of `lines` of page `number` that are drawn in a font of `names`, or are not found there."""
        page = self._document[number - 1]
        try:
            text_page = page.get_textpage()
            try:
                return lines_in_fonts(text_page, lines, names)
            finally:
                text_page.close()
        finally:
            page.close()

    def picture(self, number: int, longest_side: int) -> Any:
        """Return page `number` as a picture, [height, width, 3] uint8, of at most `longest_side` pixels a side."""
        page = self._document[number - 1]
        try:
            width, height = page.get_size()
            scale = min(longest_side / max(width, height, 1.0), _LARGEST_SCALE)
            drawn = page.render(scale=scale, may_draw_forms=self._form is not None, rev_byteorder=True)
            return drawn.to_numpy()[:, :, :3]
        finally:
            page.close()

    def shows_something(self, number: int) -> bool:
        """Return whether a page without text has a picture or a drawing on it."""
        page = self._document[number - 1]
        try:
            paths = 0
            for looked, item in enumerate(page.get_objects(max_depth=4)):
                if item.type == pdfium.FPDF_PAGEOBJ_IMAGE:
                    return True
                paths += item.type == pdfium.FPDF_PAGEOBJ_PATH
                if paths >= _DRAWING_OBJECTS or looked >= _OBJECT_LOOKS:
                    return True
            return False
        finally:
            page.close()

    def outline(self) -> Iterator[tuple[str, int, int]]:
        """Yield (title, page from 1, level from 1) of the bookmarks that lead to a page."""
        for bookmark in self._document.get_toc(max_depth=15):
            target = bookmark.get_dest()
            page = target.get_index() if target else None
            if page is not None:
                yield bookmark.get_title(), page + 1, bookmark.level + 1

    def labels(self) -> list[str]:
        """Return the labels of the pages; empty strings if the document has none."""
        return [str(self._document.get_page_label(number)) for number in range(self.page_count)]

    def reaches_last_page(self) -> bool:
        """Return whether the last page that the document counts is there."""
        try:
            self._document[self.page_count - 1].close()
        except pypdfium2.PdfiumError:
            return False
        return True


def _in_order(
    text_page: Any, count: int, text: str, box: Any, found: Annotations, ranks: dict[int, int], drawn_in_order: bool
) -> str:
    """Return the text of a page in reading order. `text` is PDFium's, of `count` characters.

    `ranks`: by the structure tree, empty without one; `drawn_in_order`: whether the page was drawn in their order.
    """
    if not found.placed and len(text) == count and drawn_in_order and not is_right_to_left(text):
        finders = place_finder(text_page), turn_finder(text_page), power_finder(text_page, text)
        plain = plain_text(run_boxes(text_page), text, box, *finders)
        if plain is not None and (not ranks or _shown(plain) == _shown(text)):
            return plain
    placed = characters(text_page, count, text)
    by_tree = None
    if ranks and len(placed.code) == count:
        by_tree = character_ranks(text_page, count, placed.is_space, ranks)
    return _paired("\n".join(page_lines(placed, box, found.placed, by_tree)))


def _shown(text: str) -> str:
    return "".join(text.split())


def _comments(count: int) -> str:
    return "1 comment beside the page is not read" if count == 1 else f"{count} comments beside the page are not read"


def _paired(text: str) -> str:
    """Return `text` with pairs of surrogates made characters (PDFium counts in UTF-16 on Windows)."""
    if _SURROGATE.search(text):
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
