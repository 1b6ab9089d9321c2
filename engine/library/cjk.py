"""Scripts that are written without spaces, cut into pairs of characters for full-text search.

FTS5 takes a whole run of Chinese for one word, so that no question finds it. A run of n characters becomes its n - 1
overlapping pairs ("bigrams"), the standard index of such scripts; a question becomes its pairs too.
"""

from __future__ import annotations

import re

_RUN = re.compile(
    "["
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Burmese, Khmer
    "\u1100-\u11ff\uac00-\ud7af"  # Hangul
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # kana, the signs for repetition and zero
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Han
    "\U00020000-\U0003134f"
    "]+"
)
_MAX_BIGRAMS = 128
"""Highest number of bigrams in the query for one question."""


def has_cjk(text: str) -> bool:
    """Return whether `text` has any character of such a script."""
    return _RUN.search(text) is not None


def bigrams(text: str) -> str:
    """Return the pairs of characters of every run in `text`, separated by spaces; a run of one stays as it is."""
    return " ".join(pair for run in _RUN.findall(text) for pair in _pairs(run))


def any_bigram(text: str) -> str:
    """Return an FTS5 query for texts that share a pair with `text`; empty where it has no such script. A single
    character matches the pairs that begin with it."""
    found: dict[str, None] = {}
    for run in _RUN.findall(text):
        found |= dict.fromkeys([f'"{run}" *'] if len(run) == 1 else [f'"{pair}"' for pair in _pairs(run)])
    return " OR ".join(list(found)[:_MAX_BIGRAMS])


def phrase(text: str) -> str:
    """Return an FTS5 query for texts that contain every run of `text` unchanged; empty when it has no run."""
    return " AND ".join(f'"{run}" *' if len(run) == 1 else f'"{" ".join(_pairs(run))}"' for run in _RUN.findall(text))


def _pairs(run: str) -> list[str]:
    return [run] if len(run) == 1 else [run[i : i + 2] for i in range(len(run) - 1)]
