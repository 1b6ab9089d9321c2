"""Weights for answering beside those for reading, and weights in fewer bytes without loss."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.network.answer_file import ANSWERS_FILE, AnswersError, stored_answers
from engine.network.answer_weights import ADDED, SCALE, answering_model, packed, unpacked
from engine.network.heads import HEADS_FILE, Heads, load_heads
from engine.network.packed_exponents import EXPONENTS
from engine.network.packed_exponents import packed as pack_exponents
from engine.network.packed_exponents import unpacked as unpack_exponents
from engine.network.weight_files import ModelError
from engine.network.weights import load_model
from engine.training.network import Network, Shape
from engine.training.reader import answers, checkpoint

SHAPE = Shape(vocab_size=40, d_model=16, n_layers=2, d_inner=32, d_state=4, dt_rank=8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model folder, its heads, and beside it a checkpoint of other weights."""
    heads = Heads(16, 40)
    checkpoint.export(tmp_path / "model", Network(SHAPE, seed=1), heads)
    checkpoint.save(tmp_path / "tuned", Network(SHAPE, seed=2), Heads(16, 40))
    assert json.loads((tmp_path / "tuned" / "shape.json").read_text()) == asdict(SHAPE)
    return tmp_path / "model"


@pytest.mark.parametrize(("bits", "lost"), [(1, 0.40), (2, 0.14), (4, 0.015)])
def test_differences_of_few_bits_keep_most_of_the_difference(bits: int, lost: float):
    difference = torch.randn(40, 64, generator=torch.Generator().manual_seed(1)) * torch.linspace(0.1, 3, 40)[:, None]
    codes, scale = packed(difference, bits)
    assert codes.shape == (40, 8 * bits) and codes.dtype == torch.uint8
    left = difference - unpacked(codes, scale, 64)
    assert float(left.pow(2).sum() / difference.pow(2).sum()) < lost


def test_exponents_apart_give_every_number_back_bit_for_bit():
    tensor = torch.randn(7, 33, generator=torch.Generator().manual_seed(2)).bfloat16()
    tensor[0, :4] = torch.tensor([0.0, -0.0, float("inf"), 1e-40])
    again = unpack_exponents(*pack_exponents(tensor))
    assert torch.equal(again.view(torch.int16), tensor.view(torch.int16))
    with pytest.raises(ValueError, match="exponents"):
        unpack_exponents(pack_exponents(tensor)[0], torch.zeros(9, dtype=torch.uint8))


def test_a_folder_reads_with_its_own_weights_and_answers_with_others(folder: Path, monkeypatch: pytest.MonkeyPatch):
    before, was = load_model(folder), load_heads(folder)
    monkeypatch.setattr("sys.argv", ["answers", str(folder.parent / "tuned"), "--folder", str(folder)])
    answers.main()
    model, heads = load_model(folder), load_heads(folder)
    assert torch.equal(model.embeddings, before.embeddings)
    for one, other in zip(model.layers, before.layers, strict=True):
        assert torch.equal(one.out_proj.weight, other.out_proj.weight)
    assert torch.equal(heads.sentence_head.score.weight, was.sentence_head.score.weight)
    assert not torch.equal(heads.answer_head.score.weight, was.answer_head.score.weight)
    assert not any(name.startswith("answer_head") for name in load_file(folder / HEADS_FILE))

    answering = answering_model(model, stored_answers(folder))
    tuned = Network(SHAPE, seed=2)
    for i, layer in enumerate(answering.layers):
        wanted, began = tuned.in_proj[i], before.layers[i].in_proj.weight
        assert (layer.in_proj.weight - wanted).norm() < 0.45 * (began - wanted).norm()
        torch.testing.assert_close(layer.norm, tuned.norm[i], atol=0.01, rtol=0.01)
    assert answering.layers[0].A is model.layers[0].A


def test_without_the_file_the_same_network_answers(folder: Path):
    model = load_model(folder)
    assert answering_model(model, stored_answers(folder)) is model


def test_damage_is_told(folder: Path):
    model = load_model(folder)
    (folder / ANSWERS_FILE).write_bytes(b"nothing")
    with pytest.raises(AnswersError, match="cannot be used"):
        stored_answers(folder)
    name = "layers.0.mixer.in_proj.weight"
    other = {name: torch.zeros(3, 4, dtype=torch.uint8), name + SCALE: torch.ones(3).half()}
    with pytest.raises(AnswersError, match="another model"):
        answering_model(model, other)
    with pytest.raises(AnswersError, match="another model"):
        answering_model(model, {name + SCALE: torch.ones(64), ADDED + "norm_f.weight": torch.zeros(3)})

    (path,) = {p for p in folder.glob("model-*") if any(n.endswith("embeddings.weight") for n in load_file(p))}
    tensors = load_file(path)
    rest, _ = pack_exponents(tensors["backbone.embeddings.weight"])
    tensors["backbone.embeddings.weight"] = rest
    tensors["backbone.embeddings.weight" + EXPONENTS] = torch.zeros(5, dtype=torch.uint8)
    save_file(tensors, path)
    with pytest.raises(ModelError, match="damaged"):
        load_model(folder)
