"""What of an answer does not stand in the text."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.grounding.claims import claims
from engine.grounding.identifiers import identifiers
from engine.grounding.support import unsupported
from engine.grounding.words import folded


def texts(text: str) -> list[str]:
    return [claim.text for claim in claims(text)]


PAGE = "On 3 May 2024 Ann Weber replaced pump P-835 for 1,250.00 euros; the pressure was 10.7 bar."


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("10.7 bar", []),
        ("11.7 bar", ["11.7"]),
        ("The work cost 1,250.00 euros.", []),
        ("The work cost 1,250 euros.", []),
        ("The work cost 1250 euros.", []),
        ("The work cost 1 250,00 euros.", []),
        ("The work cost 1,251 euros.", ["1,251"]),
        ("The work cost 250 euros.", ["250"]),
        ("The pressure was 7 bar.", ["7"]),
        ("It was Ann Weber.", []),
        ("It was Ann Becker.", ["Ann Becker"]),
        ("Pump P-83 was replaced.", ["P-83"]),
        ("It was Anna Weber.", ["Anna Weber"]),
        ("Ann Becker", ["Ann Becker"]),
        ("Weber, Ann", []),
        ("Pump P835 was replaced.", []),
        ("Pump P\u2011835 was replaced.", []),
        ("It was number 835.", ["835"]),
        ("On 3 May 2023.", ["3 May 2023"]),
        ("On May 3, 2024.", []),
        ("On 2024-05-03.", []),
        ("On 03.05.2024.", []),
        ("On 5/3/2024.", []),
        ("On 4 May 2024.", ["4 May 2024"]),
        ("On 31 February 2024.", ["31 February 2024"]),
        ("Replaced in May.", []),
    ],
)
def test_a_figure_or_name_that_stands_on_no_page_is_named(answer, found):
    assert unsupported(answer, [PAGE]) == found


def test_every_page_counts_and_white_space_does_not():
    assert unsupported("Ann Weber paid 17.", ["Ann\nWeber", "a total of 17"]) == []


def test_a_word_that_only_begins_a_sentence_is_no_name():
    assert claims("Nothing was said. Then it ended.") == []
    assert claims("") == []


def test_a_name_at_the_start_of_a_sentence_counts_where_it_is_more_than_one_word():
    assert texts("Ann Weber came. The Harlow works closed. Weber left.") == ["Ann Weber", "Harlow"]


def test_dates_are_one_claim_however_they_are_written():
    assert texts("It was on May 3, 2024, or 3.5.2024, or the 3rd of May 2024.") == [
        "May 3, 2024",
        "3.5.2024",
        "3rd of May 2024",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What was done to pump P-835?", ["P-835"]),
        ("what did b12 and ME-4411/2 cost on 3 May 2024?", ["b12", "ME-4411/2"]),
        ("How many of the 12 pumps stood still in Q3, at 12V, for the 2nd time, for EUR 1,234?", []),
    ],
)
def test_identifiers_are_letters_with_a_number_behind_them(text, found):
    assert identifiers(text) == found


@given(st.integers(0, 10**9), st.sampled_from(["{:d}", "{:,d}", "{:,d}.00", "{:_d}"]))
def test_a_number_is_found_however_its_thousands_are_marked(number, form):
    written = form.format(number).replace("_", " ")
    assert unsupported(f"It cost {number} euros.", [f"A total of {written} euros."]) == []
    assert unsupported(f"It cost {number + 1} euros.", [f"A total of {written} euros."]) != []


DAYS = st.dates(date(1000, 1, 1), date(9000, 12, 28))
FORMS = ("%-d %B %Y", "%B %-d, %Y", "%Y-%m-%d", "%d.%m.%Y", "%-d %b %Y", "%m/%d/%Y")


@given(DAYS, st.sampled_from(FORMS))
def test_a_date_is_found_however_it_is_written(day, form):
    page = f"Noted {day.strftime(form)} by all."
    assert unsupported(f"It was on {day.strftime('%-d %B %Y')}.", [page]) == []
    other = day.replace(year=day.year + 1, day=min(day.day, 28))
    assert unsupported(f"It was on {other.strftime('%-d %B %Y')}.", [page]) != []


@given(st.text())
def test_folding_keeps_every_character_in_its_place(text):
    assert len(folded(text)) == len(text)


def test_a_raised_unit_is_the_same_as_its_cleaned_form_but_a_raised_figure_is_not():
    assert unsupported("304 m²", ["The area was 304 m2."]) == []
    assert folded("304 m² and 5 m³") == "304 m2 and 5 m3"
    assert folded("10²") == "10²"
