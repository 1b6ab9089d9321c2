"""A question for a price or a number is not answered by a sentence without one."""

from __future__ import annotations

import pytest

from engine.answering.expected_things import lacks_expected
from engine.grounding.answer_sentences import Asked, answer_sentences
from engine.grounding.sentence_index import SentenceIndex


@pytest.mark.parametrize(
    ("text", "question", "lacks"),
    [
        ("The blood test takes two days. It is done in Leeds.", "How much does the blood test cost?", True),
        ("The blood test costs $30. It is done in Leeds.", "How much does the blood test cost?", False),
        ("The blood test is free of charge.", "What does the blood test cost?", False),
        ("The chair earns a salary of 90,000 pounds.", "What is the salary of the chair?", False),
        ("The river rose by nine metres.", "How much did the river rise?", False),
        ("Nine ships sailed in May. Storms came.", "How many ships sailed?", False),
        ("The ships sailed in three days. Storms came.", "How many captains sailed with the ships?", True),
        ("Three staff sailed in May.", "How many workers sailed?", False),
        ("Nobody counted the ships. They sailed daily.", "How many times did the ships sail?", False),
        ("Running the mill can raise costs by 10%.", "How much does the mill cost?", True),
        ("The clerk gets 10% more at night.", "How much more is the clerk paid at night?", False),
        ("The ferry sails from Leeds.", "How often does the ferry sail?", True),
        ("The ferry sails every morning.", "How often does the ferry sail?", False),
        ("The captain of the ferry owns a house.", "How old is the captain of the ferry?", True),
        ("The captain of the ferry, aged 61, owns a house.", "How old is the captain of the ferry?", False),
        ("The anchor is made of iron.", "How much does the anchor weigh?", True),
        ("The anchor weighs two tonnes.", "How much does the anchor weigh?", False),
        ("The voyage ends in Leeds.", "How long does the voyage take?", True),
        ("The voyage takes nine days.", "How long does the voyage take?", False),
        ("In 1911 the mill had many spinners.", "How many people worked in the mill?", True),
        ("The mill gave work to 400 spinners.", "How many people worked in the mill?", False),
        ("The mill made 30 people rich in a year.", "How many people died at the mill each year?", True),
        ("Dust led to 30 deaths a year at the mill.", "How many people died at the mill each year?", False),
        ("The mill clothed 30 people.", "How many people work for the mill?", True),
        ("The mill employs spinners for 12 years.", "How many spinners does the mill employ?", True),
        ("Owners by age and trade, printed for the mill.", "How old are the owners of the mill?", True),
        ("The council of Leeds sits on Mondays.", "Who is the mayor of Leeds?", True),
        ("Ann Weber is the mayor of Leeds.", "Who is the mayor of Leeds?", False),
        ("Write to the office in Leeds.", "What is the phone number of the office?", True),
        ("Call the office at 0113 496 0000.", "What is the phone number of the office?", False),
    ],
)
def test_what_an_answer_must_hold(text: str, question: str, lacks: bool):
    index, asked = SentenceIndex([(1, text)]), Asked.of(question, "en")
    assert lacks_expected(asked, answer_sentences(index, asked, 5)) is lacks
