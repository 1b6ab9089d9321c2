"""Tokens of one row as a GPU writes them: any state, in turns, exact at every token (here in Triton's interpreter)."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch

from engine.generation.generate import decode
from engine.generation.sampling import GenerationError, Sampling
from engine.network.config import FalconMambaConfig
from engine.network.gpu_step import GpuStep, gpu_step
from engine.network.model import FalconMamba
from engine.network.state import MambaState
from engine.network.weights import random_model
from kernels import Implementation
from kernels.gpu.overlap import overlaps
from kernels.gpu.step import readable

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
GREEDY = Sampling(loop_tokens=0)


@pytest.fixture(autouse=True)
def fewer_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    if DEVICE == "cpu":
        monkeypatch.setattr("kernels.gpu.programs.FEW_ROWS", (16, 1))


def config(size: int) -> FalconMambaConfig:
    return FalconMambaConfig(
        model_type="falcon_mamba", vocab_size=2 * size, d_model=size, n_layers=2, d_inner=2 * size, d_state=4,
        d_conv=4, dt_rank=4, norm_eps=1e-5, mixer_norm_eps=1e-6, use_bias=False, use_conv_bias=True,
        residual_in_fp32=True, tie_word_embeddings=False,
    )  # fmt: skip


def models(size: int = 32, bits: int | None = None) -> tuple[FalconMamba, FalconMamba]:
    """The same weights twice, the first with its steps on the device."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.network.model.cpu_step", lambda *parts: None)
        patch.setattr("engine.network.gpu_step.implementation", lambda _: Implementation("triton", "a test"))
        with_steps, plain = (random_model(config(size), DEVICE, seed=3, bits=bits) for _ in range(2))
    plain._decode_step = None
    assert isinstance(with_steps._decode_step, GpuStep)
    return with_steps, plain


