"""Conditions on the rows of a table, as a program writes them: Unit=P-835, date>=2024-03, Cost<500. Light: no torch."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.errors import KnownError
from engine.library.typed_records import RecordCell, RecordRow
from engine.records.cells import Writing, typed
from engine.records.ranges import period

_CONDITION = re.compile(r"\s*(?P<column>[^=<>!~]+?)\s*(?P<sign>>=|<=|!=|==|=|>|<|~)\s*(?P<value>.*?)\s*$")
_ORDERS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
_KINDS = {"date": ("date",), "amount": ("amount",), "number": ("number", "amount")}


@dataclass(frozen=True)
class Condition:
    """One condition: a column, a sign and a value."""

    column: str
    sign: str
    value: str

    @classmethod
    def of(cls, text: str) -> Condition:
        """Return the condition that `text` writes. Raises KnownError."""
        found = _CONDITION.fullmatch(text)
        if found is None:
            raise KnownError(f"{text!r} is not a condition; write it as COLUMN=VALUE, or with != < <= > >= or ~")
        return cls(found["column"], "=" if found["sign"] == "==" else found["sign"], found["value"])

    def column_of(self, columns: Sequence[str], rows: Sequence[RecordRow]) -> int | None:
        """Return the place of the condition's column; None where the table has no such column. "date", "amount" and
        "number" also mean the only column of that kind."""
        wanted = self.column.casefold()
        names = [name.casefold() for name in columns]
        if wanted in names:
            return names.index(wanted)
        starting = [place for place, name in enumerate(names) if name.startswith(wanted)]
        if len(starting) == 1:
            return starting[0]
        kinds = _KINDS.get(wanted, ())
        of_kind = [place for place in range(len(names)) if any(row.cells[place].kind in kinds for row in rows)]
        return of_kind[0] if len(of_kind) == 1 else None

    def holds(self, cell: RecordCell) -> bool:
        """Return whether `cell` meets the condition. An empty cell, or one that cannot be compared, meets none but
        "!="."""
        wanted = typed(self.value, Writing())
        match self.sign:
            case "=":
                return self._equals(cell)
            case "!=":
                return not self._equals(cell)
            case "~":
                return self.value.casefold() in cell.text.casefold()
        if cell.kind == "date":
            return self._dated(cell, self.value if wanted.kind != "date" else wanted.value)
        if cell.number is None or wanted.number is None or (wanted.unit and wanted.unit != cell.unit):
            return False
        return _ORDERS[self.sign](cell.number, wanted.number)

    def _equals(self, cell: RecordCell) -> bool:
        if " ".join(self.value.split()).casefold() == cell.text.casefold():
            return True
        wanted = typed(self.value, Writing())
        if cell.kind == "date":
            days, asked = period(cell.value), period(wanted.value or self.value)
            return bool(days and asked) and asked.low <= days.low and days.high <= asked.high  # type: ignore[union-attr]
        same_unit = not wanted.unit or wanted.unit == cell.unit
        return cell.number is not None and cell.number == wanted.number and same_unit

    def _dated(self, cell: RecordCell, value: str) -> bool:
        """Compare days: 2024 and 2024-03 mean their first day for >= and <, the day after their last for > and <=."""
        asked = period(f"{value}-01") if re.fullmatch(r"\d{4}", value) else period(value)
        days = period(cell.value)
        if asked is None or days is None:
            return False
        after = f"{int(value) + 1}-01-01" if re.fullmatch(r"\d{4}", value) else asked.high
        first = f"{value}-01-01" if re.fullmatch(r"\d{4}", value) else asked.low
        match self.sign:
            case ">=":
                return days.low >= first
            case "<":
                return days.high <= first
            case ">":
                return days.low >= after
        return days.high <= after
