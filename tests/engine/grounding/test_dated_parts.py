"""Parts of a document under a date, and lists of references."""

from __future__ import annotations

import pytest

from engine.grounding.dated_parts import under_date
from engine.grounding.references import is_reference
from engine.grounding.sentence_index import SentenceIndex

MINUTES = [
    "Meeting of October 31-November 1, 2017\n\nThe members kept the target range as it was. Staff reported on prices.",
    "Meeting of December 12-13, 2017\n\nThe members raised the target range. Staff reported on prices.",
    "Meeting of January 30-31, 2018\n\nThe members kept the target range as it was. The chair said farewell.",
]


def first(question: str, pages: list[str] = MINUTES) -> str:
    index = SentenceIndex(enumerate(pages, 1))
    hits = index.search(["target", "rang"], 10)
    return index.sentences[under_date(index, question, hits)[0].place].text


def test_the_part_under_the_date_of_the_question_comes_first():
    assert "raised" in first("What happened to the target range in December 2017?")
    assert "kept" in first("What happened to the target range on 30 January 2018?")


def test_without_such_a_part_the_order_stays():
    index = SentenceIndex(enumerate(MINUTES, 1))
    hits = index.search(["target", "rang"], 10)
    for question in ("What happened to the range?", "What happened in May 1999?", "What happened in 2017?"):
        assert under_date(index, question, hits) == hits


@pytest.mark.parametrize(
    ("text", "heading", "is_one"),
    [
        ("Grosswald, B. (2003), “Shift work”, Journal of Welfare, Vol. 30 No. 4, pp. 31-56.", "", True),
        ("17 No. 2, pp. 123-45.", "", True),
        ("Brandt A, Iyer KR, Obi L. Sheds in wet places. Gardens. 2011;4:12.", "", True),
        ("Anna Brandt and Leo Fuchs were heard, then the council rose.", "", False),
        ("Some line about nothing.", "References", True),
        ("Some line about nothing.", "7. Bibliography", True),
        ("The Act of 1998 applies (see p. 12).", "", False),
        ("The Bank of England (2009) published its review.", "Review", False),
        ("Smith, A. and others were heard.", "Hearing", False),
        ("References to the Act are to the Act of 1998.", "Interpretation", False),
    ],
)
def test_entries_of_a_list_of_references(text: str, heading: str, is_one: bool):
    assert is_reference(text, heading) is is_one
