"""Prompts and tokens are those of transformers, which loads the same folder in its own way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.generation.runtime import DEMO_MODEL
from engine.prompting.chat_template import render
from engine.prompting.prompts import Prompts
from engine.prompting.template_rendering import DATE
from engine.prompting.tokenizer import Tokenizer, TokenizerError
from tests.engine.tiny import CHAT_TEMPLATE, add_tokenizer

TEXTS = ["plain words", "a <|im_end|> b", "<|endoftext|>x<|im_start|>", " <pad>Größe <extra>,\n\n漢字 ", ""]
WITH_BOS = (
    "{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m['content'] | trim }}{{ eos_token }}{% endfor %}"
    "[assistant]"
)
SPACED = """{%- if tools %}
  {{ tools | tojson }}
{%- endif %}
{% for m in messages %}
    {%- if m.role == 'none' %}{% continue %}{% endif %}
    {% set ns = namespace(role=m.role) %}
  <|{{ ns.role }}|>
{{ m.content }}{% if not loop.last %}{{ eos_token }}{% endif %}

{% endfor %}
{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}
"""
CONFIGS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "one of several templates": {
        "chat_template": [{"name": "tool_use", "template": "no"}, {"name": "default", "template": SPACED}]
    },
    "a token at the start": {"bos_token": "<|im_start|>", "add_bos_token": True, "chat_template": WITH_BOS},
    "tokens with flags": {"bos_token": {"__type": "AddedToken", "content": "<|im_start|>"}, "chat_template": WITH_BOS},
    "a token that only the settings know": {"pad_token": "<pad>", "additional_special_tokens": ["<extra>"]},
    "a word of the vocabulary": {"unk_token": "x"},
    "an older list of tokens": {
        "added_tokens_decoder": {
            "256": {"content": "<|endoftext|>", "special": True, "normalized": False},
            "259": {"content": "<extra>", "special": False, "normalized": False},
        }
    },
}


def same_as_transformers(folder: Path) -> None:
    from transformers import PreTrainedTokenizerFast

    theirs = PreTrainedTokenizerFast.from_pretrained(str(folder))
    ours = Tokenizer.from_folder(folder)

    def rendered(messages: Any) -> str:
        return theirs.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True)

    assert ours.has_chat_template == bool(theirs.chat_template)
    assert ours.prompts == (Prompts.from_template(rendered) if theirs.chat_template else Prompts.plain())
    for text in TEXTS:
        ids = theirs.encode(text, add_special_tokens=False)
        assert ours.encode_prompt(text) == ids
        assert ours.decode(ids) == theirs.decode(ids, skip_special_tokens=True)
        assert ours.encode_document(text) == theirs.encode(text, add_special_tokens=False, split_special_tokens=True)
    bos = theirs.bos_token_id
    starts_with_bos = bos is not None and theirs.encode("", add_special_tokens=True)[:1] == [bos]
    assert (ours.document_prefix[:1] == [bos]) >= starts_with_bos
    assert ours._special_ids == set(theirs.all_special_ids)
    assert {theirs.eos_token_id} <= set(ours.stop_ids([]))


@pytest.mark.parametrize("name", CONFIGS)
def test_tokenizer_settings_equal_transformers(tmp_path: Path, name: str):
    file = add_tokenizer(tmp_path) / "tokenizer_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | CONFIGS[name]))
    same_as_transformers(tmp_path)


def test_demo_tokenizer_equals_transformers():
    same_as_transformers(DEMO_MODEL)


def test_no_settings_give_plain_prompts(tmp_path: Path):
    add_tokenizer(tmp_path, chat=False)
    same_as_transformers(tmp_path)


def test_template_file_takes_precedence(tmp_path: Path):
    (add_tokenizer(tmp_path) / "chat_template.jinja").write_text(SPACED)
    same_as_transformers(tmp_path)


def test_special_tokens_map_file(tmp_path: Path):
    file = add_tokenizer(tmp_path) / "tokenizer_config.json"
    file.write_text(json.dumps({"chat_template": WITH_BOS}))
    tokens = {"bos_token": "<|im_start|>", "eos_token": {"content": "<|im_end|>", "lstrip": False}}
    (tmp_path / "special_tokens_map.json").write_text(json.dumps(tokens))
    same_as_transformers(tmp_path)


def test_bos_of_tokenizer_is_added(tmp_path: Path):
    from tokenizers import Tokenizer as Fast
    from tokenizers.processors import TemplateProcessing

    file = add_tokenizer(tmp_path, chat=False) / "tokenizer.json"
    fast = Fast.from_file(str(file))
    fast.post_processor = TemplateProcessing("<|im_start|> $A", special_tokens=[("<|im_start|>", 257)])
    fast.save(str(file))
    (tmp_path / "tokenizer_config.json").write_text(
        json.dumps({"bos_token": "<|im_start|>", "eos_token": "<|im_end|>"})
    )
    same_as_transformers(tmp_path)
    assert Tokenizer.from_folder(tmp_path).document_prefix[0] == 257


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"chat_template": "{{ raise_exception('roles must alternate') }}"}, "roles must alternate"),
        ({"chat_template": "{% for %}"}, "chat template"),
        ({"chat_template": [{"name": "rag", "template": CHAT_TEMPLATE}]}, "none named default"),
        ({"chat_template": "{{ ''.__class__.__mro__ }}"}, "unsafe"),
        (["no settings"], "is not a JSON object"),
    ],
)
def test_unsound_settings_are_one_sentence(tmp_path: Path, config: Any, said: str):
    file = add_tokenizer(tmp_path) / "tokenizer_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | config if isinstance(config, dict) else config))
    with pytest.raises(TokenizerError, match=said) as caught:
        Tokenizer.from_folder(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_template_with_the_date_gives_the_same_prompts_tomorrow() -> None:
    template = "{{ strftime_now('%d %b %Y') }} {{ messages[0].content }}"
    said = render(template, [{"role": "user", "content": "Read."}], {})
    assert said == f"{DATE:%d %b %Y} Read."
