"""Support: the test whether a text states the same date, number, identifier or name as a claim, however it is written.

Answers, summaries, entities and their evidence all use this one test. Light: no torch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from engine.grounding.claims import Claim, claim_of, claims
from engine.grounding.dates import dates, includes
from engine.grounding.identifiers import is_identifier, written_pattern
from engine.grounding.languages import language_of
from engine.grounding.numbers import numbers
from engine.grounding.words import folded, stem, tokens

_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th|er|e|º|ª|\.)")
_ORDINAL_WORDS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_INFLECTED = frozenset({"ru", "pl", "fi", "hu", "tr", "el", "de", "ro"})
"""Languages whose names take endings."""
_LONGEST_ACRONYM = 6


def supports(claim: Claim | str, text: str) -> bool:
    """Return whether `text` states `claim`: the same words, date, number, identifier or name.

    Only whole words and whole figures count: 12 is neither in 2012 nor in 12.5.
    """
    if isinstance(claim, str):
        claim = claim_of(claim)
    plain = folded(text)
    if _pattern(claim.text).search(plain):
        return True
    if claim.kind == "date":
        return any(includes(stated, wanted) for wanted in _dates(claim.text) for stated in _dates(text))
    if claim.kind == "number":
        return not _number(claim.text).isdisjoint(_numbers(text)) or _is_year_in(claim.text, text)
    return claim.kind == "name" and _supports_name(claim, plain, text)


def unsupported(answer: str, texts: Iterable[str]) -> list[str]:
    """Return the claims of `answer` that none of `texts` supports."""
    missing = claims(answer)
    for text in texts:
        if not missing:
            break
        missing = [claim for claim in missing if not supports(claim, text)]
    return [claim.text for claim in missing]


@lru_cache(maxsize=2048)
def _pattern(claim: str) -> re.Pattern[str]:
    """Return a pattern of the possible spellings of a claim in a folded text."""
    text = " ".join(folded(claim).split())
    if is_identifier(text):
        written = written_pattern(text)
    else:
        words = text.split()
        written = r"\s+".join(_word_pattern(word) for word in words)
        if len(words) == 2 and not any(c.isdigit() for c in text):
            last, first = (re.escape(word.rstrip(",")) for word in words)
            written += rf"|{first}\s+{last}" if words[0].endswith(",") else rf"|{first},\s+{last}"
        elif (ordinal := _ORDINAL.fullmatch(text)) and 0 < int(ordinal[1]) <= len(_ORDINAL_WORDS):
            written += f"|{_ORDINAL_WORDS[int(ordinal[1]) - 1]}"
    inside = r"(?<![^\W\d_]-)" if text[:1].isdigit() else ""  # 835 is not P-835
    return re.compile(rf"(?<!\w)(?<!\d[.,]){inside}(?:{written})(?!\w|[.,]\d)")


def _word_pattern(word: str) -> str:
    """Return a pattern for a word; an abbreviated title may have its full stop or not."""
    return rf"{re.escape(word[:-1])}\.?" if word.endswith(".") and word[:-1].isalpha() else re.escape(word)


@lru_cache(maxsize=4096)
def _dates(text: str) -> frozenset[str]:
    """Return the normal forms of the dates in `text`."""
    return frozenset(value for day in dates(text) for value in day.values)


@lru_cache(maxsize=4096)
def _numbers(text: str) -> frozenset[Decimal]:
    """Return the values of the numbers in `text`; 2nd has the value of 2."""
    if ordinal := _ORDINAL.fullmatch(text):
        return frozenset({Decimal(ordinal[1])})
    return frozenset(value for number in numbers(text, words=True) for value in number.values)


@lru_cache(maxsize=4096)
def _number(claim: str) -> frozenset[Decimal]:
    """Return the values of a claim that is one number; none where it is more, as 88-2014."""
    if ordinal := _ORDINAL.fullmatch(claim):
        return frozenset({Decimal(ordinal[1])})
    whole = (
        number
        for number in numbers(claim, words=True)
        if not re.search(r"\d", claim[: number.start] + claim[number.end :])
    )
    return frozenset(value for number in whole for value in number.values)


def _is_year_in(number: str, text: str) -> bool:
    return len(number) == 4 and number.isdigit() and any(number in stated[:6] for stated in _dates(text))


def _supports_name(claim: Claim, plain: str, text: str) -> bool:
    words = [word for word, _, _ in tokens(claim.text)]
    if claim.first_may_go and len(words) > 1 and _pattern(" ".join(words[1:])).search(plain):
        return True
    if claim.any_word and any(_pattern(word).search(plain) for word in words if len(word) > 1):
        return True
    if claim.text.isupper() and 1 < len(claim.text) <= _LONGEST_ACRONYM and _spells_out(claim.text.lower(), plain):
        return True
    language = language_of(text)
    if language not in _INFLECTED or not words:
        return False
    stemmed = r"[\s-]+".join(rf"{re.escape(stem(word, language))}\w{{0,3}}" for word in words)
    return re.search(rf"(?<!\w)(?:{stemmed})(?!\w)", plain) is not None


def _spells_out(acronym: str, plain: str) -> bool:
    """Return whether `plain` contains adjacent words that begin with the letters of `acronym`."""
    small = r"[\s-]+(?:(?:of|and|for|the|de|des|und|et)\s+)?"
    words = [rf"{re.escape(letter)}\w+" for letter in acronym]
    return re.search(rf"(?<!\w){small.join(words)}(?!\w)", plain) is not None
