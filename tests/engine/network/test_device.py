"""The device and the process-wide settings of a CPU."""

from __future__ import annotations

import pytest
import torch

from engine.network.device import HardwareError, choose_device, thread_count

CPU = torch.device("cpu")


def without_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def test_cpu_is_chosen_without_gpu(monkeypatch: pytest.MonkeyPatch):
    without_cuda(monkeypatch)
    choice = choose_device("auto")
    assert choice.device == CPU
    assert "because" in choice.reason


def test_missing_gpu_is_one_sentence(monkeypatch: pytest.MonkeyPatch):
    without_cuda(monkeypatch)
    with pytest.raises(HardwareError, match="use --device cpu"):
        choose_device("cuda")
    with pytest.raises(HardwareError, match='unknown device "tpu"'):
        choose_device("tpu")
    assert choose_device("cpu").device == CPU


def test_thread_count_is_positive():
    assert thread_count() >= 1


@pytest.mark.gpu
@pytest.mark.parametrize("wish", ["auto", "cuda"])
def test_gpu_is_chosen(wish: str):
    choice = choose_device(wish)
    assert choice.device.type == "cuda" and torch.cuda.get_device_name() in choice.reason
