"""Gaps between the characters of a line that part words."""

from __future__ import annotations

import numpy as np

from engine.documents.formats.pdf.characters import Flags, Floats, Ints
from engine.documents.formats.pdf.glyphs import Glyphs, is_hangul, is_wide

_WORD_GAP, _GENERATED_GAP, _WIDE_WORD_GAP = 0.17, 0.11, 0.5
"""Gap in heights that parts two words: in general, where PDFium sees one too, and between Chinese characters."""
_DOT = ord(".")
_LETTER_SPACE_RANK = 0.3
"""Rank of the gap that letters of one word have, among all gaps of a segment."""
_WIDEST_LETTER_SPACE = 0.4
"""Heights; a gap beyond it is a word's or a cell's, even if all gaps of a segment are alike."""
_FEWEST_STEPS, _AT_PITCH, _UNEVEN, _WIDEST_PITCH = 2, 0.6, 0.06, 0.75
"""Steps of a segment, and share of them that are of one length, from which on it has a pitch; how much they differ; and
the pitch in heights, beyond which characters are cells."""
_MANY_STEPS = 4
"""Steps from which on some may be of two lengths or more, between words."""


def put_spaces(characters: list[str], glyphs: Glyphs, gap: Floats, taller: Floats, breaks: Flags) -> None:
    """Put spaces before the characters that begin words; gaps as wide as a segment's letter spaces part none."""
    segment = np.concatenate(([0], np.cumsum(breaks)))[1:]
    inside = np.flatnonzero(~breaks)
    if len(inside) == 0:
        return
    is_dot = glyphs.code == _DOT
    leaders = is_dot[1:] & is_dot[:-1] & (glyphs.spaces[1:] == 0)  # the gaps between them are no letter spaces
    unspaced = inside[(glyphs.spaces[1:][inside] == 0) & ~leaders[inside]]
    letter_space = np.zeros(len(gap) + 1, dtype=np.float32)
    if len(unspaced):
        order = unspaced[np.lexsort((gap[unspaced], segment[unspaced]))]
        _, first, count = np.unique(segment[order], return_index=True, return_counts=True)
        ranked = gap[order[first + (count * _LETTER_SPACE_RANK).astype(np.int64)]]
        by_segment = np.zeros(int(segment.max(initial=0)) + 1, dtype=np.float32)
        by_segment[segment[order[first]]] = np.where(
            count >= 2, np.clip(ranked, 0, _WIDEST_LETTER_SPACE * taller[order[first]]), 0
        )
        letter_space = by_segment[segment]
    rest = gap - letter_space[: len(gap)]
    wide = is_wide(glyphs.code)
    both_wide = wide[1:] & wide[:-1] & ~is_hangul(glyphs.code)[1:]
    enough = np.where(both_wide, _WIDE_WORD_GAP, np.where(glyphs.generated[1:], _GENERATED_GAP, _WORD_GAP)) * taller
    begins = (glyphs.spaces[1:] > 0) | ((rest > enough) & ~leaders)
    _keep_to_pitch(begins, glyphs, segment, inside)
    for place in inside[begins[inside]].tolist():
        characters[place + 1] = " " * max(1, int(glyphs.spaces[place + 1])) + characters[place + 1]


def _keep_to_pitch(begins: Flags, glyphs: Glyphs, segment: Ints, inside: Ints) -> None:
    """Correct, in place, which characters begin words in segments whose characters stand at one distance each.

    So letters of any width are drawn one by one; where words part, a place or more is left out. Figures set apart are
    cells, and are left alone.
    """
    starts = np.concatenate(([0], np.flatnonzero(np.diff(segment[inside])) + 1))
    ends = np.append(starts[1:], len(inside))
    is_spaced = np.logical_or.reduceat(glyphs.spaces[1:][inside] > 0, starts)
    has_words = np.logical_or.reduceat(begins[inside], starts)
    looked = np.flatnonzero(~is_spaced & has_words & (ends - starts >= _FEWEST_STEPS))
    for first, last in zip(starts[looked].tolist(), ends[looked].tolist(), strict=True):
        places = inside[first:last]
        steps = glyphs.start[places + 1] - glyphs.start[places]
        pitch = float(np.partition(steps, len(steps) // 2)[len(steps) // 2])
        if not 0 < pitch <= _WIDEST_PITCH * float(glyphs.high[places[0]] - glyphs.low[places[0]]):
            continue
        multiple = np.round(steps / pitch)
        share = _AT_PITCH if len(steps) >= _MANY_STEPS else 1.0
        if (np.abs(steps - multiple * pitch) >= _UNEVEN * pitch).any() or (
            np.count_nonzero(multiple == 1) < share * len(steps)
        ):
            continue
        letters = sum(chr(code).isalpha() for code in glyphs.code[places[0] : places[-1] + 2].tolist())
        if 2 * letters >= len(steps):
            begins[places] = multiple > 1
