"""What only a GPU can show: the shapes of a 7B layer, and 70,000 tokens in chunks."""

from __future__ import annotations

import pytest
import torch

from kernels import implementation, operations_named
from kernels.reference import causal_conv_ref, rms_norm_ref, selective_scan_ref, selective_update_ref
from tests.kernels.inputs import assert_close, scan_inputs, step_of, steps_of, with_state

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
    pytest.mark.timeout(300),
]


def test_gpu_runs_triton() -> None:
    assert implementation("cuda").name == "triton"


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("steps", [2048, 517])
def test_scan_at_7b_shape(dtype: torch.dtype, steps: int) -> None:
    ours = scan_inputs(1, steps, 8192, 16, dtype, "cuda")
    theirs = with_state(ours)
    y = operations_named("triton").selective_scan(**ours)
    assert_close(y, selective_scan_ref(**theirs), dtype, tolerance=1e-4)
    assert_close(ours["state"], theirs["state"], tolerance=1e-4)


def test_update_conv_norm_at_7b_shape() -> None:
    compiled = operations_named("triton")
    ours = scan_inputs(2, 5, 8192, 16, torch.bfloat16, "cuda")
    theirs = with_state(ours)
    for step in range(5):
        y = compiled.selective_update(**step_of(ours, step))
        assert_close(y, selective_update_ref(**step_of(theirs, step)), torch.bfloat16)
    assert_close(ours["state"], theirs["state"])
    x = torch.randn(1, 300, 16384, device="cuda", dtype=torch.bfloat16)[..., :8192]
    weight, bias = torch.randn(8192, 4, device="cuda", dtype=torch.bfloat16), torch.randn(8192, device="cuda")
    tail = torch.randn(1, 8192, 3, device="cuda", dtype=torch.bfloat16)
    their_tail = tail.clone()
    y = compiled.causal_conv(x, weight, bias, tail)
    assert_close(y, causal_conv_ref(x, weight, bias, their_tail), torch.bfloat16)
    assert torch.equal(tail, their_tail)
    hidden, scale = torch.randn(300, 4096, device="cuda", dtype=torch.bfloat16), torch.randn(4096, device="cuda")
    assert_close(compiled.rms_norm(hidden, scale, 1e-5), rms_norm_ref(hidden, scale, 1e-5))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_70000_tokens_in_chunks_of_odd_lengths(dtype: torch.dtype) -> None:
    """Slow and fast channels, against one pass of the reference."""
    steps, chunk = 70_000, 4_999
    ours = scan_inputs(1, steps, 64, 16, dtype, "cuda")
    theirs = with_state(ours)
    scan = operations_named("triton").selective_scan
    y = torch.cat([scan(**steps_of(ours, a, min(a + chunk, steps))) for a in range(0, steps, chunk)], 1)
    assert_close(y, selective_scan_ref(**theirs), dtype, tolerance=1e-4)
    assert_close(ours["state"], theirs["state"], tolerance=1e-4)


def test_offsets_beyond_32_bits() -> None:
    """The last row of a tensor of more than 2^31 elements."""
    batch, steps, d_inner = 5, 65_536, 8_192
    x = torch.empty(batch, steps, d_inner, device="cuda", dtype=torch.bfloat16)
    x[-1, -8:] = torch.randn(8, d_inner)
    tail = torch.zeros(1, d_inner, 3, device="cuda", dtype=torch.bfloat16)
    weight = torch.randn(d_inner, 4, device="cuda", dtype=torch.bfloat16)
    x[:-1] = 0
    x[-1, :-8] = 0
    y = operations_named("triton").causal_conv(x, weight, None, tail.expand(batch, -1, -1).contiguous())
    assert_close(y[-1:, -8:], causal_conv_ref(x[-1:, -8:], weight, None, tail), torch.bfloat16)
