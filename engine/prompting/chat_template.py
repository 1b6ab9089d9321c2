"""A checkpoint's chat template: found in its folder, and rendered without trust.

A template is a program from anywhere. A simple one is rendered here; any other in a process with a second and 256 MB,
whose text is kept, so that a model costs that once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.limits import run_child
from engine.model_files import TEMPLATE_BYTES, read_text
from engine.prompting import verdicts
from engine.prompting.prompts import Message
from engine.prompting.template_rendering import is_simple, rendered

FILE = "chat_template.jinja"
WALL_SECONDS = 20.0
"""Seconds after which the rendering process is killed, however little of the processor it got."""
_VERSION = "template 1"


def find_template(folder: Path, config: Mapping[str, Any]) -> str | None:
    """Return the template of a tokenizer folder: its own file, else that in tokenizer_config.json, else None.

    Of several with names it is the one named "default". Raises ValueError where there is none of that name, and
    ModelFileError.
    """
    if (text := read_text(folder / FILE, TEMPLATE_BYTES)) is not None:
        return text
    return template_in(config)


def template_in(config: Mapping[str, Any]) -> str | None:
    """Return the template in the content of a tokenizer_config.json. Raises ValueError."""
    found = config.get("chat_template")
    if isinstance(found, list):
        named = {entry["name"]: entry["template"] for entry in found}
        if named and "default" not in named:
            raise ValueError(f"it has chat templates named {', '.join(named)} and none named default")
        found = named.get("default")
    if found is not None and not isinstance(found, str):
        raise ValueError("its chat template is not a text")
    if found and len(found) > TEMPLATE_BYTES:
        raise ValueError(f"its chat template has {len(found):,} characters, more than one needs")
    return found or None


def render(template: str, messages: Sequence[Message], special_tokens: Mapping[str, str]) -> str:
    """Render `messages` in the model's training format, with the opening of its answer. Raises ValueError.

    `special_tokens`: bos_token, eos_token and so on, which templates name.
    """
    if is_simple(template):
        return rendered(template, messages, special_tokens)
    wish = json.dumps(
        {"template": template, "messages": list(messages), "special_tokens": dict(special_tokens)}, sort_keys=True
    )
    key = verdicts.key_of(_VERSION, wish)
    if (kept := verdicts.recall(key)) is not None:
        return kept
    status, answer = run_child("engine.prompting.template_child", wish, WALL_SECONDS)
    try:
        found = json.loads(answer)
    except ValueError:
        limit = "a second or 256 MB" if status else "its limits"
        raise ValueError(f"its chat template takes more than {limit}") from None
    if "error" in found:
        raise ValueError(found["error"])
    text = str(found["text"])
    verdicts.keep(key, text)
    return text
