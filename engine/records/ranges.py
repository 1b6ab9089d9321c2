"""Ranges of a question over records: the days and the amounts that rows must lie within. Light: no torch."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass

from engine.grounding.dates import MONTHS, dates
from engine.grounding.numbers import amounts, numbers
from engine.grounding.words import folded

_MONTH = "|".join(sorted((name for name in MONTHS if len(name) > 2), key=len, reverse=True))
_CLAUSE_END = (
    r"(?=$|[,;](?= |$)| (?:with|for|by|at|in|on|of|and|mit|für|bei|per|that|which|who|were|was|is|are|have|"
    r"has|had|did|other|not|except|excluding|without|each|from|since|before|after|or|oder|und)\b)"
)
_DATE_WORDS = (
    ("to", r"(?:on or before|no later than|not later than) (?:the )?(?P<x>.+?)"),
    ("after", r"(?:later than) (?P<x>.+?)"),
    ("before", r"(?:earlier than|prior to) (?P<x>.+?)"),
    (
        "between",
        r"(?:between|zwischen|from|von|vom)(?: the| dem)? (?P<x>.+?) "
        r"(?:and|und|to|until|till|bis(?: zum)?|through)(?: the| dem)? (?P<y>.+?)",
    ),
    ("from", r"(?:since|from|on or after|starting|seit|ab) (?:the )?(?P<x>.+?)"),
    ("after", r"(?:after|nach)(?: dem)? (?P<x>.+?)"),
    ("before", r"(?:before|vor)(?: dem)? (?P<x>.+?)"),
    ("to", r"(?:until|till|up to|by|bis(?: zum)?) (?P<x>.+?)"),
    ("in", r"(?:in|during|on|for|of|dated|am|im|vom) (?:the (?:year|month) )?(?P<x>.+?)"),
)
_YEAR = re.compile(r"(?:the year |jahr )?((?:1[89]|20)\d\d)")
_ORDINAL_WORDS = (
    "first second third fourth 1st 2nd 3rd 4th erstes zweites drittes viertes ersten zweiten dritten vierten"
)
_ORDINALS = _ORDINAL_WORDS.split()
_PART = re.compile(
    rf"\b(?:in |during |of |for |from |im )?(?:the )?(?P<which>{'|'.join(_ORDINALS)}) "
    r"(?P<unit>quarter|half|quartal|halbjahr) (?:of |des jahres )?(?P<year>(?:19|20)\d\d)\b"
)
_AMOUNT_WORDS = (
    ("between", r"(?:between|zwischen|from|von) (?P<x>.+?) (?:and|und|to|bis) (?P<y>.+?)"),
    (
        "over",
        r"(?:more than|over|above|exceeding|greater than|mehr als|über|"
        r"(?:higher|larger|bigger|longer|deeper|taller|heavier|wider|older|faster|länger|größer|höher) (?:than|als))"
        r"(?: the)? (?P<x>.+?)",
    ),
    ("least", r"(?:at least|no less than|mindestens) (?P<x>.+?)"),
    (
        "under",
        r"(?:less than|under|below|fewer than|weniger als|unter|"
        r"(?:lower|smaller|shorter|shallower|lighter|narrower|younger|slower|cheaper|kürzer|kleiner) (?:than|als)) "
        r"(?P<x>.+?)",
    ),
    ("equal", r"(?:exactly|equal to|genau) (?P<x>.+?)"),
    ("most", r"(?:at most|no more than|up to|höchstens) (?P<x>.+?)"),
)


@dataclass(frozen=True)
class DateRange:
    """Days from `low` to before `high` (2024-03-01); or every year's `months`."""

    low: str = ""
    high: str = "9999"
    months: tuple[int, ...] = ()
    words: str = ""


@dataclass(frozen=True)
class AmountRange:
    """Numbers from `low` to `high`, of the currency or unit `unit` where it is given."""

    low: float = float("-inf")
    high: float = float("inf")
    strict: bool = False
    unit: str = ""
    words: str = ""

    def holds(self, number: float) -> bool:
        """Return whether `number` is within the range."""
        return self.low < number < self.high if self.strict else self.low <= number <= self.high


@dataclass
class Rest:
    """The part of a question that is not placed yet; `text` keeps capitals, which dates need."""

    text: str
    language: str


def date_range(rest: Rest) -> DateRange | None:
    """Take the condition on a date out of `rest`; None where it has none."""
    if part := _PART.search(folded(rest.text)):
        words = rest.text[part.start() : part.end()]
        rest.text = f"{rest.text[: part.start()]} {rest.text[part.end() :]}"
        return _part_of_year(int(part["year"]), _ORDINALS.index(part["which"]) % 4, part["unit"], words)
    for kind, pattern in _DATE_WORDS:
        for found in re.finditer(rf"\b{pattern}{_CLAUSE_END}", folded(rest.text)):
            low = _day(rest.text[slice(*found.span("x"))])
            high = _day(rest.text[slice(*found.span("y"))]) if kind == "between" else low
            if kind == "between" and low is not None and high is not None and low.months and high.months:
                low = high = DateRange(months=_months(low.months[0], high.months[0]))
                kind = "in"
            if kind == "between" and high is not None and high.low and (low is None or low.months):
                low = _in_year_of(rest.text[slice(*found.span("x"))], high)
            if low is None or high is None or (kind != "in" and not (low.low and high.low)):
                continue
            words = rest.text[found.start() : found.end()]
            rest.text = f"{rest.text[: found.start()]} {rest.text[found.end() :]}"
            return _range(kind, low, high, words)
    return None


