"""Dates of a text: days, months, quarters and fiscal years, in several languages, with a normal form. Light: no torch.

Normal forms: 2024-08-01, 2024-08, --08-01 (a day without its year), 2024-Q3, FY2024. A date that can be read in two
ways (3/4/2024) has both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.grounding.number_words import numeral, spelled_numbers
from engine.grounding.words import folded

_MONTH_NAMES = (
    "january jan januar janvier enero ene gennaio gen janeiro januari jan января январь stycznia styczeń ιανουαρίου "
    "ocak ledna leden ianuarie január січня tammikuuta tammikuu يناير जनवरी ינואר มกราคม",
    "february feb februar février fevrier févr febrero febbraio fevereiro fev februari февраля февраль lutego luty "
    "φεβρουαρίου şubat února únor februarie február лютого helmikuuta helmikuu فبراير फरवरी फ़रवरी פברואר กุมภาพันธ์",
    "march mar märz maerz mrz mars marzo março marco maart марта март marca marzec μαρτίου "
    "mart března březen martie március marts maret березня maaliskuuta maaliskuu مارس मार्च מרץ มีนาคม",
    "april apr avril avr abril abr aprile апреля апрель kwietnia kwiecień απριλίου "
    "nisan dubna duben aprilie április квітня huhtikuuta huhtikuu أبريل ابريل إبريل अप्रैल אפריל เมษายน",
    "may mai mayo maggio mag maio mei maj мая май maja μαΐου "
    "mayıs května květen május травня toukokuuta toukokuu مايو मई מאי พฤษภาคม",
    "june jun juni juin junio giugno giu junho июня июнь czerwca czerwiec ιουνίου "
    "haziran června červen iunie június червня kesäkuuta kesäkuu يونيو जून יוני มิถุนายน",
    "july jul juli juillet juil julio luglio lug julho июля июль lipca lipiec ιουλίου "
    "temmuz července červenec iulie július липня heinäkuuta heinäkuu يوليو जुलाई יולי กรกฎาคม",
    "august aug août aout agosto ago augusti augustus августа август sierpnia sierpień αυγούστου "
    "ağustos srpna srpen augusztus agustus серпня elokuuta elokuu أغسطس اغسطس अगस्त אוגוסט สิงหาคม",
    "september sep sept septembre septiembre settembre setembro сентября сентябрь września wrzesień σεπτεμβρίου "
    "eylül září septembrie szeptember вересня syyskuuta syyskuu سبتمبر सितंबर सितम्बर ספטמבר กันยายน",
    "october oct oktober okt octobre octubre ottobre ott outubro октября октябрь października październik οκτωβρίου "
    "ekim října říjen octombrie október жовтня lokakuuta lokakuu أكتوبر اكتوبر अक्टूबर अक्तूबर אוקטובר ตุลาคม",
    "november nov novembre noviembre novembro ноября ноябрь listopada listopad νοεμβρίου "
    "kasım listopadu noiembrie листопада marraskuuta marraskuu نوفمبر नवंबर नवम्बर נובמבר พฤศจิกายน",
    "december dec dezember dez décembre decembre déc diciembre dic dicembre dezembro декабря декабрь grudnia grudzień "
    "δεκεμβρίου aralık prosince prosinec decembrie desember грудня joulukuuta joulukuu ديسمبر दिसंबर दिसम्बर דצמבר "
    "ธันวาคม",
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
ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "民國": 1911, "民国": 1911}
"""Eras of Japan and of Taiwan -> the year before their first."""
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
    rf"|(?P<d2>\d{{1,2}})(?:st|nd|rd|th|er|[.ºª])?(?: +|-){_OF}ב?(?P<m2>{_MONTH})"
    rf"(?:(?:,? +|-){_OF}(?P<y2>{_ANY_YEAR}))?(?!\w)"
    rf"|(?P<d9>{'|'.join(_DAY_WORDS)})(?: day)? of (?P<m9>{_MONTH})(?:,? +(?P<y9>{_ANY_YEAR}))?(?!\w)"
    rf"|(?P<m3>{_MONTH}) +(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?(?:,? +(?P<y3>{_ANY_YEAR}))?(?![\w.,:/-]*\d)"
    rf"|(?P<m4>{_MONTH}),? +{_OF}(?P<y4>{_YEAR})(?!\w)"
    rf"|(?P<d5>{_DAY})\. ?(?P<m5>1[0-2]|0?[1-9])\. ?(?P<y5>{_ANY_YEAR})(?!\w|\.\d)"
    rf"|(?P<a6>{_DAY})(?P<s6>[/-])(?P<b6>{_DAY})(?P=s6)(?P<y6>{_ANY_YEAR})(?![\w/-])"
    rf"|(?P<yA>{_YEAR})(?P<sA>[/.]) ?(?P<mA>1[0-2]|0?[1-9])(?P=sA) ?(?P<dA>{_DAY})(?![\w/]|\.\d)"
    rf"|(?P<yB>{_YEAR})\.? (?P<mB>{_MONTH}) +(?P<dB>{_DAY})(?![\d.,:]*\d)"
    rf"|(?:ngày )?(?P<dC>{_DAY}) tháng (?P<mC>1[0-2]|0?[1-9])(?:,? năm (?P<yC>{_ANY_YEAR}))?(?!\w)"
    r")"
    rf"|(?P<era>{'|'.join(ERAS)}) ?(?P<eD>\d{{1,3}}|元) ?年 ?(?P<mD>1[0-2]|0?[1-9]) ?月"
    r"(?: ?(?P<dD>3[01]|[12]\d|0?[1-9]) ?日)?"
    r"|(?P<y7>\d{4}) ?[年년] ?(?P<m7>1[0-2]|0?[1-9]) ?[月월](?: ?(?P<d7>3[01]|[12]\d|0?[1-9]) ?[日일号])?"
    r"|(?<!\d)(?P<m8>1[0-2]|0?[1-9]) ?[月월] ?(?P<d8>3[01]|[12]\d|0?[1-9]) ?[日일号]"
)
_MONTH_ALONE = re.compile(rf"(?<!\w)(?P<m>{_MONTH})")
_DIGITS = "〇零一二三四五六七八九十"
_NUMERAL_DATE = re.compile(
    rf"(?:(?P<y>[〇零一二三四五六七八九]{{4}}) ?年 ?|(?P<era>{'|'.join(ERAS)}) ?(?P<e>[{_DIGITS}百]{{1,4}}|元) ?年 ?)?"
    rf"(?<![{_DIGITS}])(?P<m>[{_DIGITS}]{{1,3}}) ?月(?: ?(?P<d>[{_DIGITS}]{{1,3}}) ?[日号])?"
)
_LONGEST_LINK = 48
_SHORT_MONTH = 5
_TO_MONTH = re.compile(
    r"(?:(?:,? (?:days?|d[ií]as?|jours?|giorn[oi]|tage?s?))?,? (?:(?:of|in) the month of |du mois de |des monats "
    r"|day of |(?:del?|do|di|nel) m[êe]se? (?:de |di |d')?|de |di |d'|of )?)$"
)
"""Stands between a day and its month."""
_TO_YEAR = re.compile(
    r",? ?(?:(?:in the year|of the year|del año|do ano(?: de)?|dell'anno|de l'an(?:née)?|l'an|anno|del|de|do|di|of"
    r"|des jahres) )?"
)
_YEAR_OPENS = re.compile(r"(?:l'an|dell'anno|nell'anno|el año|del año|o ano|do ano|the year|im jahre?) $")
_LAST_WORD = re.compile(r"(?:\d{1,2}|[^\W\d_]+(?:-[^\W\d_]+)?)$")
_FIRST = frozenset(("primeiro", "primero", "primo", "premier", "ersten", "erste", "eerste", "первого", "prvního"))
_GERMAN_ORDINAL = re.compile(r"(?P<n>\w+?)s?te[nrs]?")
_YEARS = (1000, 2199)
_BUDDHIST = 2440
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
    found = [(m.span(), _values(m)) for m in _DATE.finditer(plain) if _is_date(m, text)]
    found += [(m.span(), frozenset({_period(m)})) for m in _PERIOD.finditer(plain)]
    found += [*_in_words(plain), *_in_numerals(plain)]
    end = 0
    for (start, stop), values in sorted(found, key=lambda item: (item[0][0], -item[0][1])):
        if start >= end:
            if text[start:stop].endswith(".") and plain[start:stop].rstrip(".").split()[-1] in _FULL_NAMES:
                stop -= 1  # the full stop of a sentence
            yield FoundDate(start, stop, text[start:stop], values)
            end = stop


def _in_numerals(plain: str) -> Iterator[tuple[tuple[int, int], frozenset[str]]]:
    """Yield the span and the values of the dates in Chinese numerals: 二〇二四年五月二十日, 令和五年十月一日."""
    for found in _NUMERAL_DATE.finditer(plain):
        year, month, day = (numeral(found[part]) if found[part] else None for part in ("y", "m", "d"))
        if found["era"]:
            year = ERAS[found["era"]] + (1 if found["e"] == "元" else numeral(found["e"]) or 0)
        if month is None or not 1 <= month <= 12 or (year is None and day is None):
            continue
        value = _iso(year, month, day)
        yield found.span(), frozenset({value} if value else ())


def _in_words(plain: str) -> list[tuple[tuple[int, int], frozenset[str]]]:
    """Return the span and the values of the days of `plain` whose day or year is in words: "vinte e três dias do mês
    de maio de dois mil e vinte e quatro"."""
    months = [found for found in _MONTH_ALONE.finditer(plain) if len(found["m"]) > 2]
    if not months:
        return []
    made = []
    numbers = list(spelled_numbers(plain))
    for month in months:
        day = _day_before(plain, month.start(), numbers)
        year = _year_behind(plain, month.end(), numbers) or (_year_before(plain, day, numbers) if day else None)
        if day is None or (day.in_digits and (year is None or year.in_digits)):
            continue
        if year is None and len(month["m"]) <= _SHORT_MONTH and plain[day.end : month.start()].isspace():
            continue  # "two may go"
        value = _iso(year.value if year else None, MONTHS[month["m"].rstrip(".")], day.value)
        end = max(month.end(), year.end if year else 0)
        made.append(((min(day.start, year.start if year else day.start), end), frozenset({value} if value else ())))
    return made


