"""Numbers in words, and with the numerals of Chinese, Japanese and Korean."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.grounding.number_words import mixed_numbers, spelled_numbers
from engine.grounding.words import folded


def spelled(text: str) -> list[int]:
    return [int(value) for _, _, value in spelled_numbers(folded(text))]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Twenty-eight days.", [28]),
        ("eleven thousand seven hundred and fifty pounds", [11_750]),
        ("two million three hundred thousand", [2_300_000]),
        ("three, four or five", [3, 4, 5]),
        ("five and six", [5, 6]),
        ("nineteen ninety-eight", [19, 98]),
        ("once a day, for one of them", []),
        ("sechsundfünfzig Leute und die anderen", [56]),
        ("zweihundertfünfundzwanzig", [225]),
        ("zweitausend", [2_000]),
        ("quatre-vingt-dix-sept ans de la vie", [97]),
        ("soixante-douze", [72]),
        ("dix-huit mois", [18]),
        ("treinta y cinco casos", [35]),
        ("doscientos diez", [210]),
        ("сто пять тысяч", [105_000]),
        ("двадцать восемь лет", [28]),
        ("ventotto giorni", [28]),
        ("vinte e oito dias", [28]),
        ("achtentwintig dagen", [28]),
        ("siedem dni", [7]),
        ("每六至八个月", [6, 8]),
        ("二〇二三年", [2023]),
        ("七十八万元", [780_000]),
        ("第一", []),
    ],
)
def test_numbers_in_words(text: str, values: list[int]) -> None:
    assert spelled(text) == values


@pytest.mark.parametrize(
    ("text", "value"),
    [("1万2千円", "12000"), ("3.5亿元", "350000000"), ("12亿3000万", "1230000000"), ("3억 2천만 원", "320000000")],
)
def test_digits_with_numerals(text: str, value: str) -> None:
    ((start, _, found),) = mixed_numbers(text)
    assert (start, found) == (0, Decimal(value))
