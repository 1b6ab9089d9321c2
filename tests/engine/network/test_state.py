"""I3, exact snapshots: a state's bytes give back the same bits, and nothing else is taken for a state."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save

from engine.network.state import FORMAT, MambaState, StateError
from engine.network.weights import load_model


def random_state(rows: int = 1, dtype: torch.dtype = torch.float32, seed: int = 0) -> MambaState:
    generator = torch.Generator().manual_seed(seed)
    return MambaState(
        conv=torch.randn(2, rows, 6, 3, generator=generator).to(dtype),
        ssm=torch.randn(2, rows, 6, 4, generator=generator),
        n_tokens=torch.arange(rows) + 5,
    )


def assert_identical(one: MambaState, other: MambaState) -> None:
    assert torch.equal(one.conv, other.conv) and one.conv.dtype == other.conv.dtype
    assert torch.equal(one.ssm, other.ssm) and other.ssm.dtype == torch.float32
    assert torch.equal(one.n_tokens, other.n_tokens)


@settings(max_examples=25, deadline=None)
@given(
    rows=st.integers(1, 4),
    seed=st.integers(0, 1000),
    dtype=st.sampled_from([torch.float32, torch.bfloat16, torch.float16]),
)
def test_state_bytes_round_trip(rows: int, seed: int, dtype: torch.dtype):
    state = random_state(rows, dtype, seed)
    data = state.to_bytes()
    assert_identical(MambaState.from_bytes(data), state)
    assert MambaState.from_bytes(data).to_bytes() == data


def test_view_is_stored_as_its_content():
    whole = random_state(rows=3)
    view = MambaState(whole.conv[:, 1:2], whole.ssm[:, 1:2], whole.n_tokens[1:2])
    assert_identical(MambaState.from_bytes(view.to_bytes()), whole.select([1]))


def test_rounded_state_loads_as_fp32():
    state = random_state()
    data = state.to_bytes(ssm_dtype=torch.bfloat16)
    restored = MambaState.from_bytes(data)
    assert torch.equal(restored.ssm, state.ssm.bfloat16().float())
    assert torch.equal(restored.conv, state.conv)
    with pytest.raises(ValueError):
        state.to_bytes(ssm_dtype=torch.int16)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), power=st.integers(-30, 30))
def test_a_state_in_blocks_of_int8_is_off_by_half_a_step(seed: int, power: int):
    state = random_state(2, torch.float32, seed)
    state.ssm *= 2.0**power
    state.ssm[:, :, 0] = 0
    data = state.to_bytes(ssm_dtype=torch.int8)
    restored = MambaState.from_bytes(data)
    step = state.ssm.abs().amax(-1, keepdim=True) / 127
    assert bool(((restored.ssm - state.ssm).abs() <= step * 0.51).all())
    assert torch.equal(restored.conv, state.conv) and torch.equal(restored.n_tokens, state.n_tokens)


def test_restored_state_gives_same_logits(checkpoints: dict[str, Path]):
    model = load_model(checkpoints["falcon_mamba"])
    state = model.new_state()
    model(torch.tensor([[1, 2, 3, 4]]), state)
    restored = MambaState.from_bytes(state.to_bytes(), model.device)
    more = torch.tensor([[5, 6]])
    assert torch.equal(model(more, restored), model(more, state))
    assert_identical(restored, state)


def test_state_header_has_format_and_version():
    data = random_state(2).to_bytes()
    length = int.from_bytes(data[:8], "little")
    metadata = json.loads(data[8 : 8 + length])["__metadata__"]
    assert json.loads(metadata[FORMAT]) == {"version": 1, "n_tokens": [5, 6]}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_truncated_blob_is_refused(data: st.DataObject):
    blob = random_state().to_bytes()
    size = data.draw(st.integers(0, len(blob) - 1))
    with pytest.raises(StateError):
        MambaState.from_bytes(blob[:size])


@settings(max_examples=60, deadline=None)
@given(blob=st.binary(max_size=200))
def test_foreign_bytes_are_refused(blob: bytes):
    with pytest.raises(StateError):
        MambaState.from_bytes(blob)


def test_state_errors_are_told_apart():
    state = random_state()
    tensors = {"conv": state.conv, "ssm": state.ssm, "n_tokens": state.n_tokens}
    header = {FORMAT: '{"version": 1}'}
    with pytest.raises(StateError, match="not a Readthrough state"):
        MambaState.from_bytes(save(tensors))
    with pytest.raises(StateError, match="version 3"):
        MambaState.from_bytes(save(tensors, metadata={FORMAT: '{"version": 3}'}))
    with pytest.raises(StateError, match="incomplete"):
        MambaState.from_bytes(save({"conv": state.conv}, metadata=header))
    wrong = {**tensors, "ssm": state.ssm[:1].contiguous()}
    with pytest.raises(StateError, match="do not fit"):
        MambaState.from_bytes(save(wrong, metadata=header))


def test_select_stack_assign():
    state = random_state(rows=3)
    picked = state.select([2, 0, 2])
    assert picked.n_tokens.tolist() == [7, 5, 7]
    assert torch.equal(picked.ssm[:, 1], state.ssm[:, 0])
    assert_identical(MambaState.stack([state.select([0]), state.select([1, 2])]), state)
    target = random_state(rows=3, seed=1)
    target.assign([2, 0, 1], state.select([2, 0, 1]))
    assert_identical(target, state)


def test_state_copies_are_independent():
    state = random_state()
    twin, target = state.clone(), random_state(seed=1)
    target.copy_(state)
    state.ssm.zero_()
    assert_identical(twin, target)
    assert float(twin.ssm.abs().max()) > 0
    assert state.nbytes == state.conv.numel() * 4 + state.ssm.numel() * 4 + 8


@pytest.mark.gpu
def test_state_bytes_between_devices():
    state = random_state(2, torch.bfloat16)
    on_gpu = MambaState.from_bytes(state.to_bytes(), "cuda")
    assert on_gpu.device.type == "cuda" and on_gpu.n_tokens.device.type == "cpu"
    assert on_gpu.to_bytes() == state.to_bytes()
