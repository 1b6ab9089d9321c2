"""I4: the identity of weights covers every tensor, and a digest is remembered only for the same file."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.network import weights_digest
from engine.network.config import FalconMambaConfig
from engine.network.weights import expected_shapes, weights_fingerprint
from engine.network.weights_digest import file_digest


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(weights_digest, "_cache_file", lambda: tmp_path / "cache" / "weights.json")
    return tmp_path / "cache" / "weights.json"


def test_every_tensor_counts(tiny_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder, folder)
    fingerprint = weights_fingerprint(folder)
    tensors = load_file(folder / "model.safetensors")
    assert len(tensors) >= len(expected_shapes(FalconMambaConfig.from_folder(folder)))
    for name, tensor in tensors.items():
        changed = tensor.clone()
        changed.view(-1)[-1] = -changed.view(-1)[-1] + 1
        save_file(tensors | {name: changed}, folder / "model.safetensors", metadata={"format": "pt"})
        assert weights_fingerprint(folder) != fingerprint, name
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    assert torch.equal(load_file(folder / "model.safetensors")[name], tensors[name])


def test_a_file_is_hashed_once_and_again_when_it_changes(tmp_path: Path, monkeypatch, cache: Path) -> None:
    monkeypatch.setattr(weights_digest, "PIECE_BYTES", 1000)
    file = tmp_path / "weights"
    file.write_bytes(os.urandom(12_345))
    first = file_digest(file)
    calls: list[int] = []
    piece = weights_digest._piece
    monkeypatch.setattr(weights_digest, "_piece", lambda path, offset: calls.append(offset) or piece(path, offset))
    assert file_digest(file) == first
    assert calls == []
    data = bytearray(file.read_bytes())
    data[7_000] ^= 1
    file.write_bytes(data)
    assert file_digest(file) != first
    assert len(calls) == 13
    for content in ("{", "[1]", '{"x": 1}', "[" * 200_000):
        cache.write_text(content)
        assert file_digest(file) != first
