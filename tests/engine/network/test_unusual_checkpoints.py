"""Checkpoints that differ from the usual ones load, and give the logits of transformers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.bench.shapes import SHAPE_7B
from engine.generation.runtime import load_runtime
from engine.network.config import FalconMambaConfig
from engine.network.weights import load_model
from engine.profile.base import BASE
from engine.prompting.tokenizer import Tokenizer
from tests.engine.conftest import reference_model
from tests.engine.tiny import add_tokenizer

IDS = torch.arange(50)[None] * 7 % 64


def change(folder: Path, name: str = "config.json", **values: Any) -> Path:
    file = folder / name
    found = {**(json.loads(file.read_text()) if file.exists() else {}), **values}
    file.write_text(json.dumps({key: value for key, value in found.items() if value is not None}))
    return folder


def same_logits(folder: Path, model: Any, tolerance: float = 2e-4) -> None:
    ours = load_model(folder)
    with torch.inference_mode():
        expected = model.float()(IDS).logits[:, -1]
    found = ours(IDS, ours.new_state())
    assert float((found - expected).abs().max() / expected.abs().max()) < tolerance


@pytest.mark.parametrize("kind", ["mamba", "falcon_mamba"])
def test_sharded(save_checkpoint: Callable[..., Path], kind: str):
    model = reference_model(kind)
    folder = save_checkpoint(model, max_shard_size="20KB")
    assert len(list(folder.glob("*.safetensors"))) > 1
    same_logits(folder, model)


def test_tied_without_the_key_and_with_a_second_copy_of_the_head(save_checkpoint: Callable[..., Path]):
    model = reference_model("mamba", tie_word_embeddings=True)
    folder = change(save_checkpoint(model), tie_word_embeddings=None)
    assert FalconMambaConfig.from_folder(folder).tie_word_embeddings
    same_logits(folder, model)


def test_half_precision(save_checkpoint: Callable[..., Path]):
    model = reference_model("falcon_mamba").half()
    same_logits(save_checkpoint(model), model)


@pytest.mark.parametrize("epsilon", [None, 1e-6, 1e-3])
def test_the_epsilon_of_the_inner_norms_absent_or_given(save_checkpoint: Callable[..., Path], epsilon: float | None):
    model = reference_model("falcon_mamba", **({} if epsilon is None else {"mixer_rms_eps": epsilon}))
    folder = change(save_checkpoint(model), mixer_rms_eps=epsilon)
    assert FalconMambaConfig.from_folder(folder).mixer_norm_eps == (epsilon or 1e-6)
    same_logits(folder, model)


def test_an_expand_that_disagrees_is_not_used(save_checkpoint: Callable[..., Path]):
    model = reference_model("falcon_mamba")
    same_logits(change(save_checkpoint(model), expand=16), model)


def test_a_padded_vocabulary(save_checkpoint: Callable[..., Path]):
    folder = add_tokenizer(save_checkpoint(reference_model("mamba", vocab_size=272, eos_token_id=256)))
    runtime = load_runtime(folder, "cpu", "fp32")
    assert runtime.tokenizer.highest_id == 258 and runtime.model.config.vocab_size == 272


def test_a_base_model_gets_completion_prompts(save_checkpoint: Callable[..., Path]):
    folder = add_tokenizer(save_checkpoint(reference_model("mamba", vocab_size=259, eos_token_id=256)), chat=False)
    runtime = load_runtime(folder, "cpu", "fp32")
    assert runtime.profile is BASE and not runtime.tokenizer.has_chat_template
    assert runtime.tokenizer.prompts.before_user == ""


def test_every_end_token_of_both_files_stops(save_checkpoint: Callable[..., Path]):
    folder = add_tokenizer(save_checkpoint(reference_model("falcon_mamba", vocab_size=259, eos_token_id=5)))
    change(folder, "generation_config.json", eos_token_id=[6, 7])
    assert set(load_runtime(folder, "cpu", "fp32").stop_ids) == {5, 6, 7, 256, 258}


def test_the_catalogue_adds_the_end_tokens_of_a_known_model():
    values = {**SHAPE_7B, "eos_token_id": 11}
    found = FalconMambaConfig.from_dict(values, name="tiiuae/Falcon3-Mamba-7B-Instruct")
    assert set(found.eos_ids) == {10, 11} and found.trained_context == 32_768
    assert FalconMambaConfig.from_dict(values, name="my-finetune").eos_ids == (11,)


def test_a_tokenizer_without_a_token_for_the_beginning(save_checkpoint: Callable[..., Path], tmp_path: Path):
    tokenizer = Tokenizer.from_folder(add_tokenizer(tmp_path))
    assert tokenizer.encode_document("a") == tokenizer.encode_prompt("a")
    assert tokenizer.document_prefix[0] == 257  # the template's own mark, nothing before it
