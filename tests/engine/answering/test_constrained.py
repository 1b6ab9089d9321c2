"""Constrained decoding: the answer stands in the passages."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.answering.attempts import Prompt
from engine.answering.constrained import decode_constrained
from engine.answering.retrieval import Source
from engine.control import Cancelled, Control
from engine.library.prefix import hash_tokens

WORDS = st.text(st.sampled_from("abcde12 .,-äß"), min_size=1, max_size=40)


@pytest.fixture(scope="module")
def prompt(runtime):
    ids = runtime.tokenizer.encode_document("Pump P-12 ran.")
    state = runtime.model.new_state()
    runtime.model(torch.tensor([ids]), state)
    begun = Source(state, hash_tokens(runtime.identity, ids), 1, 1)
    return Prompt(begun, state, runtime.tokenizer.encode_document("How fast?"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(WORDS, min_size=1, max_size=3))
def test_constrained_answer_stands_in_passages(runtime, prompt, passages):
    found, steps = decode_constrained(runtime, prompt, passages, Control())
    assert steps >= len(prompt.tokens)
    if found is not None:
        assert any(found.text in " ".join(passage.split()) for passage in passages)
        assert found.state is not None
        assert found.state.n_tokens.item() == prompt.source.prefix.n_tokens + len(prompt.tokens) + len(found.tokens)
        assert 0 < found.certainty <= 1


def test_constrained_without_passages_and_cancelled(runtime, prompt):
    assert decode_constrained(runtime, prompt, [], Control())[0] is None
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        decode_constrained(runtime, prompt, ["Pump P-12 ran."], control)
