"""An answer in the words of the page: whatever the model would rather say, it stands in the passages."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.answering.attempts import Row
from engine.answering.constrained import fits, quoted
from engine.answering.retrieval import Start
from engine.control import Cancelled, Control
from engine.library.prefix import hash_tokens

WORDS = st.text(st.sampled_from("abcde12 .,-äß"), min_size=1, max_size=40)


@pytest.fixture(scope="module")
def row(runtime):
    ids = runtime.tokenizer.encode_document("Pump P-12 ran.")
    state = runtime.model.new_state()
    runtime.model(torch.tensor([ids]), state)
    begun = Start(state, hash_tokens(runtime.identity, ids), 1, 1)
    return Row(begun, state, runtime.tokenizer.encode_document("How fast?"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(WORDS, min_size=1, max_size=3))
def test_a_quote_stands_word_for_word_in_the_passages(runtime, row, passages):
    found, steps = quoted(runtime, row, passages, Control())
    assert steps >= len(row.tokens)
    if found is not None:
        assert any(found.text in " ".join(passage.split()) for passage in passages)
        assert found.state is not None
        assert found.state.n_tokens.item() == row.start.prefix.n_tokens + len(row.tokens) + len(found.said)
        assert 0 < found.certainty <= 1


def test_without_passages_there_is_no_quote_and_a_cancelled_one_ends(runtime, row):
    assert quoted(runtime, row, [], Control())[0] is None
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        quoted(runtime, row, ["Pump P-12 ran."], control)


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("Who inspected pump P-120?", "Ann Weber", True),
        ("Who inspected pump P-120?", "12 May 2024", False),
        ("By whom was it done?", "61 degrees", False),
        ("On which day was it done?", "12 May 2024", True),
        ("When was it done?", "Ann Weber", False),
        ("What was the speed?", "900 rpm", True),
        ("What was the cause?", "a worn seal", True),
    ],
)
def test_an_answer_is_of_the_kind_that_was_asked_for(question, answer, expected):
    assert fits(question, answer) == expected
