"""GGUF files: the weights, the config and the tokenizer are those of the checkpoint that they were made from."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from gguf import GGMLQuantizationType as Q
from safetensors.torch import save_file

from engine.errors import KnownError
from engine.generation.runtime import load_runtime
from engine.gguf_file import GgufError
from engine.network import gguf_checkpoint
from engine.network.config import FalconMambaConfig
from engine.network.weights import load_model
from engine.prompting.tokenizer import Tokenizer
from tests.engine.conftest import reference_model
from tests.engine.network.gguf_writer import write_gguf
from tests.engine.tiny import add_tokenizer

SHAPE = {"vocab_size": 260, "hidden_size": 256, "num_hidden_layers": 2, "time_step_rank": 16, "eos_token_id": 257}
KINDS = (Q.F32, Q.F16, Q.BF16, Q.Q8_0, Q.Q4_0, Q.Q4_1, Q.Q4_K, Q.Q5_K, Q.Q6_K)
BOTH = [("mamba", kind) for kind in KINDS] + [("falcon_mamba", kind) for kind in (Q.F32, Q.Q8_0, Q.Q5_K)]
IDS = torch.arange(40)[None] * 11 % 259


@pytest.fixture(scope="module")
def folders(save_checkpoint: Callable[..., Path]) -> dict[str, Path]:
    """A checkpoint with a tokenizer of each model type."""
    return {kind: made(save_checkpoint(reference_model(kind, **SHAPE))) for kind in ("mamba", "falcon_mamba")}


@pytest.fixture
def folder(folders: dict[str, Path]) -> Path:
    return folders["falcon_mamba"]


def made(place: Path) -> Path:
    made = add_tokenizer(place)
    values = json.loads((made / "tokenizer.json").read_text())
    values["model"] |= {"merges": [["a", "b"]], "vocab": {**values["model"]["vocab"], "ab": 256}}
    for index, added in enumerate(values["added_tokens"]):
        added["id"] = 257 + index
    (made / "tokenizer.json").write_text(json.dumps(values))
    return made


def same_as_safetensors(folder: Path, stated: dict[str, torch.Tensor], place: Path) -> Path:
    """Return a folder with the weights that a GGUF file states."""
    place.mkdir()
    save_file({name: tensor.contiguous() for name, tensor in stated.items()}, place / "model.safetensors")
    (place / "config.json").write_text((folder / "config.json").read_text())
    return place


def logits(path: Path, *precision: Any) -> torch.Tensor:
    model = load_model(path, "cpu", *precision)
    return model(IDS, model.new_state())


@pytest.mark.parametrize(("model", "kind"), BOTH, ids=lambda value: getattr(value, "name", value))
def test_logits_are_those_of_the_same_weights_in_safetensors(
    folders: dict[str, Path], tmp_path: Path, model: str, kind: Q
):
    folder = folders[model]
    stated = write_gguf(folder, tmp_path / "model.gguf", kind)
    same = same_as_safetensors(folder, stated, tmp_path / "same")
    expected = logits(same)
    assert float((logits(tmp_path / "model.gguf") - expected).abs().max() / expected.abs().max()) < 1e-5
    if kind in (Q.F32, Q.F16, Q.BF16, Q.Q8_0):  # the others are coarse, or random blocks
        original = logits(folder)
        share = {Q.F32: 1e-5, Q.F16: 5e-3, Q.BF16: 5e-2, Q.Q8_0: 0.15}[kind]
        assert float((expected - original).abs().max() / original.abs().max()) < share


@pytest.mark.parametrize("bits", [8, 4])
def test_blocks_are_quantised_again_row_by_row(
    folder: Path, tmp_path: Path, bits: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(gguf_checkpoint, "BLOCK_WEIGHTS", 5 * 256)  # some rows at a time
    stated = write_gguf(folder, tmp_path / "model.gguf", Q.Q4_K)
    same = same_as_safetensors(folder, stated, tmp_path / "same")
    assert torch.equal(logits(tmp_path / "model.gguf", torch.float32, bits), logits(same, torch.float32, bits))


def test_a_file_is_read_and_asked_like_a_folder(folder: Path, tmp_path: Path):
    write_gguf(folder, tmp_path / "Falcon3-Mamba-7B-Instruct-Q8_0.gguf", Q.Q8_0, tokenizer=True)
    runtime = load_runtime(tmp_path, "cpu")  # the folder of the only file
    assert runtime.precision == "int8" and runtime.trained_context == 32_768
    expected = Tokenizer.from_folder(folder)
    assert runtime.tokenizer.prompts.before_user == expected.prompts.before_user
    assert runtime.stop_ids == (10, 11, 257, 259)  # those of the catalogue, by the name of the file, too
    for text in ("On 3 March: naïve Größe\n漢字", "a <|im_end|> b", "about abbots"):
        assert runtime.tokenizer.encode_document(text) == expected.encode_document(text)
        assert runtime.tokenizer.encode_prompt(text) == expected.encode_prompt(text)


@pytest.mark.parametrize("rule", ["gpt-neox", "falcon"])
def test_merges_and_the_rule_of_splitting_are_kept(tmp_path: Path, rule: str):
    from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers, trainers
    from tokenizers import Tokenizer as Fast

    from engine.gguf_file import GgufFile
    from engine.prompting.gguf_tokenizer import tokenizer_text

    fast = Fast(models.BPE())
    level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    if rule == "falcon":
        digits = pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated")
        parts = [pre_tokenizers.Punctuation("contiguous"), level, pre_tokenizers.Digits(False), digits]
        fast.pre_tokenizer = pre_tokenizers.Sequence(parts)
    else:
        fast.normalizer, fast.pre_tokenizer = normalizers.NFC(), level
    fast.decoder = decoders.ByteLevel()
    sample = "The pump P-17 cost 12,400.50 EUR in 2024; Größe naïve -- the pumps, the cost... 1234567 \n" * 3
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=level.alphabet(), show_progress=False)
    fast.train_from_iterator([sample], trainer)
    values = json.loads(fast.to_str())["model"]
    tokens = sorted(values["vocab"], key=values["vocab"].get)
    metadata = {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": rule,
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.merges": [" ".join(merge) for merge in values["merges"]],
    }
    ours = Fast.from_str(tokenizer_text(GgufFile(tmp_path, metadata, {}, 0)))
    for text in (sample, "Pümpe 99 1,000,000 (see page 7)?", "u\u0308ber  two  spaces\t\n"):
        assert ours.encode(text).ids == fast.encode(text).ids
        assert ours.decode(ours.encode(text).ids) == fast.decode(fast.encode(text).ids)


def test_what_is_no_mamba_is_one_line(folder: Path, tmp_path: Path):
    file = tmp_path / "model.gguf"
    write_gguf(folder, file, Q.F32, architecture="llama")
    with pytest.raises(GgufError, match="is a llama file, not a Mamba"):
        FalconMambaConfig.from_folder(file)
    write_gguf(folder, file, Q.F32)
    (tmp_path / "other.gguf").write_bytes(b"")
    with pytest.raises(GgufError, match=r"holds 2 \.gguf files"):
        FalconMambaConfig.from_folder(tmp_path)


@pytest.mark.parametrize("end", [0, 10, 100, 2000, -1])
def test_a_cut_file_is_one_line(folder: Path, tmp_path: Path, end: int):
    file = tmp_path / "model.gguf"
    write_gguf(folder, file, Q.F32)
    file.write_bytes(file.read_bytes()[:end])
    with pytest.raises(KnownError):
        load_model(file)


@pytest.mark.parametrize(
    "body",
    [
        struct.pack("<IQQ", 3, 2**60, 1),
        struct.pack("<IQQ", 3, 1, 2**60),
        struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 2**60),
        struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1) + b"a" + struct.pack("<IIQ", 9, 0, 2**60),
        struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1) + b"a" + struct.pack("<IIQ", 9, 9, 5),
        struct.pack("<IQQ", 3, 1, 0) + struct.pack("<Q", 1) + b"a" + struct.pack("<I", 9),
        struct.pack("<IQQ", 77, 0, 0),
    ],
)
def test_a_hostile_header_is_one_line(tmp_path: Path, body: bytes):
    file = tmp_path / "model.gguf"
    file.write_bytes(b"GGUF" + body + bytes(64))
    with pytest.raises(GgufError):
        FalconMambaConfig.from_folder(file)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Q.F16, Q.Q8_0, Q.Q4_K], ids=lambda kind: kind.name)
def test_the_shape_of_130m_agrees(save_checkpoint: Callable[..., Path], tmp_path: Path, kind: Q):
    shape = {"vocab_size": 50280, "hidden_size": 768, "num_hidden_layers": 24, "state_size": 16, "time_step_rank": 48}
    folder = save_checkpoint(reference_model("mamba", **shape, tie_word_embeddings=True))
    stated = write_gguf(folder, tmp_path / "model.gguf", kind)
    expected = logits(same_as_safetensors(folder, stated, tmp_path / "same"))
    assert float((logits(tmp_path / "model.gguf") - expected).abs().max() / expected.abs().max()) < 1e-4
