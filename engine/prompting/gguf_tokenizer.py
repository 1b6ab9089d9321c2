"""The tokenizer in a GGUF file, as the content of a tokenizer.json. Light.

The format stores the tokens, the merges, the kind of each token and a name for the pre-tokenizer; the name stands for a
rule that every reader knows.
"""

from __future__ import annotations

import json
from typing import Any

from engine.gguf_file import GgufError, GgufFile
from engine.model_files import TEMPLATE_BYTES

CONTROL, USER_DEFINED = 3, 4
"""Kinds of tokens: special ones, and texts that are matched whole."""
_BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
_NEOX = ("gpt-neox", "mpt", "olmo", "gpt-2", "gpt2", "jais", "trillion", "phi-2", "default")
_FALCON = {
    "type": "Sequence",
    "pretokenizers": [
        {"type": "Punctuation", "behavior": "Contiguous"},
        _BYTE_LEVEL,
        {"type": "Digits", "individual_digits": False},
        {"type": "Split", "pattern": {"Regex": "[0-9][0-9][0-9]"}, "behavior": "Isolated", "invert": False},
    ],
}
_NORMALISED = ("gpt-neox", "mpt", "olmo")
"""Pre-tokenizers of tokenizers that normalise to NFC."""


def tokenizer_text(file: GgufFile) -> str:
    """Return the tokenizer.json of a file's tokenizer. Raises GgufError."""
    kind = file.metadata.get("tokenizer.ggml.model")
    if kind != "gpt2":
        shown = str(kind)[:40] if kind else "none"
        raise GgufError(f"{file.path} has a tokenizer of the kind {shown}; byte-level BPE (gpt2) is read")
    tokens, merges = _texts(file, "tokens"), _texts(file, "merges")
    rule = str(file.metadata.get("tokenizer.ggml.pre", "gpt-2"))
    return json.dumps(
        {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": _added(file, tokens),
            "normalizer": {"type": "NFC"} if rule in _NORMALISED else None,
            "pre_tokenizer": _pre_tokenizer(file, rule),
            "post_processor": _post_processor(file, tokens),
            "decoder": _BYTE_LEVEL,
            "model": {
                "type": "BPE",
                "dropout": None,
                "unk_token": None,
                "continuing_subword_prefix": None,
                "end_of_word_suffix": None,
                "fuse_unk": False,
                "byte_fallback": False,
                "ignore_merges": False,
                "vocab": {token: index for index, token in enumerate(tokens)},
                "merges": [merge.split(" ", 1) for merge in merges if " " in merge],
            },
        }
    )


def tokenizer_config(file: GgufFile) -> dict[str, Any]:
    """Return the content of a tokenizer_config.json: the named special tokens and the chat template."""
    tokens = _texts(file, "tokens")
    names = {"bos_token": "bos_token_id", "eos_token": "eos_token_id", "unk_token": "unknown_token_id"}
    config: dict[str, Any] = {}
    for name, key in names.items():
        index = file.metadata.get(f"tokenizer.ggml.{key}")
        if isinstance(index, int) and 0 <= index < len(tokens):
            config[name] = tokens[index]
    config["additional_special_tokens"] = [added["content"] for added in _added(file, tokens) if added["special"]]
    if (template := chat_template(file)) is not None:
        config["chat_template"] = template
    return config


def chat_template(file: GgufFile) -> str | None:
    """Return the chat template in a file, or None. Raises GgufError where it is too long."""
    found = file.metadata.get("tokenizer.chat_template")
    if found is None or found == "":
        return None
    if not isinstance(found, str) or len(found) > TEMPLATE_BYTES:
        raise GgufError(f"{file.path} has a chat template that is not text or is too long; use another file")
    return found


def _texts(file: GgufFile, name: str) -> list[str]:
    found = file.metadata.get(f"tokenizer.ggml.{name}")
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise GgufError(f"{file.path} holds no tokenizer (tokenizer.ggml.{name} is missing); convert the model again")
    return found


def _added(file: GgufFile, tokens: list[str]) -> list[dict[str, Any]]:
    kinds = file.metadata.get("tokenizer.ggml.token_type")
    if not isinstance(kinds, list) or len(kinds) != len(tokens):
        kinds = []
    return [
        {
            "id": index,
            "content": tokens[index],
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": kind == CONTROL,
        }
        for index, kind in enumerate(kinds)
        if kind in (CONTROL, USER_DEFINED) and tokens[index]
    ]


def _pre_tokenizer(file: GgufFile, rule: str) -> dict[str, Any]:
    if rule == "falcon":
        return _FALCON
    if rule in _NEOX:
        return _BYTE_LEVEL
    raise GgufError(
        f"{file.path} splits text by the rule {rule[:40]!r}, which is not supported; use the model in safetensors"
    )


def _post_processor(file: GgufFile, tokens: list[str]) -> dict[str, Any] | None:
    """Return what puts the token of a beginning before a text, where the file asks for it."""
    index = file.metadata.get("tokenizer.ggml.bos_token_id")
    if file.metadata.get("tokenizer.ggml.add_bos_token") is not True or not isinstance(index, int):
        return None
    if not 0 <= index < len(tokens):
        return None
    token = tokens[index]
    return {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": token, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {token: {"id": token, "ids": [index], "tokens": [token]}},
    }
