"""Words of a text: folding, tokens with their places, stems. Light: no torch.

A token is a run of letters and digits. Scripts that are written without blanks give pairs of characters instead, so
that a search needs no dictionary. Stems come from Snowball, by the language of the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import snowballstemmer

from engine.grounding.languages import language_of
from engine.grounding.stopwords import stop_words

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Scripts without blanks between words, as a class of a regular expression; Korean too, whose words carry endings."""
_TOKEN = re.compile(rf"(?P<unspaced>[{UNSPACED}]+)|[^\W_{UNSPACED}]+")
_SIGNS = {
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"), "-"),
    **dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f\u3000\t\n\r\x0b\x0c\u2028\u2029\x85"), " "),
    **dict.fromkeys(map(ord, "\u2018\u2019\u02bc"), "'"),
    **{ord(zero) + digit: str(digit) for zero in "０٠۰०০੦૦୦௦౦೦൦๐" for digit in range(10)},
    ord("٫"): ".",
    ord("٬"): ",",
}
_UNIT_POWER = re.compile(r"(?<=[^\W\d_])[²³]")
"""m² is read as m2: that is how a page is cleaned."""
_STEMMERS = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hi": "hindi",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
}


def signs_unified(text: str) -> str:
    """Return `text` with one kind of dash, blank, apostrophe and digit; every character keeps its place."""
    return _UNIT_POWER.sub(lambda found: "23"[found[0] == "³"], text.translate(_SIGNS))


@lru_cache(maxsize=2048)
def folded(text: str) -> str:
    """Return `text` without differences that do not count (case, kinds of signs, ё for е); every character keeps its
    place."""
    text = signs_unified(text)
    small = text.casefold().replace("ё", "е")
    if len(small) != len(text):
        small = "".join(c.casefold() if len(c.casefold()) == 1 else c for c in text).replace("ё", "е")
    return small


@lru_cache(maxsize=1024)
def unaccented(text: str) -> str:
    """Return `text`, folded, without accents on Latin letters; every character keeps its place."""
    return "".join(base if (base := unicodedata.normalize("NFD", c)[0]).isascii() else c for c in folded(text))


def tokens(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield (token, start, end) of each token of `text`, folded, in order."""
    for found in _TOKEN.finditer(folded(text)):
        start, end = found.span()
        if found["unspaced"] is None or end - start == 1:
            yield found[0], start, end
        else:
            for at in range(start, end - 1):
                yield found[0][at - start : at - start + 2], at, at + 2


def stem(word: str, language: str) -> str:
    """Return the stem of a folded word; the word itself where `language` has no stemmer or the word has a digit."""
    if any(character.isdigit() for character in word):
        return word
    return _stem(word, language)


_IRREGULAR_FORMS = (
    "write wrote written, make made, do did done, go went gone, give gave given, take took taken, begin began begun, "
    "build built, buy bought, hold held, keep kept, lead led, leave left, lose lost, meet met, pay paid, send sent, "
    "sell sold, spend spent, stand stood, teach taught, tell told, think thought, win won, break broke broken, choose "
    "chose chosen, draw drew drawn, fall fell fallen, grow grew grown, know knew known, rise rose risen, see saw seen, "
    "speak spoke spoken, run ran, bring brought, catch caught, come came, drive drove driven, fight fought, fly flew "
    "flown, become became, die died death, born birth"
)
_IRREGULAR = {form: forms.split()[0] for forms in _IRREGULAR_FORMS.split(", ") for form in forms.split()[1:]}
"""Forms of English verbs that no stemmer joins -> their base form."""


_BRITISH = (
    (re.compile(r"^([^\W\d_]{2,}[bdhlmnprtv])our(?=s?$|ed$|ing$|er|ite|able|ful|hood|less|al$|ly$)"), r"\1or"),
    (re.compile(r"^([^\W\d_]{3,})([iy])s(?=e$|es$|ed$|ers?$|ing$|ation)"), r"\1\2z"),
    (re.compile(r"^(cent|theat|met|kilomet|lit|fib)re(?=s?$)"), r"\1er"),
    (re.compile(r"^(progra)mme(?=s?$)"), r"\1m"),
    (re.compile(r"^(catal|dial|anal|prol|monol)ogue?(?=s?$|d$|ing$)"), r"\1og"),
)
"""British spellings -> American ones; both sides of a search are written alike."""


@lru_cache(maxsize=1 << 17)
def _stem(word: str, language: str) -> str:
    stemmer = _stemmer(language)
    if language == "en":
        word = _IRREGULAR.get(word, word)
        for pattern, american in _BRITISH:
            word = pattern.sub(american, word)
    return word if stemmer is None else str(stemmer.stemWord(word))


@lru_cache(maxsize=64)
def _stemmer(language: str) -> snowballstemmer.basestemmer.BaseStemmer | None:
    name = _STEMMERS.get(language)
    return snowballstemmer.stemmer(name) if name in snowballstemmer.algorithms() else None


def terms(text: str, language: str | None = None) -> list[str]:
    """Return the stems of `text` in order, stop words left out. `language`: default, that of `text`."""
    language = language or language_of(text)
    stops = stop_words(language)
    return [stem(token, language) for token, _, _ in tokens(text) if token not in stops and _tells(token)]


def stems(text: str, language: str | None = None) -> frozenset[str]:
    """Return the stems of `text`, stop words left out. `language`: default, that of `text`."""
    return frozenset(terms(text, language))


def _tells(token: str) -> bool:
    """Return whether a token is informative: more than a single letter of an alphabet."""
    return len(token) > 1 or token.isdigit() or not token.isascii()
