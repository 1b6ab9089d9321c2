"""Rounded numbers: a number behind "about" or "more than" stands for those that round to it. Light: no torch."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

Rounding = Literal["near", "above", "below"]
"""Where the exact number lies: on either side of the rounded one, above it, or below it."""

_NEAR = (
    "about around roughly approximately approx approx. circa ca. ca some almost nearly rund etwa ungefähr zirka gut "
    "knapp "
    "fast environ autour presque près unos unas alrededor aproximadamente cerca casi circa quasi около примерно почти "
    "приблизительно порядка ongeveer około ~ ≈ 约 約 大约 大約 近 ほぼ およそ 약 대략 حوالي نحو قرابة"
)
_ABOVE = "over above exceeding über plus más oltre più mais więcej более больше свыше ruim 超过 超過 逾 أكثر"
_BELOW = "under below unter moins menos meno менее меньше 不到 أقل"
_LINKS = r"(?: (?:than|als|de|di|do|que|of|a|من|the))?"


def _alternatives(words: str) -> str:
    return "|".join(sorted(map(re.escape, words.split()), key=len, reverse=True))


_BEFORE = re.compile(
    rf"(?<![^\W\u3040-\u9fff])(?:(?P<near>{_alternatives(_NEAR)})|(?P<above>{_alternatives(_ABOVE)}|more than|mehr als)"
    rf"|(?P<below>{_alternatives(_BELOW)}|less than|fewer than|weniger als)){_LINKS}\s*"
    r"(?:[€$£¥₽]|(?:eur|usd|gbp|chf|dkk|sek|nok|jpy|cny) )?\s*$"
)
_AFTER = re.compile(r"\s*\S{0,3}?(?:or so\b|左右|上下|程度|余|餘|前後)")
_SHARE = Decimal("0.05")
"""Greatest distance of an exact number from the rounded one, as a share of it."""


def rounding_at(plain: str, start: int, end: int) -> Rounding | None:
    """Return how the number at `start` to `end` of a folded text is rounded; None where nothing says so."""
    found = _BEFORE.search(plain[max(0, start - 32) : start])
    if found is None:
        return "near" if _AFTER.match(plain[end : end + 10]) else None
    return "above" if found["above"] else "below" if found["below"] else "near"


def rounds_to(exact: Iterable[Decimal], rounded: Decimal, rounding: Rounding) -> bool:
    """Return whether one of the numbers `exact` rounds to `rounded`, by its last digit that is not 0."""
    step = Decimal(1).scaleb(_exponent(rounded))
    most = min(step / 2, _SHARE * abs(rounded)) if rounding == "near" else min(step, _SHARE * abs(rounded))
    for value in exact:
        distance = value - rounded
        if abs(distance) <= most and (rounding == "near" or (distance > 0) == (rounding == "above")):
            return True
    return False


def _exponent(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return exponent
