"""Reads a PDF with pypdf: structure, layers, and the pages that PDFium cannot read."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import pypdf

from engine.documents.extraction import limits
from engine.documents.formats.memory_file import OpenFile
from engine.documents.formats.pdf.fonts import count_fonts, page_resources
from engine.documents.formats.pdf.glyph_layer import DrawnText, drawn_text, lines_by_place
from engine.documents.formats.pdf.layers import HIDDEN, hidden_annotations, hidden_layers
from engine.documents.formats.pdf.membership import has_hidden_members, without_hidden_members
from engine.documents.formats.pdf.problems import CannotOpen
from engine.documents.formats.pdf.xfa import form_data

_READ_BUFFER = 1 << 16


class PypdfReader:
    """A document opened by pypdf. Raises CannotOpen, or anything at all for a damaged file."""

    def __init__(self, file: OpenFile, passwords: list[str]) -> None:
        self.password = ""
        self.log = _ReaderLog()
        self._unmapped: dict[int, bool] = {}
        """Whether fonts have no map to characters, by the numbers of their objects."""
        _restrain()
        logging.getLogger("pypdf").addHandler(self.log)
        logging.getLogger("pypdf").propagate = False
        try:
            self._document = pypdf.PdfReader(io.BufferedReader(file.reopened(), _READ_BUFFER))
        except NotImplementedError as error:
            raise CannotOpen("needs_certificate") from error
        if self._document.is_encrypted:
            self.password = self._decrypted_with(passwords)

    def _decrypted_with(self, passwords: list[str]) -> str:
        for password in passwords:
            try:
                if self._document.decrypt(password) != pypdf.PasswordType.NOT_DECRYPTED:
                    return password
            except NotImplementedError as error:
                raise CannotOpen("needs_certificate") from error
        raise CannotOpen("wrong_password" if len(passwords) > 1 else "needs_password")

    @property
    def page_count(self) -> int:
        """Number of pages; the first look walks through the whole page tree."""
        return len(self._document.pages)

    @property
    def title(self) -> str:
        """Title by the document's metadata."""
        metadata = self._document.metadata
        return str(metadata.title or "") if metadata else ""

    @property
    def is_portfolio(self) -> bool:
        """Return whether the document is a portfolio: a cover for its attached files."""
        return "/Collection" in self._document.root_object

    def hidden_layers(self) -> frozenset[str]:
        """Return the names of the layers that are off when the file is opened."""
        names = hidden_layers(self._document.root_object)
        return names | {HIDDEN} if has_hidden_members(self._document) else names

    def without_hidden_members(self) -> bytes:
        """Return a copy of the file in which hidden memberships, forms and pictures show nothing."""
        return without_hidden_members(self._document)

    def hidden_annotations(self, number: int) -> frozenset[int]:
        """Return which annotations of page `number` are on layers that are off, counted from 0."""
        return hidden_annotations(self._document.root_object, self._document.pages[number - 1])

    def count_fonts(self, number: int) -> tuple[int, int]:
        """Return the number of fonts of page `number` without a map to characters, and of those with one."""
        try:
            resources = page_resources(self._document.root_object, number)
        except LookupError:
            resources = self._document.pages[number - 1]["/Resources"].get_object()
        return count_fonts(resources, self._unmapped)

    def outline(self) -> Iterator[tuple[str, int, int]]:
        """Yield (title, page from 1, level from 1) of the bookmarks that lead to a page."""
        for entry, level in _walk(self._document.outline):
            try:
                page = self._document.get_destination_page_number(entry)
            except Exception:  # one broken bookmark costs no other
                continue
            if page is not None and page >= 0:
                yield str(entry.title), page + 1, level

    def labels(self) -> list[str]:
        """Return the labels of the pages."""
        return [str(label) for label in self._document.page_labels]

    def page(self, number: int) -> str:
        """Return the text of page `number`, from 1. Raises MemoryError for a page of too much text."""
        text, drawn = self._extracted(number)
        by_place = lines_by_place(drawn)
        return text if by_place is None else "\n".join(by_place)

    def drawn(self, number: int) -> list[DrawnText]:
        """Return the texts of page `number`, from 1, as they were drawn. Raises MemoryError as `page` does."""
        return self._extracted(number)[1]

    def _extracted(self, number: int) -> tuple[str, list[DrawnText]]:
        self.log.clear()
        drawn: list[DrawnText] = []

        def see(text: str, outer: Any, inner: Any, _font: Any, size: float) -> None:
            if text.strip() and len(drawn) < limits.PAGE_CHARACTERS:
                drawn.append(drawn_text(text, outer, inner, size))

        text = self._document.pages[number - 1].extract_text(visitor_text=see)
        if len(text) > limits.PAGE_CHARACTERS:
            raise MemoryError
        return text, drawn

    def form_data(self) -> list[str]:
        """Return the values that an XFA form holds, a line each: name, tab, value."""
        return form_data(self._document.root_object)

    def shows_something(self, number: int) -> bool:
        """Return whether a page without text has a picture or a form on it."""
        resources = self._document.pages[number - 1]["/Resources"].get_object()
        objects: Any = resources["/XObject"].get_object()  # type: ignore[index]
        return any(objects[name].get_object().get("/Subtype") in ("/Image", "/Form") for name in objects)


class _ReaderLog(logging.Handler):
    """Records what pypdf logs about a page instead of raising."""

    def __init__(self) -> None:
        super().__init__()
        self.clear()

    def clear(self) -> None:
        """Forget the page before."""
        self.damaged = False
        self.cut_short = False

    def emit(self, record: logging.LogRecord) -> None:
        self.damaged |= record.levelno >= logging.ERROR or str(record.msg).startswith("Error ")
        self.cut_short |= str(record.msg).startswith("Exceeded ")


def _restrain() -> None:
    pypdf.overwrite_configuration(
        zlib_maximum_output_length=limits.STREAM_OUTPUT_BYTES,
        lzw_maximum_output_length=limits.STREAM_OUTPUT_BYTES,
        run_length_maximum_output_length=limits.STREAM_OUTPUT_BYTES,
        brotli_maximum_output_length=limits.STREAM_OUTPUT_BYTES,
        jbig2_maximum_output_length=limits.STREAM_OUTPUT_BYTES,
        array_based_stream_maximum_output_length=limits.STREAM_OUTPUT_BYTES,
        maximum_declared_stream_length=limits.STREAM_OUTPUT_BYTES,
        stream_decoding_work_maximum_length=limits.DECODING_WORK_BYTES,
        stream_parsing_work_maximum_count=limits.PARSING_WORK,
        xform_maximum_invocations_per_extraction=limits.FORM_INVOCATIONS,
        page_tree_maximum_entries=limits.MAX_PAGES,
        jbig2dec_binary=None,  # an extractor starts no programs
        disable_legacy_handling=True,
    )


def _walk(outline: Any, level: int = 1) -> Iterator[tuple[Any, int]]:
    """pypdf's outline is a list in which a list holds the children of the entry before it."""
    for entry in outline:
        if isinstance(entry, list):
            yield from _walk(entry, level + 1)
        else:
            yield entry, level
