"""A line of a summary finds the page it comes from, and the section note it was merged from."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.grounding.attribution import PageIndex, SourceLines
from engine.grounding.lines import union

PAGES = [
    (1, "The week began quietly. At pump P-204 the seal was leaking, which is a key finding. Rain fell."),
    (2, "Nothing was touched. Key finding: fan F-17 had lost a\nblade of its wheel. The shift ended at"),
    (3, "six. At pump P-205 the seal was leaking. Lunch was late."),
]


@pytest.mark.parametrize(
    ("line", "pages"),
    [
        ("- Pump P-204: the seal was leaking.", [1]),
        ("- Pump P-205: the seal was leaking.", [3]),
        ("- Fan F-17: a blade of the wheel was lost.", [2]),
        ("The shift ended at six.", [2, 3]),
        ("The seals of P-204 leaked. The fan F-17 lost a blade.", [1, 2]),
        ("Key findings:", []),
        ("- Boiler B-9: the door stood open.", []),
        ("", []),
    ],
)
def test_a_line_comes_from_the_page_that_says_it(line, pages):
    assert PageIndex(PAGES).pages_of(line) == pages


def test_what_stands_on_many_pages_names_the_first_few():
    pages = [(number, f"Filler of page {number}. Pump P-204 stood still.") for number in range(1, 10)]
    assert PageIndex(pages).pages_of("Pump P-204 stood still.") == [1, 2, 3]


def test_no_pages_and_empty_pages_hold_nothing():
    assert PageIndex([]).pages_of("Pump P-204 stood still.") == []
    assert PageIndex([(1, "  "), (2, "")]).pages_of("Pump P-204 stood still.") == []


@given(st.lists(st.text(max_size=80), max_size=4), st.text(max_size=60))
def test_any_text_is_looked_up_without_an_error_and_names_only_pages_there_are(texts, line):
    pages = list(enumerate(texts, 1))
    found = PageIndex(pages).pages_of(line)
    assert set(found) <= {number for number, _ in pages}
    assert found == sorted(set(found))


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("- Pump P-209: the seal was leaking.", None),  # P-204 or P-205
        ("- Fan F-71: had lost a blade of its wheel.", "- Fan F-17: had lost a blade of its wheel."),
        ("- Fan F-71: lost a wing of its wheel.", None),
        ("- Crate CR-358: the goods arrived 18 days late.", "- Crate CR-355: the goods arrived 16 days late."),
        ("- Crate CR-355: the goods arrived 16 weeks late.", None),
        ("- Fan F-71.", None),
    ],
)
def test_a_miscopied_figure_is_put_right_where_only_one_can_be_meant(line, right):
    pages = [*PAGES, (4, "For crate CR-355 the goods arrived 16 days late, after 18 calls.")]
    assert PageIndex(pages).corrected(line) == right


@given(st.lists(st.text(max_size=80), max_size=4), st.text(max_size=60))
def test_putting_right_changes_figures_only(texts, line):
    right = PageIndex(enumerate(texts, 1)).corrected(line)
    if right is not None:
        assert re.sub(r"\d+", "0", right.casefold()) == re.sub(r"\d+", "0", line.casefold())


def test_a_merged_line_has_the_pages_of_the_note_lines_it_repeats_or_retells():
    notes = SourceLines(
        [
            ("Key findings:\n- Pump P-204: the seal was leaking.\n- Fan F-17: a blade was lost.", [[], [4], [5]]),
            ("Key findings:\n- Pump P-204: the seal was leaking.", [[], [9]]),
        ]
    )
    assert notes.pages_of("- Pump P-204: the seal was leaking.") == [4, 9]
    assert notes.pages_of("- pump P-204:  the seal was leaking.") == [4, 9]
    assert notes.pages_of("Fan F-17 lost a blade.") == [5]
    assert notes.pages_of("Key findings:") == []
    assert notes.pages_of("All was well at the mill.") == []


def test_a_union_keeps_every_line_once_and_in_order():
    assert union(["a\nb", "a\nc", "", "b"]) == "a\nb\nc"
