"""Figures and names of an answer that do not stand in the text it rests on.

A model may put a number together that no page holds. What can be looked up is looked up: every figure, date and
identifier, and every name that does not merely begin a sentence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_FIGURE = re.compile(r"(?=[\w.,:/-]*\d)\w(?:[\w.,:/-]*\w)?")
_NAME = re.compile(r"(?<![.!?:\n] )(?<!^)\b[^\W\d_a-zß-öø-ÿ]\w+(?:[ -][^\W\d_a-zß-öø-ÿ]\w+)*")


def claims(answer: str) -> list[str]:
    """The figures and names in `answer`, each once, in order."""
    text = unicodedata.normalize("NFKC", answer).strip()
    found = [(m.start(), m.group()) for pattern in (_FIGURE, _NAME) for m in pattern.finditer(text)]
    return list(dict.fromkeys(claim for _, claim in sorted(found)))


def unverified(answer: str, pages: Iterable[str]) -> list[str]:
    """The claims of `answer` that stand on none of `pages`; differences of case and white space do not count."""
    missing = claims(answer)
    for page in pages:
        if not missing:
            break
        text = _folded(page)
        missing = [claim for claim in missing if not _stands_in(_folded(claim), text)]
    return missing


def _stands_in(claim: str, text: str) -> bool:
    """Whole words and whole figures only: 12 stands neither in 2012 nor in 12.5."""
    return re.search(rf"(?<!\w)(?<!\d[.,]){re.escape(claim)}(?!\w|[.,]\d)", text) is not None


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
