"""What of an answer does not stand in the text."""

from __future__ import annotations

import pytest

from engine.verification import claims, supporting_page, unconfirmed, unverified

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
        ("On 3 May 2023.", ["3 May 2023"]),
        ("Replaced in May.", []),
    ],
)
def test_a_figure_or_name_that_stands_on_no_page_is_named(answer, found):
    assert unverified(answer, [PAGE]) == found


def test_every_page_counts_and_white_space_does_not():
    assert unverified("Ann Weber paid 17.", ["Ann\nWeber", "a total of 17"]) == []


@pytest.mark.parametrize(
    ("question", "answer", "page"),
    [
        ("What was the pressure of pump P-835?", "10.7 bar", 2),
        ("What was the pressure of pump P-835?", "3 May 2024", None),
        ("What was the pressure of pump P-999?", "10.7 bar", None),
        ("Who was there?", "Ann Weber", 1),
        ("Who was there?", "nobody at all", None),
    ],
)
def test_an_answer_is_borne_out_by_a_passage_that_names_what_was_asked(question, answer, page):
    pages = [
        (1, "On 3 May 2024 Ann Weber came. Nothing was found. All was well. Pump P-835 stood still."),
        (2, "At pump P-835 the gauge was\nread. It showed 10.7 bar. It rained."),
    ]
    assert supporting_page(question, answer, pages) == page
    named = claims(answer)
    assert unconfirmed(question, answer, pages) == ([] if page or not named else named)


def test_a_passage_may_go_on_on_the_next_page():
    pages = [(7, "All was well. Correction: conveyor C-165"), (8, "was repaired on 1 August 2024. Tea was served.")]
    assert supporting_page("When was conveyor C-165 repaired?", "1 August 2024", pages) == 8


def test_a_word_that_only_begins_a_sentence_is_no_name():
    assert claims("Nothing was said. Then it ended.") == []
    assert claims("") == []
