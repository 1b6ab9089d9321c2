"""Parts of a document under a date: the minutes of several meetings, the days of a log, the letters of a file.

A question that names one date is answered from the part under it. Light: no torch.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from engine.grounding.dates import dates, includes
from engine.grounding.sentence_index import Hit, SentenceIndex

_LINE = re.compile(r"^[^\n\t]{0,60}\b(?:19|20)\d\d\b[^\n\t]{0,20}$", re.M)
"""A short line with a year."""
_WORD = re.compile(r"[^\W\d_]{2,}")
_MOST_WORDS = 4
"""Words beside the date in a line that begins a part."""
_DAYS = re.compile(r"(\d)\s?[-–—/]\s?\d{1,2}(?=\s*,)")
"""The days of a meeting of several: the first stands for all."""


def under_date(index: SentenceIndex, question: str, hits: Sequence[Hit]) -> list[Hit]:
    """Return `hits`, those in the parts under the date of `question` first; as they are where no part has it."""
    asked = [value for date in dates(_DAYS.sub(r"\1", question)) for value in date.values if "-" in value]
    if not asked:
        return list(hits)
    parts = _parts(index)
    right = {place for place, values in parts if any(includes(value, wanted) for value in values for wanted in asked)}
    if not right or len(right) == len(parts):
        return list(hits)
    begins = [place for place, _ in parts]

    def is_right(hit: Hit) -> bool:
        number = bisect_right(begins, hit.place) - 1
        return number >= 0 and begins[number] in right

    inside = [hit for hit in hits if is_right(hit)]
    return [*inside, *(hit for hit in hits if not is_right(hit))] if inside else list(hits)


def _parts(index: SentenceIndex) -> list[tuple[int, frozenset[str]]]:
    """Return the first sentence of each part, with the date above it."""
    found: list[tuple[int, frozenset[str]]] = []
    for place, sentence in enumerate(index.sentences):
        line = _LINE.match(sentence.text)
        if line is None:
            continue
        text = _DAYS.sub(r"\1", line[0])
        stated = list(dates(text))
        if len(stated) == 1 and stated[0].values:
            rest = text[: stated[0].start] + text[stated[0].end :]
            if len(_WORD.findall(rest)) <= _MOST_WORDS and (not found or found[-1][1] != stated[0].values):
                found.append((place, stated[0].values))
    return found
