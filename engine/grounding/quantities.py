"""Quantities: a number and the word or sign after it, such as 5 mg or six weeks. Light: no torch.

A small number is on nearly every page, so finding it proves little: "5 mg" is not confirmed by "five time zones" when
the pages say "3 mg".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from engine.grounding.dates import dates
from engine.grounding.languages import language_of
from engine.grounding.numbers import numbers
from engine.grounding.stopwords import stop_words
from engine.grounding.words import folded, stem

LARGEST = 100
"""Larger numbers are rare enough to be looked up by themselves."""
_COUNTED = re.compile(r"[ \u00a0-]?([^\W\d_]{2,}|[%€$£°¥])")


def mismatched(answer: str, texts: Iterable[str]) -> list[str]:
    """Return the small numbers of `answer` whose quantity occurs in none of `texts`, although the texts have other
    numbers of the same thing."""
    made = [(number, value, thing) for number, value, thing in _quantities(answer) if value <= LARGEST]
    if not made:
        return []
    stated: dict[str, set[Decimal]] = {}
    for text in texts:
        for _, value, thing in _quantities(text):
            stated.setdefault(thing, set()).add(value)
    return [number for number, value, thing in made if thing in stated and value not in stated[thing]]


def _quantities(text: str) -> Iterator[tuple[str, Decimal, str]]:
    """Yield (the number as written, its value, the stem of the counted thing) of each quantity."""
    plain, language = folded(text), language_of(text)
    days = [(day.start, day.end) for day in dates(text)]
    for number in numbers(text, words=True):
        if any(start < number.end and number.start < end for start, end in days):
            continue
        counted = _COUNTED.match(plain, number.end)
        if counted is not None and counted[1] not in stop_words(language):
            for value in number.values:
                yield number.text, value, stem(counted[1], language)
