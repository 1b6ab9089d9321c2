"""Figures and names of an answer that do not stand in the text it rests on.

A model may put a number together that no page holds. What can be looked up is looked up: every figure, date and
identifier, and every name that does not merely begin a sentence. The same figure written otherwise is the same figure:
1,234 and 1234, 3 May 2024 and 2024-05-03, P-835 and P 835.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache

_SPACED = r"\b(?!(?:EUR|USD|GBP|CHF|JPY|CNY|INR|CAD|AUD|SEK|NOK|DKK|PLN)\b)[^\W\d_a-zß-öø-ÿ]{1,4} \d{2,}\b(?![.,]\d)"
"""PR 409: capitals and a number, but for sums of money."""
_FIGURE = re.compile(rf"{_SPACED}|(?=[\w.,:/-]*\d)\w(?:[\w.,:/-]*\w)?")
_CAPITAL = r"[^\W\d_a-zß-öø-ÿ][^\W\d_]+"
_NAME = re.compile(rf"\b{_CAPITAL}(?:[ -]{_CAPITAL})*")
_SENTENCE_START = re.compile(r"(?:^|[.!?:\n]\s)\s*$")
_OPENERS_WORDS = (
    "a according after all also an and are as at because before both but by can contrary did do does "
    "during each every for from give had has have he her his how if in is it its just key later list "
    "more most my name no none not of on once one only or other our she since so some such that the "
    "their then there these they this those though to under until was we were what when where which "
    "while who whom whose why with you your yes"
)
_OPENERS = frozenset(_OPENERS_WORDS.split())
"""Words that are written with a capital only because they begin a sentence."""

_SIGNS = {
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"), "-"),
    **dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f\t\n\r\x0b\x0c"), " "),
    **dict.fromkeys(map(ord, "\u2018\u2019\u02bc"), "'"),
}
_UNIT_POWER = re.compile(r"(?<=[^\W\d_])[²³]")
"""m² is read as m2: that is how a page is cleaned."""
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sep sept",
            "october oct",
            "november nov",
            "december dec",
        ),
        1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATE = re.compile(
    rf"(?<!\w)(?:(?P<d1>\d{{1,2}})(?:st|nd|rd|th|\.)?\s+(?:of\s+)?(?P<m1>{_MONTH})\.?,?\s+(?P<y1>\d{{4}})"
    rf"|(?P<m2>{_MONTH})\.?\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y2>\d{{4}})"
    r"|(?P<y3>\d{4})-(?P<m3>\d{1,2})-(?P<d3>\d{1,2})"
    r"|(?P<a4>\d{1,2})(?P<s4>[./])(?P<b4>\d{1,2})(?P=s4)(?P<y4>\d{4}))(?!\w)"
)
_BARE = r"(?<![\w.,])(?<![^\W\d_]-)"
_NUMBER = re.compile(rf"{_BARE}\d{{1,3}}(?:[ ']\d{{3}})+(?:[.,]\d+)?(?!\w|[.,]\d)|{_BARE}\d+(?:[.,]\d+)*(?!\w|[.,]\d)")
_IDENTIFIER = re.compile(rf"{_SPACED}|(?<!\w)[^\W\d_]+[-./_]?\d{{2,}}\w*(?:[-./_]\w+)*(?!\w)")
_PIECES = re.compile(r"[^\W\d_]+|\d+")


def claims(answer: str) -> list[str]:
    """The figures and names in `answer`, each once, in order; what stands side by side (a date, a full name) is one."""
    text = unicodedata.normalize("NFKC", answer).translate(_SIGNS).strip()
    dates = [m.span() for m in _DATE.finditer(folded(text))]
    spans = sorted(dates + [m.span() for m in _FIGURE.finditer(text)] + list(_names(text)))
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1] + 1 and not text[joined[-1][1] : start].strip():  # beside or within
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return list(dict.fromkeys(text[start:end] for start, end in joined))


def identifiers(text: str) -> list[str]:
    """The claims of `text` that can name one thing only: letters, then two digits or more, as FT-474 or B12."""
    named = (found[0] for claim in claims(text) for found in _IDENTIFIER.finditer(claim))
    return list(dict.fromkeys(named))


def unverified(answer: str, pages: Iterable[str]) -> list[str]:
    """The claims of `answer` that stand on none of `pages`; differences of case and white space do not count."""
    missing = claims(answer)
    for page in pages:
        if not missing:
            break
        text = folded(page)
        missing = [claim for claim in missing if not stands_in(claim, text)]
    return missing


def stands_in(claim: str, text: str) -> bool:
    """Whether `text` (folded) says `claim`, in the same words or as the same number, date or identifier.

    Whole words and whole figures only: 12 stands neither in 2012 nor in 12.5.
    """
    pattern, days, number = _reading_of(claim)
    if pattern.search(text):
        return True
    if days:
        return any(days & _days(found) for found in _DATE.finditer(text))
    return bool(number) and any(number & _values(found[0]) for found in _NUMBER.finditer(text))


def folded(text: str) -> str:
    """`text` without what does not count: case, kinds of dashes and blanks. Every character stays where it was."""
    text = _UNIT_POWER.sub(lambda found: "23"[found[0] == "³"], text.translate(_SIGNS))
    small = text.casefold()
    if len(small) != len(text):
        small = "".join(c.casefold() if len(c.casefold()) == 1 else c for c in text)
    return small


def _names(text: str) -> Iterable[tuple[int, int]]:
    """Where names stand: words with a capital. At the start of a sentence a single one is none, nor an opening word."""
    for found in _NAME.finditer(text):
        start, end = found.span()
        if _SENTENCE_START.search(text, 0, start):
            first = re.match(r"\w+", found[0])
            assert first is not None
            if first.end() == len(found[0]) or found[0][first.end()] == "-":
                continue
            if first[0].casefold() in _OPENERS:
                start += first.end() + 1
        yield start, end


@lru_cache(maxsize=512)
def _reading_of(claim: str) -> tuple[re.Pattern[str], frozenset[date], frozenset[Decimal]]:
    """How a claim may be written, the days that it may mean, and its value as a number."""
    text = " ".join(folded(unicodedata.normalize("NFKC", claim)).split())
    day = _DATE.fullmatch(text)
    number = frozenset[Decimal]() if day else _values(text)
    if _IDENTIFIER.fullmatch(text) or _IDENTIFIER.fullmatch(text.upper()):
        pieces = [re.escape(piece) for piece in _PIECES.findall(text)]
        written = r"[-\s./_]?".join(pieces)
    else:
        written = r"\s+".join(re.escape(word) for word in text.split())
        words = text.split()
        if len(words) == 2 and not any(c.isdigit() for c in text):
            written += rf"|{re.escape(words[1])},\s+{re.escape(words[0])}"
    inside = r"(?<![^\W\d_]-)" if text[:1].isdigit() else ""  # 835 is not P-835
    pattern = re.compile(rf"(?<!\w)(?<!\d[.,]){inside}(?:{written})(?!\w|[.,]\d)")
    return pattern, _days(day) if day else frozenset(), number


def _days(found: re.Match[str]) -> frozenset[date]:
    """The day of a match of `_DATE`; both where day and month could change places."""
    part = found.groupdict()
    if part["y4"]:
        a, b, year = int(part["a4"]), int(part["b4"]), int(part["y4"])
        tried = [(year, b, a)] if part["s4"] == "." else [(year, b, a), (year, a, b)]
    else:
        which = next(n for n in "123" if part[f"y{n}"])
        month = part[f"m{which}"]
        tried = [(int(part[f"y{which}"]), _MONTHS.get(month) or int(month), int(part[f"d{which}"]))]
    return frozenset(date(*ymd) for ymd in tried if 1 <= ymd[1] <= 12 and 1 <= ymd[2] <= 28 + _more(ymd[0], ymd[1]))


def _more(year: int, month: int) -> int:
    """Days of a month beyond 28."""
    following = date(year + month // 12, month % 12 + 1, 1) if year < 9999 else date(year, 12, 31)
    return (following - date(year, month, 1)).days - 28


@lru_cache(maxsize=4096)
def _values(text: str) -> frozenset[Decimal]:
    """What `text` may mean as a number: 1,234 is a thousand and more, or one and a bit; empty where it is no number."""
    text = re.sub(r"(?<=\d)[ '](?=\d{3}(?!\d))", "", text)
    if not re.fullmatch(r"\d+(?:[.,]\d+)*", text):
        return frozenset()
    marks = re.findall("[.,]", text)
    found = set()
    if len(marks) == 1:
        found.add(Decimal(text.replace(",", ".")))
    if not marks or re.fullmatch(r"\d{1,3}(?:,\d{3})+|\d{1,3}(?:\.\d{3})+", text):
        found.add(Decimal(re.sub("[.,]", "", text)))
    if len(set(marks)) == 2 and marks.count(marks[-1]) == 1:
        whole, _, part = text.rpartition(marks[-1])
        found.add(Decimal(re.sub("[.,]", "", whole) + "." + part))
    return frozenset(found)
