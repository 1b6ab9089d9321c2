"""Cells: the typed value of a table's cell or of a label's text. Light: no torch.

Dates become their normal form (2024-03-12), numbers their value in the table's own way of writing them. A text that can
be read in two ways has no value, so that no total rests on a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from engine.grounding.dates import dates
from engine.grounding.identifiers import is_identifier
from engine.grounding.numbers import CURRENCIES, amounts

Kind = Literal["empty", "date", "amount", "number", "identifier", "text", "unclear"]
"""Kind of a cell; "unclear" is a date or number that can be read in two ways."""

_BLANKS = frozenset({"", "-", "--", "–", "—", "−", "n/a", "n.a.", "na", "none", "nil", "k.a.", "…", "...", "?"})
_TIME = re.compile(r"[T ]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?:\s*(?:Z|UTC|h|Uhr|[+-]\d{2}:?\d{2}))?$")
_NUMBER = re.compile(r"(?P<sign>[-−+]?)(?P<digits>\d{1,3}(?:[ '’\u00a0\u202f]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)*)")
_FEW_DECIMALS = re.compile(r"(?P<mark>[.,])(?:\d{1,2}|\d{4,})$")
_GROUPS = re.compile(r"\d{1,3}(?:(?P<mark>[.,])\d{3})+$")
_BOTH_MARKS = re.compile(r"\d(?P<first>[.,])\d{3}(?P<second>[.,])\d")
_WEEKDAY = re.compile(r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? +", re.IGNORECASE)
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/\d{4}")
_HEAD_UNIT = re.compile(r"[(\[]\s*(?:in\s+)?([^)\]]{1,12}?)\s*[)\]]\s*$|\bin\s+(\S{1,6})$")


@dataclass(frozen=True)
class Cell:
    """The typed value of a cell."""

    kind: Kind
    text: str
    value: str = ""
    """Normal form for comparison: 2024-03-12, 2024-03-12T10:30, "48200 EUR", a folded identifier or text."""
    number: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class Writing:
    """How a table writes numbers and dates."""

    decimal: str = ""
    """Mark before the decimals, "." or ","; empty where no cell shows it."""
    day_first: bool | None = None
    """Order of a date with slashes; None where no cell shows it."""

    @classmethod
    def of(cls, texts: Iterable[str]) -> Writing:
        """Return the way of writing that `texts`, the cells of one table, show."""
        decimal: set[str] = set()
        orders: set[bool] = set()
        for text in texts:
            for found in _NUMBER.finditer(text):
                digits = found["digits"]
                if both := _BOTH_MARKS.search(digits):
                    decimal.add(both["second"])
                elif (few := _FEW_DECIMALS.search(digits)) and digits.count(few["mark"]) == 1:
                    decimal.add(few["mark"])
                elif (groups := _GROUPS.fullmatch(digits)) and digits.count(groups["mark"]) > 1:
                    decimal.add("," if groups["mark"] == "." else ".")
            for slashed in _SLASHED.finditer(text):
                first, second = int(slashed[1]), int(slashed[2])
                if first > 12 or second > 12:
                    orders.add(first > 12)
        return cls(decimal.pop() if len(decimal) == 1 else "", orders.pop() if len(orders) == 1 else None)


def typed(text: str, writing: Writing, unit: str = "") -> Cell:
    """Return the typed cell of `text`; `unit` is that of its column's head."""
    text = " ".join(text.split())
    if text.casefold() in _BLANKS:
        return Cell("empty", text)
    return _date(text, writing) or _amount(text, writing) or _number(text, writing, unit) or _word(text)


def head_unit(head: str) -> str:
    """Return the unit that a column's head names, as in "Cost (EUR)"; a currency by its code."""
    found = _HEAD_UNIT.search(head)
    unit = (found[1] or found[2] or "") if found else ""
    for word in (unit, head.rpartition(" ")[2]):
        if code := CURRENCIES.get(word.casefold()):
            return code
    return unit if found and found[1] and len(unit.split()) == 1 else ""


def _date(text: str, writing: Writing) -> Cell | None:
    plain = _WEEKDAY.sub("", text, count=1) if _WEEKDAY.match(text) else text
    time = _TIME.search(plain)
    day = plain[: time.start()] if time else plain
    found = list(dates(day))
    if len(found) != 1 or day[: found[0].start].strip(" ,.") or day[found[0].end :].strip(" ,."):
        return None
    values = found[0].values
    if len(values) > 1 and writing.day_first is not None:
        first, second = (int(part) for part in _SLASHED.findall(day)[0])
        number, month = (first, second) if writing.day_first else (second, first)
        values = frozenset(value for value in values if value[5:] == f"{month:02}-{number:02}")
    if len(values) != 1:
        return Cell("unclear", text)
    value = next(iter(values))
    return Cell("date", text, f"{value}T{int(time[1]):02}:{time[2]}" if time and len(value) == 10 else value)


def _amount(text: str, writing: Writing) -> Cell | None:
    found = next(amounts(text.lstrip("-−+( ").rstrip(") ")), None)
    inner = text.lstrip("-−+( ").rstrip(") ")
    if found is None or (found.start, found.end) != (0, len(inner)):
        return None
    digits = _NUMBER.search(inner)
    number: float | None = found.number
    if digits and inner.count(digits[0]) == 1 and found.number == _plain_number(digits["digits"], ""):
        number = _plain_number(digits["digits"], writing.decimal)
    if number is None:
        return Cell("unclear", text, unit=found.unit)
    if text[0] in "-−" or (text[0] == "(" and text[-1] == ")"):
        number = -number
    return Cell("amount", text, f"{number:.10g} {found.unit}", number, found.unit)


def _number(text: str, writing: Writing, unit: str) -> Cell | None:
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    digits = found["digits"]
    if digits.count(".") > 1 and not _GROUPS.fullmatch(digits):
        return None  # a version or an address
    if len(digits) > 1 and digits[0] == "0" and digits.isdigit():
        return Cell("identifier", text, text.casefold())
    number = _plain_number(digits, writing.decimal)
    if number is None:
        return Cell("unclear", text, unit=unit)
    if found["sign"] in ("-", "−"):
        number = -number
    return Cell("amount" if unit else "number", text, f"{number:.15g} {unit}".strip(), number, unit)


def _plain_number(digits: str, decimal: str) -> float | None:
    """Return the value of `digits`; None where it can be a thousand and more or one and a bit."""
    digits = re.sub(r"[ '’\u00a0\u202f]", "", digits)
    marks = set(re.findall("[.,]", digits))
    if not marks:
        return float(digits)
    if len(marks) == 2:
        last = max(digits.rfind("."), digits.rfind(","))
        return float(re.sub("[.,]", "", digits[:last]) + "." + digits[last + 1 :])
    mark = marks.pop()
    if digits.count(mark) > 1:
        return float(digits.replace(mark, "")) if _GROUPS.fullmatch(digits) else None
    if decimal:
        return float(digits.replace(mark, ".")) if mark == decimal else float(digits.replace(mark, ""))
    if not _GROUPS.fullmatch(digits) or digits.startswith("0"):
        return float(digits.replace(mark, "."))
    # One mark and three digits: 1,234 is a thousand and more in English; 1.234 can be either.
    return float(digits.replace(mark, "")) if mark == "," else None


def _word(text: str) -> Cell:
    kind: Kind = "identifier" if is_identifier(text) else "text"
    return Cell(kind, text, text.casefold())
