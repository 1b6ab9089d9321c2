"""A quantised copy on disk gives the model that it was made from, and never a damaged one."""

from __future__ import annotations

import os
import time
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors import safe_open

from engine.network import quantised_copy, weights
from engine.network.checkpoint import weights_fingerprint
from engine.network.config import FalconMambaConfig
from engine.network.model import FalconMamba
from engine.network.quantised_copy import copy_file, default_folder, keep_copy, open_copy
from engine.network.weights import load_model
from tests.engine.conftest import reference_model

IDS = torch.arange(40).reshape(1, 40)


@pytest.fixture(autouse=True)
def small_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantised_copy, "SMALLEST", 0)
    monkeypatch.setattr(quantised_copy, "LEFT_FREE", 0)


@pytest.fixture(params=["falcon_mamba", "tied"])
def folder(request: pytest.FixtureRequest, save_checkpoint: Callable[..., Path]) -> Path:
    return save_checkpoint(reference_model("falcon_mamba", tie_word_embeddings=request.param == "tied"))


def logits(model: FalconMamba) -> torch.Tensor:
    return model(IDS, model.new_state())


def test_second_load_reads_the_copy(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    copies = tmp_path / "copies"
    plain = load_model(folder, bits=4)
    first = load_model(folder, bits=4, copies=copies)
    [path] = copies.iterdir()
    assert path == copy_file(copies, weights_fingerprint(folder), 4)

    def refuse(*_: object) -> None:
        raise AssertionError("nothing is quantised again")

    monkeypatch.setattr(weights, "operations", lambda device: SimpleNamespace(quantise=refuse))
    second = load_model(folder, bits=4, copies=copies)
    assert torch.equal(logits(first), logits(plain)) and torch.equal(logits(second), logits(plain))
    assert second.nbytes == plain.nbytes


def test_copy_is_a_safetensors_file(folder: Path, tmp_path: Path):
    load_model(folder, bits=4, copies=tmp_path / "copies")
    [path] = (tmp_path / "copies").iterdir()
    with safe_open(path, framework="pt") as file:
        names = list(file.keys())
        shape = file.get_slice("layers.0.mixer.in_proj.weight.integers").get_shape()
    config = FalconMambaConfig.from_folder(folder)
    assert shape == [2 * config.d_inner, config.d_model // 2] and len(names) == 2 * (4 * config.n_layers + 1)


@pytest.mark.parametrize("damage", ["cut", "garbage", "empty"])
def test_damaged_copy_is_removed_and_made_again(folder: Path, tmp_path: Path, damage: str):
    copies = tmp_path / "copies"
    expected = logits(load_model(folder, bits=4, copies=copies))
    [path] = copies.iterdir()
    whole = path.read_bytes()
    path.write_bytes({"cut": whole[:-7], "garbage": b"x" * len(whole), "empty": b""}[damage])
    assert open_copy(path) is None and not path.exists()
    assert torch.equal(logits(load_model(folder, bits=4, copies=copies)), expected)
    assert path.read_bytes() == whole


def test_copy_of_other_shapes_is_not_used(folder: Path, tmp_path: Path):
    copies = tmp_path / "copies"
    path = copy_file(copies, weights_fingerprint(folder), 4)
    assert keep_copy(path, {"lm_head.weight": (torch.zeros(3, 4, dtype=torch.int8), torch.ones(3))})
    assert torch.equal(logits(load_model(folder, bits=4, copies=copies)), logits(load_model(folder, bits=4)))


@pytest.mark.parametrize("options", [{"bits": 8}, {"bits": None}])
def test_only_four_bits_are_copied(folder: Path, tmp_path: Path, options: dict[str, int | None]):
    load_model(folder, copies=tmp_path / "copies", **options)
    assert not (tmp_path / "copies").exists()


def test_full_disk_keeps_no_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    weight = {"a": (torch.zeros(64, 64, dtype=torch.int8), torch.ones(64))}
    path = tmp_path / "copies" / "a-int4-2.safetensors"
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(quantised_copy.shutil, "disk_usage", lambda _: usage(9, 9, 1000))
    assert not keep_copy(path, weight)
    monkeypatch.setattr(quantised_copy.shutil, "disk_usage", lambda _: usage(9, 9, 1 << 40))

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    assert not keep_copy(path, weight)
    assert list(path.parent.iterdir()) == []


def test_small_models_are_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(quantised_copy, "SMALLEST", 1 << 20)
    assert not keep_copy(tmp_path / "a.safetensors", {"a": (torch.zeros(4, 4, dtype=torch.int8), torch.ones(4))})


def test_oldest_copies_and_orphans_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(quantised_copy, "MOST", 5000)
    weight = {"a": (torch.zeros(32, 64, dtype=torch.int8), torch.ones(32))}
    now = time.time()
    for age, name in enumerate(("new", "old")):
        file = tmp_path / f"{name}.safetensors"
        file.write_bytes(b"0" * 2000)
        os.utime(file, (now - 100 * age - 10, now - 100 * age - 10))
    orphan, running = tmp_path / "x.safetensors.999999999.part", tmp_path / f"y.safetensors.{os.getpid()}.part"
    orphan.touch()
    running.touch()
    kept = tmp_path / "kept.safetensors"
    assert keep_copy(kept, weight)
    assert {path.name for path in tmp_path.iterdir()} == {"kept.safetensors", "new.safetensors", running.name}


def test_environment_switches_copies_off(monkeypatch: pytest.MonkeyPatch):
    assert default_folder() is not None
    monkeypatch.setenv(quantised_copy.SWITCH, "0")
    assert default_folder() is None
