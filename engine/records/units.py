"""Units of figures, compared in their short and long forms. Light: no torch."""

from __future__ import annotations

_SAME = (
    "min mins minute minutes minuten",
    "h hr hrs hour hours stunden std",
    "s sec secs second seconds sekunden",
    "d day days tage",
    "week weeks wochen",
    "month months monate",
    "a y yr yrs year years jahre",
    "l litre litres liter liters",
    "t ton tons tonne tonnes",
    "m metre metres meter meters",
    "km kilometre kilometres kilometer kilometers",
    "kg kilo kilos kilogram kilograms",
    "g gram grams",
)
_FORM = {word: words.split()[0] for words in _SAME for word in words.split()}


def normal_unit(unit: str) -> str:
    """Return the short form of a unit of measure; any other unit as it is."""
    return _FORM.get(unit.casefold(), unit)


def same_unit(one: str, other: str) -> bool:
    """Return whether two units are the same in their short or long forms."""
    return normal_unit(one) == normal_unit(other)
