"""Quantised networks: near the float network, smaller, and with an identity of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import kernels
from engine.errors import KnownError
from engine.generation.runtime import load_runtime
from engine.network.config import FalconMambaConfig
from engine.network.footprint import bits_of, weight_bytes
from engine.network.linear import QuantisedLinear
from engine.network.memory import memory_fit
from engine.network.weights import load_model, random_model
from tests.engine.network.test_cpu_step import SHAPE

WIDE: dict[str, Any] = {**SHAPE, "hidden_size": 96, "intermediate_size": 192, "state_size": 16, "time_step_rank": 8}


@pytest.fixture(params=[8, 4])
def bits(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.mark.parametrize("changes", [{}, {"tie_word_embeddings": True, "model_type": "falcon_mamba", "use_bias": True}])
def test_quantised_logits_near_float(bits: int, changes: dict[str, Any]):
    config = FalconMambaConfig.from_dict({**WIDE, **changes})
    whole, small = random_model(config), random_model(config, bits=bits)
    ids = torch.randint(0, 131, (2, 40), generator=torch.Generator().manual_seed(0))
    expected, found = whole(ids, whole.new_state(2)), small(ids, small.new_state(2))
    error = (found - expected).norm() / expected.norm()
    assert 0 < error < (0.02 if bits == 8 else 0.15)
    assert small.nbytes < whole.nbytes
    assert isinstance(small.layers[0].in_proj, QuantisedLinear)
    assert small.layers[0].A.dtype == small.layers[0].dt_bias.dtype == torch.float32


def test_quantised_any_split(bits: int):
    """I1, in chunks, few vectors at a time and token by token: three ways to multiply."""
    config = FalconMambaConfig.from_dict({**WIDE, "model_type": "falcon_mamba"})
    model = random_model(config, bits=bits)
    ids = torch.randint(0, 131, (1, 45), generator=torch.Generator().manual_seed(1))
    found = []
    for chunk in (45, 20, 7, 1):
        state = model.new_state()
        for part in ids.split(chunk, dim=1):
            logits = model(part, state)
        found.append((logits, state.ssm, state.conv))
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-5)


def test_checkpoint_loads_quantised(bits: int, checkpoints: dict[str, Path]):
    for folder in checkpoints.values():
        model = load_model(folder, dtype=torch.bfloat16, bits=bits)
        half = load_model(folder, dtype=torch.bfloat16)
        ids = torch.arange(30)[None]
        expected, found = half(ids, half.new_state()), model(ids, model.new_state())
        assert model.dtype == torch.bfloat16 and found.isfinite().all()
        assert (found - expected).norm() < 0.3 * expected.norm()


def test_bits_of_each_projection():
    assert [bits_of(part, (128, 64), 4) for part in ("in_proj", "out_proj", "x_proj", "dt_proj", "lm_head")] == [
        4,
        4,
        8,
        8,
        8,
    ]
    assert bits_of("in_proj", (144, 72), 4) == 8
    assert bits_of("in_proj", (128, 64), 8) == 8


def test_weight_bytes_of_quantised_model(bits: int):
    for tied in (True, False):
        config = FalconMambaConfig.from_dict({**WIDE, "tie_word_embeddings": tied, "vocab_size": 3000})
        model = random_model(config, dtype=torch.bfloat16, bits=bits)
        assert weight_bytes(config, 2, bits) == pytest.approx(model.nbytes, rel=0.08)
        assert memory_fit(config, "cpu", torch.bfloat16, bits=bits).footprint.weights < model.nbytes * 1.1


def test_identity_depends_on_precision(tiny_folder: Path):
    """I4: a state read by other weights is another state."""
    runtimes = {name: load_runtime(tiny_folder, "cpu", name) for name in ("fp32", "bf16", "int8", "int4")}
    assert len({runtime.identity.key for runtime in runtimes.values()}) == 4
    assert [runtime.precision for runtime in runtimes.values()] == list(runtimes)


def test_unknown_kernels_are_one_sentence(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("READTHROUGH_KERNELS", "none")
    kernels._choice.cache_clear()
    try:
        with pytest.raises(KnownError, match="choose one of reference, cpu, triton"):
            load_runtime(tiny_folder, "cpu")
    finally:
        kernels._choice.cache_clear()
