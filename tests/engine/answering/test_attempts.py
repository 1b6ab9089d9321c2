"""One question, many states: what each answers is what it would answer alone, and which answer is believed."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.answering.attempts import LOOK_AHEAD, Row, Trial, ask_all, choose, judged
from engine.answering.retrieval import Start
from engine.control import Cancelled, Control
from engine.grounding.passages import Passage
from engine.library.prefix import hash_tokens
from engine.library.records import Section

QUESTION = "What was the speed of pump P-12?"


def start(runtime, text: str) -> Start:
    ids = runtime.tokenizer.encode_document(text)
    state = runtime.model.new_state()
    runtime.model(torch.tensor([ids]), state)
    return Start(state, hash_tokens(runtime.identity, ids), 1, 1)


def row(runtime, text: str, question: str = QUESTION) -> Row:
    begun = start(runtime, text)
    return Row(begun, begun.state, runtime.tokenizer.encode_document(question))


def test_rows_answered_together_say_what_each_says_alone(runtime):
    rows = [row(runtime, text, "x" * length) for text, length in (("Pump.", 5), ("A longer text.", 9), ("Third", 30))]
    before = [r.state.ssm.clone() for r in rows]
    together, steps = ask_all(runtime, rows, Control())
    assert steps >= 5 + 9 + 30
    for r, trial, untouched in zip(rows, together, before, strict=True):
        (alone,), _ = ask_all(runtime, [r], Control())
        assert (trial.said, trial.text, trial.ended) == (alone.said, alone.text, alone.ended)
        assert trial.entropy == pytest.approx(alone.entropy, abs=1e-3)
        assert torch.equal(r.state.ssm, untouched)


def test_the_state_of_a_trial_has_consumed_the_question_and_what_was_said(runtime):
    r = row(runtime, "Pump P-12 ran.")
    (trial,), steps = ask_all(runtime, [r], Control())
    assert trial.state is not None
    assert len(trial.said) <= LOOK_AHEAD
    assert trial.state.n_tokens.item() == r.start.prefix.n_tokens + len(r.tokens) + len(trial.said)
    again = r.state.clone()
    runtime.model(torch.tensor([[*r.tokens, *trial.said]]), again)
    assert torch.allclose(again.ssm, trial.state.ssm, atol=1e-4)
    assert steps == len(r.tokens) + len(trial.said)


def test_a_cancelled_trial_ends(runtime):
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        ask_all(runtime, [row(runtime, "Pump.")], control)


def trial(text: str, entropy: float = 0.1, section: int | None = 1, refuses: bool = False, **passage: Any) -> Trial:
    found = None
    if passage:
        values = {"page": 1, "start": 0, "end": 1, "text": "", "match": 1.0, "names_all": True, "verbatim": True}
        found = Passage(**values | passage)
    of = Section(section, 1, section, "", "", 1, 1, 0, 1, None) if section else None
    begun = Start(None, None, 1, 1, "", of, section or 0)  # type: ignore[arg-type]
    return Trial(Row(begun, None, []), text, [], entropy, 0.9, refuses, True, passage=found)  # type: ignore[arg-type]


NO = trial("Not in this document.", 0.01, refuses=True)


@pytest.mark.parametrize(
    ("trials", "best"),
    [
        ([NO, NO], None),
        ([NO, trial("900 rpm", 0.5)], "900 rpm"),
        ([trial("800 rpm", 0.1), trial("900 rpm", 0.5, match=0.9)], "900 rpm"),
        ([trial("800 rpm", 0.1, verbatim=False), trial("900 rpm", 0.5, match=0.9)], "900 rpm"),
        ([trial("800 rpm", 0.1, names_all=False), trial("900 rpm", 0.5, match=0.9)], "900 rpm"),
        ([trial("800 rpm", 0.3, match=0.9), trial("900 rpm", 0.1, match=0.9)], "900 rpm"),
        ([trial("800 rpm", 0.1, page=9), trial("900 rpm", 0.4, page=12, corrects=True)], "900 rpm"),
        ([trial("900 rpm", 0.1, page=9), trial("800 rpm", 0.4, page=3, corrects=True)], "900 rpm"),
        ([trial("900 rpm", 0.1, page=9), trial("800 rpm", 0.4, page=12, match=0.5, corrects=True)], "900 rpm"),
        ([trial("800 rpm", 0.1, section=None)], None),
        ([trial("900 rpm", 0.1, section=None, match=0.9)], "900 rpm"),
    ],
)
def test_the_answer_that_the_pages_bear_out_is_believed_and_a_correction_before_all(trials, best):
    chosen = choose(trials, QUESTION)
    assert (chosen.text if chosen else None) == best


def test_by_entropy_or_rank_alone_nothing_else_counts():
    trials = [trial("800 rpm", 0.1, section=2), trial("900 rpm", 0.5, section=1, match=1.0), NO]
    entropy, rank = choose(trials, QUESTION, "entropy"), choose(trials, QUESTION, "rank")
    assert entropy is not None and entropy.text == "800 rpm"
    assert rank is not None and rank.text == "900 rpm"
    assert choose([NO], QUESTION, "entropy") is None


def test_an_answer_is_judged_by_its_own_pages():
    pages = [(1, "Pump P-12 ran at 900 rpm. Pump P-13 ran at 800 rpm.")]
    assert judged(trial("900 rpm"), QUESTION, pages).borne_out
    assert not judged(trial("800 rpm"), QUESTION, pages).borne_out
    assert judged(trial("700 rpm"), QUESTION, pages).doubtful
    assert judged(NO, QUESTION, pages) is NO
