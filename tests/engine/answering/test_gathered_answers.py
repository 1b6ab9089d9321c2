"""Answers of several lines: lists under their head, rows of a table, and the sentence index behind them."""

from __future__ import annotations

import pytest

from engine.answering.gathered_answers import below, gathered
from engine.grounding.answer_sentences import Asked, answer_sentences
from engine.grounding.question_kinds import question_kind
from engine.grounding.sentence_index import SentenceIndex

TABLE = (
    "The table lists stations of the line and when they were opened.\n\n"
    "Station\tRegion\tOpened\tTracks\n"
    "Alder\tNorth\t1 May 1904\t2\n"
    "Birch\tSouth\t3 June 1911\t4\n"
    "Cedar\tNorth\t9 May 1904\t2\n"
)
LIST = (
    "Before the pump is started, the operator checks the following:\n"
    "- the valve is open\n- the oil is warm\n- nobody is in the pit\n\n"
    "The pump is then started from the panel in the hall by the operator."
)


def index_of(text: str) -> SentenceIndex:
    return SentenceIndex([(1, text)])


def several(text: str, question: str) -> list[str]:
    index = index_of(text)
    asked = Asked.of(question, index.language)
    return [sentence.text for sentence in gathered(index, asked, answer_sentences(index, asked, 10))]


def test_rows_of_a_table_are_found_by_the_words_of_its_columns():
    index = index_of(TABLE)
    row = next(sentence for sentence in index.sentences if sentence.text.startswith("Birch"))
    assert row.is_row and not row.is_heading
    hits = index.search(Asked.of("When was Birch opened?", "en").terms, 3)
    assert index.sentences[hits[0].place] == row
    assert hits[0].coverage == pytest.approx(0.75, abs=0.2)


@pytest.mark.parametrize(
    ("question", "row", "cell"),
    [
        ("In which region is Birch?", "Birch", "South"),
        ("How many tracks has Cedar?", "Cedar", "2"),
        ("When was Alder opened?", "Alder", "1 May 1904"),
        ("Is Alder a station?", "Alder", None),
    ],
)
def test_cell_of_the_named_column_is_the_answer(question, row, cell):
    index = index_of(TABLE)
    asked = Asked.of(question, index.language)
    best = next(one for one in answer_sentences(index, asked, 9) if one.sentence.text.startswith(row))
    words = TABLE[slice(*best.span)] if best.span else None
    assert best.is_cell == (cell is not None) and (cell is None or words == cell)


def test_every_row_with_the_value_is_listed():
    rows = several(TABLE, "Which stations were opened in May 1904?")
    assert [row.split("\t")[0] for row in rows] == ["Alder", "Cedar"]


def test_list_is_shown_with_the_sentence_that_announces_it():
    lines = several(LIST, "What things are checked before the pump is started?")
    assert len(lines) == 4 and lines[0].endswith("following:") and "nobody is in the pit" in lines[-1]


def test_a_plain_sentence_announces_no_list():
    index = index_of(LIST)
    assert below(index, len(index.sentences) - 1) == []


@pytest.mark.parametrize(
    ("question", "kind", "term"),
    [
        ("List all dates", "entries", "date"),
        ("Which people are mentioned?", "entries", "name"),
        ("What amounts are there in the document?", "entries", "amount"),
        ("What is this law about?", "about", ""),
        ("What is this?", "about", ""),
        ("What kind of agreement is this?", "about", ""),
        ("What does this table show?", "about", ""),
        ("What is this pump?", "definition", "this pump"),
        ("How many people are mentioned?", "count", ""),
        ("Which symptoms should parents look out for?", "list", ""),
        ("When is the next meeting?", "time", ""),
    ],
)
def test_kinds_of_question(question, kind, term):
    found = question_kind(question)
    assert (found.kind, found.term if kind == "entries" else term) == (kind, term)


def test_words_of_like_meaning_count_less_than_the_word_itself():
    index = SentenceIndex([(1, "The physician spoke first. The doctor spoke last. Tea was served at four.")])
    related = {"doctor": [("physician", 0.4)]}
    first, second = index.search(["doctor"], 2, related)
    assert "doctor" in index.sentences[first.place].text
    assert "physician" in index.sentences[second.place].text
    assert second.coverage < first.coverage == 1.0
    assert index.held("doctor") == 1.0 and index.held("lawyer") == 0.0
    assert 0.0 < index.held("lawyer", {"lawyer": [("doctor", 0.3)]}) <= 0.3


def test_longer_form_of_a_missing_word_counts():
    index = SentenceIndex([(1, "Ben Berger, Chairman, opened the meeting. There were no intervention operations.")])
    hits = index.search(["interven", "chair"], 2)
    assert {hit.place for hit in hits} == {0, 1}
    assert 0.0 < index.held("chair") < 1.0


@pytest.mark.parametrize(
    ("british", "american"), [("tumour", "tumor"), ("organised", "organized"), ("theatres", "theaters")]
)
def test_british_and_american_spellings_meet(british, american):
    index = index_of(f"Here the {american} are described.")
    assert index.search(Asked.of(f"What are {british}?", "en").terms, 1)


def test_a_dash_announces_the_items_below_it():
    index = index_of("The harbour board is a body—\n(1) of which Margit Olsen is chair; and\n(2) which meets in May.\n")
    assert len(below(index, 0)) == 2
