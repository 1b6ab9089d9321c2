"""Questions to suggest about a document: each is made from a sentence of it that contains the answer. English only."""

from __future__ import annotations

import re
from collections.abc import Iterable

MOST = 3
PAGES_LOOKED_AT = 400
_DATE = r"(?:\d{1,2} [A-Z][a-z]+ \d{4}|[A-Z][a-z]+ \d{1,2}, \d{4}|\d{4}-\d{2}-\d{2})"
_BEGIN = r"(?:^|[.;:!?,] |\bthat )"
_THING = _BEGIN + r"((?:[Tt]he )?[A-Za-z](?:[\w'-]|[ ](?=[\w'-])){2,44}?)"
_VERBS = (
    r"(repaired|replaced|inspected|installed|approved|signed|published|released|founded|opened|closed|completed|"
    r"delivered|issued|revised|updated|built|tested|commissioned)"
)
_GROUP = _BEGIN + r"((?:[Tt]he )?[A-Z][a-z]+(?: [A-Z][a-z]+){0,2})"
_DECIDED = {"decided": "decide", "agreed": "agree on", "recommended": "recommend", "proposed": "propose"}
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"{_THING} (?:was|were) (?:last )?{_VERBS} on {_DATE}"), "When was {0} {1}?"),
    (re.compile(rf"{_THING} costs? (?:about )?(?:EUR |USD |€ ?|\$ ?)?\d[\d,.]*"), "What did {0} cost?"),
    (re.compile(rf"{_BEGIN}(An? [a-z][a-z]+(?: [a-z]+){{0,2}}) is (?:an?|the|used|any)\b"), "What is {0}?"),
    (re.compile(rf"{_GROUP} ({'|'.join(_DECIDED)}) (?:to|that)\b"), "What did {0} {1}?"),
    (re.compile(rf"{_THING} (?:was|were) {_VERBS} by (?:[A-Z][a-z]+ ){{1,2}}"), "Who {1} {0}?"),
)


def suggested_questions(pages: Iterable[str]) -> list[str]:
    """Return up to three questions that the pages answer, of different kinds where there are some."""
    found: dict[int, list[str]] = {}
    for number, text in enumerate(pages):
        if number >= PAGES_LOOKED_AT or sum(map(len, found.values())) >= MOST * len(_FORMS):
            break
        for kind, (pattern, form) in enumerate(_FORMS):
            questions = found.setdefault(kind, [])
            for match in pattern.finditer(" ".join(text.split())):
                question = form.format(*(_DECIDED.get(part, _subject(part)) for part in match.groups()))
                if question not in questions and len(questions) < MOST:
                    questions.append(question)
                break
    rounds = ([questions[turn] for questions in found.values() if turn < len(questions)] for turn in range(MOST))
    return [question for questions in rounds for question in questions][:MOST]


def _subject(words: str) -> str:
    """Return part of a sentence as a question words it: with a lower-case first letter."""
    first, _, rest = words.partition(" ")
    small = first.lower() if first[1:].islower() or len(first) == 1 else first
    return f"{small} {rest}".strip() if rest else small
