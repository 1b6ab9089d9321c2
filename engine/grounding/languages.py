"""Language of a text, from its script and its stop words. Light: no torch.

A script that one language mostly uses decides at once; between languages of one script the share of stop words decides.
"""

from __future__ import annotations

import re
from functools import lru_cache

from engine.grounding.stopwords import LATIN, stop_words

SAMPLE = 4_000
"""Number of characters that are examined."""
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("zh", re.compile(r"[\u3400-\u9fff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
)
_SCRIPT_SHARE = 0.2
"""Share of a text's letters from which its script decides; kana count with kanji, so fewer do for Japanese."""
_KANA_SHARE = 0.05
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_MARKS = (
    ("de", re.compile(r"[äöüß]")),
    ("es", re.compile(r"[¿¡ñáíóú]")),
    ("fr", re.compile(r"[çèêëàâîôûœ]")),
    ("pt", re.compile(r"[ãõçâêô]")),
    ("sv", re.compile(r"[åäö]")),
    ("da", re.compile(r"[åæø]")),
    ("pl", re.compile(r"[ąęłśżźćń]")),
    ("tr", re.compile(r"[ğışç]")),
)
"""Letters that distinguish languages whose stop words are equally frequent in a short text."""
_MARK_WEIGHT = 0.3
"""A letter of these counts as this much of a stop word."""
_CASELESS = frozenset({"ja", "zh", "ko", "ar", "he", "hi", "th"})
_CAPITALISES_NOUNS = frozenset({"de"})


@lru_cache(maxsize=4096)
def language_of(text: str, default: str = "en") -> str:
    """Return the ISO 639-1 code of the language of `text`; `default` when the text has too few signs of a language."""
    sample = text[:SAMPLE]
    letters = len(_LETTER.findall(sample))
    if not letters:
        return default
    for code, pattern in _SCRIPTS:
        least = _KANA_SHARE if code == "ja" else _SCRIPT_SHARE
        if len(pattern.findall(sample)) >= least * letters:
            return code
    words = _WORD.findall(sample.lower())
    counts: dict[str, float] = {code: sum(word in stop_words(code) for word in words) for code in LATIN}
    for code, pattern in _MARKS:
        if counts[code]:
            counts[code] += _MARK_WEIGHT * len(pattern.findall(sample.lower()))
    best = max(counts, key=lambda code: (counts[code], code == default, code == "en"))
    return best if counts[best] > counts.get(default, 0) else default


def has_case(language: str) -> bool:
    """Return whether the script of `language` has capital letters."""
    return language not in _CASELESS


def capitalises_nouns(language: str) -> bool:
    """Return whether every noun of `language` is written with a capital letter."""
    return language in _CAPITALISES_NOUNS
