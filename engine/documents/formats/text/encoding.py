"""Encodings of text files: declared, or detected from the lines that are not ASCII; and a decoder that never fails.

A file is decoded line by line. Lines that are valid UTF-8 are UTF-8; all others are in one encoding from before
Unicode, which is declared or detected from the first of them. So a file may begin in ASCII and turn to another encoding
late, and a log may hold lines of two programs.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.documents.formats.text.alphabets import explained_share

SAMPLE_BYTES = 1 << 18
"""Bytes of non-ASCII lines given to detection: enough for any detector, few enough to be quick."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NULS = re.compile(rb"\x00{2,}")
_CONTROLS = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")
"""Not among them: white space, bell, backspace, and the escape that starts a terminal's colours."""
_MAX_CONTROLS = 0.05
_DECLARED_HTML = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_DECLARED_XML = re.compile(rb"""\A\s*<\?xml[^>]{0,100}encoding\s*=\s*["']([A-Za-z0-9_.:-]{2,40})["']""")
_DECLARED_EDITOR = re.compile(rb"""coding[:=]\s*([A-Za-z0-9_.-]{3,40})""")
_DECLARED_WITHIN = 4096
_WEB_NAMES = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
"""Names that declare less than what is meant, by the WHATWG's encoding standard."""
_NO_ENCODINGS = frozenset(("idna", "punycode", "utf-7", "unicode_escape", "raw_unicode_escape", "undefined", "rot13"))
_LATIN = ("cp1252", "cp1250", "cp1254", "cp1257", "iso8859-2", "iso8859-15", "cp850", "mac_roman", "iso8859-16")
"""Encodings of Latin letters by how common they are."""
_SURE_SHARE = 0.98
_WORDS = re.compile(rb"[^\s;,|\"'<>=]*[\x80-\xff][^\s;,|\"<>=]*(?:[ \t][^\s;,|\"<>=]*[\x80-\xff][^\s;,|\"<>=]*)*")
"""Runs of words with bytes beyond ASCII: what a detector can tell an encoding from."""
_FEWEST_BYTES = 4
_DENSE = 0.3
"""Share of bytes beyond ASCII from which on a line is of another script, whose characters may have ASCII bytes."""
_BESIDE = re.compile(rb"[A-Za-z][\x80-\xff]|[\x80-\xff](?=[A-Za-z])")
_WIDE = frozenset(("gb18030", "gbk", "gb2312", "big5", "big5hkscs", "cp932", "euc_jp", "shift_jis", "cp949", "euc_kr"))


class NotText(Exception):
    """The bytes are not text in any encoding."""


@dataclass(frozen=True)
class Encoding:
    """An encoding and how it is known."""

    codec: str
    is_sure: bool = True
    """False where it was guessed and other encodings would do about as well."""


def detect_whole(sample: bytes) -> str | None:
    """Return the codec of a file that is in UTF-16 or UTF-32 or begins with a byte order mark, else None.

    Raises NotText if `sample`, the file's beginning, is no text at all.
    """
    for mark, codec in _MARKS:
        if sample.startswith(mark):
            return codec
    wide = _without_mark(sample)
    if wide is not None:
        return wide
    rest = _NULS.sub(b"", sample)
    if len(_CONTROLS.findall(rest)) > _MAX_CONTROLS * max(1, len(rest)):
        raise NotText
    if b"\x1b$" in sample and _decodes(sample, "iso2022_jp"):
        return "iso2022_jp"
    return None


def declared(sample: bytes, is_html: bool) -> str | None:
    """Return the codec that a file names at its beginning, None for UTF-8, for none,
    and for one that is no encoding of text."""
    head = sample[:_DECLARED_WITHIN]
    found = _DECLARED_XML.search(head) or (_DECLARED_HTML.search(head) if is_html else None)
    if found is None and not is_html:
        found = _DECLARED_EDITOR.search(b"\n".join(head.split(b"\n", 2)[:2]))
    codec = text_codec(found[1].decode("ascii")) if found else None
    return None if codec == "utf-8" else codec


def text_codec(name: str) -> str | None:
    """Return the codec for a declared name, by the web's reading of it; None for what is no encoding of text."""
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    if info.name in _NO_ENCODINGS or not getattr(info, "_is_text_encoding", True):
        return None
    return _WEB_NAMES.get(info.name, info.name)


