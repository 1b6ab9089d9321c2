"""Checkpoint folders: every layout that transformers writes is loaded, every broken one ends in one sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.network import weights
from engine.network.checkpoint import weights_fingerprint
from engine.network.config import ConfigError, FalconMambaConfig
from engine.network.layer import Layer
from engine.network.linear import Linear
from engine.network.model import FalconMamba
from engine.network.shapes import expected_shapes
from engine.network.weight_files import ModelError
from engine.network.weights import load_model, random_model
from tests.engine.conftest import MODEL_TYPES, reference_model

IDS = torch.tensor([[1, 2, 3, 4, 5]])


def logits_of(model: FalconMamba) -> torch.Tensor:
    return model(IDS, model.new_state())


def rewritten(folder: Path, target: Path, change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> Path:
    """A copy of the checkpoint with other tensors in its one weight file."""
    shutil.copytree(folder, target)
    tensors = load_file(folder / "model.safetensors")
    save_file({name: tensor.contiguous() for name, tensor in change(tensors).items()}, target / "model.safetensors")
    return target


@pytest.mark.parametrize("model_type", MODEL_TYPES)
@pytest.mark.parametrize("tied", [True, False])
def test_tied_and_untied_heads_equal_transformers(save_checkpoint, model_type: str, tied: bool):
    reference = reference_model(model_type, tie_word_embeddings=tied)
    model = load_model(save_checkpoint(reference))
    assert (model.head.weight is model.embeddings) == tied
    with torch.no_grad():
        expected = reference(IDS).logits[:, -1]
    torch.testing.assert_close(logits_of(model), expected, rtol=1e-4, atol=1e-5)


def test_sharded_checkpoint_equals_single_file(save_checkpoint):
    reference = reference_model("falcon_mamba")
    single, sharded = save_checkpoint(reference), save_checkpoint(reference, max_shard_size="20KB")
    assert len(list(sharded.glob("*.safetensors"))) > 2
    assert torch.equal(logits_of(load_model(single)), logits_of(load_model(sharded)))


def test_tensor_names_of_all_versions(checkpoints, tmp_path: Path):
    folder = checkpoints["mamba"]
    expected = logits_of(load_model(folder))
    bare = rewritten(folder, tmp_path / "bare", lambda t: {k.removeprefix("backbone."): v for k, v in t.items()})
    old = rewritten(folder, tmp_path / "old", lambda t: {k.replace("embeddings", "embedding"): v for k, v in t.items()})
    assert torch.equal(logits_of(load_model(bare)), expected)
    assert torch.equal(logits_of(load_model(old)), expected)


def test_tied_checkpoint_with_head(save_checkpoint, tmp_path: Path):
    folder = save_checkpoint(reference_model("mamba", tie_word_embeddings=True))
    both = rewritten(folder, tmp_path / "m", lambda t: {**t, "lm_head.weight": t["backbone.embeddings.weight"].clone()})
    assert torch.equal(logits_of(load_model(both)), logits_of(load_model(folder)))


def test_weight_dtypes(checkpoints):
    model = load_model(checkpoints["falcon_mamba"], dtype=torch.bfloat16)
    for layer in model.layers:
        for field in fields(Layer):
            part = getattr(layer, field.name)
            tensor = part.weight if isinstance(part, Linear) else part
            expected = torch.float32 if field.name in ("A", "D", "dt_bias") else torch.bfloat16
            assert tensor.dtype == expected, field.name
    assert model.dtype == model.head.weight.dtype == torch.bfloat16
    assert (model.layers[0].A < 0).all()


@pytest.mark.parametrize("bits", [None, 8, 4])
@pytest.mark.parametrize("tied", [False, True])
def test_progress_counts_every_weight_once(save_checkpoint, bits: int | None, tied: bool):
    folder = save_checkpoint(reference_model("falcon_mamba", tie_word_embeddings=tied))
    reports: list[tuple[int, int]] = []
    load_model(folder, bits=bits, progress=lambda done, total: reports.append((done, total)))
    done = [report[0] for report in reports]
    assert done == sorted(set(done)) and {total for _, total in reports} == {done[-1]}
    assert done[-1] == sum(tensor.nbytes for tensor in load_file(folder / "model.safetensors").values())


def test_loaded_model_needs_no_file(checkpoints, tmp_path: Path):
    folder = tmp_path / "m"
    shutil.copytree(checkpoints["mamba"], folder)
    model = load_model(folder)
    expected = logits_of(model)
    path = folder / "model.safetensors"
    path.write_bytes(b"\0" * path.stat().st_size)
    assert torch.equal(logits_of(model), expected)


def expect_error(folder: Path, words: str) -> None:
    with pytest.raises(ModelError) as caught:
        load_model(folder)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_pickled_checkpoint_is_refused(checkpoints, tmp_path: Path):
    shutil.copy(checkpoints["mamba"] / "config.json", tmp_path)
    expect_error(tmp_path, "has no weights")
    (tmp_path / "pytorch_model.bin").write_bytes(b"never opened")
    expect_error(tmp_path, "can run any code")


def test_broken_shards_and_index_are_refused(save_checkpoint, tmp_path: Path):
    folder = save_checkpoint(reference_model("mamba"), max_shard_size="20KB")
    shard = sorted(folder.glob("*.safetensors"))[1]
    moved = tmp_path / shard.name
    shutil.move(shard, moved)
    expect_error(folder, shard.name)
    shutil.move(moved, shard)
    index = folder / "model.safetensors.index.json"
    content = json.loads(index.read_text())
    index.write_text("{}")
    expect_error(folder, "is damaged")
    content["weight_map"]["backbone.norm_f.weight"] = "../elsewhere.safetensors"
    index.write_text(json.dumps(content))
    expect_error(folder, "outside its folder")
    index.unlink()
    expect_error(folder, "to say how they belong together")


@pytest.mark.parametrize("keep", [0, 5, 200, -10])
def test_truncated_weight_file_is_refused(checkpoints, tmp_path: Path, keep: int):
    folder = tmp_path / "m"
    shutil.copytree(checkpoints["mamba"], folder)
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    expect_error(folder, "damaged or cut short")


def test_wrong_tensors_are_named(checkpoints, tmp_path: Path):
    folder = checkpoints["falcon_mamba"]
    name = "backbone.layers.1.mixer.D"
    missing = rewritten(folder, tmp_path / "a", lambda t: {k: v for k, v in t.items() if k != name})
    expect_error(missing, "layers.1.mixer.D")
    unknown = rewritten(
        folder, tmp_path / "b", lambda t: {**t, "backbone.layers.0.mixer.b_layernorm.weight": torch.ones(8)}
    )
    expect_error(unknown, "b_layernorm")
    misshaped = rewritten(folder, tmp_path / "c", lambda t: {**t, name: t[name][:-1]})
    expect_error(misshaped, "layers.1.mixer.D has the shape [63]")
    quantised = rewritten(folder, tmp_path / "d", lambda t: {**t, name: t[name].to(torch.int8)})
    expect_error(quantised, "stored as I8")
    twice = rewritten(folder, tmp_path / "e", lambda t: {**t, name.removeprefix("backbone."): t[name].clone()})
    expect_error(twice, "twice")


def test_out_of_memory_while_loading_is_one_sentence(checkpoints, monkeypatch: pytest.MonkeyPatch):
    def no_memory(*_: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 99999999999 bytes")

    monkeypatch.setattr(weights, "Layer", no_memory)
    monkeypatch.setattr(weights, "Linear", no_memory)
    expect_error(checkpoints["mamba"], "does not fit into the free memory of cpu")


def test_weights_fingerprint_depends_on_content(checkpoints, tmp_path: Path):
    folder = checkpoints["mamba"]
    fingerprint = weights_fingerprint(folder)
    assert len(fingerprint) == 64
    moved = tmp_path / "moved"
    shutil.copytree(folder, moved)
    assert weights_fingerprint(moved) == fingerprint
    other = rewritten(folder, tmp_path / "other", lambda t: {k: v + 1e-3 for k, v in t.items()})
    assert weights_fingerprint(other) != fingerprint
    assert weights_fingerprint(checkpoints["falcon_mamba"]) != fingerprint
    config = json.loads((moved / "config.json").read_text())
    (moved / "config.json").write_text(json.dumps({**config, "eos_token_id": 7}))
    assert weights_fingerprint(moved) == fingerprint
    (moved / "config.json").write_text(json.dumps({**config, "layer_norm_epsilon": 1e-3}))
    assert weights_fingerprint(moved) != fingerprint


def test_missing_folder_is_config_error(tmp_path: Path):
    for use in (load_model, weights_fingerprint):
        with pytest.raises(ConfigError):
            use(tmp_path / "nowhere")


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_random_model_is_reproducible(checkpoints, model_type: str):
    config = FalconMambaConfig.from_folder(checkpoints[model_type])
    one, twin, other = (random_model(config, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(logits_of(one), logits_of(twin))
    assert not torch.equal(logits_of(one), logits_of(other))
    stored = load_file(checkpoints[model_type] / "model.safetensors")
    assert {k.removeprefix("backbone."): tuple(v.shape) for k, v in stored.items()} == expected_shapes(config)
    assert one.nbytes == load_model(checkpoints[model_type]).nbytes


@pytest.mark.gpu
def test_load_to_gpu_equals_cpu(checkpoints):
    on_cpu, on_gpu = (load_model(checkpoints["falcon_mamba"], device) for device in ("cpu", "cuda"))
    torch.testing.assert_close(logits_of(on_gpu).cpu(), logits_of(on_cpu), rtol=1e-4, atol=1e-4)
