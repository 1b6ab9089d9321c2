"""Rows of a table that a question names."""

from __future__ import annotations

import pytest

from engine.grounding.answer_sentences import Asked
from engine.grounding.named_rows import named_rows
from engine.grounding.sentence_index import SentenceIndex

_BIRDS = """Table 4. Breeding pairs of birds, by county: 2003–04 through 2006–07
County 2003–04 2004–05 2005–06 2006–07
All counties 2,753 2,799 2,815 2,893
Norfolk 485 503 521 536
West Suffolk 34 35 37 38
Not surveyed 12 14 15 19
See notes at the end.
"""
_BOATS = """Table 5. Boats lost at sea . . . see text
Harbour	Trawlers	Sloops
Norfolk . . . . . . . . . . . .	7	2
Dover . . . . . . . . . . . . .	11	4
Kent:
1996	3	1
1997	5	2
"""


@pytest.fixture(scope="module")
def index() -> SentenceIndex:
    return SentenceIndex([(1, _BIRDS), (2, _BOATS)])


@pytest.mark.parametrize(
    ("question", "row", "cell"),
    [
        ("How many breeding pairs had Norfolk in 2005-06?", "Norfolk 485", "521"),
        ("How many breeding pairs had Norfolk?", "Norfolk 485", None),
        ("How many boats did Norfolk lose?", "Norfolk . .", None),
        ("How many pairs of birds were there in West Suffolk in 2003–04?", "West Suffolk", "34"),
        ("How many boats were lost in 1997?", "1997", None),
    ],
)
def test_the_row_with_the_name_answers(index: SentenceIndex, question: str, row: str, cell: str | None) -> None:
    best = named_rows(index, Asked.of(question, "en").terms, question, {})[0]
    text = index.sentences[best.place].text
    assert text.startswith(row)
    assert (text[slice(*best.cell)] if best.cell else None) == cell


@pytest.mark.parametrize(
    "question",
    [
        "How many breeding pairs had Essex?",
        "How many boats were lost in 2001?",
        "How many counties were surveyed for birds?",  # "Not surveyed" is none
        "How many people live in Norfolk and vote for the mayor?",
    ],
)
def test_no_row_answers_what_no_table_tells(index: SentenceIndex, question: str) -> None:
    found = named_rows(index, Asked.of(question, "en").terms, question, {})
    assert not any(index.sentences[row.place].text.startswith(("Not", "1996", "Norfolk")) for row in found)


def test_title_and_columns_of_the_table(index: SentenceIndex) -> None:
    question = "How many breeding pairs had Norfolk in 2005-06?"
    best = named_rows(index, Asked.of(question, "en").terms, question, {})[0]
    shown = [index.sentences[place].text for place in (*best.title, *best.columns)]
    assert any("Breeding pairs" in text for text in shown) and any("2004–05" in text for text in shown)


def test_a_sentence_with_a_year_is_no_row() -> None:
    index = SentenceIndex(
        [(1, "Pumps and what they cost\npump\trepairs go on to 2030.\nPump station\t4\t7\nNorth mill\t2\t9\n")]
    )
    found = named_rows(index, ["pump", "mill"], "How many pumps has the mill?", {})
    assert not any("2030" in index.sentences[row.place].text for row in found)
