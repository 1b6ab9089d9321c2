"""Dates, numbers, amounts and identifiers with their normal forms, in several languages and grammars."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.grounding.dates import dates, includes
from engine.grounding.identifiers import identifiers
from engine.grounding.numbers import amounts, numbers


def date_values(text: str) -> list[str]:
    return [value for day in dates(text) for value in sorted(day.values)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("on 1 August 2024", ["2024-08-01"]),
        ("August 1st, 2024", ["2024-08-01"]),
        ("2024-08-01T08:15", ["2024-08-01"]),
        ("am 1. August 2024", ["2024-08-01"]),
        ("le 1er août 2024", ["2024-08-01"]),
        ("el 1 de agosto de 2024", ["2024-08-01"]),
        ("1 августа 2024 г.", ["2024-08-01"]),
        ("2024年8月1日", ["2024-08-01"]),
        ("2024년 8월 1일", ["2024-08-01"]),
        ("01.08.2024", ["2024-08-01"]),
        ("3/4/2024", ["2024-03-04", "2024-04-03"]),
        ("in August 2024", ["2024-08"]),
        ("on 12\nMarch it", ["--03-12"]),
        ("FY2024", ["FY2024"]),
        ("FY24", ["FY2024"]),
        ("fiscal year 2024", ["FY2024"]),
        ("im Geschäftsjahr 2024", ["FY2024"]),
        ("Q3 2024", ["2024-Q3"]),
        ("third quarter of 2024", ["2024-Q3"]),
        ("3. Quartal 2024", ["2024-Q3"]),
        ("31 February 2024", []),
        ("it may 12 times", []),
        ("version 1.2.2024.7", []),
        ("2 gen servers", []),
    ],
)
def test_date_normal_forms(text, values):
    assert date_values(text) == values


def test_a_day_includes_its_month_and_year_and_not_the_reverse():
    assert includes("2024-08-01", "2024-08")
    assert includes("2024-08-01", "--08-01")
    assert includes("2024-Q3", "Q3")
    assert not includes("2024-08", "2024-08-01")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.5", "1234.5"),
        ("1.234,5", "1234.5"),
        ("1 234,5", "1234.5"),
        ("1'234.5", "1234.5"),
        ("12,34,567", "1234567"),
        ("1.2 million", "1200000"),
        ("3,5 Mio. €", "3500000"),
        ("5,5 млн рублей", "5500000"),
        ("3.5亿元", "350000000"),
        ("压力为3.5巴", "3.5"),
    ],
)
def test_number_values(text, value):
    (found,) = numbers(text)
    assert found.values == {Decimal(value)}


def test_ambiguous_number_has_both_values():
    (found,) = numbers("1,234")
    assert found.values == {Decimal("1234"), Decimal("1.234")}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3,5 Mio. €", "3500000 EUR"),
        ("3.5亿元", "350000000 CNY"),
        ("12 Prozent", "12 %"),
        ("$1.2 million", "1200000 USD"),
    ],
)
def test_amount_values(text, value):
    assert [amount.value for amount in amounts(text)] == [value]


def test_fiscal_years_quarters_and_sums_are_no_identifiers():
    assert identifiers("FY2024, Q3 2024, EUR 1234, FT-474, ME-4411/2, b12, PR 409") == [
        "FT-474",
        "ME-4411/2",
        "b12",
        "PR 409",
    ]
