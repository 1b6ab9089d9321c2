"""Whether a tokenizer.json can be used without trust: it must not expand a text, nor take long over it.

A tokenizer of known, bounded parts is taken as it is. Any other is tried in a process of its own first; the result is
kept by the tokenizer's content. Light.
"""

from __future__ import annotations

import json
import re
from typing import Any

from engine.limits import run_child
from engine.prompting import verdicts

WALL_SECONDS = 40.0
LONGEST_CONTENT = 64
"""Most characters that a part may put into a text at one place."""
MOST_EXPANSION = 8.0
"""Most times that a normaliser of known parts may lengthen a text."""
_VERSION = "tokenizer 1"
_LARGE = 256 << 10
"""Characters of a tokenizer.json from which the verdict is kept: reading it as JSON takes time."""
_NORMALISERS = (
    "NFC",
    "NFD",
    "NFKC",
    "NFKD",
    "Lowercase",
    "Strip",
    "StripAccents",
    "Nmt",
    "BertNormalizer",
    "ByteLevel",
)
_PRE_TOKENIZERS = (
    "ByteLevel", "Whitespace", "WhitespaceSplit", "Punctuation", "Digits", "Metaspace", "BertPreTokenizer",
    "CharDelimiterSplit", "UnicodeScripts",
)  # fmt: skip
_NESTED = re.compile(r"[*+}]\)[*+{]|\\[1-9]|\(\?P?[<=]")
"""Regular expressions that may take exponential time: repeats of repeats, back references, named groups."""


def require_safe(text: str, fingerprint: str) -> None:
    """Raise ValueError where the tokenizer in `text` expands texts, takes too long, or cannot be read."""
    key = verdicts.key_of(_VERSION, fingerprint)
    if len(text) > _LARGE and verdicts.recall(key) == "safe":
        return
    if not is_simple(text):
        if verdicts.recall(key) == "safe":
            return
        _try_in_child(text)
        verdicts.keep(key, "safe")
    elif len(text) > _LARGE:
        verdicts.keep(key, "safe")


def is_simple(text: str) -> bool:
    """Return whether a tokenizer.json consists of parts that are known to be bounded."""
    try:
        values = json.loads(text)
        return (
            _expansion(values.get("normalizer")) <= MOST_EXPANSION
            and _splits_quickly(values.get("pre_tokenizer"))
            and all(_is_short(values.get(part)) for part in ("decoder", "post_processor"))
        )
    except (ValueError, RecursionError, AttributeError, TypeError, KeyError):
        return False


def _expansion(part: Any) -> float:
    """Return an upper bound on how much a normaliser lengthens a text; infinite where it is not known."""
    if part is None:
        return 1.0
    match part["type"]:
        case "Sequence":
            product = 1.0
            for item in part["normalizers"]:
                product *= _expansion(item)
            return product
        case "Prepend":
            return 1.0 if len(part["prepend"]) <= LONGEST_CONTENT else float("inf")
        case "Replace":
            pattern = part["pattern"].get("String") if isinstance(part["pattern"], dict) else None
            if not pattern:
                return float("inf")
            return max(1.0, len(part["content"]) / len(pattern))
        case kind:
            return 1.0 if kind in _NORMALISERS else float("inf")


def _splits_quickly(part: Any) -> bool:
    if part is None:
        return True
    match part["type"]:
        case "Sequence":
            return all(_splits_quickly(item) for item in part["pretokenizers"])
        case "Split":
            regex = part["pattern"].get("Regex")
            return regex is None or (len(regex) <= 1000 and not _NESTED.search(regex))
        case "Metaspace":
            return len(part.get("replacement", "")) <= 1
        case kind:
            return kind in _PRE_TOKENIZERS


def _is_short(part: Any) -> bool:
    """Return whether no text in a decoder or post-processor is long."""
    if isinstance(part, str):
        return len(part) <= LONGEST_CONTENT
    if isinstance(part, dict):
        return all(_is_short(key) and _is_short(value) for key, value in part.items())
    return all(_is_short(item) for item in part) if isinstance(part, list) else True


def _try_in_child(text: str) -> None:
    """Load the tokenizer and encode samples in a process with limits. Raises ValueError."""
    status, answer = run_child("engine.prompting.tokenizer_child", text, WALL_SECONDS)
    try:
        found = json.loads(answer)
    except ValueError:
        limit = "20 seconds or 768 MB" if status else "its limits"
        raise ValueError(f"it takes more than {limit} to load and to encode a page") from None
    if found.get("error"):
        raise ValueError(str(found["error"]))
