"""Hostile model folders: settings that are deep, huge, of another type or no regular files, damaged weights, templates
that loop or multiply, tokenizers that expand.

Each is given to `ask` with a short document: one line and exit status 2, or an answer.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from engine.bench.attack.place import SPECIALS, TEMPLATE, Case, Place
from engine.bench.attack.process import Victim

Change = Callable[[Path], None]
WEIGHTS = "model-00000.safetensors"


def cases(place: Place, chance: random.Random, share: float) -> Iterator[Case]:
    """Yield changed copies of the place's model."""
    changes = {**FILES, **{f"a template: {name}": _template(text) for name, text in TEMPLATES.items()}}
    for name in list(changes) if share >= 1 else chance.sample(list(changes), max(6, int(len(changes) * share))):
        yield Case("models", name, lambda name=name: use_model(place, changes[name]))  # type: ignore[misc]


def use_model(place: Place, change: Change) -> list[str]:
    """Ask a question with a changed copy of the model."""
    folder = place.new_folder()
    model = folder / "model"
    shutil.copytree(place.model, model)
    change(model)
    file = folder / "short.txt"
    file.write_text("The pump was repaired by Anna Smith on 3 May. It cost 250 euros.\n" * 4)
    arguments = ["ask", str(file), "Who repaired the pump?", "--library", str(folder / "library.db")]
    victim = Victim([*arguments, "--model", str(model), "--device", "cpu", "--precision", "fp32"], folder)
    faults = victim.finish().faults(place.base)
    shutil.rmtree(model, ignore_errors=True)
    return faults + (["it ran code"] if (folder / "RUN").exists() or Path("RUN").exists() else [])


def _write(name: str, content: str | bytes) -> Change:
    def change(model: Path) -> None:
        (model / name).unlink(missing_ok=True)
        (model / name).write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))

    return change


def _set(name: str, **values: Any) -> Change:
    def change(model: Path) -> None:
        settings = json.loads((model / name).read_text())
        (model / name).write_text(json.dumps({**settings, **values}))

    return change


def _template(text: str) -> Change:
    return _set("tokenizer_config.json", chat_template=text)


def _link(name: str, target: str) -> Change:
    def change(model: Path) -> None:
        (model / name).unlink(missing_ok=True)
        (model / name).symlink_to(target)

    return change


def _fifo(name: str) -> Change:
    def change(model: Path) -> None:
        (model / name).unlink(missing_ok=True)
        os.mkfifo(model / name)

    return change


def _folder(name: str) -> Change:
    def change(model: Path) -> None:
        (model / name).unlink(missing_ok=True)
        (model / name).mkdir()

    return change


def _gone(name: str) -> Change:
    return lambda model: (model / name).unlink()


def _cut(name: str, share: float) -> Change:
    return lambda model: os.truncate(model / name, int((model / name).stat().st_size * share))


def _header(change: Callable[[dict[str, Any]], Any]) -> Change:
    """Change the header of the first file of weights."""

    def changed(model: Path) -> None:
        data = (model / WEIGHTS).read_bytes()
        (length,) = struct.unpack("<Q", data[:8])
        header = json.loads(data[8 : 8 + length])
        new = change(header)
        text = (new if isinstance(new, str) else json.dumps(header)).encode()
        (model / WEIGHTS).write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])

    return changed


def _offsets(start: int, end: int) -> Change:
    def change(header: dict[str, Any]) -> None:
        name = next(name for name in header if name != "__metadata__")
        header[name]["data_offsets"] = [start, end]

    return _header(change)


def _first_length(length: int) -> Change:
    def change(model: Path) -> None:
        with (model / WEIGHTS).open("r+b") as file:
            file.write(struct.pack("<Q", length))

    return change


def _index(change: Callable[[dict[str, Any]], Any]) -> Change:
    def changed(model: Path) -> None:
        path = model / "model.safetensors.index.json"
        index = json.loads(path.read_text())
        change(index)
        path.write_text(json.dumps(index))

    return changed


def _shards(target: Any) -> Change:
    return _index(lambda index: index.update(weight_map=dict.fromkeys(index["weight_map"], target)))


def _tokenizer(change: Callable[[dict[str, Any]], Any]) -> Change:
    def changed(model: Path) -> None:
        path = model / "tokenizer.json"
        settings = json.loads(path.read_text())
        change(settings)
        path.write_text(json.dumps(settings))

    return changed


