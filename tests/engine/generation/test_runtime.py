"""Loading a runtime: the precision that fits, the sentence where none does, progress."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.errors import KnownError
from engine.generation.runtime import load_runtime
from engine.network.config import FalconMambaConfig
from engine.network.footprint import CPU_LONGEST
from engine.network.memory import memory_fit


@pytest.fixture
def fp32_needs(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Bytes that the tiny model needs in fp32, on a CPU without fast bf16."""
    monkeypatch.setattr("engine.network.precision.bf16_is_fast", lambda: False)
    return memory_fit(FalconMambaConfig.from_folder(tiny_folder), "cpu", torch.float32, 1 << 40).needed


def with_free_memory(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr("engine.network.precision.free_memory", lambda device: free)


def test_auto_loads_smaller_precision_and_says_why(tiny_folder: Path, fp32_needs: int, monkeypatch: pytest.MonkeyPatch):
    with_free_memory(monkeypatch, fp32_needs - 1)
    runtime = load_runtime(tiny_folder, "cpu")
    assert runtime.precision == "bf16" and "bf16, because fp32 needs about" in runtime.reason
    with_free_memory(monkeypatch, fp32_needs)
    runtime = load_runtime(tiny_folder, "cpu")
    assert runtime.precision == "fp32" and "because fp32" not in runtime.reason


@pytest.mark.parametrize(
    ("precision", "advice"),
    [("fp32", "or --precision bf16"), ("int8", "or --precision int4"), ("auto", "Choose a smaller model.")],
)
def test_model_that_does_not_fit_is_one_sentence_before_loading(
    tiny_folder: Path, precision: str, advice: str, monkeypatch: pytest.MonkeyPatch
):
    with_free_memory(monkeypatch, 1 << 20)
    monkeypatch.setattr("engine.generation.runtime.load_model", lambda *_: pytest.fail("loaded"))
    with pytest.raises(KnownError, match=r"does not fit: The model needs about 0\.\d GB and 0\.0 GB are free") as error:
        load_runtime(tiny_folder, "cpu", precision)
    assert advice in str(error.value) and error.value.reason == "memory"


def test_progress_ends_at_the_total(tiny_folder: Path):
    reports: list[tuple[int, int]] = []
    load_runtime(tiny_folder, "cpu", "int4", progress=lambda done, total: reports.append((done, total)))
    assert reports[-1][0] == reports[-1][1] > 0


def test_sequences_of_a_batch_share_the_chunk(tiny_folder: Path):
    runtime = load_runtime(tiny_folder, "cpu", "int8")
    assert runtime.chunk_length == runtime.batch_chunk_length(1) == CPU_LONGEST
    assert runtime.batch_chunk_length(8) == CPU_LONGEST // 8
