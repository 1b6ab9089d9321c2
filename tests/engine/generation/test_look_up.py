"""Drafts by look-up: the same text as without, the state exact at every token, and fewer passes over the weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from engine.generation.generate import decode
from engine.generation.look_up import LONGEST_WAIT, LookUp
from engine.generation.sampling import Sampling
from engine.network.config import FalconMambaConfig
from engine.network.decode_step import DRAFT_TOKENS
from engine.network.model import FalconMamba
from engine.network.state import MambaState
from engine.network.weights import random_model
from tests.engine.network.test_quantised import WIDE

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
GREEDY = Sampling(loop_tokens=0)
KINDS = [(torch.float32, None), (torch.bfloat16, None), (torch.float32, 8), (torch.bfloat16, 4)]
if DEVICE == "cuda":  # a GPU reads drafts where it keeps the bits
    KINDS = [(torch.float32, None), (torch.bfloat16, None), (torch.bfloat16, 8)]


@pytest.fixture(params=KINDS, ids=str)
def model(request: pytest.FixtureRequest) -> FalconMamba:
    dtype, bits = request.param
    return random_model(FalconMambaConfig.from_dict({**WIDE, "model_type": "falcon_mamba"}), DEVICE, dtype, bits=bits)


def started(model: FalconMamba, count: int = 20) -> tuple[MambaState, torch.Tensor]:
    state = model.new_state()
    ids = torch.randint(0, 131, (1, count), generator=torch.Generator().manual_seed(2))
    return state, model(ids, state)


def same(one: MambaState, other: MambaState) -> bool:
    return torch.equal(one.ssm, other.ssm) and torch.equal(one.conv, other.conv) and one.n_tokens == other.n_tokens


def passes(model: FalconMamba, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of the drafts that are read from now on."""
    found: list[int] = []
    read = model.draft

    def counted(tokens: Any, state: MambaState) -> Any:
        found.append(len(tokens))
        return read(tokens, state)

    monkeypatch.setattr(model, "draft", counted)
    return found


def test_draft_has_bits_of_single_steps(model: FalconMamba):
    """Logits' argmaxes and every state, whichever of them is taken."""
    state, _ = started(model)
    tokens = torch.randint(0, 131, (DRAFT_TOKENS,), generator=torch.Generator().manual_seed(3)).tolist()
    alone, argmaxes, states = state.clone(), [], []
    for token in tokens:
        logits = model(torch.tensor([[token]]), alone)
        argmaxes.append(int(logits.argmax()))
        states.append(alone.clone())
    for length in (DRAFT_TOKENS, 3, 1):
        before = state.clone()
        draft = model.draft(tokens[:length], state)
        assert draft is not None
        assert draft.argmaxes() == argmaxes[:length]
        assert same(state, before)
        for count in (1, length):
            draft.take(count)
            assert same(state, states[count - 1])
        state = before


def test_text_is_the_same_and_exact_at_every_token(model: FalconMamba, monkeypatch: pytest.MonkeyPatch):
    state, logits = started(model)
    plain, expected = [], state.clone()
    states = []
    for token in decode(model, expected, logits, GREEDY, (), 40):
        plain.append(token)
        states.append(expected.clone())
    source = [7, 9, *plain[4:22], 3, 5, *plain[18:40], 11]
    source[30] += 1  # the page differs from the text in a word
    lengths = passes(model, monkeypatch)
    again = state.clone()
    found = []
    for token in decode(model, again, logits, GREEDY, (), 40, source=source):
        found.append(token)
        assert same(again, states[len(found) - 1])
    assert found == plain
    assert lengths and len(lengths) < 20
    stop = plain[25]
    cut, ended = state.clone(), []
    for token in decode(model, cut, logits, GREEDY, (stop,), 40, source=source):
        ended.append(token)
    assert ended == plain[: plain.index(stop)]
    assert not ended or same(cut, states[len(ended) - 1])


def test_caller_may_stop_within_a_draft(model: FalconMamba):
    state, logits = started(model)
    plain = list(decode(model, state.clone(), logits, GREEDY, (), 30))
    begun = state.clone()
    tokens = decode(model, begun, logits, GREEDY, (), 30, source=plain)
    first = [next(tokens) for _ in range(9)]
    tokens.close()
    rest = list(decode(model, begun, model_logits(model, state, logits, first), GREEDY, (), 21))
    assert first + rest == plain


def model_logits(model: FalconMamba, state: MambaState, logits: torch.Tensor, tokens: list[int]) -> torch.Tensor:
    again = state.clone()
    for token in tokens:
        logits = model(torch.tensor([[token]]), again)
    return logits


def test_drawn_text_takes_no_drafts(monkeypatch: pytest.MonkeyPatch):
    model = random_model(FalconMambaConfig.from_dict({**WIDE, "model_type": "falcon_mamba"}), DEVICE)
    lengths = passes(model, monkeypatch)
    state, logits = started(model)
    drawn = Sampling(temperature=1.0, seed=4, loop_tokens=0)
    plain = list(decode(model, state.clone(), logits, drawn, (), 20))
    assert list(decode(model, state, logits, drawn, (), 20, source=plain)) == plain
    assert not lengths


def test_longest_agreement_is_proposed():
    source = [1, 2, 3, 4, 9, 9, 7, 2, 3, 4, 8, 8, 8]
    assert LookUp(source, 2).propose([5, 1, 2, 3, 4]) == [9, 9]
    assert LookUp(source, 3).propose([5, 7, 2, 3, 4]) == [8, 8, 8]
    assert LookUp(source, 3).propose([2, 3]) == LookUp(source, 3).propose([3, 4, 1]) == []
    assert LookUp([], 3).propose([1, 2, 3]) == LookUp([1, 2], 3).propose([1, 2, 3]) == []


def texts(length: int) -> Iterator[list[int]]:
    for size in range(3, length):
        yield [1, 2, 3] * (size // 3) + [1, 2, 3][: size % 3]


def test_wrong_drafts_become_rare():
    """A text that always looks like the page and never goes on like it."""
    look_up = LookUp([1, 2, 3, 5, 1, 2, 3, 6, 2, 3, 1, 7, 3, 1, 2, 8], 7)
    asked = 0
    for text in texts(600):
        if look_up.propose(text):
            asked += 1
            look_up.learn(0, len(text))
    assert 3 < asked < 600 // LONGEST_WAIT + 8
    look_up.learn(5, 600)
    assert look_up.propose([1, 2, 3] * 300)
