"""Which encoding a text file is in, told from its beginning, and a decoder that never fails.

Only the beginning decides, so that a file that grows keeps the text it had.
"""

from __future__ import annotations

import codecs
import re

SAMPLE_BYTES = 1 << 18
"""Of the beginning looked at: enough for any detector, little enough to be quick."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")
"""Not among them: white space, bell, backspace, and the escape that starts a terminal's colours."""
_MAX_CONTROLS = 0.05
_MAX_BROKEN = 0.3
"""Share of the bytes beyond ASCII that may be broken UTF-8 before the file is taken for something else."""
_LONE_HIGH_BYTE = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")
_HTML_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)


class NotText(Exception):
    """The bytes are not text in any encoding."""


def detect(sample: bytes, is_whole: bool, html: bool = False) -> str:
    """A codec for the text that begins with `sample`. Raises NotText.

    `is_whole`: there is nothing after the sample, so a character cut off at its end is a broken one. `html`: the file
    may name its encoding itself.
    """
    for mark, codec in _MARKS:
        if sample.startswith(mark):
            return codec
    wide = _without_mark(sample)
    if wide is not None:
        return wide
    if len(_CONTROLS.findall(sample)) > _MAX_CONTROLS * len(sample):
        raise NotText
    declared = _HTML_CHARSET.search(sample[:4096]) if html else None
    if declared and _decodes(sample, name := declared[1].decode("ascii"), is_whole):
        return name
    high = sum(1 for byte in sample if byte >= 0x80)
    if high == 0:
        if b"\x1b$" in sample and _decodes(sample, "iso2022_jp", is_whole):
            return "iso2022_jp"
        return "utf-8"
    if _broken_utf8(sample, is_whole) <= _MAX_BROKEN * high:
        return "utf-8"
    return _legacy(sample, high, is_whole)


def decoder(codec: str) -> codecs.IncrementalDecoder:
    """An incremental decoder that takes bytes which do not fit for what they are in Western Windows files."""
    return codecs.getincrementaldecoder(codec)(errors="engine-western")


def _western(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "ignore"), error.end


codecs.register_error("engine-western", _western)


def _without_mark(sample: bytes) -> str | None:
    """UTF-16 by the place of its zero bytes: every second one, in text of mostly Latin letters."""
    head = sample[: len(sample) // 2 * 2]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if half >= 4:
        if odd > 0.4 * half and even < 0.02 * half:
            return "utf-16-le"
        if even > 0.4 * half and odd < 0.02 * half:
            return "utf-16-be"
    return None


def _broken_utf8(sample: bytes, is_whole: bool) -> int:
    """Bytes that do not fit UTF-8."""
    broken = 0

    def count(error: UnicodeError) -> tuple[str, int]:
        nonlocal broken
        assert isinstance(error, UnicodeDecodeError)
        broken += error.end - error.start
        return "", error.end

    codecs.register_error("engine-count", count)
    codecs.getincrementaldecoder("utf-8")(errors="engine-count").decode(sample, final=is_whole)
    return broken


def _decodes(sample: bytes, codec: str, is_whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder(codec)().decode(sample, final=is_whole)
    except (UnicodeError, LookupError):
        return False
    return True


def _legacy(sample: bytes, high: int, is_whole: bool) -> str:
    """An encoding from before Unicode."""
    # Accents stand alone between ASCII letters; letters of another script stand in rows.
    if len(_LONE_HIGH_BYTE.findall(sample)) > 0.4 * high and high < 0.3 * len(sample):
        return "cp1252"
    from charset_normalizer import from_bytes

    # Whole lines only: the detector takes a character cut in two for a sign of another encoding.
    lines = sample if is_whole else sample[: sample.rfind(b"\n") + 1] or sample
    best = from_bytes(lines).best()
    if best is not None and _decodes(sample, best.encoding, is_whole):
        return best.encoding
    if high > 0.3 * len(sample):
        raise NotText
    return "cp1252"
