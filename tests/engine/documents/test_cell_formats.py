"""Cells of spreadsheets stand as the sheet shows them."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from engine.documents.formats.office.cell_formats import shown

MOMENT = datetime.datetime(2024, 2, 29, 13, 45)
ACCOUNTS = r'_-* #,##0.00_-;\-* #,##0.00_-;_-* "-"??_-;_-@_-'


@pytest.mark.parametrize(
    ("value", "number_format", "right"),
    [
        (0.75, "# ?/?", "3/4"),
        (1.5, "# ?/?", "1 1/2"),
        (-0.5, "0.00;[Red](0.00)", "(0.50)"),
        (1234567.5, '#,##0.00 "CHF"', "1,234,567.50 CHF"),
        (1234.5, "_($* #,##0.00_);_($* (#,##0.00)", "$1,234.50"),
        (0, ACCOUNTS, "-"),
        (-1234.5, ACCOUNTS, "-1,234.50"),
        (0.125, "0.0%", "12.5%"),
        (7, "000", "007"),
        (12, '0" kg"', "12 kg"),
        (1500000, '#,##0.0,,"M"', "1.5M"),
        (0.1 + 0.2, "General", "0.3"),
        (datetime.timedelta(days=1, hours=6, minutes=5), "[h]:mm", "30:05"),
        (datetime.datetime(2020, 1, 15), "mmm yyyy", "Jan 2020"),
        (datetime.datetime(2023, 2, 9), "DD.MM.YYYY", "09.02.2023"),
        (MOMENT, "yyyy-mm-dd hh:mm", "2024-02-29 13:45"),
        (MOMENT, "mm-dd-yy", "2024-02-29 13:45"),
        (datetime.datetime(2024, 5, 3), "dddd, d. mmmm yyyy", "Friday, 3. May 2024"),
        (datetime.time(13, 5), "h:mm AM/PM", "1:05 PM"),
        (datetime.time(13, 5, 9), "h:mm:ss", "13:05:09"),
        (True, "General", "TRUE"),
    ],
)
def test_a_value_is_shown_by_its_format(value: Any, number_format: str, right: str) -> None:
    assert shown(value, number_format) == right
