"""I1, any split: however a sequence is cut into chunks, logits and state agree with transformers token by token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.network.config import FalconMambaConfig
from engine.network.layer import Layer
from engine.network.linear import Linear
from engine.network.model import FalconMamba
from engine.network.state import MambaState
from engine.network.weights import load_model, random_model
from tests.engine.conftest import MODEL_TYPES, reference_model

TOLERANCE = 1e-4  # of the scale of what is compared, fp32
LENGTH = 61

# (d_conv, d_state, tied): convolutions of every width, states below, at and above a vector register.
SHAPES = [(4, 16, False), (2, 5, True), (3, 24, False)]
CASES = [(kind, *shape) for kind in MODEL_TYPES for shape in SHAPES]


class Case:
    """A checkpoint with transformers' own answer for one token sequence, fed token by token through its cache."""

    def __init__(self, folder: Path, reference: Any) -> None:
        self.model = load_model(folder)
        vocab = self.model.config.vocab_size
        self.ids = torch.randint(0, vocab, (1, LENGTH), generator=torch.Generator().manual_seed(7))
        cache_params = None
        self.logits = []
        with torch.no_grad():
            for token in self.ids.split(1, dim=1):
                output = reference(token, cache_params=cache_params, use_cache=True)
                cache_params = output.cache_params
                self.logits.append(output.logits[:, -1])
        layers = cache_params.layers
        self.ssm = torch.stack([layer.recurrent_states[0] for layer in layers])
        self.conv = torch.stack([layer.conv_states[0][..., 1:] for layer in layers])


@pytest.fixture(scope="module")
def case(save_checkpoint: Callable[..., Path]) -> Callable[[tuple[str, int, int, bool]], Case]:
    @cache
    def make(key: tuple[str, int, int, bool]) -> Case:
        model_type, d_conv, d_state, tied = key
        reference = reference_model(
            model_type, conv_kernel=d_conv, state_size=d_state, tie_word_embeddings=tied, use_bias=tied
        )
        return Case(save_checkpoint(reference), reference)

    return make


def assert_close(found: torch.Tensor, expected: torch.Tensor, tolerance: float = TOLERANCE) -> None:
    assert found.shape == expected.shape
    scale = float(expected.abs().max())
    assert float((found - expected).abs().max()) <= tolerance * scale


def assert_same_state(found: MambaState, expected: MambaState, tolerance: float = TOLERANCE) -> None:
    assert_close(found.ssm, expected.ssm, tolerance)
    assert_close(found.conv.float(), expected.conv.float(), tolerance)
    assert found.n_tokens.tolist() == expected.n_tokens.tolist()


def read(model: FalconMamba, ids: torch.Tensor, cuts: list[int]) -> tuple[torch.Tensor, MambaState]:
    """Logits after `ids` [B, T] and the state, read in chunks that end at `cuts` and at the end."""
    state = model.new_state(ids.shape[0])
    logits = None
    for start, end in zip([0, *cuts], [*cuts, ids.shape[1]], strict=True):
        logits = model(ids[:, start:end], state)
    assert logits is not None
    return logits, state


@pytest.mark.parametrize("key", CASES)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(cuts=st.sets(st.integers(1, LENGTH - 1), max_size=12))
def test_any_split_equals_transformers(case, key, cuts: set[int]):
    expected = case(key)
    logits, state = read(expected.model, expected.ids, sorted(cuts))
    assert_close(logits, expected.logits[-1])
    assert_close(state.ssm, expected.ssm)
    assert_close(state.conv, expected.conv)
    assert state.n_tokens.tolist() == [LENGTH]


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_every_token_equals_transformers(case, model_type: str):
    expected = case((model_type, *SHAPES[0]))
    state = expected.model.new_state()
    for token, logits in zip(expected.ids.split(1, dim=1), expected.logits, strict=True):
        assert_close(expected.model(token, state), logits)


