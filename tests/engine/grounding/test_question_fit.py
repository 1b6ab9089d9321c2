"""What an answer holds beside the words of its question, by kinds of question."""

from __future__ import annotations

import pytest

from engine.grounding.question_fit import Fit
from engine.scoring.everyday_words import alike


def gain(question: str, text: str) -> float:
    return Fit.of(question, alike).gain(text)


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        ("Why is the north gate shut?", "The north gate is shut because its hinge broke.", "The north gate is shut."),
        ("What caused the flood?", "The cellar filled as a result of a burst pipe.", "The cellar filled on Monday."),
        ("What is the valve used for?", "The valve is used to let air out.", "The valve is made of brass."),
        ("Who paid for the survey?", "We thank the Vik Council for a grant.", "Pay rose by a tenth in the year."),
        ("Which hall is the largest?", "Hall C has the greatest floor.", "Hall A is the smallest of the three."),
        ("Which pump is the cheapest to run?", "Pump 3 has the lowest costs.", "Pump 1 has the highest costs."),
        ("How many sheds are there?", "The harbour has fourteen wooden sheds.", "The harbour has fourteen cranes."),
        ("How many human visitors came?", "In all, 4,120 visitors were counted.", "In all, 4,120 boxes were counted."),
        ("How many people live in Vik?", "Some 4,120 persons live there.", "Some 4,120 boats lie there."),
        ("How many sailors died?", "At sea there were 12 deaths.", "At sea there were 12 whales."),
        ("What share of the fish was sold fresh?", "Nearly 40 per cent went fresh.", "Nearly 40 tonnes went fresh."),
        ("How long does the paint take to dry?", "It dries within six hours.", "It needs six coats."),
        ("How often is the roof checked?", "The roof is checked twice a year.", "The roof was checked by Olsen."),
        ("How old must a driver be?", "Drivers are at least 21 years old.", "Drivers take 21 crates."),
        ("How much did they pay for the crane?", "The crane cost $12,000.", "The crane lifts 12 tonnes."),
        ("How deep is the dock?", "The dock is 14 m at low tide.", "The dock is closed at low tide."),
        ("What must a visitor do at the gate?", "Visitors must sign the book.", "The gate is green."),
        ("May dogs enter the hall?", "Dogs are not allowed inside.", "Dogs are animals."),
    ],
)
def test_the_sentence_with_what_is_asked_for_gains(question, right, wrong):
    assert gain(question, right) > gain(question, wrong)


@pytest.mark.parametrize(
    "question", ["Who is Margit Olsen?", "What is a lock gate?", "Where is the dock?", "How many sheds are there?"]
)
def test_a_sentence_without_it_gains_nothing(question):
    assert gain(question, "The wind came from the east.") == 0.0


def test_at_least_is_no_superlative():
    assert gain("Which hall is the smallest?", "At least two halls are open.") == 0.0
    assert gain("Must I wait at least a day?", "Hall A is the smallest.") == 0.0


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Whom can I call about the crane?", "Harbour office, tel. 555-0142, crane@vik.example"),
        ("Who financed the survey?", "The work was supported by a grant of the Vik Council."),
    ],
)
def test_what_few_sentences_hold_is_sought_in_the_whole_document(question, text):
    fit = Fit.of(question, alike)
    assert fit.seeks_rare and fit.is_rare(text) and not fit.is_rare("The crane lifts twelve tonnes.")
    assert not Fit.of("How high is the crane?", alike).seeks_rare