@dataclass(frozen=True)
class _Part:
    """The day or the year of a date, in words or digits."""

    start: int
    end: int
    value: int
    in_digits: bool


def _day_before(plain: str, end: int, numbers: Sequence[tuple[int, int, Decimal]]) -> _Part | None:
    """Return the day in front of a month that begins at `end`."""
    link = _TO_MONTH.search(plain[max(0, end - _LONGEST_LINK) : end])
    if link is None:
        return None
    end -= len(link[0])
    for start, stop, value in numbers:
        if stop == end and 1 <= value <= 31:
            return _Part(start, stop, int(value), False)
    word = _LAST_WORD.search(plain[max(0, end - _LONGEST_LINK) : end])
    if word is None:
        return None
    start = end - len(word[0])
    if word[0].isdigit():
        return _Part(start, end, int(word[0]), True) if 1 <= int(word[0]) <= 31 else None
    named = _DAY_WORDS.get(word[0]) or _ordinal(word[0])
    return None if named is None else _Part(start, end, named, False)


def _year_before(plain: str, day: _Part, numbers: Sequence[tuple[int, int, Decimal]]) -> _Part | None:
    """Return the year in words in front of a day: "l'an deux mille vingt-quatre, le samedi seize mars"."""
    for start, end, value in numbers:
        if not (_YEARS[0] <= value <= _YEARS[1] and 0 < day.start - end <= _LONGEST_LINK):
            continue
        if _YEAR_OPENS.search(plain[:start]) and not any(sign in plain[end : day.start] for sign in ".;:\n"):
            return _Part(start, end, int(value), False)
    return None


