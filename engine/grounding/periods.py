"""The period that a document covers, as the head of a page states it: two dates with a link between them, a month or
year named as a period. English. Light: no torch."""

from __future__ import annotations

import re
from itertools import pairwise

from engine.grounding.dates import dates
from engine.grounding.front_matter import FrontLine, head_lines

_LINK = re.compile(r"\s*(?:-|–|—|\bto\b|\bthrough\b|\bthru\b|\buntil\b|\btill\b|\band\b)\s*", re.I)
_YEARS = re.compile(
    r"(?<![\w.,/-])(?:1[5-9]|20)\d\d\s*(?:-|–|—|/|\bto\b|\bthrough\b|\band\b)\s*(?:(?:1[5-9]|20)\d\d|\d\d)(?![\w/]|"
    r"[-.]\d)",
    re.I,
)
_MONTHS = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\.?"
)
_MONTHS_OF_YEAR = re.compile(rf"\b{_MONTHS}\s*(?:-|–|—|\bto\b|\bthrough\b)\s*{_MONTHS},?\s+(?:19|20)\d\d\b", re.I)
_NAMED = re.compile(
    r"\b(?:period|year|month|quarter|week|season|term|half)s?\s+(?:ended|ending|of|from|to|covered)?\s*:?\s*[\w "
    r",]*?\d{4}|"
    r"\b(?:fiscal|financial|calendar|school|academic|tax|reporting)\s+(?:year|period|quarter)s?\s+\(?\d{4}|"
    r"\bFY\s?'?\d\d|"
    r"\b(?:Q[1-4]|(?:first|second|third|fourth) quarter)(?: of)?,? (?:19|20)\d\d|\b[HQ][1-4] ?(?:19|20)\d\d",
    re.I,
)
_MONTH = re.compile(rf"\b{_MONTHS}\s*(?:-|–|,|of)?\s*(?:19|20)\d\d\b", re.I)
_YEAR = re.compile(r"(?<![\w./-])(?:1[89]|20)\d\d(?![\w./-])")
_OTHER_DATE = re.compile(
    r"\b(?:received|accepted|revised|published|copyright|issued|updated|printed|downloaded|vol\.)|©", re.I
)
"""A line that dates the document itself or one of its steps."""
_SPAN, _STATED, _MONTH_ALONE, _YEAR_ALONE = 4, 3, 2, 1
_LONGEST = 200
_FEWEST_DAY = 10
"""Letters of the normal form of a day."""


def period_lines(page: str) -> list[FrontLine]:
    """Return the lines in the head of `page` that state a period, the clearest first; none where none does."""
    found = [(_states(line.text), line) for line in head_lines(page)]
    return [line for sure, line in sorted(found, key=lambda pair: (-pair[0], pair[1].start)) if sure]


def _states(line: str) -> int:
    """Return how clearly a line states a period: 0 where it does not."""
    if len(line) > _LONGEST or _OTHER_DATE.search(line):
        return 0
    stated = list(dates(line))
    for first, second in pairwise(stated):
        if _LINK.fullmatch(line[first.end : second.start]):
            return _SPAN
    if _YEARS.search(line) or _MONTHS_OF_YEAR.search(line):
        return _SPAN
    if _NAMED.search(line):
        return _STATED
    if _MONTH.search(line) and not any(len(value) >= _FEWEST_DAY for date in stated for value in date.values):
        return _MONTH_ALONE
    return _YEAR_ALONE if _YEAR.search(line) and not stated else 0