@pytest.mark.parametrize("model_type", MODEL_TYPES)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(lengths=st.lists(st.integers(0, 20), min_size=1, max_size=5), before=st.integers(0, 5))
def test_unequal_batch_equals_single_runs(case, model_type: str, lengths: list[int], before: int):
    model = case((model_type, *SHAPES[0])).model
    generator = torch.Generator().manual_seed(sum(lengths))
    first = torch.randint(0, 64, (len(lengths), 5), generator=generator)[:, :before]
    ids = torch.randint(0, 64, (len(lengths), 20), generator=generator)
    state = model.new_state(len(lengths))
    if before:
        model(first, state)
    logits = model(ids, state, lengths=torch.tensor(lengths))
    for row, length in enumerate(lengths):
        alone = model.new_state()
        if before:
            model(first[row : row + 1], alone)
        if length:
            assert_close(logits[row : row + 1], model(ids[row : row + 1, :length], alone))
        else:
            assert logits[row].isnan().all()
        if before + length:
            assert_same_state(state.select([row]), alone)


def test_batch_equals_single_runs(case):
    model = case(CASES[0]).model
    ids = torch.randint(0, 64, (3, 9), generator=torch.Generator().manual_seed(1))
    logits, state = read(model, ids, [4, 5])
    for row in range(3):
        alone, alone_state = read(model, ids[row : row + 1], [])
        assert_close(logits[row : row + 1], alone)
        assert_same_state(state.select([row]), alone_state)


def test_forward_changes_only_its_state(case):
    model = case(CASES[0]).model
    ids = torch.tensor([[3, 4, 5]])
    _, state = read(model, ids, [])
    kept = state.clone()
    fork = state.clone()
    model(ids, fork)
    assert torch.equal(state.ssm, kept.ssm) and torch.equal(state.conv, kept.conv)
    assert state.n_tokens.tolist() == [3] and fork.n_tokens.tolist() == [6]


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_bf16_keeps_fp32_state(checkpoints: dict[str, Path], model_type: str):
    exact = load_model(checkpoints[model_type], dtype=torch.float32)
    half = load_model(checkpoints[model_type], dtype=torch.bfloat16)
    ids = torch.randint(0, 257, (1, 40), generator=torch.Generator().manual_seed(2))
    expected, _ = read(exact, ids, [])
    for cuts in ([], [1, 2, 30]):
        logits, state = read(half, ids, cuts)
        assert (state.conv.dtype, state.ssm.dtype, logits.dtype) == (torch.bfloat16, torch.float32, torch.float32)
        assert_close(logits, expected, tolerance=0.08)


def test_residual_in_compute_dtype(save_checkpoint):
    folder = save_checkpoint(reference_model("mamba", residual_in_fp32=False))
    model = load_model(folder, dtype=torch.bfloat16)
    assert not model.config.residual_in_fp32
    assert torch.isfinite(model(torch.tensor([[1, 2, 3]]), model.new_state())).all()


def test_ids_of_any_integer_dtype(case):
    model = case(CASES[0]).model
    results = [
        model(torch.tensor([[1, 2, 3]], dtype=kind), model.new_state())
        for kind in (torch.int32, torch.int64, torch.uint8)
    ]
    assert torch.equal(results[0], results[1]) and torch.equal(results[1], results[2])


def test_mismatched_shapes_are_refused(case, checkpoints: dict[str, Path]):
    model = case(CASES[0]).model
    other = case(CASES[1]).model
    half = load_model(checkpoints["mamba"], dtype=torch.bfloat16)
    ids = torch.tensor([[1, 2]])
    for wrong in (lambda: model(ids, other.new_state()), lambda: model(ids, model.new_state(2))):
        with pytest.raises(ValueError):
            wrong()
    with pytest.raises(ValueError):
        model(ids[:, :0], model.new_state())
    with pytest.raises(ValueError):
        model(ids, model.new_state(), lengths=torch.tensor([1, 2]))
    single = load_model(checkpoints["mamba"])
    with pytest.raises(ValueError, match=r"bfloat16.*float32"):
        single(ids, half.new_state())