def _in_year_of(text: str, high: DateRange) -> DateRange | None:
    """Return the days of `text`, the first of two dates, which names no year, in that of the second: from March to May
    2024, between 1 March and 30 June 2024, between 20 December and 10 January 2025."""
    year = int(high.low[:4])
    found = _day(f"{text} {year}")
    return _day(f"{text} {year - 1}") if found is not None and found.low > high.low else found


def _range(kind: str, low: DateRange, high: DateRange, words: str) -> DateRange:
    match kind:
        case "between":
            return DateRange(low.low, high.high, words=words)
        case "from":
            return DateRange(low.low, words=words)
        case "after":
            return DateRange(low.high, words=words)
        case "before":
            return DateRange("", low.low, words=words)
        case "to":
            return DateRange("", low.high, words=words)
    return DateRange(low.low, low.high, low.months, words)


def _part_of_year(year: int, place: int, unit: str, words: str) -> DateRange:
    """Return the days of a quarter or a half of a year, `place` counted from 0."""
    length = 3 if unit in ("quarter", "quartal") else 6
    first = 1 + length * min(place, 12 // length - 1)
    after = f"{year}-{first + length:02}-01" if first + length <= 12 else f"{year + 1}-01-01"
    return DateRange(f"{year}-{first:02}-01", after, words=words)


def _months(first: int, last: int) -> tuple[int, ...]:
    """Return the months from `first` to `last`, over the end of the year where `last` is earlier."""
    return tuple((first - 1 + step) % 12 + 1 for step in range((last - first) % 12 + 1))


def _day(text: str) -> DateRange | None:
    """Return the days that `text` as a whole names: a day, a month, a year or a month of every year."""
    plain = folded(text).strip(" ,")
    if year := _YEAR.fullmatch(plain):
        return DateRange(f"{year[1]}-01-01", f"{int(year[1]) + 1}-01-01")
    if re.fullmatch(rf"(?:{_MONTH})\.?", plain):
        return DateRange(months=(MONTHS[plain.rstrip(".")],))
    found = list(dates(text))
    if (
        len(found) != 1
        or len(found[0].values) != 1
        or text[: found[0].start].strip()
        or text[found[0].end :].strip(" ,")
    ):
        return None
    return period(next(iter(found[0].values)))


def period(value: str) -> DateRange | None:
    """Return the days of a date's normal form: 2024-03-12, 2024-03, 2024-Q3; None for one without a year."""
    day = re.fullmatch(r"(\d{4})-(\d\d)(?:-(\d\d))?(?:T.*)?", value)
    if day is None:
        quarter = re.fullmatch(r"(\d{4})-Q([1-4])", value)
        if quarter is None:
            return None
        year, first = int(quarter[1]), 3 * int(quarter[2]) - 2
        return DateRange(f"{year}-{first:02}-01", f"{year}-{first + 3:02}-01" if first < 10 else f"{year + 1}-01-01")
    year, month = int(day[1]), int(day[2])
    after = f"{year}-{month + 1:02}-01" if month < 12 else f"{year + 1:04}-01-01"
    if day[3] is None:
        return DateRange(f"{day[1]}-{day[2]}-01", after)
    last = int(day[3]) >= calendar.monthrange(year, month)[1]
    return DateRange(value[:10], after if last else f"{day[1]}-{day[2]}-{int(day[3]) + 1:02}")


def amount_range(rest: Rest) -> AmountRange | None:
    """Take the condition on an amount out of `rest`; None where it has none."""
    for kind, pattern in _AMOUNT_WORDS:
        for found in re.finditer(rf"\b{pattern}{_CLAUSE_END}", folded(rest.text)):
            first = _sum(rest.text[slice(*found.span("x"))])
            second = _sum(rest.text[slice(*found.span("y"))]) if kind == "between" else first
            if first is None or second is None:
                continue
            words = rest.text[found.start() : found.end()]
            rest.text = f"{rest.text[: found.start()]} {rest.text[found.end() :]}"
            unit = second[1] or first[1]
            match kind:
                case "between":
                    return AmountRange(first[0], second[0], unit=unit, words=words)
                case "over":
                    return AmountRange(low=first[0], strict=True, unit=unit, words=words)
                case "equal":
                    return AmountRange(first[0], first[0], unit=unit, words=words)
                case "least":
                    return AmountRange(low=first[0], unit=unit, words=words)
                case "under":
                    return AmountRange(high=first[0], strict=True, unit=unit, words=words)
            return AmountRange(high=first[0], unit=unit, words=words)
    return None


def _sum(text: str) -> tuple[float, str] | None:
    """Return the number and the unit that `text` as a whole names; a bare year is none."""
    text = text.strip()
    amount = next(amounts(text), None)
    if amount is not None and (amount.start, amount.end) == (0, len(text)):
        return amount.number, amount.unit
    number = next(numbers(text), None)
    if number is None or (number.start, number.end) != (0, len(text)) or _YEAR.fullmatch(text):
        return None
    english = [value for value in number.values if "," in text or value == value.to_integral_value() or "." in text]
    return (float(max(english)), "") if len(number.values) == 1 or "," in text else None
