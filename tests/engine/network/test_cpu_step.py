"""A one-token step on the CPU is the network's own forward pass, for any number of rows and threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch

from engine.network.config import FalconMambaConfig
from engine.network.cpu_step import CpuStep, cpu_step
from engine.network.model import FalconMamba
from engine.network.weights import random_model
from kernels.cpu import products
from kernels.cpu.llvm.step import TRIED_AGAIN, NetworkStep

SHAPE: dict[str, Any] = {
    "model_type": "mamba",
    "hidden_act": "silu",
    "hidden_size": 72,
    "intermediate_size": 136,
    "num_hidden_layers": 3,
    "state_size": 5,
    "conv_kernel": 3,
    "time_step_rank": 7,
    "layer_norm_epsilon": 1e-5,
    "vocab_size": 131,
    "use_bias": False,
    "use_conv_bias": True,
    "residual_in_fp32": True,
    "tie_word_embeddings": False,
}


def network(dtype: torch.dtype = torch.float32, **changes: Any) -> FalconMamba:
    model = random_model(FalconMambaConfig.from_dict({**SHAPE, **changes}), dtype=dtype)
    generator = torch.Generator().manual_seed(1)
    for layer in model.layers:  # zero in a fresh network, which would hide that they are left out
        for bias in (layer.conv_bias, layer.in_proj.bias, layer.out_proj.bias):
            if bias is not None:
                bias.normal_(generator=generator)
        layer.norm.uniform_(0.5, 1.5, generator=generator)
    # The step holds copies of small parameters, made when the network was.
    return FalconMamba(model.config, model.embeddings, model.layers, model.norm_f, model.head)


def step_of(model: FalconMamba) -> CpuStep | None:
    return cpu_step(model.config, model.layers, model.embeddings, model.norm_f, model.head)


@pytest.mark.parametrize("rows", [1, 3, 4, 9])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"model_type": "falcon_mamba", "use_bias": True},
        {"use_conv_bias": False, "tie_word_embeddings": True, "conv_kernel": 2},
        {"state_size": 16, "conv_kernel": 4},
    ],
)
def test_cpu_step_equals_forward_pass(changes: dict[str, Any], rows: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("kernels.cpu.llvm.step.PARALLEL_BYTES", 0)
    model = network(**changes)
    ids = torch.randint(0, 131, (rows, 12), generator=torch.Generator().manual_seed(rows))
    state = model.new_state(rows)
    model(ids[:, :6], state)
    plain = state.clone()
    for position in range(6, 12):
        token = ids[:, position : position + 1]
        logits = model(token, state)
        with torch.inference_mode():
            expected = model._forward(token, plain.conv, plain.ssm, None)
        torch.testing.assert_close(logits, expected, rtol=1e-5, atol=1e-5)
    assert isinstance(model._decode_step, CpuStep) and model._decode_step.compiles
    torch.testing.assert_close(state.ssm, plain.ssm, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(state.conv, plain.conv, rtol=1e-5, atol=1e-5)


def test_bf16_cpu_step_near_forward_pass():
    model = network(torch.bfloat16, model_type="falcon_mamba")
    ids = torch.randint(0, 131, (2, 9), generator=torch.Generator().manual_seed(0))
    state = model.new_state(2)
    model(ids[:, :8], state)
    plain = state.clone()
    logits = model(ids[:, 8:], state)
    with torch.inference_mode():
        expected = model._forward(ids[:, 8:], plain.conv, plain.ssm, None)
    assert (logits - expected).abs().max() < 0.02 * expected.abs().max()
    assert state.conv.dtype == torch.bfloat16


def test_cpu_step_bits_do_not_depend_on_threads(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("kernels.cpu.llvm.step.PARALLEL_BYTES", 0)
    model, ids, threads = network(), torch.tensor([[5], [6]]), torch.get_num_threads()
    try:
        found = []
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            state = model.new_state(2)
            found.append([model(ids, state), model(ids, state), state.ssm, state.conv])
    finally:
        torch.set_num_threads(threads)
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_concurrent_cpu_steps_do_not_deadlock(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("kernels.cpu.llvm.step.PARALLEL_BYTES", 0)
    model, threads = network(), torch.get_num_threads()

    def write(token: int) -> torch.Tensor:
        state = model.new_state()
        for _ in range(20):
            logits = model(torch.tensor([[token]]), state)
        return logits

    torch.set_num_threads(3)
    try:
        alone = [write(token) for token in range(4)]
        with ThreadPoolExecutor(4) as pool:
            together = list(pool.map(write, range(4)))
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(a, b) for a, b in zip(alone, together, strict=True))


def test_cpu_step_dtypes():
    assert step_of(network()) is not None and step_of(network(torch.bfloat16)) is not None
    assert step_of(network(torch.float16)) is None
    assert step_of(network(residual_in_fp32=False)) is None


def test_cpu_step_takes_faster_team(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("kernels.cpu.llvm.step.PARALLEL_BYTES", 0)
    found, threads = step_of(network()), torch.get_num_threads()
    assert found is not None
    step = found.network
    torch.set_num_threads(2)
    try:
        step._seconds = {(1, 2): 0.5, (1, 1): 0.1}
        taken = [step._team_size(1) for _ in range(TRIED_AGAIN)]
        step._seconds = {(1, 2): 0.1, (1, 1): 0.5}
        taken_later = step._team_size(1)
    finally:
        torch.set_num_threads(threads)
    assert taken == [1] * (TRIED_AGAIN - 1) + [2]
    assert taken_later == 2


@pytest.mark.parametrize("bits", [None, 8, 4])
def test_model_without_vector_code_gives_same_logits(bits: int | None, monkeypatch: pytest.MonkeyPatch):
    config = FalconMambaConfig.from_dict({**SHAPE, "hidden_size": 96, "intermediate_size": 192})
    with_step = random_model(config, bits=bits)
    monkeypatch.setenv(products.SWITCH, "0")
    products.vector_code.cache_clear()
    try:
        plain = random_model(config, bits=bits)
        assert plain._decode_step is None
        states = [model.new_state(2) for model in (with_step, plain)]
        for token in torch.arange(10).reshape(5, 2):
            found = plain(token[:, None], states[1])
    finally:
        products.vector_code.cache_clear()
    monkeypatch.delenv(products.SWITCH)
    for token in torch.arange(10).reshape(5, 2):
        expected = with_step(token[:, None], states[0])
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(states[0].ssm, states[1].ssm, rtol=1e-4, atol=1e-5)


def test_step_that_does_not_compile_is_replaced_by_forward_pass(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fail(step: NetworkStep) -> None:
        raise RuntimeError("no such instruction")

    monkeypatch.setattr(NetworkStep, "compile", fail)
    model = network()
    state, plain = model.new_state(), model.new_state()
    logits = model(torch.tensor([[3]]), state)
    with torch.inference_mode():
        expected = model._forward(torch.tensor([[3]]), plain.conv, plain.ssm)
    assert torch.equal(logits, expected) and "no such instruction" in caplog.text
    model(torch.tensor([[4]]), state)
    assert isinstance(model._decode_step, CpuStep) and model._decode_step.compiles is False
    assert caplog.text.count("no such instruction") == 1
