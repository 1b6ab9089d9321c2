"""A text file as pages: decoded, converted, cut and cleaned while it streams, in memory that does not grow with it.

Runs inside an extractor process. A page is about 3,000 characters, cut where the text itself pauses. Each cut is
decided from the characters before it and a fixed number behind it: appending to a file changes no page but the last.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape

from engine.documents.cleaning.characters import clean_text_page, clean_title
from engine.documents.extraction import limits
from engine.documents.formats.memory_file import OpenFile
from engine.documents.formats.text.data_pictures import DataPictures, EncodedData
from engine.documents.formats.text.encoding import SAMPLE_BYTES, Encoding, declared, decoded, decoder, detect_whole
from engine.documents.formats.text.html import HtmlText
from engine.documents.formats.text.json_escapes import JSON_SUFFIXES, without_json_escapes
from engine.documents.formats.text.page_cutter import PageCutter
from engine.documents.formats.text.terminal import (
    unfinished_escape,
    with_whole_escapes,
    without_escapes,
    without_overstrikes,
)

_BLOCK_BYTES = 1 << 16
_LONGEST_LINE = 1 << 20
"""Bytes of a line that is waited for; a longer one is decoded in parts."""
_HTML_SUFFIXES = (".html", ".htm", ".xhtml")
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,2000})", re.IGNORECASE)


@dataclass(frozen=True)
class TextPage:
    """A cleaned page and the omissions from it."""

    text: str
    notes: list[str] = field(default_factory=list)


class TextFile:
    """A text file of any size and common encoding. Raises NotText if its beginning is no text."""

    def __init__(self, file: OpenFile, suffix: str) -> None:
        self._file = file
        sample = file.reopened().read(SAMPLE_BYTES) or b""
        self._is_html = suffix in _HTML_SUFFIXES
        self._is_json = suffix in JSON_SUFFIXES
        self._codec = detect_whole(sample)
        self._declared = None if self._codec else declared(sample, self._is_html)
        self.title = self._html_title(sample) if self._is_html else ""
        self.notes: list[str] = []
        self.sha256 = ""
        """SHA-256 of the bytes read, in hexadecimal; empty until `pages` has ended."""
        self._start()
        if self._codec is None:
            next(self._characters(), None)  # raises NotText

    def _start(self) -> None:
        self._pictures = DataPictures()
        self._data = EncodedData()
        self._nuls = 0
        self._unsure: Encoding | None = None
        self._told: set[str] = set()
        self._hash = hashlib.sha256()

    def _html_title(self, sample: bytes) -> str:
        text = next(iter(decoded([sample], self._declared)))[0] if not self._codec else ""
        found = _TITLE.search(text or decoder(self._codec or "utf-8").decode(sample))
        return clean_title(unescape(found[1]), limits.TITLE_CHARACTERS) if found else ""

    def pages(self) -> Iterator[TextPage]:
        """Yield cleaned pages in order, from the first. A page of nothing but blanks comes as an empty one."""
        self._start()
        counted = encoded = (0, 0)
        cutter = PageCutter()
        for page in cutter.pages(self._plain_text()):
            notes = []
            if self._pictures.count > counted[0]:
                new, size = self._pictures.count - counted[0], self._pictures.characters - counted[1]
                notes.append(f"{_counted(new, 'picture')} written into the text ({_size(size)}) left out")
                counted = self._pictures.count, self._pictures.characters
            if self._data.count > encoded[0]:
                new, size = self._data.count - encoded[0], self._data.characters - encoded[1]
                notes.append(f"{_counted(new, 'file')} in base64 ({_size(size)}) left out")
                encoded = self._data.count, self._data.characters
            if self._nuls:
                notes.append(f"{_counted(self._nuls, 'NUL byte')} left out")
                self._nuls = 0
            if self._unsure is not None and self._unsure.codec not in self._told:
                self._told.add(self._unsure.codec)
                notes.append(f"the encoding is not certain; read as {self._unsure.codec}")
            if cutter.cut_line:
                notes.append("a very long line goes on over several pages")
            yield TextPage(clean_text_page(page), notes)

    def _plain_text(self) -> Iterator[str]:
        """Yield text in blocks, with "\\n" line ends, without escapes, overstrikes, NULs and data: pictures."""
        newlines = io.IncrementalNewlineDecoder(None, translate=True)
        blocks = (newlines.decode(text) for text in self._characters())
        if self._is_html:
            yield from HtmlText().convert(self._without_pictures(blocks))
            return
        held = ""
        for block in blocks:
            text = held + block
            # A sequence, a backspace or a picture that the block cuts in two waits for the next block.
            end = min(unfinished_escape(text), len(text) - 1 if text.endswith("\\") else len(text))
            line = text.rfind("\n", 0, end) + 1
            if ("\b" in text or "\\u" in text) and line > 0 and len(text) - line < _LONGEST_LINE:
                end = line
            text, held = text[:end], text[end:]
            yield self._converted(text)
        yield self._converted(held) + self._pictures.rest()

    def _without_pictures(self, blocks: Iterable[str]) -> Iterator[str]:
        for block in blocks:
            yield self._pictures.without(block)
        yield self._pictures.rest()

    def _converted(self, text: str) -> str:
        text = without_overstrikes(without_escapes(text))
        return self._data.without(self._pictures.without(without_json_escapes(text, self._is_json)))

    def _characters(self) -> Iterator[str]:
        """Yield decoded text in blocks."""
        self._hash = hashlib.sha256()
        if self._codec is not None:
            decode = decoder(self._codec).decode
            for block in self._bytes():
                yield decode(block)
            yield decode(b"", True)
        else:
            for text, encoding in decoded(self._lines(), self._declared):
                if encoding is not None and not encoding.is_sure:
                    self._unsure = encoding
                yield text
        self.sha256 = self._hash.hexdigest()

    def _bytes(self) -> Iterator[bytes]:
        file = self._file.reopened()
        block = bytearray(_BLOCK_BYTES)
        while got := file.readinto(block):
            self._hash.update(memoryview(block)[:got])
            yield bytes(block[:got])

    def _lines(self) -> Iterator[bytes]:
        """Yield blocks of whole lines, without NULs; a very long line comes in parts."""
        held = b""
        for block in self._bytes():
            nuls = block.count(0)
            if nuls:
                self._nuls += nuls
                block = block.translate(None, b"\0")  # several times as fast as `replace`
            held += block
            end = held.rfind(b"\n") + 1
            if end == 0 and len(held) > _LONGEST_LINE:
                end = _before_character(held)
            if end:
                yield _with_escapes(held[:end])
                held = held[end:]
        if held:
            yield _with_escapes(held)


def _with_escapes(lines: bytes) -> bytes:
    """Return lines with the 8-bit controls of those that are not UTF-8 as escapes."""
    if b"\x9b" not in lines:
        return lines
    return b"\n".join(line if _is_utf8(line) else with_whole_escapes(line) for line in lines.split(b"\n"))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _before_character(part: bytes) -> int:
    """Return the end of the last blank or ASCII byte, so that no character of several bytes is cut."""
    for end in range(len(part), max(0, len(part) - 64), -1):
        if part[end - 1] < 0x40:
            return end
    return len(part)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _size(characters: int) -> str:
    return f"{max(1, characters // 1024):,} KB"
