"""Questions for author, date and period of a document are answered from its first pages."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from engine.answering.front_answers import aim_answer, front_answer, title
from engine.grounding.sentence_index import SentenceIndex

COVER = "Quiet Lifts\nBirgit Solheim\nUniversity of Bergen\nTomasz Wrona\nPolitechnika, Gdynia"
BODY = (
    "Quiet Lifts\n\nThe report was written in 2009 by a ministry. Lifts are loud at night and wake those who sleep "
    "near the shaft. A rubber bed below the motor lowers the noise by a third. © Vik Press 2016. " * 4
)
TABLE = "Fish landed in Vik\n1 April 2014 - 31 March 2015\nSpecies\tTonnes\tPrice\nCod\t12\t30\nHerring\t40\t11"


def asked(question: str, *texts: str):
    pages = [SimpleNamespace(number=number, text=text) for number, text in enumerate(texts, 1)]
    lines, certainty = front_answer(question, pages)
    for line in lines:
        assert texts[line.page - 1][line.start : line.end] == line.text
    return [line.text for line in lines], certainty


@pytest.mark.parametrize(
    "question",
    [
        "Who wrote it?",
        "Who is the author?",
        "Who are the authors of this paper?",
        "who wrote this",
        "By whom was the report written?",
        "What are the names of the authors?",
        "Who is the author of the annual report?",
    ],
)
def test_authors_stand_under_the_title(question):
    lines, certainty = asked(question, COVER, BODY)
    assert lines == ["Birgit Solheim", "Tomasz Wrona"] and certainty > 0.9


def test_authors_may_stand_behind_a_cover():
    assert asked("Who wrote it?", "Quiet Lifts", COVER, BODY)[0] == ["Birgit Solheim", "Tomasz Wrona"]
    assert asked("Who wrote it?", BODY, COVER)[0] == []


@pytest.mark.parametrize("question", ["Where do the authors work?", "At which university do the authors work?"])
def test_where_the_authors_work_stands_below_their_names(question):
    assert "University of Bergen" in asked(question, COVER, BODY)[0]


@pytest.mark.parametrize(
    "question", ["When was it published?", "What year was this report issued?", "When did the paper come out?"]
)
def test_date_of_the_document(question):
    assert asked(question, "Quiet Lifts\nPublished 4 June 2016", BODY)[0] == ["Published 4 June 2016"]


@pytest.mark.parametrize(
    "question",
    [
        "Which period does it cover?",
        "What period is covered?",
        "What is the time span?",
        "Which years does the report cover?",
    ],
)
def test_period_of_the_document(question):
    assert asked(question, TABLE)[0] == ["1 April 2014 - 31 March 2015"]


@pytest.mark.parametrize(
    "question",
    [
        "Who wrote the letter to the council?",
        "When was the gate repaired?",
        "Which period of sleep is the deepest?",
        "What is the date of the next meeting?",
        "Who is the harbour master?",
    ],
)
def test_other_questions_are_not_answered_from_the_front(question):
    assert asked(question, COVER, BODY, TABLE)[0] == []


def test_title_is_shown_as_it_stands():
    pages = [SimpleNamespace(number=1, text=""), SimpleNamespace(number=2, text=COVER)]
    shown = title(pages)
    assert shown is not None and (shown.page, shown.text) == (2, "Quiet Lifts")
    assert title([SimpleNamespace(number=1, text="14\n15")]) is None


GUIDE = (
    "Keeping bees\nFor families with a small garden\n\nBees fly from March on. This guide explains how to keep two "
    "hives through the winter. It was set in Vik. This section shows how honey is drawn off. The aim of the "
    "law is another one."
)


@pytest.mark.parametrize(
    "question",
    ["What is this for?", "What is the purpose of this guide?", "Why was it written?", "What does this document do?"],
)
def test_purpose_is_told_by_the_document(question):
    told = aim_answer(question, SentenceIndex([(1, GUIDE)]))
    assert told and "explains how to keep two hives" in told[0].text
    assert not any("This section" in sentence.text for sentence in told)


@pytest.mark.parametrize("question", ["Who is it for?", "For whom was this guide written?", "Who should read it?"])
def test_readers_are_told_by_the_document(question):
    assert [sentence.text for sentence in aim_answer(question, SentenceIndex([(1, GUIDE)]))] == [
        "For families with a small garden"
    ]


@pytest.mark.parametrize(
    "question", ["What is a hive for?", "Who is the honey for?", "What is the aim of the council?"]
)
def test_other_aims_are_not_the_document_s(question):
    assert aim_answer(question, SentenceIndex([(1, GUIDE)])) == []
