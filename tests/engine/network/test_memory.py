"""Footprints are those of loaded models; chunks fit the free memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

import kernels.quantisation
from engine.network import footprint as footprints
from engine.network.config import FalconMambaConfig
from engine.network.footprint import (
    CPU_LONGEST,
    CPU_LONGEST_LARGE,
    CPU_SHORTEST,
    footprint,
    parameter_count,
    state_bytes,
    work_bytes,
)
from engine.network.memory import (
    CHUNK_SHARE,
    CUDA_SHORTEST,
    chunk_length,
    free_memory,
    longest_cuda_chunk,
    memory_fit,
)
from engine.network.weights import load_model
from tests.engine.network.test_config import FALCON_MAMBA_7B, MAMBA_130M

CPU = torch.device("cpu")
SEVEN_B = FalconMambaConfig.from_dict(FALCON_MAMBA_7B)
SMALL = FalconMambaConfig.from_dict(MAMBA_130M)
GB = 10**9


def test_group_size_is_that_of_the_kernels():
    assert footprints.GROUP == kernels.quantisation.GROUP


def test_parameters_are_counted_as_published():
    assert round(parameter_count(SEVEN_B) / 1e9, 2) == 7.27
    assert round(parameter_count(SMALL) / 1e6) == 129


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_weight_and_state_bytes_are_those_of_a_loaded_model(checkpoints: dict[str, Path], dtype: torch.dtype):
    for folder in checkpoints.values():
        model = load_model(folder, dtype=dtype)
        assert memory_fit(model.config, CPU, dtype).footprint.weights == model.nbytes
        assert state_bytes(model.config, dtype.itemsize, 3) + 24 == model.new_state(3).nbytes


def test_memory_fit_sentence():
    tight = memory_fit(SEVEN_B, "cuda", torch.bfloat16, free_bytes=15 * GB)
    roomy = memory_fit(SEVEN_B, "cuda", torch.bfloat16, free_bytes=24 * GB)
    assert not tight.fits and "does not fit" in tight.sentence
    assert roomy.fits and roomy.sentence.endswith("it fits.")
    assert 14.5 * GB < roomy.needed < 24 * GB


def test_needed_bytes_are_the_peak_of_loading_and_reading():
    on_cpu = footprint(SEVEN_B, 2)
    assert on_cpu.needed == on_cpu.weights + on_cpu.overhead + on_cpu.state + on_cpu.work
    loads_most = replace(on_cpu, loading=20 * GB)
    assert loads_most.needed == on_cpu.weights + on_cpu.overhead + 20 * GB


def test_smaller_precisions_need_less():
    needed = [footprint(SEVEN_B, size, bits).needed for size, bits in ((4, None), (2, None), (2, 8), (2, 4))]
    assert needed == sorted(needed, reverse=True)
    assert needed[3] < 7 * GB < needed[2] < 10 * GB < needed[1] < 17 * GB


def test_gpu_chunk_fits_memory_and_batch():
    free = [GB // 8, GB // 2, 2 * GB, 8 * GB, 80 * GB]
    lengths = [chunk_length(SEVEN_B, "cuda", torch.bfloat16, f) for f in free]
    assert lengths == sorted(lengths) and len(set(lengths)) > 2
    longest = longest_cuda_chunk()
    assert lengths[-1] == longest and all(longest % length == 0 for length in lengths)
    assert chunk_length(SEVEN_B, "cuda", torch.bfloat16, 80 * GB, batch_size=9) == longest // 16
    assert chunk_length(SEVEN_B, "cuda", torch.bfloat16, 0) == CUDA_SHORTEST


@pytest.mark.parametrize("config", [SMALL, SEVEN_B], ids=["130M", "7B"])
@pytest.mark.parametrize("bits", [None, 8, 4])
def test_cpu_chunk_fits_memory_and_batch(config: FalconMambaConfig, bits: int | None):
    longest = CPU_LONGEST_LARGE if config is SEVEN_B else CPU_LONGEST
    assert chunk_length(config, CPU, torch.bfloat16, 80 * GB, bits=bits) == longest
    assert chunk_length(config, CPU, torch.bfloat16, 80 * GB, batch_size=8, bits=bits) == longest // 8
    assert chunk_length(config, CPU, torch.bfloat16, 0, bits=bits) == CPU_SHORTEST


@pytest.mark.parametrize("multiprocessors", [20, 108, 132])
def test_longest_gpu_chunk_is_whole_waves_of_tiles(monkeypatch: pytest.MonkeyPatch, multiprocessors: int):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    found = SimpleNamespace(multi_processor_count=multiprocessors)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: found)
    tokens = longest_cuda_chunk()
    for outputs in (2 * SEVEN_B.d_inner, SEVEN_B.d_model):
        assert tokens / 128 * (outputs / 256) % multiprocessors == 0


@pytest.mark.parametrize("free", [GB, 4 * GB, 30 * GB])
def test_work_of_a_chunk_stays_within_its_share_of_free_memory(free: int):
    tokens = chunk_length(SEVEN_B, "cuda", torch.bfloat16, free)
    assert work_bytes(SEVEN_B, 2, tokens, None, True) <= CHUNK_SHARE * free


def test_free_memory_of_this_machine():
    assert free_memory(CPU) > 0


@pytest.mark.gpu
def test_free_memory_of_a_gpu():
    assert free_memory("cuda") > 0
