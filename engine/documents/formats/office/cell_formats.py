"""Values of spreadsheet cells as the sheet shows them: numbers, dates, times, fractions by their number format.

Source: ECMA-376, part 1, 18.8.31. Colours and widths change no text and are passed over.
"""

from __future__ import annotations

import datetime
import re
from fractions import Fraction
from typing import Any

from openpyxl.utils.datetime import to_excel

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_(?:.)|\*(?:.)|\[\$(?P<currency>[^\]-]*)[^\]]*\]'
    r"|\[(?P<elapsed>h+|m+|s+)\]|\[[^\]]*\]|(?P<half>AM/PM|A/P)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_DATE_PART = re.compile(r"y+|m+|d+|h+|s+(?:\.0+)?|AM/PM|A/P|\[h+\]|\[m+\]|\[s+\]|.", re.IGNORECASE | re.DOTALL)
_NUMBER = re.compile(r"[#0?][#0?,]*(?:\.[#0?]*)?(?:E[+-]?0+)?,*|\.[#0?]+,*")
_FRACTION = re.compile(r"(?P<whole>[#0?]+\s+)?[#0?]+\s*/\s*(?P<below>[#0?]+|\d+)")
_SECTION = re.compile(r';(?=(?:[^"]*"[^"]*")*[^"]*$)')
_IS_DATE = re.compile(r"[ymdhs]", re.IGNORECASE)
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_BUILT_IN_DATES = frozenset(("mm-dd-yy", "m/d/yy", "m/d/yy h:mm", "m/d/yyyy"))
"""Formats that each computer shows in the manner of its country; they are given as ISO 8601."""

_LONGEST = 255
"""Characters of a format, the most that Excel allows."""


def shown(value: Any, number_format: str) -> str:
    """Return a cell's value as the sheet shows it."""
    number_format = number_format[:_LONGEST]
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime.datetime | datetime.date | datetime.time | datetime.timedelta):
        return _date(value, number_format)
    if isinstance(value, int | float):
        return _number(value, number_format)
    return " ".join(str(value).split())


def _date(value: Any, number_format: str) -> str:
    form = _SECTION.split(number_format)[0]
    bare = re.sub(r'"[^"]*"|\\.|\[\$[^\]]*\]', "", form)
    if form.lower() in _BUILT_IN_DATES or not _IS_DATE.search(re.sub(r"\[(?![hms]+\])[^\]]*\]", "", bare)):
        return _plain_date(value)
    return _dated(value, form)


