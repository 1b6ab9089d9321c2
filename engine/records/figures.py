"""Figures over the rows of a table: sums, averages, shares, the highest and lowest, and a number for each group.

A figure is given only where one column is meant and every figure of it can be read in one way. Light: no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from statistics import median

from engine.library.typed_records import RecordCell, RecordRow
from engine.records.columns import OPEN, Columns, only_rows_of
from engine.records.questions import RecordQuestion
from engine.records.ranges import period
from engine.records.resolve import Match, Period
from engine.records.result import RecordAnswer, answer_row
from engine.records.words import counted, figure

_LENGTH = {"day": 10, "month": 7, "year": 4}
"""Letters of a date's normal form that name its day, month or year."""


class Figures:
    """The figures of one question over the rows of one match."""

    def __init__(self, question: RecordQuestion, match: Match, columns: Columns, notes: list[str], where: str) -> None:
        """`notes`: remarks, to which it adds; `where`: the conditions in words."""
        self._question, self._match = question, match
        self._columns, self._notes, self._where = columns, notes, where

    def total(self, rows: Sequence[RecordRow]) -> RecordAnswer | None:
        """Return the sum, the average or the median of the rows."""
        column = self._column()
        if column is None or not rows:
            return None
        operation = "total" if self._question.operation == "count" else self._question.operation
        if operation != "total" and self._names_a_group(rows, column):
            return None
        made = self._figure(rows, column)
        if made is None:
            return None
        summed = [row for row in rows if row.cells[column].number is not None]
        self._note_bare(len(rows) - len(summed), column)
        kind = "sum" if operation == "total" else operation
        over = counted(len(summed), "row", "rows")
        return self._result(f"{made}: the {kind} of {self._columns.names[column]} over {over}{self._where}", summed)

    def extreme(self, rows: Sequence[RecordRow]) -> RecordAnswer | None:
        """Return the rows with the highest or lowest figure, as many as are asked for."""
        column = self._columns.of_figures()
        if column is None or self._names_a_group(rows, column):
            return None
        held = [(number, row) for row in rows if (number := row.cells[column].number) is not None]
        if not held or any(row.cells[column].kind == OPEN for row in rows):
            return None
        if len({row.cells[column].unit for _, row in held}) > 1:
            return None
        self._note_bare(len(rows) - len(held), column)
        operation, n = self._question.operation, self._question.n
        ranked = sorted(held, key=lambda item: item[0], reverse=operation == "highest")
        border = ranked[min(n, len(ranked)) - 1][0]
        chosen = [
            (number, row)
            for number, row in ranked
            if (number >= border if operation == "highest" else number <= border)
        ]
        shown = ", ".join(f"{figure(number)} {row.cells[column].unit}".strip() for number, row in chosen[:n])
        also = f" ({len(chosen)} rows have {'it' if n == 1 else 'these'})" if len(chosen) > n else ""
        of = counted(len(held), "row", "rows")
        name = f"{operation.capitalize()} {self._columns.names[column]}"
        few = f"{min(n, len(held))} " if n > 1 else ""
        said = f"{few}{name.lower() if few else name} of {of}{self._where}: {shown}{also}"
        return self._result(said, [row for _, row in chosen], listed=True)

    def share(self, rows: Sequence[RecordRow]) -> RecordAnswer | None:
        """Return the share of the rows in all those that the first words of the question tell."""
        base = [one for one in self._match.filters if one.place < self._question.base]
        of = [row for row in self._match.rows if all(row.id in one.rows for one in base)]
        restricted = len(self._match.filters) > len(base) or self._question.dates or self._question.amounts
        if not of or not restricted:
            return None
        number = f"{100 * len(rows) / len(of):.1f} %: {len(rows):,} of {counted(len(of), 'row', 'rows')}{self._where}"
        return self._result(number, rows)

    def by_group(self, rows: Sequence[RecordRow]) -> RecordAnswer | None:
        """Return a number for each value of a column, or each period: of rows, or of their figures."""
        column = self._match.group if self._match.group is not None else self._columns.of_dates()
        if column is None or not rows or (self._question.bare and self._named_figures(rows, column)):
            return None
        groups: dict[str, list[RecordRow]] = {}
        without = 0
        for row in rows:
            name = self._group(row.cells[column])
            if name is None:
                without += 1
            else:
                groups.setdefault(name, []).append(row)
        if not groups:
            return None
        of = self._summed(rows, column)
        if self._question.operation in ("total", "average", "median") and of is None:
            return None
        named = self._columns.names[column] if self._match.period is None else self._match.period.capitalize()
        made: list[tuple[str, str, float, list[RecordRow]]] = []
        for name, members in groups.items():
            text = f"{len(members):,}" if of is None else self._figure(members, of)
            if text is None or " and " in text:
                return None
            numbers = [number for row in members if of is not None and (number := row.cells[of].number) is not None]
            made.append((members[0].cells[column].text if self._match.period is None else name, text,
                         len(members) if of is None else sum(numbers), members))  # fmt: skip
        if without:
            self._notes.append(f"{counted(without, 'row has', 'rows have')} no {named} that can be told.")
        return self._grouped(made, named, of, len(rows))

    def _grouped(
        self, made: list[tuple[str, str, float, list[RecordRow]]], named: str, of: int | None, rows: int
    ) -> RecordAnswer:
        """Return the answer with a row for each group, in the order of time or of their numbers."""
        operation = self._question.operation
        if self._match.period is not None and operation not in ("most", "fewest"):
            made.sort(key=lambda item: item[0])
        else:
            made.sort(key=lambda item: (item[2] if operation == "fewest" else -item[2], item[0].casefold()))
        said = {"average": "Average of", "median": "Median of"}.get(operation, "Sum of")
        head = "Rows" if of is None else f"{said} {self._columns.names[of]}"
        over = f"{counted(rows, 'row', 'rows')}{self._where}"
        if operation in ("most", "fewest"):
            first = [name for name, _, number, _ in made if number == made[0][2]]
            number = f"{' and '.join(first)}: {made[0][1]} of {over}, the {operation}"
        else:
            groups = counted(len(made), f"value of {named}", f"values of {named}")
            number = f"{head} for {groups}, from {over}"
        self._notes.append("The page of each is that of its first row.")
        answered = [answer_row(members[0], (name, text)) for name, text, _, members in made]
        return RecordAnswer(number, answered, (named, head), list(self._notes), listed=True)

    def _summed(self, rows: Sequence[RecordRow], group: int) -> int | None:
        """Return the column of figures that is summed for each group; None where rows are counted."""
        operation = self._question.operation
        if operation in ("total", "average", "median"):
            return self._column()
        if operation in ("most", "fewest"):
            figures = self._named_figures(rows, group)
            return figures[0] if len(figures) == 1 and not only_rows_of(rows, figures[0]) else None
        return None

    def _named_figures(self, rows: Sequence[RecordRow], group: int) -> list[int]:
        """Return the columns of figures that the question names, but for that of the groups."""
        named = dict.fromkeys(number for number in self._match.named_columns if number != group)
        return [c for c in named if all(row.cells[c].kind in ("number", "amount", "empty") for row in rows)]

    def _group(self, cell: RecordCell) -> str | None:
        """Return the name of the group that a cell belongs to; None for an empty cell or one that is not certain."""
        if self._match.period is None:
            return None if cell.kind in ("empty", OPEN) else cell.value or cell.text.casefold()
        if cell.kind != "date" or period(cell.value) is None:
            return None
        return _period_of(cell.value, self._match.period)

    def _column(self) -> int | None:
        """Return the column of figures; None where the question names another column as well, and not money."""
        column = self._columns.of_figures()
        asked_for = column in self._match.named_columns or self._columns.asks_for_money()
        return column if not self._match.counted or asked_for else None

    def _figure(self, rows: Sequence[RecordRow], column: int) -> str | None:
        """Return the sum of the rows' figures, one for each unit, or their average or median; None where a figure can
        be read in two ways, or averages would be of several units."""
        by_unit: dict[str, list[float]] = {}
        for row in rows:
            cell = row.cells[column]
            if cell.kind == OPEN:
                return None
            if cell.number is not None:
                by_unit.setdefault(cell.unit, []).append(cell.number)
        operation = self._question.operation
        if not by_unit or (operation in ("average", "median") and len(by_unit) > 1):
            return None
        made = {unit: sum(numbers) for unit, numbers in by_unit.items()}
        if operation == "average":
            made = {unit: made[unit] / len(numbers) for unit, numbers in by_unit.items()}
        elif operation == "median":
            made = {unit: median(numbers) for unit, numbers in by_unit.items()}
        digits = 2 if operation == "average" else 6
        return " and ".join(f"{figure(round(number, digits))} {unit}".strip() for unit, number in sorted(made.items()))

    def _names_a_group(self, rows: Sequence[RecordRow], column: int) -> bool:
        """Return whether the question names another column than that of the figures whose values have several rows: the
        figure of a machine may be that of one row or of all rows of the machine."""
        restricted = {number for one in self._match.filters for number in one.within}
        others = set(self._match.named_columns) - restricted - {column}
        return any(not only_rows_of(rows, other) for other in others)

    def _note_bare(self, bare: int, column: int) -> None:
        if bare:
            more = "row has" if bare == 1 else "rows have"
            self._notes.append(f"{bare:,} further {more} no figure under {self._columns.names[column]}.")

    def _result(self, number: str, rows: Sequence[RecordRow], *, listed: bool = False) -> RecordAnswer:
        answered = [answer_row(row) for row in rows]
        return RecordAnswer(number, answered, tuple(self._columns.names), list(self._notes), listed)


def _period_of(value: str, wanted: Period) -> str | None:
    """Return the period of a date's normal form; None where the date says less than that, as a month has no day."""
    if wanted in _LENGTH:
        return (
            value[: _LENGTH[wanted]] if len(value) >= _LENGTH[wanted] and "Q" not in value[: _LENGTH[wanted]] else None
        )
    if wanted == "quarter":
        if "Q" in value:
            return value
        return f"{value[:4]}-Q{(int(value[5:7]) + 2) // 3}" if len(value) >= 7 else None
    if len(value) < 10:
        return None
    year, week, _ = date.fromisoformat(value[:10]).isocalendar()
    return f"{year}-W{week:02}"
