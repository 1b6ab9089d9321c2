"""A checkpoint's chat template, rendered as transformers would render it: jinja2 in its sandbox, data of plain types.

Light: transformers itself would take as long to import as the model takes to answer. Where its tokenizer files say
something, their meaning is the one of transformers 5 (`PreTrainedTokenizerBase.apply_chat_template`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import TemplateError
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.prompting.prompts import Message

FILE = "chat_template.jinja"
DATE = datetime(2025, 1, 1)
"""The date for templates that write today's: with another one each day, no state of yesterday could be found again."""


def find_template(folder: Path, config: Mapping[str, Any]) -> str | None:
    """Return the template of a tokenizer folder: its own file, else that in tokenizer_config.json, else None.

    Of several with names it is the one named "default". Raises ValueError where there is none of that name.
    """
    if (folder / FILE).is_file():
        return (folder / FILE).read_text(encoding="utf-8")
    found = config.get("chat_template")
    if isinstance(found, list):
        named = {entry["name"]: entry["template"] for entry in found}
        if named and "default" not in named:
            raise ValueError(f"it has chat templates named {', '.join(named)} and none named default")
        found = named.get("default")
    return found or None


def render(template: str, messages: Sequence[Message], special_tokens: Mapping[str, str]) -> str:
    """Render `messages` in the model's training format, with the opening of its answer. Raises ValueError.

    `special_tokens`: bos_token, eos_token and so on, which templates name.
    """
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = DATE.strftime
    try:
        return environment.from_string(template).render(
            **special_tokens,
            messages=[dict(message) for message in messages],
            tools=None,
            documents=None,
            add_generation_prompt=True,
        )
    except TemplateError as error:
        raise ValueError(f"its chat template is refused: {error}") from error


def _tojson(value: Any, ensure_ascii: bool = False, indent: int | None = None, **options: Any) -> str:
    """Return plain JSON; jinja's own filter would escape it for HTML."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, **options)


def _refuse(message: str) -> None:
    raise TemplateError(message)
