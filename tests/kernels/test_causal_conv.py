"""The convolution with its tail against the reference, and against itself over every split."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from kernels import Operations, operations_named
from kernels.reference import causal_conv_ref, causal_conv_update_ref
from tests.kernels.inputs import NAN, assert_close


def conv_inputs(
    batch: int, steps: int, d_inner: int, d_conv: int, dtype: torch.dtype, device: torch.device | str, seed: int = 0
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """x (half of a projection), weight, bias and a state that is not zero."""
    rng = torch.Generator().manual_seed(seed)
    x = torch.randn(batch, steps, 2 * d_inner, generator=rng).to(device, dtype)[..., :d_inner]
    weight = torch.randn(d_inner, d_conv, generator=rng).to(device, dtype)
    bias = torch.randn(d_inner, generator=rng).to(device, dtype)
    state = torch.randn(batch, d_inner, d_conv - 1, generator=rng).to(device, dtype)
    return x, weight, bias, state


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("d_conv", [1, 2, 3, 4])
@pytest.mark.parametrize("steps", [1, 2, 3, 70])
def test_conv_equals_reference(
    compiled: Operations, device: torch.device, d_conv: int, steps: int, dtype: torch.dtype
) -> None:
    x, weight, bias, ours = conv_inputs(2, steps, 24, d_conv, dtype, device)
    theirs = ours.clone()
    y = compiled.causal_conv(x, weight, bias, ours)
    assert y.dtype == dtype
    assert_close(y, causal_conv_ref(x, weight, bias, theirs), dtype)
    assert torch.equal(ours, theirs)


def test_conv_without_bias(compiled: Operations, device: torch.device) -> None:
    x, weight, _, ours = conv_inputs(1, 5, 24, 4, torch.float32, device)
    theirs = ours.clone()
    assert_close(compiled.causal_conv(x, weight, None, ours), causal_conv_ref(x, weight, None, theirs))


@pytest.mark.parametrize("lengths", [[0, 1, 2, 3], [40, 39, 17, 4]])
def test_conv_tail_stops_at_length(compiled: Operations, device: torch.device, lengths: list[int]) -> None:
    x, weight, bias, ours = conv_inputs(4, 40, 24, 4, torch.float32, device)
    for row, length in enumerate(lengths):
        x[row, length:] = NAN
    theirs = ours.clone()
    y = compiled.causal_conv(x, weight, bias, ours, torch.tensor(lengths, device=device))
    assert_close(y, causal_conv_ref(x, weight, bias, theirs, torch.tensor(lengths)))
    assert torch.equal(ours, theirs)
    for row, length in enumerate(lengths):
        assert (y[row, length:] == 0).all()


@pytest.mark.parametrize("d_conv", [1, 2, 3, 4])
def test_conv_update_equals_reference(compiled: Operations, device: torch.device, d_conv: int) -> None:
    x, weight, bias, ours = conv_inputs(3, 1, 40, d_conv, torch.bfloat16, device)
    theirs = ours.clone()
    y = compiled.causal_conv_update(x[:, 0], weight, bias, ours)
    assert_close(y, causal_conv_update_ref(x[:, 0], weight, bias, theirs), torch.bfloat16)
    assert torch.equal(ours, theirs)


@pytest.mark.parametrize("name", ["cpu", "triton"])
@settings(deadline=None, max_examples=15)
@given(steps=st.integers(1, 40), cuts=st.lists(st.integers(0, 40), max_size=4), d_conv=st.integers(2, 4))
def test_every_split_equals_one_pass(name: str, steps: int, cuts: list[int], d_conv: int) -> None:
    device = "cuda" if name == "triton" and torch.cuda.is_available() else "cpu"
    compiled = operations_named(name)
    x, weight, bias, whole = conv_inputs(1, steps, 8, d_conv, torch.float32, device)
    parts = whole.clone()
    edges = sorted({0, steps, *(cut for cut in cuts if cut < steps)})
    pieces = [compiled.causal_conv(x[:, a:b], weight, bias, parts) for a, b in pairwise(edges)]
    assert_close(torch.cat(pieces, 1), compiled.causal_conv(x, weight, bias, whole))
    assert torch.equal(parts, whole)
