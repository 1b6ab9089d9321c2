"""Rendering a chat template as transformers would: jinja2 in its sandbox, data of plain types. Light.

Where its tokenizer files say something, their meaning is the one of transformers 5
(`PreTrainedTokenizerBase.apply_chat_template`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from jinja2 import TemplateError, nodes
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

DATE = datetime(2025, 1, 1)
"""The date for templates that write today's: with another one each day, no state of yesterday could be found again."""
SIMPLE_CHARACTERS = 4096
"""Most characters of a template that is looked at for simplicity."""
_PLAIN = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getitem, nodes.If, nodes.Compare,
    nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Add, nodes.Concat, nodes.Test, nodes.CondExpr,
)  # fmt: skip
_FILTERS = ("trim", "upper", "lower", "length", "tojson", "first", "last")
_METHODS = ("strip", "lstrip", "rstrip", "startswith", "endswith")
_NESTED_LOOPS = 2


def environment() -> ImmutableSandboxedEnvironment:
    """Return the environment that templates are rendered in."""
    made = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
    made.filters["tojson"] = _tojson
    made.globals["raise_exception"] = _refuse
    made.globals["strftime_now"] = DATE.strftime
    return made


def rendered(template: str, messages: Sequence[Mapping[str, str]], special_tokens: Mapping[str, str]) -> str:
    """Render `messages` with the opening of the model's answer, in this process. Raises ValueError.

    Nothing limits its time or memory: see `is_simple` and `engine.prompting.template_child`.
    """
    try:
        return (
            environment()
            .from_string(template)
            .render(
                **special_tokens,
                messages=[dict(message) for message in messages],
                tools=None,
                documents=None,
                add_generation_prompt=True,
            )
        )
    except TemplateError as error:
        raise ValueError(f"its chat template is refused: {error}") from error
    except (ArithmeticError, TypeError, AttributeError, LookupError) as error:
        raise ValueError(f"its chat template fails: {type(error).__name__}: {error}") from error
    except RecursionError as error:
        raise ValueError("its chat template is nested too deeply") from error
    except MemoryError as error:
        raise ValueError("its chat template needs too much memory") from error


def is_simple(template: str) -> bool:
    """Return whether a template cannot take long or need much memory: it is short, assigns nothing, multiplies nothing,
    and loops over the messages only."""
    if len(template) > SIMPLE_CHARACTERS:
        return False
    try:
        return _is_simple(environment().parse(template), 0)
    except (TemplateError, RecursionError):
        return False


def _is_simple(node: nodes.Node, loops: int) -> bool:
    match node:
        case nodes.For(iter=nodes.Name(name="messages"), recursive=False):
            loops += 1
            allowed = loops <= _NESTED_LOOPS
        case nodes.Call(node=nodes.Name(name="raise_exception")):
            allowed = True
        case nodes.Call(node=nodes.Getattr(attr=attribute)):
            allowed = attribute in _METHODS
        case nodes.Getattr(attr=attribute):
            allowed = not attribute.startswith("_")
        case nodes.Filter(name=name):
            allowed = name in _FILTERS
        case _:
            allowed = isinstance(node, _PLAIN)
    return allowed and all(_is_simple(child, loops) for child in node.iter_child_nodes())


def _tojson(value: Any, ensure_ascii: bool = False, indent: int | None = None, **options: Any) -> str:
    """Return plain JSON; jinja's own filter would escape it for HTML."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, **options)


def _refuse(message: str) -> None:
    raise TemplateError(str(message)[:200])
