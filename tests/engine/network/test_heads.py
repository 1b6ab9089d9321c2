"""Hidden vectors, and the file that keeps the heads."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.network.config import FalconMambaConfig
from engine.network.heads import HEADS_FILE, Heads, HeadsError, has_heads, load_heads, means
from engine.network.weights import random_model
from tests.engine.network.test_cpu_step import SHAPE


def test_hidden_vectors_give_the_logits_of_a_call_and_leave_the_same_state():
    model = random_model(FalconMambaConfig.from_dict(SHAPE))
    ids = torch.randint(0, SHAPE["vocab_size"], (2, 9), generator=torch.Generator().manual_seed(1))
    for lengths in (None, torch.tensor([9, 4])):
        one, other = model.new_state(2), model.new_state(2)
        logits = model(ids, one, lengths)
        hidden = model.hidden(ids, other, lengths)
        last = hidden[torch.arange(2), 8 if lengths is None else lengths - 1]
        torch.testing.assert_close(model.head(last).float(), logits)
        torch.testing.assert_close(other.ssm, one.ssm)
        torch.testing.assert_close(other.n_tokens, one.n_tokens)


def test_hidden_vectors_do_not_depend_on_where_a_text_is_cut():
    model = random_model(FalconMambaConfig.from_dict(SHAPE))
    ids = torch.randint(0, SHAPE["vocab_size"], (1, 12), generator=torch.Generator().manual_seed(2))
    state = model.new_state()
    parts = torch.cat([model.hidden(ids[:, :5], state), model.hidden(ids[:, 5:], state)], 1)
    torch.testing.assert_close(parts, model.hidden(ids, model.new_state()), atol=1e-4, rtol=1e-4)


def test_heads_are_kept_and_damage_is_told(tmp_path: Path):
    assert not has_heads(tmp_path)
    with pytest.raises(HeadsError, match="cannot be used"):
        load_heads(tmp_path)
    heads = Heads(16, 30)
    save_file({name: tensor.contiguous() for name, tensor in heads.state_dict().items()}, tmp_path / HEADS_FILE)
    kept = load_heads(tmp_path)
    assert has_heads(tmp_path)
    for name, tensor in heads.state_dict().items():
        torch.testing.assert_close(kept.state_dict()[name], tensor)
    (tmp_path / HEADS_FILE).write_bytes(b"no tensors")
    with pytest.raises(HeadsError):
        load_heads(tmp_path)


def test_means_are_over_each_stretch():
    x = torch.arange(12.0).reshape(1, 6, 2)
    found = means(x, torch.tensor([[0, 2, 5]]), torch.tensor([[2, 5, 6]]))
    torch.testing.assert_close(found, torch.stack([x[0, :2].mean(0), x[0, 2:5].mean(0), x[0, 5]])[None])
