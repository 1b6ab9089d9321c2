"""fp8: vectors and weights against the reference, in Triton (on a GPU or in its interpreter)."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from kernels import Operations
from kernels.operations import Scaled
from kernels.quantisation import FP8, dequantise_ref, quantise_ref, quantised_linear_ref
from kernels.reference import scale_ref, scaled_linear_ref, scaled_rms_norm_ref
from tests.kernels.inputs import assert_close

STEP = 2.0**-3
"""Distance of neighbours in fp8, as a share of the smaller one, at most."""
INTERPRETED = not torch.cuda.is_available()
"""Triton's interpreter rounds to fp8 in ways of its own and knows no NaN there: then the numbers are not compared."""


def floats(x: Scaled) -> Tensor:
    return x.values.float() * x.scales[..., None]


def assert_same(ours: Scaled, theirs: Scaled, allowed: float = 0.02) -> None:
    """Equal but for the few numbers that lie between two neighbours, which may take the other one."""
    assert ours.values.dtype == FP8 and ours.scales.dtype == torch.float32
    assert ours.shape == theirs.shape and ours.scales.shape == theirs.scales.shape
    torch.testing.assert_close(ours.scales, theirs.scales, rtol=0.01 if INTERPRETED else 1e-5, atol=0)
    one, other = floats(ours), floats(theirs)
    assert one.isfinite().all()
    if INTERPRETED and not torch.equal(one, other):
        return
    assert ((one - other).abs() <= STEP * 1.01 * other.abs() + ours.scales[..., None] * 2**-9).all()
    differing = (ours.values.view(torch.uint8) != theirs.values.view(torch.uint8)).float().mean()
    assert differing <= allowed


@pytest.mark.parametrize("shape", [(1, 3, 16), (2, 5, 96), (7, 4096)])
def test_vectors_become_fp8(compiled: Operations, device: torch.device, shape: tuple[int, ...]) -> None:
    x = torch.randn(shape).to(device, torch.bfloat16)
    x.view(-1, shape[-1])[0] = 0  # a vector without a scale of its own
    x.view(-1, shape[-1])[1] *= 1e4
    ours = compiled.scale(x)
    assert_same(ours, scale_ref(x), 0.0)
    assert floats(ours).view(-1, shape[-1])[0].abs().max() == 0
    if not INTERPRETED:
        assert (floats(ours) - x.float()).abs().max() <= x.float().abs().max() * STEP / 2


@pytest.mark.parametrize("shape", [(1, 3, 32), (2, 5, 96), (20, 768)])
@pytest.mark.parametrize("stream_dtype", [None, torch.float32, torch.bfloat16])
def test_norm_in_fp8_equals_reference(
    compiled: Operations, device: torch.device, shape: tuple[int, ...], stream_dtype: torch.dtype | None
) -> None:
    x, weight = torch.randn(shape).to(device, torch.bfloat16), torch.randn(shape[-1]).to(device, torch.bfloat16)
    ours = None if stream_dtype is None else torch.randn(shape).to(device, stream_dtype)
    theirs = None if ours is None else ours.clone()
    found = compiled.scaled_rms_norm(x, weight, 1e-5, ours)
    # Triton's interpreter truncates to bf16 where hardware rounds, so the residual stream itself differs.
    assert_same(found, scaled_rms_norm_ref(x, weight, 1e-5, theirs), 0.25 if stream_dtype == torch.bfloat16 else 0.02)
    if ours is not None and theirs is not None and stream_dtype is not None:
        assert_close(ours, theirs, stream_dtype)


def test_what_is_no_number_stays_none(compiled: Operations, device: torch.device, implementation_name: str) -> None:
    if INTERPRETED and implementation_name == "triton":
        pytest.skip("the interpreter knows no NaN in fp8")
    x = torch.randn(3, 32).to(device)
    x[1, 5] = float("nan")
    x[2, 5] = float("inf")
    values = compiled.scale(x).values.float()
    assert values[0].isfinite().all() and not values[1].isfinite().all() and not values[2].isfinite().all()


@pytest.mark.parametrize(("out", "width"), [(16, 32), (48, 96)])
@pytest.mark.parametrize("vectors", [1, 3])
def test_few_vectors_are_multiplied_as_they_are(
    compiled: Operations, device: torch.device, out: int, width: int, vectors: int, implementation_name: str
) -> None:
    if implementation_name == "cpu":
        pytest.skip("no CPU multiplies fp8")
    weight, scales = quantise_ref(torch.randn(out, width).to(device), "fp8")
    x, bias = torch.randn(vectors, width).to(device, torch.bfloat16), torch.randn(out).to(device, torch.bfloat16)
    found = compiled.quantised_linear(x, weight, scales, bias)
    assert_close(found, quantised_linear_ref(x, weight, scales, bias), torch.bfloat16)


@pytest.mark.parametrize(("vectors", "out", "width"), [(17, 32, 16), (40, 96, 64), (300, 256, 512)])
def test_many_vectors_are_multiplied_in_fp8(
    compiled: Operations, device: torch.device, vectors: int, out: int, width: int
) -> None:
    weight = torch.randn(out, width).to(device)
    numbers, scales = quantise_ref(weight, "fp8")
    x = scale_ref(torch.randn(vectors, width).to(device, torch.bfloat16))
    found = compiled.scaled_linear(x, numbers, scales, torch.bfloat16)
    expected = scaled_linear_ref(x, numbers, scales, torch.bfloat16)
    assert found.dtype == torch.bfloat16
    assert (found.float() - expected.float()).norm() <= 4e-3 * expected.float().norm()
    assert (found.float() - floats(x) @ weight.T).norm() <= 0.05 * expected.float().norm()


def test_weights_in_fp8_keep_their_rows_apart() -> None:
    weight = torch.randn(40, 64)
    weight[3] *= 1000
    weight[4] = 0
    numbers, scales = quantise_ref(weight, "fp8")
    assert numbers.dtype == FP8 and scales.shape == (40,)
    assert numbers.float().abs().amax(1)[torch.arange(40) != 4].eq(448).all()
    off = (dequantise_ref(numbers, scales, torch.float32) - weight).norm(dim=1) / weight.norm(dim=1).clamp(min=1)
    assert off.max() < 0.04
