"""Which passage of a page bears an answer out, and which pages speak of what is asked."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.grounding.passages import matching_passages, supporting_passage, unconfirmed
from engine.grounding.sentences import sentences

PAGES = [
    (1, "On 3 May 2024 Ann Weber came. Nothing was found. All was well. Pump P-835 stood still."),
    (2, "In the evening at pump P-835 the gauge was\nread. It showed 10.7 bar. It rained."),
]


@pytest.mark.parametrize(
    ("question", "answer", "page", "text", "names_all"),
    [
        (
            "What was the pressure of pump P-835?",
            "10.7 bar",
            2,
            "In the evening at pump P-835 the gauge was\nread. It showed 10.7 bar.",
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


def test_passages_that_speak_of_a_question_name_what_it_names_and_match_by_stems():
    pages = [
        (1, "Pump P-12 ran. Tea was served."),
        (2, "Ann inspects pump P 12. Pump P-13 ran."),
        (3, "All inspected."),
    ]
    found = {(passage.page, passage.text): passage for passage in matching_passages("Who inspected pump P-12?", pages)}
    assert all(passage.names_all for passage in found.values())
    assert found[2, "Ann inspects pump P 12."].match == 1.0
    assert found[1, "Pump P-12 ran."].match < 1.0
    assert {page for page, _ in found} == {1, 2}
    assert matching_passages("Who baked bread?", pages) == []


TABLES = """3 Maintenance
Filter FT-40
- Oil temperature: 89 °C
- Speed: 900 rpm
Oil temperature:
filter FT-474 79 °C
filter FT-475 - 80 °C"""


@pytest.mark.parametrize(
    ("question", "answer", "text"),
    [
        ("What is the oil temperature of filter FT-40?", "89 °C", "- Oil temperature: 89 °C"),
        ("What is the speed of filter FT-40?", "900 rpm", "- Speed: 900 rpm"),
        ("Oil temperature of filter FT-474?", "79 °C", "filter FT-474 79 °C"),
        ("Oil temperature of filter FT-475?", "80 °C", "filter FT-475 - 80 °C"),
        ("Oil temperature of filter FT-475?", "79 °C", None),
        ("What is the speed of filter FT-474?", "900 rpm", None),
    ],
)
def test_a_line_of_a_list_speaks_of_what_its_head_names_and_of_no_other_line(question, answer, text):
    found = supporting_passage(question, answer, [(1, TABLES)])
    assert found is not None
    assert (found.text if found.names_all else None) == text


def test_a_sentence_about_another_thing_bears_nothing_out():
    pages = [(1, "Pump P-1 ran at 900 rpm. Pump P-2 ran at 800 rpm.")]
    found = supporting_passage("What was the speed of pump P-1?", "800 rpm", pages)
    assert found is None or not found.names_all


@pytest.mark.parametrize(
    ("text", "wrong", "right"),
    [
        ("Correction: the speed of pump P-12 was 900 rpm, not 800 rpm.", "800 rpm", "900 rpm"),
        ("The speed of pump P-12 was corrected from 800 rpm to 900 rpm.", "800 rpm", "900 rpm"),
        ("Amended: instead of 800 rpm, the speed of pump P-12 is now 900 rpm.", "800 rpm", "900 rpm"),
        ("On a second look the speed of pump P-12 was 900 rpm, not 800 rpm.", "800 rpm", "900 rpm"),
        ("The speed of pump P-12 was entered wrongly as 800 rpm; the right one is 900 rpm.", "800 rpm", "900 rpm"),
    ],
)
def test_what_a_correction_takes_back_is_not_borne_out_by_it(text, wrong, right):
    question = "What was the speed of pump P-12?"
    for answer in (wrong, right):
        found = supporting_passage(question, answer, [(1, text)])
        assert found is not None
        assert (found.names_all, found.corrects) == (answer == right,) * 2


@pytest.mark.parametrize(
    ("question", "answer", "doubtful"),
    [
        ("What was the pressure of pump P-835?", "10.7 bar", []),
        ("What was the pressure of pump P-835?", "10.7 %", ["10.7"]),
        ("What was the pressure of pump P-835?", "10.8 bar", ["10.8"]),
        ("What was the pressure of pump P-836?", "10.7 bar", ["10.7"]),
        ("What did the repair of pump P-835 cost?", "1,200 euros", []),
        ("What did the repair of pump P-835 cost?", "1200", []),
        ("What was there?", "10.7 and 99", ["99"]),
    ],
)
def test_a_short_answer_is_confirmed_beside_what_was_asked_and_in_its_unit(question, answer, doubtful):
    text = "Pump P-835 held 10.7 bar. The repair of pump P-835 cost EUR 1,200."
    passage = supporting_passage(question, answer, [(1, text)])
    assert unconfirmed(question, answer, passage, [text]) == doubtful


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


def test_a_wrapped_sentence_is_one_though_a_few_lines_of_the_page_were_not_wrapped():
    wrapped = [
        "The long lake belonged to the rain. Correction - tank TK-265",
        "had an oil temperature of 38 degrees.",
    ] * 9
    text = "\n".join([*wrapped, "Reading by reading: " + "61 degrees, 62 degrees, " * 6 + "63 degrees."])
    found = [text[start:end] for start, end in sentences(text)]
    assert found.count("Correction - tank TK-265\nhad an oil temperature of 38 degrees.") == 9


def test_a_line_that_ends_with_a_comma_goes_on():
    text = "The inlet valve of the old pump house was opened by hand, then shut.\nPump P-12,\nspeed: 900 rpm.\n"
    assert [text[start:end] for start, end in sentences(text)][1] == "Pump P-12,\nspeed: 900 rpm."
