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
        ("Nobody counted the ships.", "How many times did the ships sail?", False),
    ],
)
def test_what_an_answer_must_hold(text: str, question: str, lacks: bool):
    index, asked = SentenceIndex([(1, text)]), Asked.of(question, "en")
    assert lacks_expected(asked, answer_sentences(index, asked, 5)) is lacks
