"""Facts about a PDF that a search in its bytes tells in some milliseconds; to open it with pypdf takes a hundred.

What the search cannot tell, of an encrypted, damaged or very large file, counts as present.
"""

from __future__ import annotations

import re
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from engine.documents.formats.memory_file import OpenFile

_LARGEST = 64 << 20
"""Bytes of a file that is searched, and of all its object streams together."""
_HEADER, _END = 1024, 2048
_OBJECT_STREAM, _STREAM = re.compile(rb"/ObjStm\b"), re.compile(rb"stream\r?\n")
_LONGEST_DICTIONARY = 2_000
_ESCAPED = re.compile(rb"/(?:[OC][A-Za-z]{0,12})?#[0-9A-Fa-f]{2}[A-Za-z]")
"""A name with an escaped character, which may be OCProperties or Collection."""
_FONT = re.compile(rb"/Subtype\s*/(?:Type[013]|TrueType|MMType1)\b")
_FONT_MAP = re.compile(rb"/ToUnicode\b")
_NAMED_ENCODING = re.compile(rb"/Encoding\s*/(?:WinAnsi|MacRoman|MacExpert|Standard)Encoding\b")
_FONT_NAME = re.compile(rb"/BaseFont\s*/([^\s/<>\[\]()]*)")
_CODE = re.compile(rb"#([0-9A-Fa-f]{2})")
_FIRST = re.compile(rb"/First\s+(\d+)(?!\s+\d+\s+R)")
_OBJECT, _OBJECT_END = b" obj", b"endobj"


class Facts(NamedTuple):
    """Properties of a file by its objects."""

    may_have_layers: bool
    may_be_portfolio: bool
    unmapped_fonts: frozenset[str] | None
    """Names of the fonts that may have no map to characters, an empty one for those without a name; None if unknown."""


UNKNOWN = Facts(True, True, None)


class _ObjectStream(NamedTuple):
    data: bytes
    """Pairs of numbers, each an object's number and its offset from `first`; then the objects."""
    first: int


def scan(file: OpenFile) -> Facts:
    """Return the facts about `file`."""
    if file.size > _LARGEST:
        return UNKNOWN
    data = file.reopened().read() or b""
    is_whole = b"%PDF-" in data[:_HEADER] and b"startxref" in data[-_END:] and b"%%EOF" in data[-_END:]
    if not is_whole or b"/Encrypt" in data:
        return UNKNOWN
    try:
        streams = list(_object_streams(data))
        fonts = [*_plain_fonts(data), *(font for stream in streams for font in _packed_fonts(stream))]
    except (zlib.error, ValueError):
        return UNKNOWN
    parts = [data, *(stream.data for stream in streams)]
    if any(_ESCAPED.search(part) for part in parts):
        return UNKNOWN
    return Facts(
        any(b"/OCProperties" in part for part in parts),
        any(b"/Collection" in part for part in parts),
        frozenset(name for font in fonts for name in _unmapped(font)),
    )


def _object_streams(data: bytes) -> Iterator[_ObjectStream]:
    """Yield the streams of compressed objects. Raises ValueError or zlib.error for one that cannot be read."""
    left, view = _LARGEST, memoryview(data)
    for found in _OBJECT_STREAM.finditer(data):
        begin = _STREAM.search(data, found.end(), found.end() + _LONGEST_DICTIONARY)
        end = data.find(b"endstream", begin.end()) if begin is not None else -1
        first = _FIRST.search(data, max(0, data.rfind(_OBJECT, 0, found.start())), end)
        if begin is None or first is None or end < 0:
            raise ValueError("an object stream without its data")
        decompressor = zlib.decompressobj()
        objects = decompressor.decompress(view[begin.end() : end], left)
        left -= len(objects)
        if left <= 0 or not decompressor.eof:
            raise ValueError("object streams of too many bytes, or one that is cut short")
        yield _ObjectStream(objects, int(first[1]))


def _plain_fonts(data: bytes) -> Iterator[bytes]:
    """Yield the objects outside streams that hold a font."""
    end = 0
    for found in _FONT.finditer(data):
        if found.start() >= end:
            begin, end = data.rfind(_OBJECT, 0, found.start()), data.find(_OBJECT_END, found.end())
            end = len(data) if end < 0 else end
            yield data[max(0, begin) : end]


def _packed_fonts(stream: _ObjectStream) -> Iterator[bytes]:
    """Yield the objects of an object stream that hold a font."""
    places = [found.start() for found in _FONT.finditer(stream.data)]
    if not places:
        return
    offsets = [*map(int, stream.data[: stream.first].split()[1::2])]
    starts = sorted(stream.first + offset for offset in offsets)
    for number in sorted({bisect_right(starts, place) for place in places}):
        begin = starts[number - 1] if number else 0
        yield stream.data[begin : starts[number] if number < len(starts) else len(stream.data)]


def _unmapped(objects: bytes) -> list[str]:
    """Return the names of the fonts in `objects` if any of them has no map."""
    fonts = len(_FONT.findall(objects))
    if fonts <= len(_FONT_MAP.findall(objects)) or (fonts == 1 and _NAMED_ENCODING.search(objects)):
        return []
    names = [_CODE.sub(lambda code: bytes([int(code[1], 16)]), name) for name in _FONT_NAME.findall(objects)]
    return [*(name.decode("latin-1") for name in names), *([""] if len(names) < fonts else [])]
