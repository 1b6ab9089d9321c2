"""`models check` passes a sound model and names each of more than twenty planted faults."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.control import Cancelled, Control
from engine.models.check import PARTS, check_model
from engine.models.local import LocalModel, LocalModels
from engine.protocol.events import Event
from engine.protocol.model_events import CheckDone
from tests.engine.conftest import reference_model
from tests.engine.tiny import add_tokenizer


@pytest.fixture(scope="module")
def sound(save_checkpoint: Callable[..., Path]) -> Path:
    model = reference_model("falcon_mamba", vocab_size=259, num_hidden_layers=2, eos_token_id=256)
    return add_tokenizer(save_checkpoint(model))


@pytest.fixture
def folder(sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("READTHROUGH_MODELS", str(tmp_path / "models.json"))
    return Path(shutil.copytree(sound, tmp_path / "model"))


def config(folder: Path, **changes: Any) -> None:
    file = folder / "config.json"
    values = {**json.loads(file.read_text()), **changes}
    file.write_text(json.dumps({key: value for key, value in values.items() if value is not None}))


def settings(folder: Path, **changes: Any) -> None:
    file = folder / "tokenizer_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def weights(folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors")


def name_of(tensors: dict[str, torch.Tensor], end: str) -> str:
    return next(name for name in tensors if name.endswith(end))


def spoil(end: str, value: float) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        weights(folder, lambda tensors: tensors[name_of(tensors, end)].view(-1)[3:4].fill_(value))

    return plant


def shards(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    names = sorted(tensors)
    half = len(names) // 2
    parts = {"model-1.safetensors": names[:half], "model-2.safetensors": names[half:]}
    for file, part in parts.items():
        save_file({name: tensors[name] for name in part}, folder / file)
    weight_map = {name: file for file, part in parts.items() for name in part}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    (folder / "model.safetensors").unlink()


def missing_shard(folder: Path) -> None:
    shards(folder)
    (folder / "model-2.safetensors").unlink()


def cut_shard(folder: Path) -> None:
    shards(folder)
    file = folder / "model-1.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def only_a_pickle(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def other_bytes(folder: Path) -> None:
    """A weight file that was changed after its download."""
    LocalModels().put(LocalModel("m", str(folder), "a/b", "0" * 40, {"model.safetensors": "0" * 64}))


def zeros(folder: Path) -> None:
    weights(folder, lambda tensors: tensors[name_of(tensors, "in_proj.weight")].zero_())


def without_unknown(folder: Path) -> None:
    """A tokenizer of words that has no token for a word that it does not know."""
    values = json.loads((folder / "tokenizer.json").read_text())
    values["model"] = {"type": "WordLevel", "vocab": {"pump": 0, "the": 1}, "unk_token": "<unk>"}
    values["pre_tokenizer"] = {"type": "Whitespace"}
    values["decoder"] = None
    (folder / "tokenizer.json").write_text(json.dumps(values))


def loses_bytes(folder: Path) -> None:
    values = json.loads((folder / "tokenizer.json").read_text())
    keep = "abc"
    values["model"]["vocab"] = {token: i for i, token in enumerate(keep)}
    for i, added in enumerate(values["added_tokens"]):
        added["id"] = len(keep) + i
    (folder / "tokenizer.json").write_text(json.dumps(values))


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no config": (lambda f: (f / "config.json").unlink(), "has no config.json"),
    "config cut": (lambda f: (f / "config.json").write_text('{"model_'), "cannot be read as JSON"),
    "another network": (lambda f: config(f, model_type="llama"), 'model_type "llama"'),
    "a key is missing": (lambda f: config(f, time_step_rank=None), 'no "time_step_rank"'),
    "another width": (lambda f: config(f, hidden_size=64), "has the shape"),
    "too many layers": (lambda f: config(f, num_hidden_layers=3), "the weights lack"),
    "too few layers": (lambda f: config(f, num_hidden_layers=1), "no place for"),
    "end token outside": (lambda f: config(f, eos_token_id=9999), "the end token 9999 is outside"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "has no weights"),
    "only a pickle": (only_a_pickle, "a pickle"),
    "a shard is missing": (missing_shard, "lacks model-2.safetensors"),
    "a shard is cut": (cut_shard, "is damaged or cut short"),
    "a tensor is missing": (
        lambda f: weights(f, lambda t: t.pop(name_of(t, "norm_f.weight"))),
        "the weights lack norm_f.weight",
    ),
    "integers": (
        lambda f: weights(f, lambda t: t.update({name_of(t, "mixer.D"): t[name_of(t, "mixer.D")].to(torch.int32)})),
        "is stored as I32",
    ),
    "a NaN": (spoil("out_proj.weight", float("nan")), "not finite"),
    "an infinity": (spoil("norm.weight", float("inf")), "not finite"),
    "a huge weight": (spoil("x_proj.weight", 1e9), "far beyond trained weights"),
    "zeros": (zeros, "nothing but zeros"),
    "another file than the download": (other_bytes, "is not the file that was downloaded"),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "has no tokenizer.json"),
    "tokenizer cut": (lambda f: (f / "tokenizer.json").write_text('{"version": "1.0",'), "the tokenizer in"),
    "tokens beyond the vocabulary": (
        lambda f: settings(f, additional_special_tokens=[f"<extra-{i}>" for i in range(9)]),
        "the tokenizer has ids up to",
    ),
    "no unknown token": (without_unknown, "the tokenizer in"),
    "text is lost": (loses_bytes, "does not give back what it encodes"),
    "template refuses": (lambda f: settings(f, chat_template="{{ raise_exception('no user') }}"), "no user"),
    "template drops the text": (lambda f: settings(f, chat_template="{{ 'hello' }}"), "exactly once"),
    "template does not parse": (lambda f: settings(f, chat_template="{% for %}"), "template is refused"),
}


def checked(folder: Path) -> tuple[list[str], list[CheckDone], Any]:
    events: list[Event] = []
    result = check_model(folder, events.append)
    return result.problems, [event for event in events if isinstance(event, CheckDone)], result


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named(folder: Path, fault: str):
    plant, words = FAULTS[fault]
    plant(folder)
    problems, _, result = checked(folder)
    assert not result.sound and any(words in problem for problem in problems), problems
    assert all("\n" not in problem for problem in problems)


def test_a_sound_model_passes_every_part(folder: Path):
    problems, parts, result = checked(folder)
    assert result.sound and problems == [], problems
    assert [part.part for part in parts if part.result == "ok"] == list(PARTS)


def test_a_long_check_says_how_far_it_is_and_can_be_stopped(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("engine.models.check.REPORT_SECONDS", 0.0)
    _, parts, _ = checked(folder)
    assert {part.part for part in parts if part.result == "running"} >= {"weights", "forward"}
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        check_model(folder, lambda _: None, control)


def test_a_base_model_is_sound_with_a_warning(folder: Path):
    values = json.loads((folder / "tokenizer_config.json").read_text())
    del values["chat_template"]
    (folder / "tokenizer_config.json").write_text(json.dumps(values))
    _, _, result = checked(folder)
    assert result.sound and any("does not follow instructions" in warning for warning in result.warnings)
