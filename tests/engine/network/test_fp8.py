"""fp8 networks: near the network in bf16, the running state in fp32, and an error where nothing multiplies fp8.

On a CPU plain torch stands in for the products, so the path through the network is the one that a GPU takes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from engine.bench.shapes import in_fp8
from engine.network.config import FalconMambaConfig
from engine.network.device import HardwareError
from engine.network.footprint import bits_of, weight_bytes
from engine.network.linear import Linear, ScaledLinear
from engine.network.model import FalconMamba
from engine.network.precision import choose_precision, multiplies_fp8
from engine.network.weights import random_model
from kernels.operations import Scaled
from kernels.quantisation import FEW, FP8
from tests.engine.network.test_config import FALCON_MAMBA_7B
from tests.engine.network.test_quantised import WIDE

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
CONFIG = FalconMambaConfig.from_dict({**WIDE, "model_type": "falcon_mamba"})
gpu = pytest.mark.skipif(DEVICE == "cuda" and not multiplies_fp8(DEVICE), reason="this GPU does not multiply fp8")
pytestmark = gpu


def model_of(bits: Any = "fp8", config: FalconMambaConfig = CONFIG) -> FalconMamba:
    return random_model(config, DEVICE, torch.bfloat16, bits=bits)


def tokens(batch: int, length: int) -> torch.Tensor:
    return torch.randint(0, CONFIG.vocab_size, (batch, length), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("changes", [{}, {"use_bias": True}, {"tie_word_embeddings": True, "model_type": "mamba"}])
def test_fp8_logits_near_bf16(changes: dict[str, Any]):
    config = FalconMambaConfig.from_dict({**WIDE, "model_type": "falcon_mamba", **changes})
    whole = model_of(None, config)
    small = in_fp8(whole)
    ids = tokens(2, 40)
    expected, found = whole(ids, whole.new_state(2)), small(ids, small.new_state(2))
    assert 0 < (found - expected).norm() < 0.15 * expected.norm()
    assert small.nbytes < whole.nbytes


def test_only_large_projections_are_in_fp8():
    model = model_of()
    for layer in model.layers:
        assert {type(layer.in_proj), type(layer.out_proj)} == {ScaledLinear}
        assert {type(layer.x_proj), type(layer.dt_proj), type(model.head)} == {Linear}
        assert layer.in_proj.weight.dtype == FP8
        assert layer.A.dtype == layer.D.dtype == layer.dt_bias.dtype == torch.float32
        for name in ("norm", "conv", "conv_bias"):
            assert getattr(layer, name).dtype == torch.bfloat16
    assert bits_of("in_proj", (24, 16), "fp8") is None and bits_of("x_proj", (32, 16), "fp8") is None


def test_fp8_never_touches_running_state(monkeypatch: pytest.MonkeyPatch):
    """No operation that reads or writes the state is given a number in fp8, and the state is fp32 throughout."""
    model, seen = model_of(), {"operations": 0, "fp8": 0}
    ops = model._ops

    def watched(name: str) -> Any:
        run = getattr(ops, name)

        def call(*given: Any) -> Any:
            tensors = [part for part in given if isinstance(part, torch.Tensor)]
            assert all(part.dtype != FP8 for part in tensors) and not any(isinstance(part, Scaled) for part in given)
            state = next(part for part in tensors if part.shape[1:] in (conv, scan))
            assert state.dtype == (torch.float32 if "selective" in name else torch.bfloat16)
            before = state.clone()
            y = run(*given)
            assert y.dtype == torch.bfloat16 and not torch.equal(before, state)
            seen["operations"] += 1
            return y

        return call

    conv, scan = (CONFIG.d_inner, CONFIG.d_conv - 1), (CONFIG.d_inner, CONFIG.d_state)
    changes = {name: watched(name) for name in ("selective_scan", "causal_conv", "selective_update")}
    changes["causal_conv_update"] = watched("causal_conv_update")

    def products(*given: Any) -> Any:
        seen["fp8"] += 1
        return ops.scaled_linear(*given)

    model._ops = replace(ops, **changes)
    for layer in model.layers:
        for linear in (layer.in_proj, layer.out_proj):
            assert isinstance(linear, ScaledLinear)
            linear._ops = replace(ops, scaled_linear=products)
    model._decode_step, model.graphs_enabled = None, False
    state = model.new_state(3)
    for part in tokens(3, 60).split([50, 9, 1], dim=1):
        model(part, state)
        assert state.ssm.dtype == torch.float32
    assert seen == {"operations": 6 * CONFIG.n_layers, "fp8": 4 * CONFIG.n_layers}
    rounded = state.ssm.to(FP8).float()
    assert (rounded != state.ssm).float().mean() > 0.9


def test_fp8_any_split():
    """I1. A vector's scale depends on no other vector; chunks of up to FEW tokens keep their vectors in bf16."""
    model, ids = model_of(), tokens(1, 40)
    found = []
    for sizes in ([40], [20, 20], [17, 17, 6], [FEW, FEW, 8], [1] * 40):
        state = model.new_state()
        for part in ids.split(sizes, dim=1):
            logits = model(part, state)
        found.append((logits, state.ssm, state.conv.float()))
    for index, other in enumerate(found[1:], 1):
        for one, two in zip(found[0], other, strict=True):
            assert (one - two).norm() <= (0.02 if index == 1 else 0.1) * one.norm()


def test_fp8_is_refused_on_cpu():
    with pytest.raises(HardwareError, match="fp8 needs an NVIDIA GPU"):
        choose_precision(CONFIG, "cpu", "fp8")


@pytest.mark.parametrize(
    ("hip", "capability", "expected"), [(None, (9, 0), True), (None, (8, 9), False), ("6.4", (9, 4), False)]
)
def test_fp8_needs_hopper(
    hip: str | None, capability: tuple[int, int], expected: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("engine.network.precision.cuda_capability", lambda _: None if hip else capability)
    assert multiplies_fp8("cuda") is expected


def test_weight_bytes_of_fp8():
    config = FalconMambaConfig.from_dict(FALCON_MAMBA_7B)
    assert 0.5 < weight_bytes(config, 2, "fp8") / weight_bytes(config, 2) < 0.56
    for wide in (CONFIG, FalconMambaConfig.from_dict({**WIDE, "hidden_size": 104})):
        model = model_of("fp8", wide)
        assert weight_bytes(wide, 2, "fp8") == pytest.approx(model.nbytes, rel=0.08)
