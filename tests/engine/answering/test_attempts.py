"""Attempts: one question put to many states gives what each would answer alone."""

from __future__ import annotations

import pytest
import torch

from engine.answering.attempts import Prompt, generate_attempts
from engine.answering.retrieval import Source
from engine.control import Cancelled, Control
from engine.library.prefix import hash_tokens

QUESTION = "What was the speed of pump P-12?"


def source(runtime, text: str) -> Source:
    ids = runtime.tokenizer.encode_document(text)
    state = runtime.model.new_state()
    runtime.model(torch.tensor([ids]), state)
    return Source(state, hash_tokens(runtime.identity, ids), 1, 1)


def prompt(runtime, text: str, question: str = QUESTION) -> Prompt:
    begun = source(runtime, text)
    return Prompt(begun, begun.state, runtime.tokenizer.encode_document(question))


def test_batch_equals_single_attempts(runtime):
    prompts = [
        prompt(runtime, text, "x" * length) for text, length in (("Pump.", 5), ("A longer text.", 9), ("Third", 30))
    ]
    before = [p.state.ssm.clone() for p in prompts]
    together, steps = generate_attempts(runtime, prompts, Control())
    assert steps >= 5 + 9 + 30
    for p, attempt, untouched in zip(prompts, together, before, strict=True):
        (alone,), _ = generate_attempts(runtime, [p], Control())
        assert (attempt.tokens, attempt.text, attempt.ended) == (alone.tokens, alone.text, alone.ended)
        assert attempt.entropy == pytest.approx(alone.entropy, abs=1e-3)
        assert torch.equal(p.state.ssm, untouched)


def test_attempt_state_consumed_prompt_and_answer(runtime):
    asked = prompt(runtime, "Pump P-12 ran.")
    (attempt,), steps = generate_attempts(runtime, [asked], Control())
    assert attempt.state is not None
    assert len(attempt.tokens) <= runtime.profile.answers.look_ahead
    assert attempt.state.n_tokens.item() == asked.source.prefix.n_tokens + len(asked.tokens) + len(attempt.tokens)
    again = asked.state.clone()
    runtime.model(torch.tensor([[*asked.tokens, *attempt.tokens]]), again)
    assert torch.allclose(again.ssm, attempt.state.ssm, atol=1e-4)
    assert steps == len(asked.tokens) + len(attempt.tokens)


def test_cancelled_attempts_raise(runtime):
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        generate_attempts(runtime, [prompt(runtime, "Pump.")], control)
