"""Templates and tokenizers from anywhere end in one line, soon, and in little memory."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.errors import KnownError
from engine.model_files import ModelFileError, is_there, read_json
from engine.prompting import verdicts
from engine.prompting.chat_template import render
from engine.prompting.template_rendering import is_simple
from engine.prompting.tokenizer import Tokenizer, TokenizerError
from tests.engine.tiny import CHAT_TEMPLATE, add_tokenizer

MESSAGES = [{"role": "user", "content": "x"}]
BOMBS = {
    "multiplied string": "{{ 'a' * 10**10 }}",
    "centred": "{{ 'a'.center(10**10) }}",
    "format": "{{ '%10000000000d' | format(1) }}",
    "joined": "{{ (['a' * 1000] * 10**8) | join('b') }}",
    "range": "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "date": "{{ strftime_now('%Y' * 10**9) }}",
    "doubled": "{% set ns = namespace(x='ab') %}{% for m in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
    "macro": "{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}",
    "recursive loop": "{% for m in [messages] recursive %}{{ loop([m]) }}{% endfor %}",
    "division": "{{ 1 / 0 }}",
    "nested": "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
    "powers": "{{ 9 ** (9 ** 9) }}",
    "include": "{% include 'config.json' %}",
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "_file", lambda: tmp_path / "verdicts.json")


QUICK = ("multiplied string", "doubled", "macro", "division", "nested")


@pytest.mark.parametrize(
    "bomb", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in BOMBS]
)
def test_a_template_bomb_is_one_sentence(bomb: str):
    before, started = psutil.Process().memory_info().rss, time.process_time()
    with pytest.raises(ValueError) as caught:
        render(BOMBS[bomb], MESSAGES, {})
    assert len(str(caught.value)) < 600 and time.process_time() - started < 5
    assert psutil.Process().memory_info().rss - before < 200 << 20


def test_ordinary_templates_are_rendered_here():
    assert is_simple(CHAT_TEMPLATE)
    assert not any(map(is_simple, BOMBS.values()))


def test_another_template_is_rendered_once_in_a_child(monkeypatch: pytest.MonkeyPatch):
    template = "{% set role = messages[0]['role'] %}{{ role }}: {{ messages[0].content }}{{ eos_token }}"
    assert render(template, MESSAGES, {"eos_token": "</s>"}) == "user: x</s>"
    monkeypatch.setattr("engine.prompting.chat_template.run_child", lambda *_: pytest.fail("rendered again"))
    assert render(template, MESSAGES, {"eos_token": "</s>"}) == "user: x</s>"


def change_tokenizer(folder: Path, **parts: Any) -> Path:
    file = folder / "tokenizer.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **parts}))
    return folder


NORMALISERS: dict[str, dict[str, Any]] = {
    "doubling": {"type": "Replace", "pattern": {"Regex": "."}, "content": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
    "ten megabytes before": {"type": "Prepend", "prepend": "a" * 10_000_000},
    "a chain": {
        "type": "Sequence",
        "normalizers": [{"type": "Replace", "pattern": {"String": "a"}, "content": "aaaaaaaa"}] * 9,
    },
}


@pytest.mark.parametrize("kind", ["doubling", pytest.param("ten megabytes before", marks=pytest.mark.slow), "a chain"])
def test_a_normaliser_that_expands_is_refused(tmp_path: Path, kind: str):
    folder = change_tokenizer(add_tokenizer(tmp_path), normalizer=NORMALISERS[kind])
    with pytest.raises(TokenizerError, match="cannot be used") as caught:
        Tokenizer.from_folder(folder)
    assert len(str(caught.value)) < 600


def test_an_ordinary_replacement_is_accepted(tmp_path: Path):
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    folder = change_tokenizer(add_tokenizer(tmp_path), normalizer=replace)
    assert Tokenizer.from_folder(folder).encode_document("a b")


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja"])
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "link", "huge", "deep"])
def test_a_file_that_is_none_is_one_sentence(tmp_path: Path, name: str, kind: str):
    folder = tmp_path / "model"
    folder.mkdir()
    add_tokenizer(folder)
    file = folder / name
    file.unlink(missing_ok=True)
    match kind:
        case "pipe":
            os.mkfifo(file)
        case "device":
            file.symlink_to("/dev/zero")
        case "folder":
            file.mkdir()
        case "link":
            (tmp_path / "elsewhere").write_text("{}")
            file.symlink_to(tmp_path / "elsewhere")
        case "huge":
            with file.open("wb") as opened:
                opened.truncate(1 << 32)
        case "deep":
            file.write_text("[" * 100_000 if name.endswith("json") else "{{" * 100_000)
    with pytest.raises(KnownError) as caught:
        Tokenizer.from_folder(folder)
    assert "\n" not in str(caught.value)[:100]


def test_links_within_the_cache_of_the_hub_are_read(tmp_path: Path):
    storage = tmp_path / "models--a--b"
    (storage / "blobs").mkdir(parents=True)
    (storage / "snapshots" / "c").mkdir(parents=True)
    (storage / "blobs" / "1").write_text('{"a": 1}')
    link = storage / "snapshots" / "c" / "config.json"
    link.symlink_to("../../blobs/1")
    assert read_json(link) == {"a": 1} and is_there(link)
    link.unlink()
    link.symlink_to("/etc/hostname")
    with pytest.raises(ModelFileError, match="outside the model's folder"):
        is_there(link)
