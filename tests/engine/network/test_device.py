"""What is asked of a computer and what it has: device, precision, memory, chunk length."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from engine.network.config import FalconMambaConfig
from engine.network.device import HardwareError, bf16_is_fast, choose_device, default_dtype, thread_count
from engine.network.memory import (
    CHUNK_SHARE,
    CPU_CHUNK,
    CUDA_SHORTEST,
    chunk_length,
    free_memory,
    longest_cuda_chunk,
    memory_fit,
    parameter_count,
    state_bytes,
    work_bytes,
)
from engine.network.weights import load_model
from tests.engine.network.test_config import FALCON_MAMBA_7B, MAMBA_130M

CPU = torch.device("cpu")
SEVEN_B = FalconMambaConfig.from_dict(FALCON_MAMBA_7B)
SMALL = FalconMambaConfig.from_dict(MAMBA_130M)
GB = 10**9


def without_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def test_the_cpu_is_taken_when_there_is_no_gpu_and_the_reason_is_said(monkeypatch: pytest.MonkeyPatch):
    without_cuda(monkeypatch)
    choice = choose_device("auto")
    assert choice.device == CPU
    assert "because" in choice.reason


def test_asking_for_a_gpu_that_is_not_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch):
    without_cuda(monkeypatch)
    with pytest.raises(HardwareError, match="use --device cpu"):
        choose_device("cuda")
    with pytest.raises(HardwareError, match='unknown device "tpu"'):
        choose_device("tpu")
    assert choose_device("cpu").device == CPU


@pytest.mark.parametrize(
    ("stored", "fast", "expected"),
    [
        ("float32", True, torch.float32),
        (None, True, torch.float32),
        ("bfloat16", True, torch.bfloat16),
        ("float16", True, torch.bfloat16),
        ("bfloat16", False, torch.float32),
    ],
)
def test_precision_on_a_cpu_follows_the_checkpoint_and_the_cpu(
    monkeypatch: pytest.MonkeyPatch, stored: str | None, fast: bool, expected: torch.dtype
):
    monkeypatch.setattr("engine.network.device.bf16_is_fast", lambda: fast)
    monkeypatch.setattr("engine.network.memory.free_memory", lambda device: 64 * GB)
    assert default_dtype(CPU, replace(SMALL, checkpoint_dtype=stored)) == expected


def test_a_model_that_fits_only_in_half_precision_is_run_in_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("engine.network.device.bf16_is_fast", lambda: False)
    monkeypatch.setattr("engine.network.memory.free_memory", lambda device: 20 * GB)
    assert default_dtype(CPU, SEVEN_B) == torch.bfloat16


def test_parameters_are_counted_as_published():
    assert round(parameter_count(SEVEN_B) / 1e9, 2) == 7.27
    assert round(parameter_count(SMALL) / 1e6) == 129


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_estimates_are_what_a_loaded_model_takes(checkpoints: dict[str, Path], dtype: torch.dtype):
    for folder in checkpoints.values():
        model = load_model(folder, dtype=dtype)
        fit = memory_fit(model.config, CPU, dtype)
        assert fit.weights == model.nbytes
        assert state_bytes(model.config, dtype, 3) + 24 == model.new_state(3).nbytes


def test_memory_fit_says_what_is_needed_and_whether_it_fits():
    tight = memory_fit(SEVEN_B, "cuda", torch.bfloat16, free_bytes=15 * GB)
    roomy = memory_fit(SEVEN_B, "cuda", torch.bfloat16, free_bytes=24 * GB)
    assert not tight.fits and "does not fit" in tight.sentence
    assert roomy.fits and roomy.sentence.endswith("it fits.")
    assert 14.5 * GB < roomy.needed < 24 * GB


def test_chunks_are_halved_until_they_fit_and_with_every_doubling_of_the_batch():
    free = [GB // 8, GB // 2, 2 * GB, 8 * GB, 80 * GB]
    lengths = [chunk_length(SEVEN_B, "cuda", torch.bfloat16, f) for f in free]
    assert lengths == sorted(lengths) and len(set(lengths)) > 2
    longest = longest_cuda_chunk()
    assert lengths[-1] == longest and all(longest % length == 0 for length in lengths)
    assert chunk_length(SEVEN_B, "cuda", torch.bfloat16, 80 * GB, batch_size=9) == longest // 16
    assert chunk_length(SEVEN_B, "cuda", torch.bfloat16, 0) == CUDA_SHORTEST
    assert chunk_length(SMALL, CPU, torch.float32, 8 * GB) == CPU_CHUNK[1]
    assert chunk_length(SEVEN_B, CPU, torch.float32, 0) == CPU_CHUNK[0]


@pytest.mark.parametrize("multiprocessors", [20, 108, 132])
def test_the_longest_chunk_on_a_gpu_is_whole_waves_of_tiles(monkeypatch: pytest.MonkeyPatch, multiprocessors: int):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    found = SimpleNamespace(multi_processor_count=multiprocessors)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: found)
    tokens = longest_cuda_chunk()
    for outputs in (2 * SEVEN_B.d_inner, SEVEN_B.d_model):
        assert tokens / 128 * (outputs / 256) % multiprocessors == 0


def test_a_large_model_on_a_cpu_reads_in_short_chunks_so_that_a_cancel_is_felt():
    assert chunk_length(SEVEN_B, CPU, torch.bfloat16, 80 * GB) == 64


def test_the_work_of_a_chunk_stays_within_its_share_of_free_memory():
    for free in (GB, 4 * GB, 30 * GB):
        tokens = chunk_length(SEVEN_B, "cuda", torch.bfloat16, free)
        assert work_bytes(SEVEN_B, "cuda", torch.bfloat16, tokens) <= CHUNK_SHARE * free


def test_this_machine_answers():
    assert thread_count() >= 1
    assert free_memory(CPU) > 0
    assert isinstance(bf16_is_fast(), bool)


@pytest.mark.gpu
def test_a_gpu_is_chosen_by_itself_and_by_name():
    for wish in ("auto", "cuda"):
        choice = choose_device(wish)
        assert choice.device.type == "cuda" and torch.cuda.get_device_name() in choice.reason
    assert free_memory("cuda") > 0
    assert default_dtype("cuda", SMALL) in (torch.bfloat16, torch.float16)