def _ordinal(word: str) -> int | None:
    """Return the value of a word for the first day in other languages, or of a German ordinal."""
    if word in _FIRST:
        return 1
    number = _GERMAN_ORDINAL.fullmatch(word)
    found = [value for _, _, value in spelled_numbers(number["n"])] if number else []
    return int(found[0]) if len(found) == 1 and 1 <= found[0] <= 31 else None


def _year_behind(plain: str, start: int, numbers: Sequence[tuple[int, int, Decimal]]) -> _Part | None:
    """Return the year behind a month that ends at `start`."""
    link = _TO_YEAR.match(plain, start)
    assert link is not None, "it may be empty"
    if digits := re.compile(rf"{_YEAR}(?!\w)").match(plain, link.end()):
        return _Part(digits.start(), digits.end(), int(digits[0]), True)
    for first, last, value in numbers:
        if first == link.end() and _YEARS[0] <= value <= _YEARS[1]:
            return _Part(first, last, int(value), False)
    return None


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
    number = next(n for n in "12345789ABCD" if part.get(f"m{n}"))
    month = part[f"m{number}"].rstrip(".")
    year, day = part.get(f"y{number}"), part.get(f"d{number}")
    if year and "\u0e00" <= month[0] <= "\u0e7f" and int(year) > _BUDDHIST:
        year = str(int(year) - 543)  # the calendar of Thailand
    if part["era"]:
        year = str(ERAS[part["era"]] + (1 if part["eD"] == "元" else int(part["eD"])))
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