def gpu_config(model_type: str) -> FalconMambaConfig:
    return FalconMambaConfig(
        model_type=model_type,
        vocab_size=512,
        d_model=128,
        n_layers=3,
        d_inner=256,
        d_state=16,
        d_conv=4,
        dt_rank=8,
        norm_eps=1e-5,
        mixer_norm_eps=1e-6 if model_type == "falcon_mamba" else None,
        use_bias=False,
        use_conv_bias=True,
        residual_in_fp32=True,
        tie_word_embeddings=False,
    )


def on_cuda(model: FalconMamba, dtype: torch.dtype = torch.float32) -> FalconMamba:
    """The same weights on the GPU."""

    def move(name: str, part: Any) -> Any:
        if isinstance(part, Linear):
            weight = part.weight
            return Linear(move("", weight), None if part.bias is None else move("", part.bias))
        return part.to("cuda", torch.float32 if name in ("A", "D", "dt_bias") else dtype)

    layers = []
    for layer in model.layers:
        moved = {f.name: move(f.name, p) for f in fields(Layer) if (p := getattr(layer, f.name)) is not None}
        layers.append(replace(layer, **moved))
    return FalconMamba(model.config, move("", model.embeddings), layers, move("", model.norm_f), move("", model.head))


@pytest.mark.gpu
@pytest.mark.parametrize("model_type", MODEL_TYPES)
@pytest.mark.parametrize("cuts", [[], [1, 2, 3], [7, 200, 201, 333], [256, 512]])
def test_gpu_equals_cpu_for_any_split(model_type: str, cuts: list[int]):
    model = random_model(gpu_config(model_type), seed=3)
    ids = torch.randint(0, 512, (2, 600), generator=torch.Generator().manual_seed(4))
    expected, expected_state = read(model, ids, [])
    logits, state = read(on_cuda(model), ids, cuts)
    assert_close(logits.cpu(), expected)
    assert_same_state(state.to("cpu"), expected_state)


@pytest.mark.gpu
@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_gpu_decode_equals_cpu(model_type: str):
    model = random_model(gpu_config(model_type), seed=3)
    ids = torch.randint(0, 512, (1, 60), generator=torch.Generator().manual_seed(4))
    expected, expected_state = read(model, ids, [])
    on_gpu = on_cuda(model)
    assert on_gpu._decode_step is not None
    logits, state = read(on_gpu, ids, list(range(20, 60)))  # the first ones without the graph
    assert_close(logits.cpu(), expected)
    assert_same_state(state.to("cpu"), expected_state)


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_captured_graph_equals_plain_for_any_state(dtype: torch.dtype):
    graphed = on_cuda(random_model(gpu_config("falcon_mamba"), seed=5), dtype)
    plain = on_cuda(random_model(gpu_config("falcon_mamba"), seed=5), dtype)
    plain.graphs_enabled = False
    tolerance = 1e-5 if dtype == torch.float32 else 1e-2
    ids = torch.randint(0, 512, (2, 2, 24), generator=torch.Generator().manual_seed(6))
    states = [(graphed.new_state(2), plain.new_state(2)) for _ in range(2)]
    for step in range(24):
        for one, (first, second) in enumerate(states):  # two pairs of texts take turns on one graph
            token = ids[one, :, step : step + 1]
            assert_close(graphed(token, first), plain(token, second), tolerance)
    for first, second in states:
        assert_same_state(first, second, tolerance)
        assert first.n_tokens.tolist() == [24, 24]
    assert len(graphed._forward_graphs) and not len(plain._forward_graphs)


@pytest.mark.gpu
def test_unequal_batch_on_gpu():
    model = on_cuda(random_model(gpu_config("falcon_mamba"), seed=8))
    ids = torch.randint(0, 512, (4, 150), generator=torch.Generator().manual_seed(9))
    lengths = [150, 1, 77, 3]
    state = model.new_state(4)
    logits = model(ids, state, lengths=torch.tensor(lengths))
    for row, length in enumerate(lengths):
        alone = model.new_state()
        assert_close(logits[row : row + 1], model(ids[row : row + 1, :length], alone))
        assert_same_state(state.select([row]), alone)
