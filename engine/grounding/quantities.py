"""Quantities: a number and the word or sign after it, such as 5 mg or six weeks. Light: no torch.

A small number is on nearly every page, so finding it proves little: "5 mg" is not confirmed by "five time zones" when
the pages say "3 mg".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from engine.grounding.conversions import UNIT_OF, unit_behind
from engine.grounding.dates import dates
from engine.grounding.languages import language_of
from engine.grounding.numbers import numbers
from engine.grounding.stopwords import stop_words
from engine.grounding.times import times_of_day
from engine.grounding.words import folded, stem

LARGEST = 100
"""Larger numbers are rare enough to be looked up by themselves."""
_AGAINST_WORDS = "dafür dagegen dabei davon waren against for abstained voted contre pour contra favor против за"
_AGAINST = frozenset(_AGAINST_WORDS.split())
"""Words behind a number of people that are not named again."""
_BARE = "#"
"""The thing of a number in digits with no noun behind it: "41 of 56, and" """
_LIST_NUMBER = re.compile(r"[.)](?:\s|$)")
_LABEL = re.compile(r"(?:^|\n|(?<!\w)[^\W\da-zß-ÿа-яё_][^\W\d_]*)\s*$")
"""Precedes the number of a line or of a part: "Article 12." """
_UNITS = frozenset(UNIT_OF.values()) | {"mg"}
"""Units: a whole number of one is not confirmed by that number without it."""
_COUNTED = re.compile(r"[ \u00a0-]?([^\W\d_]{2,}|[%€$£°¥])")


def mismatched(answer: str, texts: Iterable[str]) -> list[str]:
    """Return the small numbers of `answer` whose quantity occurs in none of `texts`, although the texts have other
    numbers of the same thing."""
    made = [
        (number, values, thing)
        for number, values, thing in _quantities(answer)
        if max(values) <= LARGEST and thing not in ("", _BARE)
    ]
    if not made:
        return []
    stated: dict[str, set[Decimal]] = {}
    for text in texts:
        for _, values, thing in _quantities(text):
            stated.setdefault(thing, set()).update(values)
    alone = stated.get("", set())
    bare = stated.get(_BARE, set())

    def stands_alone(values: frozenset[Decimal], thing: str) -> bool:
        found = {value for value in values & bare if value != value.to_integral_value() or thing not in _UNITS}
        return bool(found) or not values.isdisjoint(alone)

    return [
        number
        for number, values, thing in made
        if thing in stated and values.isdisjoint(stated[thing]) and not stands_alone(values, thing)
    ]


def _quantities(text: str) -> Iterator[tuple[str, frozenset[Decimal], str]]:
    """Yield (the number as written, its possible values, the stem of the counted thing) of each quantity; "" for a
    number in words that counts nothing named ("six against"), _BARE for one in digits."""
    plain, language = folded(text), language_of(text)
    days = [(day.start, day.end) for day in dates(text)]
    days += [(start, end) for start, end, _ in times_of_day(text)]
    for number in numbers(text, words=True):
        if any(start < number.end and number.start < end for start, end in days):
            continue
        counted = _COUNTED.match(plain, number.end)
        if not number.values:
            continue
        if counted is not None and counted[1] not in stop_words(language) | _AGAINST:
            yield number.text, number.values, unit_behind(plain, number.end) or stem(counted[1], language)
        elif number.text.isalpha():
            if counted is None or counted[1] in _AGAINST:
                yield number.text, number.values, ""
        elif not (_LIST_NUMBER.match(plain, number.end) and _LABEL.search(text[: number.start])):
            yield number.text, number.values, _BARE
