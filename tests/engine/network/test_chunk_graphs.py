"""Captured chunks: the logits and the state of the plain path, for any length, in any order. On a GPU only."""

from __future__ import annotations

import pytest
import torch

from engine.network.chunk_graphs import AFTER_CHUNKS, LENGTHS
from engine.network.config import FalconMambaConfig
from engine.network.weights import random_model
from tests.engine.network.test_quantised import WIDE

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
    pytest.mark.timeout(120),
]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_captured_chunks_equal_plain_ones(dtype: torch.dtype) -> None:
    model = random_model(FalconMambaConfig.from_dict({**WIDE, "model_type": "falcon_mamba"}), "cuda", dtype)
    model._decode_step = None
    ids = torch.randint(0, 131, (1, 3000), generator=torch.Generator().manual_seed(0))
    state, other = model.new_state(), model.new_state()
    tolerance = 1e-4 if dtype == torch.float32 else 0.03
    for length in [20] * 5 + [64] * 4 + [33, 20, 64, 33, 33, 50, 1100, 512, 20]:
        found = model(ids[:, :length], state)
        model.graphs_enabled = False
        expected = model(ids[:, :length], other)
        model.graphs_enabled = True
        for one, two in ((found, expected), (state.ssm, other.ssm), (state.conv, other.conv)):
            assert (one.float() - two.float()).norm() <= tolerance * two.float().norm()
        assert state.n_tokens == other.n_tokens
    assert len(model._chunk_graphs) == 3  # 20 of 32, 64, and 33 and 50 of 64


def test_long_chunks_and_several_sequences_are_not_captured() -> None:
    model = random_model(FalconMambaConfig.from_dict({**WIDE, "model_type": "falcon_mamba"}), "cuda")
    for _ in range(AFTER_CHUNKS + 2):
        model(torch.zeros(2, 20, dtype=torch.int64), model.new_state(2))
        model(torch.zeros(1, LENGTHS[-1] + 1, dtype=torch.int64), model.new_state())
        model(torch.zeros(1, 1100, dtype=torch.int64), model.new_state())
    assert not len(model._chunk_graphs)
