"""The precision asked for, or the best that fits."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from engine.network.config import FalconMambaConfig
from engine.network.device import HardwareError
from engine.network.host_processor import bf16_is_fast
from engine.network.precision import choose_precision, compute_dtype
from tests.engine.network.test_config import FALCON_MAMBA_7B, MAMBA_130M

CPU = torch.device("cpu")
SEVEN_B = FalconMambaConfig.from_dict(FALCON_MAMBA_7B)
SMALL = FalconMambaConfig.from_dict(MAMBA_130M)
GB = 10**9


@pytest.fixture(params=[True, False], ids=["bf16 is fast", "bf16 is slow"])
def fast(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr("engine.network.precision.bf16_is_fast", lambda: request.param)
    return bool(request.param)


@pytest.mark.parametrize("stored", ["float32", None, "bfloat16", "float16"])
def test_cpu_dtype_follows_checkpoint_and_processor(fast: bool, stored: str | None):
    half = fast and stored in ("bfloat16", "float16")
    expected = torch.bfloat16 if half else torch.float32
    assert compute_dtype(CPU, replace(SMALL, checkpoint_dtype=stored)) == expected
    assert compute_dtype(CPU, replace(SMALL, checkpoint_dtype=stored), bits=8) == (
        torch.bfloat16 if fast else torch.float32
    )


@pytest.mark.parametrize(
    ("free", "expected"), [(64, "bf16"), (18, "bf16"), (12, "int8"), (8, "int4"), (4, "int4")], ids=str
)
def test_auto_takes_best_precision_that_fits(free: int, expected: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("engine.network.precision.bf16_is_fast", lambda: True)
    found = choose_precision(SEVEN_B, CPU, "auto", free * GB)
    assert found.name == expected
    assert found.fit.fits is (free > 4)
    assert ("bf16 needs about" in found.reason) is (expected != "bf16")


def test_auto_tries_bf16_before_quantised_weights(fast: bool):
    """A 7B checkpoint that does not fit in fp32."""
    found = choose_precision(replace(SEVEN_B, checkpoint_dtype="float32"), CPU, "auto", 20 * GB)
    assert (found.name, found.dtype, found.bits) == ("bf16", torch.bfloat16, None)
    assert "fp32 needs about" in found.reason


@pytest.mark.parametrize("name", ["fp32", "bf16", "fp16", "int8", "int4"])
def test_wish_is_followed_even_where_it_does_not_fit(name: str):
    found = choose_precision(SEVEN_B, CPU, name, GB)
    assert found.name == name and not found.fit.fits and found.reason == ""


def test_unknown_precision_is_one_sentence():
    with pytest.raises(HardwareError, match="unknown precision 'int3': choose auto, fp32"):
        choose_precision(SMALL, CPU, "int3")


def test_bf16_speed_is_known_here():
    assert isinstance(bf16_is_fast(), bool)


@pytest.mark.gpu
def test_gpu_dtype_is_half():
    assert compute_dtype("cuda", SMALL) in (torch.bfloat16, torch.float16)