def detect(lines: bytes) -> Encoding:
    """Return the encoding from before Unicode of `lines`, which are not UTF-8. Raises NotText for bytes without one."""
    words = b"\n".join(_WORDS.findall(lines))
    high = sum(byte >= 0x80 for byte in words)
    is_dense = high > _DENSE * len(lines)
    guess = _guess(lines if is_dense else words)
    if guess is not None and _decodes(lines, guess) and (guess in _WIDE or is_dense or not _beside_ascii(words, high)):
        if not _is_latin(words, guess):
            return Encoding(guess, high >= _FEWEST_BYTES)
    elif guess in _WIDE or guess is None or not _is_latin(words, guess):
        guess = None
    shares = {codec: explained_share(words.decode(codec)) for codec in _LATIN if _decodes(words, codec)}
    if guess is not None and guess not in shares and _decodes(words, guess):
        shares[guess] = explained_share(words.decode(guess))
    best = max(shares.values(), default=0.0)
    if best < 0.5 and guess is None:
        if high > 0.3 * len(lines):
            raise NotText
        return Encoding("cp1252", False)
    able = [codec for codec, share in shares.items() if share >= best - 0.01]
    codec = next((codec for codec in _LATIN if codec in able), able[0] if able else "cp1252")
    texts = {words.decode(name) for name in able}
    return Encoding(codec, best >= _SURE_SHARE and (len(texts) == 1 or high >= 3 * _FEWEST_BYTES))


def decoded(blocks: Iterable[bytes], legacy: str | None) -> Iterator[tuple[str, Encoding | None]]:
    """Yield the text of `blocks` (each ends at a line end or is a part of a line) and the encoding of what is no UTF-8.

    `legacy` is the declared encoding. Raises NotText if the first lines beyond ASCII are no text.
    """
    encoding = Encoding(legacy) if legacy else None
    waiting: list[bytes] = []
    waiting_bytes = 0
    is_first = True
    for block in blocks:
        text = None if waiting or (legacy and not block.isascii()) else _as_utf8(block)
        if text is not None:
            is_first = False
            yield text, None
        elif encoding is not None:
            yield _by_lines(block, encoding), encoding
        else:
            # Lines are collected until there are enough to tell the encoding from.
            waiting.append(block)
            waiting_bytes += len(block)
            if waiting_bytes >= SAMPLE_BYTES:
                encoding = _detect(b"".join(waiting), is_first)
                yield _by_lines(b"".join(waiting), encoding), encoding
                waiting = []
    if waiting:
        encoding = _detect(b"".join(waiting), is_first)
        yield _by_lines(b"".join(waiting), encoding), encoding


def _detect(block: bytes, is_first: bool) -> Encoding:
    try:
        return detect(_sample(block))
    except NotText:
        if is_first:
            raise
        return Encoding("cp1252", False)  # what came before was text


def _sample(block: bytes) -> bytes:
    lines = [line for line in block.split(b"\n") if not line.isascii() and _as_utf8(line) is None]
    return b"\n".join(lines)


def _as_utf8(block: bytes) -> str | None:
    try:
        return block.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _by_lines(block: bytes, encoding: Encoding) -> str:
    """Return `block` decoded line by line: UTF-8 where that fits, else `encoding`, else byte by byte."""
    is_wide = encoding.codec in _WIDE
    texts = []
    for line in block.split(b"\n"):
        in_encoding = is_wide and not line.isascii() and _decodes(line, encoding.codec)
        text = None if in_encoding else _as_utf8(line)
        texts.append(_mixed(line, encoding.codec) if text is None else text)
    return "\n".join(texts)


_VALID_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]")


def _mixed(line: bytes, codec: str) -> str:
    """Return a line that is no valid UTF-8. One that mostly is keeps its characters and loses its broken bytes only."""
    valid = sum(len(found) for found in _VALID_UTF8.findall(line))
    if valid > 0.7 * len(_HIGH.findall(line)):
        return line.decode("utf-8", "engine-western")
    return line.decode(codec, "engine-western")


def _western(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "ignore"), error.end


codecs.register_error("engine-western", _western)


def decoder(codec: str) -> codecs.IncrementalDecoder:
    """Return an incremental decoder that reads bytes which do not fit as Western Windows characters."""
    return codecs.getincrementaldecoder(codec)(errors="engine-western")


def _without_mark(sample: bytes) -> str | None:
    """Return UTF-16's codec by the place of zero bytes: every second one, in text of mostly Latin letters."""
    head = sample[: len(sample) // 2 * 2]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if half >= 4:
        if odd > 0.4 * half and even < 0.02 * half:
            return "utf-16-le"
        if even > 0.4 * half and odd < 0.02 * half:
            return "utf-16-be"
    return None


def _guess(words: bytes) -> str | None:
    from chardet import detect as chardet_detect

    name = chardet_detect(words).get("encoding") if words else None
    return text_codec(name) if name else None


def _beside_ascii(words: bytes, high: int) -> bool:
    """Return whether the bytes beyond ASCII stand in words with ASCII letters, as accented letters do."""
    return len(_BESIDE.findall(words)) > 0.3 * high


def _is_latin(words: bytes, codec: str) -> bool:
    text = words.decode(codec, "replace")
    beyond = [character for character in text if ord(character) >= 0x80 and character.isalpha()]
    return sum(ord(character) < 0x250 for character in beyond) >= 0.5 * len(beyond)


def _decodes(sample: bytes, codec: str) -> bool:
    try:
        sample.decode(codec)
    except (UnicodeError, LookupError):
        return False
    return True
