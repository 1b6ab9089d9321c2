"""Which passage of a page bears an answer out, and which pages speak of what is asked."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.passages import matches, sentences, supporting_passage

PAGES = [
    (1, "On 3 May 2024 Ann Weber came. Nothing was found. All was well. Pump P-835 stood still."),
    (2, "At pump P-835 the gauge was\nread. It showed 10.7 bar. It rained."),
]


@pytest.mark.parametrize(
    ("question", "answer", "page", "text", "names_all"),
    [
        (
            "What was the pressure of pump P-835?",
            "10.7 bar",
            2,
            "At pump P-835 the gauge was\nread. It showed 10.7 bar.",
            True,
        ),
        ("What was the pressure of pump P-835?", "3 May 2024", 1, "On 3 May 2024 Ann Weber came.", False),
        ("Who was there?", "Ann Weber", 1, "On 3 May 2024 Ann Weber came.", True),
        ("How was it?", "all was well", 1, "All was well.", True),
    ],
)
def test_an_answer_is_borne_out_by_the_passage_that_names_what_was_asked(question, answer, page, text, names_all):
    found = supporting_passage(question, answer, PAGES)
    assert found is not None
    assert (found.page, found.text, found.names_all) == (page, text, names_all)
    whole = dict(PAGES)[page]
    assert whole[found.start : found.end] == text


@pytest.mark.parametrize("answer", ["nobody at all", "11.7 bar", ""])
def test_what_stands_nowhere_has_no_passage(answer):
    assert supporting_passage("Who was there?", answer, PAGES) is None


def test_a_passage_may_go_on_on_the_next_page():
    pages = [(7, "All was well. Correction: conveyor C-165"), (8, "was repaired on 1 August 2024. Tea was served.")]
    found = supporting_passage("When was conveyor C-165 repaired?", "1 August 2024", pages)
    assert found is not None
    assert (found.page, found.text, found.names_all) == (8, "was repaired on 1 August 2024.", True)


def test_of_two_passages_that_say_the_same_the_later_counts():
    pages = [(1, "Pump P-12 ran at 900 rpm."), (2, "Tea was served."), (3, "Pump P-12 ran at 900 rpm.")]
    found = supporting_passage("How fast did pump P-12 run?", "900 rpm", pages)
    assert found is not None
    assert found.page == 3


def test_a_page_matches_by_its_best_passage_and_by_stems():
    found = matches("Who inspected pump P-12?", [(1, "Pump P-12 ran."), (2, "Ann inspects pump P 12."), (3, "Tea.")])
    assert found[2] > found[1] > found[3] == 0.0


def test_abbreviations_and_figures_do_not_end_a_sentence():
    text = "Dr. Weber paid 12.50 euros. It rained.\n\nA heading\n\nMore follows"
    assert [text[a:b] for a, b in sentences(text)] == [
        "Dr. Weber paid 12.50 euros.",
        "It rained.",
        "A heading",
        "More follows",
    ]


@given(st.text())
def test_sentences_lie_in_order_and_hold_all_but_the_blanks(text):
    spans = sentences(text)
    assert all(a < b for a, b in spans)
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(spans))
    assert all(text[a:b] == text[a:b].strip() for a, b in spans)
