"""Visible characters of a page, turned so that they run to the right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.documents.formats.pdf.characters import Flags, Floats, Ints


@dataclass(frozen=True)
class Glyphs:
    """Visible characters of one direction, turned so that they run to the right; arrays of one length."""

    code: Ints
    start: Floats
    end: Floats
    low: Floats
    high: Floats
    place: Ints
    """Positions in the content stream."""
    spaces: Ints
    """Numbers of space characters before each glyph."""
    generated: Flags
    """Flags of glyphs before which PDFium reports a gap."""

    def only(self, wanted: Flags) -> Glyphs:
        """Return the glyphs for which `wanted` is true."""
        return Glyphs(
            self.code[wanted],
            self.start[wanted],
            self.end[wanted],
            self.low[wanted],
            self.high[wanted],
            self.place[wanted],
            self.spaces[wanted],
            self.generated[wanted],
        )


def is_hangul(code: Ints) -> Flags:
    """Return which characters are Korean, whose words are set apart."""
    return (code >= 0xAC00) & (code <= 0xD7AF)


def is_wide(code: Ints) -> Flags:
    wide = np.zeros(len(code), dtype=bool)
    for first, last in ((0x3000, 0x9FFF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF), (0xFF00, 0xFFEF)):
        wide |= (code >= first) & (code <= last)
    return wide
