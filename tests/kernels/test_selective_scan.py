"""The chunk scan and the one-token update against the reference, and against themselves over every split."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import Operations, operations_named
from kernels.reference import selective_scan_ref, selective_update_ref
from tests.kernels.inputs import assert_close, scan_inputs, step_of, steps_of, with_state

DTYPES = [torch.float32, torch.bfloat16, torch.float16]


@pytest.mark.parametrize("d_state", [1, 4, 16, 64, 256])
@pytest.mark.parametrize("steps", [1, 3, 17])
def test_scan_equals_reference(compiled: Operations, device: torch.device, d_state: int, steps: int) -> None:
    ours = scan_inputs(2, steps, 24, d_state, device=device)
    theirs = with_state(ours)
    assert_close(compiled.selective_scan(**ours), selective_scan_ref(**theirs))
    assert_close(ours["state"], theirs["state"])


@pytest.mark.parametrize("dtype", DTYPES)
def test_scan_of_every_dtype(compiled: Operations, device: torch.device, dtype: torch.dtype) -> None:
    ours = scan_inputs(1, 9, 40, 16, dtype, device)
    theirs = with_state(ours)
    y = compiled.selective_scan(**ours)
    assert y.dtype == dtype
    assert_close(y, selective_scan_ref(**theirs), dtype)
    assert_close(ours["state"], theirs["state"])  # fp32 whatever the inputs


def test_scan_of_long_chunk(compiled: Operations, device: torch.device) -> None:
    """Long enough for every implementation to cut time into segments, with an odd end."""
    ours = scan_inputs(1, 333, 8, 16, device=device)
    theirs = with_state(ours)
    assert_close(compiled.selective_scan(**ours), selective_scan_ref(**theirs))
    assert_close(ours["state"], theirs["state"])


@pytest.mark.parametrize("lengths", [[0, 150, 7], [150, 150, 150], [0, 0, 0], [1, 149, 64]])
def test_scan_stops_at_lengths(compiled: Operations, device: torch.device, lengths: list[int]) -> None:
    ends = torch.tensor(lengths)
    ours = scan_inputs(3, 150, 8, 4, device=device, lengths=ends)
    theirs = with_state(ours)
    y = compiled.selective_scan(**ours, lengths=ends.to(device))
    assert_close(y, selective_scan_ref(**theirs, lengths=ends))
    assert_close(ours["state"], theirs["state"])
    for row, length in enumerate(lengths):
        assert (y[row, length:] == 0).all()


@pytest.mark.parametrize("lanes", [2, pytest.param(4, marks=pytest.mark.slow), 8])
@pytest.mark.parametrize("dtype", [torch.float32, pytest.param(torch.bfloat16, marks=pytest.mark.slow)])
def test_scan_16_with_any_lanes(lanes: int, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = operations_named("triton").selective_scan
    monkeypatch.setattr("kernels.gpu.scan_16.LANES_A_CHANNEL", lanes)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    ours = scan_inputs(1, 75, 20, 16, dtype, device)
    theirs = with_state(ours)
    assert_close(scan(**ours), selective_scan_ref(**theirs), dtype)
    assert_close(ours["state"], theirs["state"])


@pytest.mark.parametrize("d_state", [4, 15, 16, 32])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_scan_with_any_layout(d_state: int, dtype: torch.dtype) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    ends = torch.tensor([39, 70])
    ours = scan_inputs(2, 70, 12, d_state, dtype, device, lengths=ends)
    theirs = with_state(ours)
    y = operations_named("triton").selective_scan(**ours, lengths=ends.to(device))
    assert_close(y, selective_scan_ref(**theirs, lengths=ends), dtype)
    assert_close(ours["state"], theirs["state"])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_scan_16_with_partial_programs(dtype: torch.dtype) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    ends = torch.tensor([70, 39, 0])
    ours = scan_inputs(3, 70, 5, 16, dtype, device, lengths=ends)
    theirs = with_state(ours)
    y = operations_named("triton").selective_scan(**ours, lengths=ends.to(device))
    assert_close(y, selective_scan_ref(**theirs, lengths=ends), dtype)
    assert_close(ours["state"], theirs["state"])


@pytest.mark.parametrize("d_state", [4, 16])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_every_split_gives_the_same_bits(d_state: int, dtype: torch.dtype) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    scan = operations_named("triton").selective_scan
    cuts = (0, 1, 65, 130, 131)  # what one pass does in its main loop, the parts do in their last turns
    whole = scan_inputs(1, cuts[-1], 4, d_state, dtype, device)
    parts = with_state(whole)
    y = torch.cat([scan(**steps_of(parts, a, b)) for a, b in pairwise(cuts)], 1)
    assert torch.equal(y, scan(**whole))
    assert torch.equal(parts["state"], whole["state"])


def test_scan_of_empty_sequence_keeps_state(compiled: Operations, device: torch.device) -> None:
    ends = torch.tensor([0, 5])
    arguments = scan_inputs(2, 5, 8, 16, device=device, lengths=ends)
    before = arguments["state"].clone()
    compiled.selective_scan(**arguments, lengths=ends.to(device))
    assert torch.equal(arguments["state"][0], before[0])


def test_scan_of_float64(device: torch.device) -> None:
    arguments = scan_inputs(1, 5, 8, 4, torch.float64, device)
    assert operations_named("reference").selective_scan(**arguments).dtype == torch.float64


@pytest.mark.parametrize("name", ["cpu", "triton"])
@settings(deadline=None, max_examples=15)
@given(steps=st.integers(1, 90), cuts=st.lists(st.integers(0, 90), max_size=4), seed=st.integers(0, 1000))
def test_every_split_equals_one_pass(name: str, steps: int, cuts: list[int], seed: int) -> None:
    """I1, at the level of the kernel."""
    device = "cuda" if name == "triton" and torch.cuda.is_available() else "cpu"
    compiled = operations_named(name)
    whole = scan_inputs(1, steps, 8, 4, device=device, seed=seed)
    parts = with_state(whole)
    edges = sorted({0, steps, *(cut for cut in cuts if cut < steps)})
    y = torch.cat([compiled.selective_scan(**steps_of(parts, a, b)) for a, b in pairwise(edges)], 1)
    assert_close(y, compiled.selective_scan(**whole))
    assert_close(parts["state"], whole["state"])


@pytest.mark.parametrize("d_state", [1, 4, 16, 64, 256])
@pytest.mark.parametrize("batch", [1, 3])
def test_update_equals_reference(compiled: Operations, device: torch.device, d_state: int, batch: int) -> None:
    ours = scan_inputs(batch, 2, 40, d_state, device=device)
    theirs = with_state(ours)
    for step in range(2):
        assert_close(compiled.selective_update(**step_of(ours, step)), selective_update_ref(**step_of(theirs, step)))
    assert_close(ours["state"], theirs["state"])


@pytest.mark.parametrize("dtype", DTYPES)
def test_update_continues_a_scan(compiled: Operations, device: torch.device, dtype: torch.dtype) -> None:
    whole = scan_inputs(2, 8, 24, 16, dtype, device)
    parts = with_state(whole)
    y = compiled.selective_scan(**whole)
    assert_close(compiled.selective_scan(**steps_of(parts, 0, 6)), y[:, :6], dtype)
    for step in (6, 7):
        assert_close(compiled.selective_update(**step_of(parts, step)), y[:, step], dtype)
    assert_close(parts["state"], whole["state"])


def test_update_of_large_batch(compiled: Operations, device: torch.device) -> None:
    ours = scan_inputs(33, 1, 1024, 16, device=device)
    theirs = with_state(ours)
    assert_close(compiled.selective_update(**step_of(ours, 0)), selective_update_ref(**step_of(theirs, 0)))
    assert_close(ours["state"], theirs["state"])


def test_scan_of_extreme_steps(compiled: Operations, device: torch.device) -> None:
    """A huge dt forgets everything, a very negative one keeps everything; large gates stay finite."""
    ours = scan_inputs(1, 6, 8, 16, device=device)
    ours["dt"][:, ::2] = 90.0
    ours["dt"][:, 1::2] = -90.0
    ours["z"][:, ::3] = -200.0
    theirs = with_state(ours)
    assert_close(compiled.selective_scan(**ours), selective_scan_ref(**theirs))
    assert_close(ours["state"], theirs["state"])


@pytest.mark.parametrize("d_state", [4, pytest.param(16, marks=pytest.mark.slow)])
def test_scan_of_smallest_steps(compiled: Operations, device: torch.device, d_state: int) -> None:
    """An empty state after one step of x = B = 1 is the step itself: softplus(dt + dt_bias)."""
    ours = scan_inputs(1, 1, 512, d_state, device=device)
    raw = torch.linspace(-80, 20, 512, device=device)
    ours |= {"x": torch.ones_like(ours["x"]), "B": torch.ones_like(ours["B"]), "dt": raw[None, None]}
    ours |= {"state": torch.zeros_like(ours["state"]), "dt_bias": torch.zeros_like(raw)}
    delta = raw.double().exp().log1p().float()[None, :, None].expand_as(ours["state"])
    compiled.selective_scan(**ours)
    torch.testing.assert_close(ours["state"], delta, rtol=1e-5, atol=0.0)
    ours["state"].zero_()
    compiled.selective_update(**step_of(ours, 0))
    torch.testing.assert_close(ours["state"], delta, rtol=1e-5, atol=0.0)
