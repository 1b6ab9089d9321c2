"""Support: the test whether a text states the same date, number, identifier or name as a claim, however it is written.

Answers, summaries, entities and their evidence all use this one test. Light: no torch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from engine.grounding.claims import Claim, claim_of, claims
from engine.grounding.dates import ERAS, dates, includes
from engine.grounding.identifiers import is_identifier, written_pattern
from engine.grounding.languages import language_of
from engine.grounding.names import TITLES
from engine.grounding.numbers import number_values, numbers
from engine.grounding.rounding import rounds_to
from engine.grounding.times import states_time
from engine.grounding.words import UNSPACED, folded, signs_unified, stem, tokens, unaccented

_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th|er|e|º|ª|\.)")
_ORDINAL_WORDS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_INFLECTED = frozenset({"ru", "pl", "fi", "hu", "tr", "el", "de", "ro"})
"""Languages whose names take endings."""
_LONGEST_ACRONYM = 6
_GLUED = re.compile(r"(\d+(?:[.,]\d+)*) ?[^\W\d_]{1,5}\.?")
_GLUED_IN_TEXT = re.compile(
    r"(?<![\w.,])(\d+(?:[.,]\d+)*)(?:h|hrs?|min|s|d|kg|g|mg|µg|km|cm|mm|m|kw|mw|gb|mb|tb|v|w|x)(?!\w)"
)
"""A number with its unit or its counter glued on: 30h."""
_ERA = re.compile(rf"(?P<era>{'|'.join(ERAS)}) ?(?P<year>\d{{1,3}})年")
_TENTHS = re.compile(r"(\d)割")
"""Tenths in Japanese: 2割 is 20 per cent."""
_TITLES = frozenset(title.lower() for title in TITLES)
_BETWEEN = r"(?:['\s-]+|\.\s*)(?:[^\W\d_]+\.?\s+)?"
"""Pattern between two words of a name: a blank, a hyphen or an apostrophe, and at most one word or initial."""
_DECADE = re.compile(r"(\d{3})0(?:s|er)")
_YEARS = re.compile(r"((?:19|20)\d\d)[/-](?:19|20)?(\d\d)")
"""Two years in a row: 2024/25."""
_ONE = re.compile("(?<![〇一二三四五六七八九十百千])一(?![〇一二三四五六七八九十百千万亿億])")
_RATIO = re.compile(r"(\d+):(\d+)")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY = re.compile(r"(mon|tue|wed|thu|fri|sat|sun)(?:s|nes|rs|ur)?(?:day)?s?")
_UNSPACED = re.compile(f"[{UNSPACED}]")
_RANGE = re.compile(r"(\d+(?:[.,]\d+)?)-(\d+(?:[.,]\d+)?)")


def supports(claim: Claim | str, text: str) -> bool:
    """Return whether `text` states `claim`: the same words, date, number, identifier or name.

    Only whole words and whole figures count: 12 is neither in 2012 nor in 12.5.
    """
    if isinstance(claim, str):
        claim = claim_of(claim)
    plain = folded(text)
    if _pattern(claim.text).search(plain):
        return True
    if claim.kind == "identifier" and claim.text.count(" ") > 1:
        return _compact(claim.text) in _compact(text)
    if claim.kind == "date":
        stated = _dates(text)
        return any(
            any(includes(one, wanted) for one in stated) or _is_completed(wanted, stated)
            for wanted in _dates(claim.text)
        )
    if claim.kind == "number":
        return _supports_number(claim, text)
    return claim.kind == "name" and _supports_name(claim, plain, text)


def _is_completed(wanted: str, stated: frozenset[str]) -> bool:
    """Return whether a day of `stated` without a year is `wanted` in the year of another date there."""
    return (
        len(wanted) == 10
        and f"-{wanted[4:]}" in stated
        and any(one.startswith(wanted[:4]) and one != wanted for one in stated)
    )


def unsupported(answer: str, texts: Iterable[str]) -> list[str]:
    """Return the claims of `answer` that none of `texts` supports."""
    missing = claims(answer)
    for text in texts:
        if not missing:
            break
        missing = [claim for claim in missing if not supports(claim, text)]
    return [claim.text for claim in missing]


def _compact(text: str) -> str:
    return re.sub(r"[\s-]", "", folded(text))


@lru_cache(maxsize=2048)
def _pattern(claim: str) -> re.Pattern[str]:
    """Return a pattern of the possible spellings of a claim in a folded text."""
    text = " ".join(folded(claim).split())
    identifier = is_identifier(text)
    if identifier:
        written = written_pattern(text)
    else:
        words = text.split()
        written = r"\s+".join(_word_pattern(word) for word in words)
        if len(words) == 2 and not any(c.isdigit() for c in text):
            last, first = (re.escape(word.rstrip(",")) for word in words)
            written += rf"|{first}\s+{last}" if words[0].endswith(",") else rf"|{first},\s+{last}"
        elif (ordinal := _ORDINAL.fullmatch(text)) and 0 < int(ordinal[1]) <= len(_ORDINAL_WORDS):
            written += f"|{_ORDINAL_WORDS[int(ordinal[1]) - 1]}"
    inside = r"(?<![^\W\d_\u0590-\u05ff]-)" if text[:1].isdigit() else ""  # 835 is not P-835
    # A figure or a Latin word stands beside the letters of a script without blanks.
    before, after = (
        rf"[^\W{UNSPACED}]" if text and not _UNSPACED.match(edge) else r"\w" for edge in (text[:1], text[-1:])
    )
    # A figure goes on behind a comma; a name or an identifier does not: a,P-835,2309 is a line of CSV.
    fraction = rf"(?<!\d[.,]){inside}" if text[:1].isdigit() else ""
    further = "" if not text[-1:].isdigit() else r"|\.\d" if identifier else r"|[.,]\d"
    return re.compile(rf"(?<!{before}){fraction}(?:{written})(?!{after}{further})")


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
    found = {value for number in numbers(text, words=True) for value in number.values}
    plain = folded(text)
    found.update(value for glued in _GLUED_IN_TEXT.finditer(plain) for value in number_values(glued[1]))
    found.update(10 * Decimal(tenths[1]) for tenths in _TENTHS.finditer(plain))
    found.update(Decimal(ERAS[era["era"]] + int(era["year"])) for era in _ERA.finditer(plain))
    return frozenset(found)


@lru_cache(maxsize=4096)
def _likely_numbers(text: str) -> frozenset[Decimal]:
    """Return the values of the numbers in `text`, of 47,900 only the larger one."""
    return frozenset(max(number.values) for number in numbers(text, words=True) if number.values)


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


def _supports_number(claim: Claim, text: str) -> bool:
    wanted, stated = _number(claim.text), _numbers(text)
    if claim.text == "1" and _ONE.search(text):
        return True
    if not wanted.isdisjoint(stated) or _is_year_in(claim.text, text) or states_time(claim.text, text):
        return True
    if (glued := _GLUED.fullmatch(folded(claim.text))) and not number_values(glued[1]).isdisjoint(stated):
        return True
    if claim.rounding is not None and any(rounds_to(_likely_numbers(text), value, claim.rounding) for value in wanted):
        return True
    if decade := _DECADE.fullmatch(folded(claim.text)):
        return re.search(rf"(?<!\d){decade[1]}\d(?!\d)", text) is not None
    if ratio := _RATIO.fullmatch(claim.text):
        return re.search(rf"(?<![\d.,]){ratio[1]} ?(?:to|zu|à|a|к|比|:|-) ?{ratio[2]}(?!\d)", folded(text)) is not None
    if years := _YEARS.fullmatch(signs_unified(claim.text)):
        return re.search(rf"(?<!\d){years[1]} ?[/-] ?(?:{years[1][:2]})?{years[2]}(?!\d)", folded(text)) is not None
    ends = _RANGE.fullmatch(signs_unified(claim.text))
    return ends is not None and all(not number_values(end).isdisjoint(stated) for end in ends.groups())


def _is_year_in(number: str, text: str) -> bool:
    return len(number) == 4 and number.isdigit() and any(number in stated[:6] for stated in _dates(text))


def _supports_name(claim: Claim, plain: str, text: str) -> bool:
    words = [word for word, _, _ in tokens(unaccented(claim.text))]
    if words and all(map(_WEEKDAY.fullmatch, words)):
        return all(_has_weekday(word[:3], plain, text) for word in words)
    plain = unaccented(plain)
    untitled = [word for word in words if word not in _TITLES] or words
    variants = [untitled]
    if claim.first_may_go and 1 < len(untitled) == len(words):
        variants.append(untitled[1:])
    if any(_spaced_pattern(tuple(variant)).search(plain) for variant in variants):
        return True
    if claim.any_word and not _is_of_another(words, plain, text):
        return any(_pattern(word).search(plain) for word in words if len(word) > 1)
    if claim.text.isupper() and 1 < len(claim.text) <= _LONGEST_ACRONYM and _spells_out(claim.text.lower(), plain):
        return True
    language = language_of(text)
    if language not in _INFLECTED or not words:
        return False
    for variant in variants:
        stemmed = _BETWEEN.join(rf"{re.escape(stem(word, language))}\w{{0,3}}" for word in variant)
        if re.search(rf"(?<!\w)(?:{stemmed})(?!\w)", plain) is not None:
            return True
    return False


def _has_weekday(short: str, plain: str, text: str) -> bool:
    """Return whether a text names a day of the week, or gives a date that falls on it."""
    if any(found[1] == short for found in re.finditer(rf"(?<!\w){_WEEKDAY.pattern}(?!\w)", plain)):
        return True
    days = (date.fromisoformat(day) for day in _dates(text) if re.fullmatch(r"[12]\d{3}-\d\d-\d\d", day))
    return any(_WEEKDAYS[day.weekday()] == short for day in days)


def _is_of_another(words: Sequence[str], plain: str, text: str) -> bool:
    """Return whether the text has a word of a name only before another capitalised word than the name has, and that one
    nowhere: Reto Zurbriggen where the text knows Reto Zgraggen."""
    for first, second in pairwise(words):
        places = [found.end() for found in re.finditer(rf"(?<!\w){re.escape(first)}(?!\w)", plain)]
        if not places or _pattern(second).search(plain):
            continue
        if all(re.match(r"[ \n-][^\W\d_a-zà-öø-ÿ]", text[end : end + 2]) for end in places):
            return True
    return False


@lru_cache(maxsize=2048)
def _spaced_pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern of a name, between whose words the text may have an initial or a second name."""
    return re.compile(rf"(?<!\w){_BETWEEN.join(map(re.escape, words))}(?!\w)")


def _spells_out(acronym: str, plain: str) -> bool:
    """Return whether `plain` contains adjacent words that begin with the letters of `acronym`."""
    small = r"[\s-]+(?:(?:of|and|for|the|de|des|und|et)\s+)?"
    words = [rf"{re.escape(letter)}\w+" for letter in acronym]
    return re.search(rf"(?<!\w){small.join(words)}(?!\w)", plain) is not None