def _plain_date(value: Any) -> str:
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d %H:%M" if value.time() != datetime.time() else "%Y-%m-%d")
    if isinstance(value, datetime.time):
        return value.strftime("%H:%M:%S" if value.second else "%H:%M")
    if isinstance(value, datetime.timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return str(value)


def _dated(value: Any, form: str) -> str:
    """Return a date or time, written by the letters of its format."""
    days = _days(value)
    seconds = round(days * 86400)
    moment = value if isinstance(value, datetime.datetime) else datetime.datetime(1900, 1, 1)
    if isinstance(value, datetime.time):
        moment = datetime.datetime.combine(datetime.date(1900, 1, 1), value)
    elif isinstance(value, datetime.timedelta):
        moment = datetime.datetime(1900, 1, 1) + value
    elif isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        moment = datetime.datetime.combine(value, datetime.time())
    is_half = re.search(r"AM/PM|A/P", form, re.IGNORECASE) is not None
    pieces = []
    after_hour = False
    literal = _literals(form)
    for number, (text, is_literal) in enumerate(literal):
        if is_literal:
            pieces.append(text)
            continue
        letter = text[0].lower() if text[0] != "[" else text
        is_minute = letter == "m" and len(text) <= 2 and (after_hour or _before_seconds(literal, number))
        pieces.append(_part(text, moment, seconds, is_minute, is_half))
        if letter.strip("[]")[:1] in ("h", "s", "y", "d", "m"):
            after_hour = letter.strip("[]")[:1] == "h"
    return "".join(pieces).strip()


def _days(value: Any) -> float:
    if isinstance(value, datetime.timedelta):
        return value.total_seconds() / 86400
    return float(to_excel(value))  # type: ignore[no-untyped-call]


def _literals(form: str) -> list[tuple[str, bool]]:
    """Return the parts of a date's format, each with whether it is text."""
    parts: list[tuple[str, bool]] = []
    for found in _TOKEN.finditer(form):
        if found["quoted"] is not None or found["escaped"] is not None:
            parts.append((found["quoted"] or found["escaped"] or "", True))
        elif found["elapsed"] or found["half"]:
            parts.append((found[0], False))
        elif found["other"]:
            character = found["other"]
            before = parts[-1] if parts else ("", True)
            if character.lower() in "ymdhs":
                if not before[1] and before[0][0].lower() == character.lower():
                    parts[-1] = (before[0] + character, False)
                else:
                    parts.append((character, False))
            elif character not in "@":
                parts.append((character, True))
    return parts


def _before_seconds(parts: list[tuple[str, bool]], number: int) -> bool:
    following = next((text for text, is_literal in parts[number + 1 :] if not is_literal), "")
    return following.strip("[]")[:1].lower() == "s"


def _part(text: str, moment: datetime.datetime, seconds: int, is_minute: bool, is_half: bool) -> str:
    low, size = text.lower(), len(text)
    if low[0] == "[":
        width = size - 2
        total = {"h": seconds // 3600, "m": seconds // 60, "s": seconds}[low[1]]
        return f"{total:0{width}d}"
    hour = (moment.hour - 1) % 12 + 1 if is_half else moment.hour
    table = {
        "y": f"{moment.year % 100:02d}" if size <= 2 else f"{moment.year:04d}",
        "d": _named(moment.day, size, _DAYS[moment.weekday()]),
        "h": f"{hour:02d}" if size > 1 else str(hour),
        "s": f"{moment.second:02d}" if size > 1 else str(moment.second),
        "m": f"{moment.minute:0{min(size, 2)}d}"
        if is_minute
        else _named(moment.month, size, _MONTHS[moment.month - 1]),
        "a": "AM" if moment.hour < 12 else "PM",
    }
    return table[low[0]]


def _named(number: int, size: int, name: str) -> str:
    if size == 5:
        return name[:1]
    return str(number) if size == 1 else f"{number:02d}" if size == 2 else name[:3] if size == 3 else name


def _number(value: float, number_format: str) -> str:
    sections = _SECTION.split(number_format)
    form = sections[0]
    if value < 0 and len(sections) > 1 and not re.search(r"\[[<>=]", number_format):
        form, value = sections[1], -value  # the section of negative numbers has its own sign
    elif value == 0 and len(sections) > 2:
        form = sections[2]
    if form.strip() in ("", "General", "@", "Standard"):
        return f"{value:.10g}".upper() if isinstance(value, float) else str(value)
    pattern, marks = _with_marks(form.replace("General", "0.##########"))
    if (found := _FRACTION.search(pattern)) and "/" in pattern:
        return _filled(pattern, found, _fraction(value, found), marks)
    number = _NUMBER.search(pattern)
    if number is None:
        return " ".join("".join(marks).split())
    percent = pattern.count("%")
    return _filled(pattern, number, _decimal(value * 100**percent, number[0]), marks)


def _with_marks(form: str) -> tuple[str, list[str]]:
    """Return the format with each text in it as a private character, and these texts."""
    marks: list[str] = []
    pieces = []
    for found in _TOKEN.finditer(form):
        text = found["quoted"] if found["quoted"] is not None else found["escaped"] or found["currency"]
        if text is not None:
            pieces.append(chr(0xE000 + len(marks)))
            marks.append(text)
        elif found[0][0] == "_":
            pieces.append(" ")
        elif found["other"] and found["other"] != "@":
            pieces.append(found["other"])
    return "".join(pieces), marks


def _filled(pattern: str, found: re.Match[str], number: str, marks: list[str]) -> str:
    text = pattern[: found.start()] + number + re.sub(r"[#0?]", "", pattern[found.end() :])
    for place, mark in enumerate(marks):
        text = text.replace(chr(0xE000 + place), mark)
    return " ".join(text.split())


def _decimal(value: float, pattern: str) -> str:
    if (exponent := re.search(r"E[+-]?(0+)", pattern, re.IGNORECASE)) is not None:
        decimals = len(pattern[: exponent.start()].partition(".")[2])
        return f"{value:.{decimals}E}"
    bare = pattern.rstrip(",")
    value /= 1000 ** (len(pattern) - len(bare))  # a comma at the end stands for thousands left out
    whole, _, below = bare.partition(".")
    grouped = "," if "," in whole else ""
    text = f"{abs(value):{grouped}.{len(below)}f}"
    least = below.count("0")
    if len(below) > least:
        kept = text[: len(text) - len(below)] + text[len(text) - len(below) :].rstrip("0").ljust(least, "0")
        text = kept.rstrip(".") if not least else kept
    digits = whole.replace(",", "").count("0")
    head, point, tail = text.partition(".")
    if not grouped:
        head = head.zfill(digits)
    if not digits and head == "0":
        head = ""
    sign = "-" if value < 0 and any(character not in "0.," for character in text) else ""
    return sign + head + point + tail


def _fraction(value: float, found: re.Match[str]) -> str:
    below = found["below"]
    size = abs(value)
    if below.isdigit() and "0" not in below:
        part = Fraction(round(size * int(below)), int(below))
        fixed = int(below)
    else:
        part, fixed = Fraction(size).limit_denominator(10 ** len(below) - 1), 0
    whole, rest = (int(part), part - int(part)) if found["whole"] else (0, part)
    sign = "-" if value < 0 else ""
    if not rest:
        return f"{sign}{whole}"
    above, under = (
        (rest.numerator * (fixed // rest.denominator), fixed) if fixed else (rest.numerator, rest.denominator)
    )
    return f"{sign}{f'{whole} ' if whole else ''}{above}/{under}"