@pytest.fixture
def no_collection() -> Iterator[None]:
    """As the program runs while it starts; what it made then is never looked at again."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def step_of(model: FalconMamba) -> GpuStep | None:
    return gpu_step(model.config, model.layers, model.embeddings, model.norm_f, model.head)


def started(model: FalconMamba, prompt: list[int]) -> tuple[MambaState, torch.Tensor]:
    state = model.new_state()
    return state, model(torch.tensor([prompt]), state)


def near(one: MambaState, other: MambaState) -> bool:
    parts = ((one.ssm, other.ssm), (one.conv, other.conv))
    return all(torch.allclose(a, b, rtol=1e-3, atol=1e-4) for a, b in parts) and one.n_tokens == other.n_tokens


@pytest.mark.timeout(120)
def test_two_texts_in_turns():
    ours, plain = models()
    count = 10 if DEVICE == "cuda" else 3
    prompts = [[1, 2, 3], [7, 5, 9, 11]]
    begun = [started(ours, prompt) for prompt in prompts]
    texts = [decode(ours, state, logits, GREEDY, (), count) for state, logits in begun]
    expected = []
    for prompt in prompts:
        state, logits = started(plain, prompt)
        text = decode(plain, state, logits, GREEDY, (), count)
        expected.append([(token, state.clone()) for token in text])
    for step in range(count):
        for text, (state, _), right in zip(texts, begun, expected, strict=True):
            assert next(text) == right[step][0]
            assert near(state, right[step][1])


def test_stop_token_leaves_state_before_it():
    ours, plain = models()
    state, logits = started(plain, [1, 2, 3])
    free = list(decode(plain, state, logits, GREEDY, (), 3))
    stop = free[-1]
    wanted = free[: free.index(stop)]
    state, logits = started(ours, [1, 2, 3])
    assert list(decode(ours, state, logits, GREEDY, (stop,), 9)) == wanted
    assert near(state, started(plain, [1, 2, 3, *wanted])[0])


def test_gpu_step_logits_of_any_token():
    ours, plain = models()
    (state, _), (other, _) = started(ours, [1, 2, 3]), started(plain, [1, 2, 3])
    for token in (4, 60):
        found, expected = ours(torch.tensor([[token]]), state), plain(torch.tensor([[token]]), other)
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)
    assert near(state, other)


def test_nan_logits_end_text_in_one_sentence():
    ours, _ = models()
    state, logits = started(ours, [1, 2, 3])
    ours.norm_f.fill_(float("nan"))
    text = decode(ours, state, logits, GREEDY, (), 5)
    next(text)
    with pytest.raises(GenerationError, match="not a number"):
        next(text)


def test_gpu_step_refuses_other_states():
    ours, _ = models()
    step = ours._decode_step
    assert isinstance(step, GpuStep) and step.takes(ours.new_state())
    assert not step.takes(ours.new_state(2)) and not step.takes(models(64)[1].new_state())
    turned = ours.new_state()
    turned.ssm = turned.ssm.mT.contiguous().mT
    assert not step.takes(turned)
    assert ours.argmax(3, turned) is None and int(turned.n_tokens) == 0


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("ended", [True, False], ids=["after a text", "in the middle of a text"])
def test_model_is_freed_with_last_reference(ended: bool):
    ours, _ = models()
    state, logits = started(ours, [1, 2, 3])
    text = decode(ours, state, logits, GREEDY, (), 2 if ended else 9)
    tokens = list(text) if ended else [next(text)]
    assert len(tokens) == (2 if ended else 1)
    kept = weakref.ref(ours), weakref.ref(ours._decode_step), weakref.ref(ours.embeddings)
    del ours, text
    assert [part() for part in kept] == [None] * 3


@pytest.mark.gpu
@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("rows", [1, 2])
def test_gpu_memory_is_freed_after_captured_decode(rows: int):
    """For one row and for several, whose steps are captured by the model itself."""
    before = torch.cuda.memory_allocated()
    model = random_model(config(512), "cuda", torch.bfloat16)
    weights, state = model.nbytes, model.new_state(rows)
    assert torch.cuda.memory_allocated() >= before + weights
    for _ in range(8):
        logits = model(torch.zeros(rows, 1, dtype=torch.int64), state)
    assert len(model._forward_graphs) or (isinstance(model._decode_step, GpuStep) and model._decode_step.captured)
    kept = weakref.ref(model), weakref.ref(model.embeddings), weakref.ref(model.layers[0].in_proj.weight)
    del model, state, logits
    assert [part() for part in kept] == [None] * 3
    if rows == 1:  # with more the library of matrix products has taken memory for itself
        assert torch.cuda.memory_allocated() < before + weights / 4


@pytest.mark.gpu
@pytest.mark.parametrize("overlap", [False, True])
@pytest.mark.parametrize("bits", [None, 8, 4])
def test_captured_step_equals_plain_path(bits: int | None, overlap: bool, monkeypatch: pytest.MonkeyPatch):
    """fp32, so that rounding decides no token: over 100 tokens, in turns with another text on the same graph."""
    if overlap and not overlaps(torch.device("cuda")):
        pytest.skip("launches cannot overlap on this GPU")
    monkeypatch.setattr("kernels.gpu.step.overlaps", lambda _: overlap)
    ours, plain = models(128, bits)
    plain.graphs_enabled = False
    texts = []
    for model in (ours, plain):
        begun = [started(model, prompt) for prompt in ([1, 2, 3], [9, 8])]
        both = [decode(model, state, logits, GREEDY, (), 100) for state, logits in begun]
        tokens = [pair for pair in zip(*both, strict=True)]
        texts.append((tokens, begun[0][0], begun[1][0]))
    assert isinstance(ours._decode_step, GpuStep) and ours._decode_step.captured
    assert texts[0][0] == texts[1][0]
    assert near(texts[0][1], texts[1][1]) and near(texts[0][2], texts[1][2])


SHAPES: dict[str, dict[str, Any]] = {
    "130M": {"d_model": 768, "d_inner": 1536, "dt_rank": 48},
    "demo": {"d_model": 384, "d_inner": 768, "dt_rank": 24},
}


@pytest.mark.parametrize("bits", [None, 8, 4])
@pytest.mark.parametrize("shape", list(SHAPES))
def test_gpu_step_reads_published_shapes(shape: str, bits: int | None):
    wanted = replace(config(32), **SHAPES[shape], n_layers=1, d_state=16)
    model = random_model(wanted, bits=bits, dtype=torch.bfloat16)
    assert readable(model.layers, model.embeddings, model.head)


def test_gpu_step_needs_triton_and_readable_weights(monkeypatch: pytest.MonkeyPatch):
    plain = random_model(config(32), DEVICE)
    half = random_model(config(32), DEVICE, torch.float16)
    odd = random_model(replace(config(32), dt_rank=6), DEVICE, bits=8)
    monkeypatch.setattr("engine.network.gpu_step.implementation", lambda _: Implementation("triton", "a test"))
    assert isinstance(step_of(plain), GpuStep)
    assert step_of(half) is None and step_of(odd) is None
    monkeypatch.setattr("engine.network.gpu_step.implementation", lambda _: Implementation("reference", "a test"))
    assert step_of(plain) is None


@pytest.mark.gpu
def test_model_on_gpu_has_step():
    model = random_model(config(64), "cuda", torch.bfloat16)
    assert step_of(model) is not None
