"""Things that an answer must hold whatever its words: a sum of money, a number of what is counted. English.

The reader and the words find a sentence near every question; where a question for a price or a count finds none of the
expected kind among the best sentences, the document most likely does not tell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.grounding.answer_sentences import Answer, Asked
from engine.grounding.words import stem, terms
from engine.scoring.everyday_words import alike

LOOKED_AT = 5
"""Best sentences that are searched for the expected thing: those that are shown."""
_FOR_MONEY = re.compile(
    r"\bhow much\b(?=.*\b(?:costs?|paid|pays?|earns?|salary|fees?|price|charged?|spen[dt]|dollars|euros|severance|"
    r"wages?|rent|fines?)\b)|"
    r"\bwhat (?:is|was|are|were) the (?:\w+ ){0,2}(?:price|cost|fee|salary|rent|fine)s?\b|"
    r"\bwhat (?:does|do|did|will|would|must|should) .*\b(?:costs?|earn|pay)\b",
    re.I,
)
_MONEY = re.compile(
    r"[$€£¥]|(?<!\w)(?:USD|EUR|GBP|CHF|NZD|AUD|CAD)(?!\w)|"
    r"\d[\d.,]*\s?(?:(?:thousand|million|billion|trillion)\s)?"
    r"(?:dollars?|euros?|pounds?|cents?|pence|francs?|yen|rupees?|crowns?|baht|roubles?)\b|"
    r"\b(?:free|no (?:charge|fee|cost)|costs? nothing|at (?:his|her|its|their|your) own (?:cost|expense))\b|"
    r"\bper ?cent\b|\d\s?%",
    re.I,
)
_HOW_MANY = re.compile(r"\bhow many (?P<noun>(?!of\b|more\b|times\b|people\b|persons?\b|different\b)[a-z]+)\b", re.I)


def lacks_expected(asked: Asked, answers: Sequence[Answer]) -> bool:
    """Return whether none of the best `answers` holds what the question must be answered with."""
    best = answers[:LOOKED_AT]
    if _FOR_MONEY.search(asked.question):
        return not any(_MONEY.search(f"{one.sentence.text} {one.sentence.columns}") for one in best)
    counted = _HOW_MANY.search(asked.question) if asked.kind.kind == "count" else None
    if counted is None or any(one.sentence.is_row for one in best):
        return False
    own = stem(counted["noun"].lower(), "en")
    names = {own, *alike(own)}
    return not any(
        one.typed and names & set(terms(f"{one.sentence.text} {one.sentence.heading}", "en")) for one in best
    )
