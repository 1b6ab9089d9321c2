"""Dates of a text: days, months, quarters and fiscal years, in several languages, with a normal form. Light: no torch.

Normal forms: 2024-08-01, 2024-08, --08-01 (a day without its year), 2024-Q3, FY2024. A date that can be read in two
ways (3/4/2024) has both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from engine.grounding.number_words import spelled_numbers
from engine.grounding.words import folded

_MONTH_NAMES = (
    "january jan januar janvier enero ene gennaio gen janeiro januari jan января январь stycznia styczeń ιανουαρίου",
    "february feb februar février fevrier févr febrero febbraio fevereiro fev februari февраля февраль lutego luty",
    "march mar märz maerz mrz mars marzo março marco maart марта март marca marzec μαρτίου",
    "april apr avril avr abril abr aprile апреля апрель kwietnia kwiecień απριλίου",
    "may mai mayo maggio mag maio mei maj мая май maja μαΐου",
    "june jun juni juin junio giugno giu junho июня июнь czerwca czerwiec ιουνίου",
    "july jul juli juillet juil julio luglio lug julho июля июль lipca lipiec ιουλίου",
    "august aug août aout agosto ago augusti augustus августа август sierpnia sierpień αυγούστου",
    "september sep sept septembre septiembre settembre setembro сентября сентябрь września wrzesień σεπτεμβρίου",
    "october oct oktober okt octobre octubre ottobre ott outubro октября октябрь października październik οκτωβρίου",
    "november nov novembre noviembre novembro ноября ноябрь listopada listopad νοεμβρίου",
    "december dec dezember dez décembre decembre déc diciembre dic dicembre dezembro декабря декабрь grudnia grudzień",
)
MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
"""Names and short names of the months, in lower case -> 1 to 12."""
_ENGLISH_WORDS = (
    "january february march april may june july august september october november december jan feb mar apr jun jul "
    "aug sep sept oct nov dec"
)
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_FULL_NAMES = frozenset(
    name for name in MONTHS if len(name) > 4 or name in ("may", "mai", "june", "july", "juni", "juli")
)
_SHORT = frozenset(("ene", "gen", "mag", "giu", "lug", "ago", "ott", "dic", "dez", "okt", "déc", "fev"))
"""Short names that are other words elsewhere: they count with a year only."""
_MONTH = "(?:" + "|".join(sorted(map(re.escape, MONTHS), key=len, reverse=True)) + r")(?!\w)\.?"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])"
_YEAR = r"(?:1\d|2[01])\d\d"
_ANY_YEAR = r"\d{4}"
_OF = r"(?:(?:of|de|del|di) )?"
_DAYS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth "
    "twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first"
)
_DAY_WORDS = {word: number for number, word in enumerate(_DAYS.split(), 1)}
_DATE = re.compile(
    rf"(?<![\w./-])(?:"
    rf"(?P<y1>{_ANY_YEAR})-(?P<m1>1[0-2]|0?[1-9])(?:-(?P<d1>3[01]|[12]\d|0?[1-9]))?(?=t\d|(?![\w-]))"
    rf"|(?P<d2>\d{{1,2}})(?:st|nd|rd|th|er|[.ºª])? +{_OF}(?P<m2>{_MONTH})(?:,? +{_OF}(?P<y2>{_ANY_YEAR}))?(?!\w)"
    rf"|(?P<d9>{'|'.join(_DAY_WORDS)})(?: day)? of (?P<m9>{_MONTH})(?:,? +(?P<y9>{_ANY_YEAR}))?(?!\w)"
    rf"|(?P<m3>{_MONTH}) +(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?(?:,? +(?P<y3>{_ANY_YEAR}))?(?![\w.,:/-]*\d)"
    rf"|(?P<m4>{_MONTH}),? +{_OF}(?P<y4>{_YEAR})(?!\w)"
    rf"|(?P<d5>{_DAY})\. ?(?P<m5>1[0-2]|0?[1-9])\. ?(?P<y5>{_ANY_YEAR})(?!\w|\.\d)"
    rf"|(?P<a6>{_DAY})/(?P<b6>{_DAY})/(?P<y6>{_ANY_YEAR})(?![\w/])"
    r")"
    r"|(?P<y7>\d{4}) ?[年년] ?(?P<m7>1[0-2]|0?[1-9]) ?[月월](?: ?(?P<d7>3[01]|[12]\d|0?[1-9]) ?[日일号])?"
    r"|(?<!\d)(?P<m8>1[0-2]|0?[1-9]) ?[月월] ?(?P<d8>3[01]|[12]\d|0?[1-9]) ?[日일号]"
)
_LONGEST_YEAR = 60
"""Characters of a year in words."""
_YEARS = (1000, 2199)
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
_ORDINALS |= {"erstes": 1, "zweites": 2, "drittes": 3, "viertes": 4, "ersten": 1, "zweiten": 2, "dritten": 3}
_ORDINALS |= {"premier": 1, "deuxième": 2, "troisième": 3, "quatrième": 4, "primer": 1, "segundo": 2, "tercer": 3}
_ORDINALS |= {"vierten": 4, "cuarto": 4}
_FISCAL = r"(?:fiscal(?: year)?|financial year|geschäftsjahr|wirtschaftsjahr|exercice|ejercicio|esercizio)"
_PERIOD = re.compile(
    rf"(?<!\w)(?:"
    rf"(?:fy ?'?|{_FISCAL} )(?P<fy>\d{{4}}|\d{{2}})(?![\w.,]*\d)"
    rf"|q(?P<q1>[1-4])(?:[ -]?(?:of )?(?:{_FISCAL} |fy ?)?(?P<qy1>{_YEAR}))?(?!\w)"
    rf"|(?P<qy2>{_YEAR})[ -]?q(?P<q2>[1-4])(?!\w)"
    rf"|(?P<q3>{'|'.join(_ORDINALS)}|[1-4]\.)[ -](?:quarter|quartal|trimestre)s?"
    rf"(?: (?:(?:of|de|del|des) )?(?:{_FISCAL} )?(?P<qy3>{_YEAR}))?(?!\w)"
    rf")"
)


@dataclass(frozen=True)
class FoundDate:
    """A date in a text."""

    start: int
    end: int
    text: str
    values: frozenset[str]
    """Normal forms: one, or two when day and month can be swapped; empty for a day that does not exist."""


def dates(text: str) -> Iterator[FoundDate]:
    """Yield the dates of `text` in order, with their places."""
    plain = folded(text)
    found = [_with_spelled_year(plain, m) for m in _DATE.finditer(plain) if _is_date(m, text)]
    found += [(m.span(), frozenset({_period(m)})) for m in _PERIOD.finditer(plain)]
    end = 0
    for (start, stop), values in sorted(found, key=lambda item: (item[0][0], -item[0][1])):
        if start >= end:
            if text[start:stop].endswith(".") and plain[start:stop].rstrip(".").split()[-1] in _FULL_NAMES:
                stop -= 1  # the full stop of a sentence
            yield FoundDate(start, stop, text[start:stop], values)
            end = stop


def _with_spelled_year(plain: str, found: re.Match[str]) -> tuple[tuple[int, int], frozenset[str]]:
    """Return the span and the values of a date; of "the ninth day of June two thousand and eighteen" with its year."""
    start, end = found.span()
    if found["d9"] and not found["y9"]:
        for first, last, year in spelled_numbers(plain[end : end + _LONGEST_YEAR]):
            if first <= 2 and _YEARS[0] <= year <= _YEARS[1]:
                made = _iso(int(year), MONTHS[found["m9"].rstrip(".")], _DAY_WORDS[found["d9"]])
                return (start, end + last), frozenset({made} if made else ())
            break
    return (start, end), _values(found)


def includes(stated: str, claimed: str) -> bool:
    """Return whether the date `stated` includes `claimed`: the same date, or its month or year."""
    if stated == claimed:
        return True
    if claimed.startswith("--"):
        return len(stated) == 10 and stated[4:] == claimed[1:]
    if claimed.startswith("Q"):
        return stated.endswith(f"-{claimed}")
    return stated.startswith(f"{claimed}-")


def slash_order(text: str) -> tuple[bool, bool]:
    """Return whether a date with slashes in `text` can only have its day first, and whether one only its month."""
    pairs = [(int(m["a6"]), int(m["b6"])) for m in _DATE.finditer(folded(text)) if m["a6"]]
    return any(first > 12 for first, _ in pairs), any(second > 12 for _, second in pairs)


def _is_date(found: re.Match[str], text: str) -> bool:
    """Return whether a match is meant as a date: without a day or a year, an English month has a capital."""
    group = next((name for name in ("m2", "m3", "m4", "m9") if found[name]), None)
    if group is None or (group == "m2" and found["y2"]) or (group == "m3" and found["y3"]):
        return True
    month = found[group].rstrip(".")
    if month in _SHORT:
        return group == "m4"
    return month not in _ENGLISH or text[found.start(group)].isupper()


def _values(found: re.Match[str]) -> frozenset[str]:
    part = found.groupdict()
    if part["y6"]:
        a, b = int(part["a6"]), int(part["b6"])
        both = (_iso(int(part["y6"]), month, day) for day, month in ((a, b), (b, a)))
        return frozenset(made for made in both if made)
    number = next(n for n in "12345789" if part.get(f"m{n}"))
    month = part[f"m{number}"].rstrip(".")
    year, day = part.get(f"y{number}"), part.get(f"d{number}")
    made = _iso(
        int(year) if year else None, MONTHS.get(month) or int(month), _DAY_WORDS.get(day) or int(day) if day else None
    )
    return frozenset({made}) if made else frozenset()


def _iso(year: int | None, month: int, day: int | None) -> str:
    """Return the normal form of a date; "" for one that no calendar has."""
    try:
        date(year or 2000, month, day or 1)
    except ValueError:
        return ""
    begins = f"{year:04}" if year else "-"
    return f"{begins}-{month:02}" + (f"-{day:02}" if day else "")


def _period(found: re.Match[str]) -> str:
    if fiscal := found["fy"]:
        return f"FY{fiscal if len(fiscal) == 4 else '20' + fiscal}"
    quarter = found["q1"] or found["q2"] or found["q3"]
    number = _ORDINALS.get(quarter) or int(quarter.rstrip("."))
    year = found["qy1"] or found["qy2"] or found["qy3"]
    return f"{year}-Q{number}" if year else f"Q{number}"