def _pickle(model: Path) -> None:
    """Put a pickle in the place of the weights that would write a file."""
    for name in os.listdir(model):
        if name.endswith((".safetensors", ".index.json")):
            (model / name).unlink()
    (model / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch RUN'\ntR.")


DEEP = "[" * 100_000 + "]" * 100_000
DOUBLING = [{"type": "Replace", "pattern": {"String": "a"}, "content": "aa"} for _ in range(40)]
FILES: dict[str, Change] = {
    **{
        f"{name}: {kind}": change
        for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors.index.json")
        for kind, change in {
            "deep": _write(name, DEEP),
            "a list": _write(name, "[]"),
            "null": _write(name, "null"),
            "not JSON": _write(name, "{"),
            "not UTF-8": _write(name, b"\xff\xfe{}"),
            "empty": _write(name, ""),
            "a pipe": _fifo(name),
            "a folder": _folder(name),
            "a link to /dev/zero": _link(name, "/dev/zero"),
            "gone": _gone(name),
            "100 MB of blanks": _write(name, " " * 100_000_000),
        }.items()
    },
    **{
        f"{key} {value!r}"[:60]: _set("config.json", **{key: value})
        for key, value in (
            ("hidden_size", 2**62),
            ("hidden_size", -1),
            ("hidden_size", "32"),
            ("num_hidden_layers", 10**9),
            ("num_hidden_layers", 0),
            ("vocab_size", 10**12),
            ("vocab_size", 7),
            ("state_size", 1e400),
            ("state_size", None),
            ("conv_kernel", [4]),
            ("layer_norm_epsilon", "1e-5"),
            ("layer_norm_epsilon", float("nan")),
            ("layer_norm_epsilon", -1.0),
            ("time_step_rank", {}),
            ("eos_token_id", 10**9),
            ("eos_token_id", "\x1b[31m"),
            ("model_type", "\x1b]0;PWNED\x07"),
            ("model_type", "llama"),
            ("torch_dtype", "\x1b[31mfloat99"),
            ("readthrough", "x"),
            ("max_position_embeddings", -5),
            ("max_position_embeddings", 10**400),
        )
    },
    "weights gone": _gone(WEIGHTS),
    "weights a pipe": _fifo(WEIGHTS),
    "weights a link to /dev/zero": _link(WEIGHTS, "/dev/zero"),
    "weights empty": _write(WEIGHTS, ""),
    "weights cut in half": _cut(WEIGHTS, 0.5),
    "weights of rubbish": _write(WEIGHTS, b"\x93NUMPY" * 1000),
    "weights a pickle": _pickle,
    "a header of 2^63 bytes": _first_length(2**63),
    "a header of 200 MB": _first_length(200_000_000),
    "a header of deep JSON": _header(lambda header: DEEP),
    "offsets beyond the file": _offsets(0, 2**40),
    "offsets backwards": _offsets(100, 50),
    "negative offsets": _offsets(-8, 8),
    "a shape of 2^62": _header(lambda header: _first(header).update(shape=[2**62, 4])),
    "a shape of strings": _header(lambda header: _first(header).update(shape=["x"])),
    "a dtype of escape codes": _header(lambda header: _first(header).update(dtype="\x1b[31mF99")),
    "shards in the parent folder": _shards("../../sound.txt"),
    "shards of an absolute path": _shards("/etc/hostname"),
    "shards of numbers": _shards(7),
    "shards of escape codes": _shards("\x1b]0;PWNED\x07"),
    "no shards": _index(lambda index: index.pop("weight_map")),
    "ids beyond the vocabulary": _tokenizer(
        lambda settings: settings["added_tokens"].append({**settings["added_tokens"][0], "id": 10**6, "content": "<x>"})
    ),
    "a tokenizer of another kind": _tokenizer(lambda settings: settings.update(model={"type": "NoSuch"})),
    "a normalizer that doubles": _tokenizer(
        lambda settings: settings.update(normalizer={"type": "Sequence", "normalizers": DOUBLING})
    ),
    "a normalizer that prepends 10 MB": _tokenizer(
        lambda settings: settings.update(normalizer={"type": "Prepend", "prepend": "x" * 10_000_000})
    ),
    "a vocabulary of nothing": _tokenizer(lambda settings: settings["model"].update(vocab={}, merges=[])),
    "special tokens of escape codes": _set("tokenizer_config.json", eos_token="\x1b]0;PWNED\x07"),
    "a special token of a number": _set("tokenizer_config.json", eos_token=7),
    "special tokens of a number": _set("tokenizer_config.json", additional_special_tokens=7),
    "added tokens of words": _set("tokenizer_config.json", added_tokens_decoder={"x": 7}),
    "a template of a number": _set("tokenizer_config.json", chat_template=7),
    "templates without a name": _set("tokenizer_config.json", chat_template=[{"x": "y"}]),
}


def _first(header: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(value for name, value in header.items() if name != "__metadata__")
    return found


TEMPLATES: dict[str, str] = {
    "a loop": "{% for i in range(10**9) %}{{ i }}{% endfor %}",
    "nested loops": "{% for i in range(99999) %}" * 4 + "x" + "{% endfor %}" * 4,
    "a long string": "{{ 'x' * 10**10 }}",
    "centre": "{{ 'x'.center(10**10) }}",
    "join": "{{ ('x' * 10**5) | list | join('y' * 10**6) }}",
    "format": "{{ '%10000000000d' % 1 }}",
    "format of a filter": "{{ '%10000000000d' | format(1) }}",
    "the date": "{{ strftime_now('%Y' * 10**8) }}",
    "a power": "{{ 10 ** 10 ** 8 }}",
    "recursion": "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    "an error": "{{ 1 / 0 }}",
    "an error of escape codes": "{{ raise_exception('\x1b]0;PWNED\x07 two\nlines') }}",
    "an unknown filter": "{{ 1 | nosuch }}",
    "unclosed": "{% for",
    "50 MB": "x" * 50_000_000,
    "attributes": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "a command": "{{ cycler.__init__.__globals__.os.system('touch RUN') }}",
    "a file": "{% include '/etc/passwd' %}",
    "deep brackets": "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}",
    "lists that double": "{% set n = namespace(a=[1]) %}{% for i in range(60) %}{% set n.a = n.a + n.a %}{% endfor %}",
    "special tokens in place of messages": SPECIALS[0] * 1000,
    "no messages": "x",
    "messages twice": TEMPLATE * 2,
}
