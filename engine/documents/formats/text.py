"""A text file as pages: decoded, cut and cleaned while it streams, in memory that does not grow with the file.

Runs inside an extractor process. A page is about 3,000 characters, cut where the text itself pauses. Each cut is
decided from the characters before it and a fixed number behind it: appending to a file changes no page but the last.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from html import unescape

from engine.documents.cleaning.characters import clean_text_page, clean_title
from engine.documents.extraction import limits
from engine.documents.formats.encoding import SAMPLE_BYTES, NotText, decoder, detect
from engine.documents.formats.html import HtmlText
from engine.documents.formats.regular_file import RegularFile

__all__ = ["NotText", "TextFile", "cut_pages"]

SHORTEST = 2_000
WANTED = 3_000
LONGEST = 4_000
"""Characters of a page. A single line longer than the longest page is cut at a space, or anywhere."""

_BLOCK_BYTES = 1 << 16
_HTML_SUFFIXES = (".html", ".htm", ".xhtml")
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,2000})", re.IGNORECASE)

_PAUSES = (
    re.compile(r"\n[ \t]*\n(?=[^\n])"),  # a blank line
    re.compile(r"\n(?=[^\s])"),  # a line that is not indented: a new record, not the rest of the one before
    re.compile(r"\n"),
    re.compile(r"[.!?。]\s+|[。！？]"),
    re.compile(r"[,;}\]]\s*|\s+"),
)
"""Where a page may end, the best first; the cut is after the match."""


class TextFile:
    """A text file of any size and common encoding. Raises NotText if its beginning is no text."""

    def __init__(self, file: RegularFile, suffix: str) -> None:
        self._file = file
        sample = file.twin().read(SAMPLE_BYTES) or b""
        self._is_html = suffix in _HTML_SUFFIXES
        self._codec = detect(sample, len(sample) == file.size, self._is_html)
        self.title = self._html_title(sample) if self._is_html else ""

    def _html_title(self, sample: bytes) -> str:
        found = _TITLE.search(decoder(self._codec).decode(sample))
        return clean_title(unescape(found[1]), limits.TITLE_CHARACTERS) if found else ""

    def pages(self) -> Iterator[str]:
        """Cleaned pages in order, from the first. A page of nothing but blanks comes as an empty one."""
        characters = self._characters()
        if self._is_html:
            characters = HtmlText().convert(characters)
        for page in cut_pages(characters):
            yield clean_text_page(page)

    def _characters(self) -> Iterator[str]:
        """Decoded text in blocks, with "\\n" line ends."""
        file = self._file.twin()
        decode = io.IncrementalNewlineDecoder(decoder(self._codec), translate=True).decode
        block = bytearray(_BLOCK_BYTES)
        while got := file.readinto(block):
            yield decode(bytes(block[:got]))
        yield decode(b"", True)


def cut_pages(blocks: Iterable[str]) -> Iterator[str]:
    """The concatenation of `blocks` cut into pages. Joined they give it back; how it came in blocks does not matter."""
    held = ""
    for block in blocks:
        held += block
        start = 0
        while len(held) - start > LONGEST + 1:
            end = start + _page_length(held[start : start + LONGEST + 2])
            yield held[start:end]
            start = end
        held = held[start:]
    if held:
        yield held


def _page_length(text: str) -> int:
    """Where the page at the start of `text` (LONGEST + 2 characters) ends."""
    for pause in _PAUSES:
        ends = [end for found in pause.finditer(text) if SHORTEST <= (end := found.end()) <= LONGEST]
        if ends:
            return min(ends, key=lambda end: (abs(end - WANTED), end))
    return LONGEST
