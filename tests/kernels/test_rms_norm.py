"""The norm, weighted and weightless, with and without the residual stream, against the reference."""

from __future__ import annotations

import pytest
import torch

from kernels import Operations
from kernels.reference import mixer_norms_ref, rms_norm_ref
from tests.kernels.inputs import assert_close

DTYPES = [torch.float32, torch.bfloat16, torch.float16]


@pytest.mark.parametrize("shape", [(1, 1, 16), (2, 5, 100), (3, 768), (64,)])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("weighted", [True, False])
def test_norm_equals_reference(
    compiled: Operations, device: torch.device, shape: tuple[int, ...], dtype: torch.dtype, weighted: bool
) -> None:
    x = torch.randn(shape).to(device, dtype)
    weight = torch.randn(shape[-1]).to(device, dtype) if weighted else None
    y = compiled.rms_norm(x, weight, 1e-5)
    assert y.dtype == dtype
    assert_close(y, rms_norm_ref(x, weight, 1e-5), dtype)


def test_norm_of_a_slice(compiled: Operations, device: torch.device) -> None:
    """B and C are slices of one projection."""
    x = torch.randn(2, 7, 40).to(device)[..., 3:19]
    assert_close(compiled.rms_norm(x, None, 1e-6), rms_norm_ref(x, None, 1e-6))


@pytest.mark.parametrize(("rank", "d_state"), [(8, 16), (48, 16), (5, 3)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_norms_of_parts_equal_reference(
    compiled: Operations, device: torch.device, rank: int, d_state: int, dtype: torch.dtype
) -> None:
    """dt, B and C, each by itself."""
    x = torch.randn(2, 7, rank + 2 * d_state).to(device, dtype)
    x[..., rank:] *= 20
    for ours, theirs in zip(compiled.mixer_norms(x, rank, 1e-6), mixer_norms_ref(x, rank, 1e-6), strict=True):
        assert ours.dtype == dtype
        assert_close(ours, theirs, dtype)


def test_norm_output_has_weight_dtype(compiled: Operations, device: torch.device) -> None:
    x, weight = torch.randn(3, 32).to(device), torch.randn(32).to(device, torch.bfloat16)
    assert compiled.rms_norm(x, weight, 1e-5).dtype == torch.bfloat16


@pytest.mark.parametrize("stream_dtype", DTYPES)
def test_norm_advances_residual(compiled: Operations, device: torch.device, stream_dtype: torch.dtype) -> None:
    x, weight = torch.randn(2, 5, 96).to(device, torch.bfloat16), torch.randn(96).to(device, torch.bfloat16)
    ours = torch.randn(2, 5, 96).to(device, stream_dtype)
    theirs = ours.clone()
    # Triton's interpreter truncates to bf16 where hardware rounds: one unit more.
    tolerance = 2 * torch.finfo(torch.bfloat16).eps
    assert_close(compiled.rms_norm(x, weight, 1e-5, ours), rms_norm_ref(x, weight, 1e-5, theirs), tolerance=tolerance)
    assert_close(ours, theirs, stream_dtype)
