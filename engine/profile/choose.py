"""The profile of a checkpoint folder. Light: no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.gguf_file import gguf_in, open_gguf
from engine.model_files import ModelFileError, read_json
from engine.profile.base import BASE
from engine.profile.demo import DEMO
from engine.profile.instruct import INSTRUCT
from engine.profile.profile import Profile
from engine.profile.reader import READER
from engine.prompting.gguf_tokenizer import chat_template


def choose_profile(folder: Path) -> Profile:
    """Return the profile of the checkpoint in `folder`: its config.json marks the shipped models, and another one
    without a chat template is a base model."""
    if is_demonstration(folder):
        return DEMO
    if _marks(folder).get("reader"):
        return READER
    return INSTRUCT if _has_chat_template(folder) else BASE


def is_demonstration(folder: Path) -> bool:
    """Return whether the checkpoint's config.json marks the shipped demonstration model."""
    return bool(_marks(folder).get("demo"))


def _marks(folder: Path) -> dict[str, Any]:
    """Return what config.json says for this program."""
    declared = _json(folder / "config.json").get("readthrough")
    return declared if isinstance(declared, dict) else {}


def _has_chat_template(folder: Path) -> bool:
    file = gguf_in(folder)
    if file is not None:
        return chat_template(open_gguf(file)) is not None
    return (folder / "chat_template.jinja").is_file() or bool(
        _json(folder / "tokenizer_config.json").get("chat_template")
    )


def _json(file: Path) -> dict[str, Any]:
    try:
        return read_json(file) or {}
    except ModelFileError:
        return {}
