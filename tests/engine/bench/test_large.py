"""The bench of the 7B shape, on a tiny network."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.bench import large, roofline
from engine.bench.shapes import SHAPE_7B
from engine.network import quantised_copy
from engine.network.weights import load_model

TINY = {**SHAPE_7B, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "time_step_rank": 8}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    large.save_random({**TINY, "vocab_size": 300}, folder)
    return folder


def test_random_checkpoint_loads(folder: Path):
    model = load_model(folder)
    logits = model(torch.arange(20)[None], model.new_state())
    assert logits.isfinite().all() and len(model.layers) == 2


@pytest.mark.parametrize("precision", large.NAMES)
def test_figures_of_a_precision(folder: Path, precision: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(roofline, "BUFFER_BYTES", 1 << 20)
    figures = large.measure(folder, precision, (20, 40))
    assert figures["compiled decode step"] is True
    assert 0 < figures["peak while loading, GB"] <= figures["peak, GB"]
    assert all(value > 0 for name, value in figures.items() if "chunk of" in name)


def test_copy_is_used_on_second_load(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(quantised_copy, "SMALLEST", 0)
    monkeypatch.setattr(quantised_copy, "LEFT_FREE", 0)
    for _ in range(2):
        assert "decode: processor ms" not in large.measure(folder, "int4", (), tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
