"""The answer of one family of tables to one question: its rows under the conditions, and the count, the list, the first
or last, or the value that is asked for.

An answer says how it was counted and what it does not cover. Where the table leaves open what a row is, or a word is in
a cell beside other text, both numbers are given. Light: no torch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.library.typed_records import LAYOUT, RecordCell, RecordRow
from engine.records.columns import OPEN, Columns, only_rows_of
from engine.records.figures import Figures
from engine.records.filters import Filter
from engine.records.questions import GENERIC, NEUTRAL, RecordQuestion
from engine.records.ranges import AmountRange, DateRange, period
from engine.records.resolve import Match
from engine.records.result import AnswerRow, RecordAnswer, answer_row
from engine.records.units import normal_unit, same_unit
from engine.records.words import counted

_NO_SHARES = frozenset(("long", "old", "often", "far", "high", "tall", "deep", "wide"))
_SHARE = re.compile(r"%|\bper ?cent|[$€£¥]", re.IGNORECASE)
"""Words behind "how" that no share and no sum of money answers."""
_PERSONS = frozenset(("peopl", "person", "men", "women", "children", "worker", "employe", "mensch", "leut"))
_MOST_VALUES = 12
"""Rows that a question for one value may have."""


@dataclass(frozen=True)
class Answered:
    """An answer and the match it is from."""

    result: RecordAnswer
    match: Match
    open: bool
    """The table does not say that its rows are the things that the question counts."""


class RowAnswer:
    """One question answered from one family of tables."""

    def __init__(self, question: RecordQuestion, match: Match) -> None:
        self._question, self._match = question, match
        self._columns = Columns(question, match)
        self._names = match.family.columns
        self._notes: list[str] = []
        self._conditions: list[str] = []

    def answer(self) -> Answered | None:
        """Return the answer; None where a column that it needs is not certain."""
        match = self._match
        rows = match.selected()
        self._conditions += [self._condition(one) for one in match.filters]
        for part in (self._within_dates, self._within_amounts):
            kept = part(rows)
            if kept is None:
                return None
            rows = kept
        if not self._is_meant(rows):
            return None
        self._note_further(rows)
        made = self._made(rows)
        if made is None:
            return None
        made.notes += _added_by_models(rows)
        if match.unknown:
            words = " ".join(word.text for word in match.unknown)
            total = counted(len(match.rows), "row", "rows")
            made.notes.insert(
                0, f"The table does not say whether a row is one of the “{words}”; it has {total} in all."
            )
        return Answered(made, match, bool(match.unknown))

    def _is_meant(self, rows: Sequence[RecordRow]) -> bool:
        """Return whether enough of the question is about this table."""
        question, match = self._question, self._match
        first = question.words[0] if question.operation == "count" and question.words else None
        if first is not None and first.stem in _PERSONS and not match.counted and match.noun not in ("", first.text):
            return False  # "how many people work in the mines" counts no mines
        restricted = bool(match.filters) or question.dates is not None or question.amounts is not None
        grouped = match.group is not None or match.period is not None
        if match.unknown and (len(match.rows) == 1 or not (restricted or grouped)):
            return False
        if match.unknown and match.filters and all(map(_merely_mentions, match.filters)):
            return False  # "how many faults were repaired" where some cell mentions a repair
        if match.unknown and question.operation == "list" and not rows:
            return False
        if question.which and any(one.opens for one in match.filters):
            return False  # "which command lists …" where cells merely mention a command
        if not rows and any(_merely_mentions(one) for one in match.filters):
            return False
        content = [word for word in question.words if word.text.casefold() not in NEUTRAL]
        if question.which and not restricted and len(content) > 1:
            return False  # the other words tell which, and no cell has them
        if restricted or match.strength or grouped:
            return True
        return _only_generic(question) and question.operation in ("count", "list")

    def _made(self, rows: list[RecordRow]) -> RecordAnswer | None:
        question, match = self._question, self._match
        figures = Figures(question, match, self._columns, self._notes, self._where())
        if question.group:
            return figures.by_group(rows)
        match question.operation:
            case "count" | "list" if question.distinct:
                return self._distinct(rows, list(dict.fromkeys(match.named_columns)))
            case "count" | "list":
                if rows and match.counted and not self._is_key(rows):
                    if question.operation == "count" and self._counts_figures(rows):
                        return figures.total(rows)  # "how many were injured" of a column Injured with numbers
                    return self._distinct(rows, match.counted)
                return self._result(self._count_of(rows), rows, listed=question.operation == "list")
            case "share" if not self._is_open():
                return figures.share(rows)
            case "total" | "average" | "median" if not self._is_open():
                return figures.total(rows)
            case "highest" | "lowest" if not self._is_open():
                return figures.extreme(rows)
            case "first" | "last" if not self._is_open():
                return self._end(rows)
            case "value" if not self._is_open():
                return self._value(rows)
        return None

    def _is_open(self) -> bool:
        return bool(self._match.unknown) or any(one.opens for one in self._match.filters)

    def _count_of(self, rows: Sequence[RecordRow]) -> str:
        noun = self._match.noun if self._question.operation == "count" and len(rows) != 1 else ""
        return f"{len(rows):,} {noun or ('row' if len(rows) == 1 else 'rows')}{self._where()}"

    def _counts_figures(self, rows: Sequence[RecordRow]) -> bool:
        """Return whether the question counts a column of bare numbers: then each says how many."""
        cells = [row.cells[column] for row in rows for column in self._match.counted]
        return len(self._match.counted) == 1 and all(cell.kind in ("number", "empty") for cell in cells)

    def _is_key(self, rows: Sequence[RecordRow]) -> bool:
        """Return whether each row has a value of its own in one column, that which the question counts."""
        return len(self._match.counted) == 1 and only_rows_of(rows, self._match.counted[0])

    def _distinct(self, rows: Sequence[RecordRow], columns: Sequence[int]) -> RecordAnswer | None:
        if len(columns) != 1:
            return None
        first: dict[str, RecordRow] = {}
        for row in rows:
            cell = row.cells[columns[0]]
            if cell.kind == OPEN:
                return None
            if cell.kind != "empty":
                first.setdefault(cell.value or cell.text.casefold(), row)
        name = self._names[columns[0]]
        number = f"{len(first):,} different values of {name} in {counted(len(rows), 'row', 'rows')}{self._where()}"
        return self._result(number, list(first.values()), listed=True)

    def _end(self, rows: Sequence[RecordRow]) -> RecordAnswer | None:
        column = self._columns.of_dates()
        if column is None:
            return None
        dated = [(row.cells[column], row) for row in rows if row.cells[column].kind != "empty"]
        if not dated or any(cell.kind != "date" or cell.value.startswith("--") for cell, _ in dated):
            return None
        values = [cell.value for cell, _ in dated]
        end = min(values) if self._question.operation == "first" else max(values)
        if any(value != end and (value.startswith(end) or end.startswith(value)) for value in values):
            return None  # a month and a day in it: which one is earlier is open
        chosen = [row for cell, row in dated if cell.value == end]
        without = len(rows) - len(dated)
        if without:
            self._notes.append(f"{counted(without, 'row has', 'rows have')} no date.")
        shown = chosen[0].cells[column].text
        also = f" ({len(chosen)} rows have this date)" if len(chosen) > 1 else ""
        of = counted(len(dated), "row", "rows")
        number = f"{self._question.operation.capitalize()} of {of}{self._where()}: {shown}{also}"
        return self._result(number, chosen, listed=True)

    def _value(self, rows: Sequence[RecordRow]) -> RecordAnswer | None:
        """Return the value that a row has in the column that the question names; each, where several rows have one."""
        if not rows or len(rows) > _MOST_VALUES or not any(one.equal for one in self._match.filters):
            return None
        if any(not one.equal for one in self._match.filters):
            return None
        taken = [column for one in self._match.filters for column in one.columns]
        column = self._columns.of_value(taken)
        if column is None or not any(row.cells[column].text for row in rows):
            return None
        if self._question.adjective in _NO_SHARES and self._is_share(column, rows):
            return None
        values = list(dict.fromkeys(row.cells[column].text for row in rows if row.cells[column].text))
        return self._result(f"{'; '.join(values)}: {self._names[column]}{self._where()}", rows, listed=True)

    def _is_share(self, column: int, rows: Sequence[RecordRow]) -> bool:
        """Return whether a column holds shares or money, by its head or its cells."""
        texts = [self._names[column], *(row.cells[column].text for row in rows)]
        return any(_SHARE.search(text) for text in texts)

    def _result(self, number: str, rows: Sequence[RecordRow], *, listed: bool = False) -> RecordAnswer:
        answered: list[AnswerRow] = [answer_row(row) for row in rows]
        return RecordAnswer(number, answered, tuple(self._names), list(self._notes), listed)

    def _within_dates(self, rows: list[RecordRow]) -> list[RecordRow] | None:
        wanted = self._question.dates
        if wanted is None:
            return rows
        column = self._columns.of_dates()
        if column is None:
            return None
        kept, unsure = [], 0
        for row in rows:
            inside = _inside(row.cells[column], wanted)
            if inside:
                kept.append(row)
            elif inside is None:
                unsure += 1
        if unsure:
            more = "row has" if unsure == 1 else "rows have"
            self._notes.append(f"{unsure:,} further {more} a date that cannot be compared ({self._names[column]}).")
        self._conditions.append(f"{self._names[column]} {wanted.words}")
        return kept

    def _within_amounts(self, rows: list[RecordRow]) -> list[RecordRow] | None:
        wanted = self._question.amounts
        if wanted is None:
            return rows
        column = self._columns.of_figures(wanted)
        if column is None:
            return None
        if any(row.cells[column].kind == OPEN for row in rows):
            return None
        units = {row.cells[column].unit for row in rows if row.cells[column].number is not None}
        others = {unit for unit in units if unit and not same_unit(unit, wanted.unit)}
        if wanted.unit and others:
            other = ", ".join(sorted(others))
            self._notes.append(f"Amounts in {other} are not compared.")
        elif not wanted.unit and len({normal_unit(unit) for unit in units}) > 1:
            return None
        self._conditions.append(f"{self._names[column]} {wanted.words}")
        return [row for row in rows if _holds(row.cells[column], wanted)]

    def _where(self) -> str:
        return f" with {' and '.join(self._conditions)}" if self._conditions else ""

    def _condition(self, one: Filter) -> str:
        if one.kept is not None:
            names = "" if " as " in one.said or " under " in one.said else f" as {self._names[one.columns[0]]}"
            return f"{one.said}{names}"
        names = " or ".join(self._names[column] for column in one.columns[:3])
        return f"“{one.text}” {'as' if one.equal else 'in'} {names}"

    def _note_further(self, rows: Sequence[RecordRow]) -> None:
        for one in self._match.filters:
            self._notes += one.notes
            others = [other for other in self._match.filters if other is not one]
            further = [
                row for row in self._match.rows if row.id in one.further and all(row.id in o.rows for o in others)
            ]
            if further:
                more = "row names" if len(further) == 1 else "rows name"
                pages = _pages(further)
                self._notes.append(f"{len(further):,} further {more} “{one.text}” beside other text ({pages}).")
            if one.opens:
                without = [r for r in self._match.rows if all(r.id in o.rows for o in others)]
                self._notes.append(f"Without the word “{one.text}” it is {counted(len(without), 'row', 'rows')}.")
            if _merely_mentions(one) and rows:
                self._notes.append(f"“{one.text}” was searched for in the text of cells, where it may also be negated.")


def _inside(cell: RecordCell, wanted: DateRange) -> bool | None:
    """Return whether a cell's date is within `wanted`; None where that is open."""
    if cell.kind == "empty":
        return False
    if cell.kind != "date":
        return None
    if wanted.months:
        found = cell.value[2:4] if cell.value.startswith("--") else cell.value[5:7]
        return int(found) in wanted.months if found.isdigit() else None
    days = period(cell.value)
    if days is None:
        return None
    if days.low >= wanted.low and days.high <= wanted.high:
        return True
    return False if days.high <= wanted.low or days.low >= wanted.high else None


