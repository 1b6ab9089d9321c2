"""What of an answer does not stand in the text."""

from __future__ import annotations

import pytest

from engine.verification import claims, unverified

PAGE = "On 3 May 2024 Ann Weber replaced pump P-835 for 1,250.00 euros; the pressure was 10.7 bar."


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("10.7 bar", []),
        ("11.7 bar", ["11.7"]),
        ("The work cost 1,250.00 euros.", []),
        ("The work cost 1,250 euros.", ["1,250"]),
        ("The pressure was 7 bar.", ["7"]),
        ("It was Ann Weber.", []),
        ("It was Ann Becker.", ["Ann Becker"]),
        ("Pump P-83 was replaced.", ["P-83"]),
        ("On 3 May 2023.", ["2023"]),
        ("Replaced in May.", []),
    ],
)
def test_a_figure_or_name_that_stands_on_no_page_is_named(answer, found):
    assert unverified(answer, [PAGE]) == found


def test_every_page_counts_and_white_space_does_not():
    assert unverified("Ann Weber paid 17.", ["Ann\nWeber", "a total of 17"]) == []


def test_a_word_that_only_begins_a_sentence_is_no_name():
    assert claims("Nothing was said. Then it ended.") == []
    assert claims("") == []
