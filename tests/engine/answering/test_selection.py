"""Selection: the attempt to believe is supported by a page, and a correction wins."""

from __future__ import annotations

from typing import Any

import pytest

from engine.answering.attempts import Attempt, Prompt, ground
from engine.answering.retrieval import Source
from engine.answering.selection import later_conflicts, select
from engine.grounding.passages import Passage
from engine.library.records import Section
from engine.profile.demo import DEMO

QUESTION = "What was the speed of pump P-12?"
RULES = DEMO.answers


def attempt(text: str, entropy: float = 0.1, section: int | None = 1, refuses: bool = False, **passage: Any) -> Attempt:
    found = None
    if passage:
        values = {"page": 1, "start": 0, "end": 1, "text": "", "match": 1.0, "names_all": True, "verbatim": True}
        found = Passage(**values | passage)
    of = Section(section, 1, section, "", "", 1, 1, 0, 1, None) if section else None
    begun = Source(None, None, 1, 1, "", of, section or 0)  # type: ignore[arg-type]
    supported = found is not None and found.names_all
    prompt = Prompt(begun, None, [])  # type: ignore[arg-type]
    return Attempt(prompt, text, [], entropy, 0.9, refuses, True, passage=found, supported=supported)


NO = attempt("Not in this document.", 0.01, refuses=True)


@pytest.mark.parametrize(
    ("attempts", "best"),
    [
        ([NO, NO], None),
        ([NO, attempt("900 rpm", 0.5)], "900 rpm"),
        ([attempt("800 rpm", 0.1), attempt("900 rpm", 0.5, match=0.9)], "900 rpm"),
        ([attempt("800 rpm", 0.1, verbatim=False), attempt("900 rpm", 0.5, match=0.9)], "900 rpm"),
        ([attempt("800 rpm", 0.1, names_all=False), attempt("900 rpm", 0.5, match=0.9)], "900 rpm"),
        ([attempt("800 rpm", 0.3, match=0.9), attempt("900 rpm", 0.1, match=0.9)], "900 rpm"),
        ([attempt("800 rpm", 0.1, page=9), attempt("900 rpm", 0.4, page=12, corrects=True)], "900 rpm"),
        ([attempt("900 rpm", 0.1, page=9), attempt("800 rpm", 0.4, page=3, corrects=True)], "900 rpm"),
        ([attempt("900 rpm", 0.1, page=9), attempt("800 rpm", 0.4, page=12, match=0.5, corrects=True)], "900 rpm"),
        ([attempt("800 rpm", 0.1, section=None)], None),
        ([attempt("900 rpm", 0.1, section=None, match=0.9)], "900 rpm"),
    ],
)
def test_select_supported_answer_and_correction(attempts, best):
    chosen = select(attempts, QUESTION, RULES)
    assert (chosen.text if chosen else None) == best


def test_select_by_entropy_or_rank():
    attempts = [attempt("800 rpm", 0.1, section=2), attempt("900 rpm", 0.5, section=1, match=1.0), NO]
    entropy, rank = select(attempts, QUESTION, RULES, "entropy"), select(attempts, QUESTION, RULES, "rank")
    assert entropy is not None and entropy.text == "800 rpm"
    assert rank is not None and rank.text == "900 rpm"
    assert select([NO], QUESTION, RULES, "entropy") is None


def test_ground_on_own_pages():
    pages = [(1, "Pump P-12 ran at 900 rpm. Pump P-13 ran at 800 rpm.")]
    assert ground(attempt("900 rpm"), QUESTION, pages, RULES).supported
    assert not ground(attempt("800 rpm"), QUESTION, pages, RULES).supported
    assert ground(attempt("700 rpm"), QUESTION, pages, RULES).doubtful
    assert ground(NO, QUESTION, pages, RULES) is NO


def passage(text: str, page: int, match: float = 1.0) -> Passage:
    return Passage(page, 0, len(text), text, match, names_all=True)


@pytest.mark.parametrize(
    ("text", "page", "match", "conflicts"),
    [
        ("Pump P-12 ran at 900 rpm.", 7, 1.0, True),
        ("Pump P-12 ran at 900 rpm.", 7, 0.9, True),
        ("Pump P-12 ran at 900 rpm.", 7, 0.7, False),
        ("Pump P-12 ran at 900 rpm.", 2, 1.0, False),
        ("Pump P-12 ran at 800 rpm again.", 7, 1.0, False),
        ("Pump P-12 was painted.", 7, 1.0, False),
    ],
)
def test_later_statement_of_another_value_conflicts(text, page, match, conflicts):
    best = attempt("800 rpm", page=3)
    assert bool(later_conflicts(best, [passage(text, page, match)], QUESTION, RULES)) == conflicts