def _holds(cell: RecordCell, wanted: AmountRange) -> bool:
    alike = not wanted.unit or not cell.unit or same_unit(cell.unit, wanted.unit)
    return cell.number is not None and alike and wanted.holds(cell.number)


def _only_generic(question: RecordQuestion) -> bool:
    return all(word.text.casefold() in GENERIC for word in question.words)


def _pages(rows: Iterable[RecordRow]) -> str:
    numbers = sorted({row.page for row in rows})
    shown = ", ".join(map(str, numbers[:8])) + (" …" if len(numbers) > 8 else "")
    return f"page {shown}" if len(numbers) == 1 else f"pages {shown}"


def _added_by_models(rows: Sequence[RecordRow]) -> list[str]:
    """Return a sentence for each model that added some of `rows`."""
    found: dict[str, list[float]] = {}
    for row in rows:
        if row.source != LAYOUT:
            found.setdefault(row.source, []).append(row.confidence)
    return [
        f"{counted(len(sure), 'row was', 'rows were')} added by {name} (confidence {min(sure):.2f} to {max(sure):.2f})."
        for name, sure in found.items()
    ]


def _merely_mentions(one: Filter) -> bool:
    """Return whether cells have the words of a filter beside other text only."""
    return one.kept is None and not one.equal and not one.words[0].identifier
