"""Answers over records: counts, lists, totals, the first and the last row, each row with its page; no model.

An answer says how it was counted and what it does not cover. Where the table leaves open what a row is, or a word is in
a cell beside other text, both numbers are given. Light: no torch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from engine.grounding.identifiers import written_pattern
from engine.grounding.words import folded
from engine.library.library import Library
from engine.library.records import Document
from engine.library.typed_records import RecordCell, RecordRow
from engine.records.mentions import answer_of_mentions, answer_of_times
from engine.records.questions import GENERIC, NEUTRAL, AmountRange, DateRange, RecordQuestion, period, record_question
from engine.records.resolve import COST_WORDS, Filter, Match, matches
from engine.records.result import AnswerRow, RecordAnswer
from engine.records.store import ensure_records
from engine.records.words import counted, figure

_DATED = 0.6
"""Share of a column's filled cells that are dates, or figures, from which on it is a column of them."""
_OPEN = "unclear"


def answer_records(library: Library, documents: Sequence[Document], question: str) -> RecordAnswer | None:
    """Return the answer to `question` from the records of `documents`; None where the question is not surely one over
    them."""
    asked = record_question(question)
    if asked is None:
        return None
    known = [document for document in documents if ensure_records(library, document)]
    if asked.operation == "times":
        return answer_of_times(library, known, asked)
    found = [answer for match in matches(library, known, asked) if (answer := _Answering(asked, match).answer())]
    sure = [answer for answer in found if not answer.open]
    if sure:
        best = sure[0]
        rivals = [other for other in sure[1:] if other.match.strength >= best.match.strength]
        if rivals and any(other.result.number != best.result.number for other in rivals):
            return None  # two tables fit equally well and say different things
        best.result.notes += _named_elsewhere(library, known, best.match)
        return best.result
    if (listed := answer_of_mentions(library, known, asked)) is not None:
        return listed
    if len(found) == 1 and asked.operation in ("count", "list") and not _told(library, known, found[0].match):
        found[0].result.notes += _named_elsewhere(library, known, found[0].match)
        return found[0].result
    return answer_of_times(library, known, asked) if asked.operation == "count" else None


def _told(library: Library, documents: Sequence[Document], match: Match) -> bool:
    """Return whether the running text names what the question counts: then it, not the table, may tell."""
    ids = [document.id for document in documents]
    return any(library.search.in_documents(ids, word.text, 1) for word in match.unknown)


def _named_elsewhere(library: Library, documents: Sequence[Document], match: Match) -> list[str]:
    """Return a sentence for each identifier of the question that the pages also name outside of the table's rows."""
    spans: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for row in match.rows:
        spans.setdefault((row.document, row.page), []).append((row.start, row.end))
    notes = []
    for one in match.filters:
        if one.words[0].identifier:
            spelling = re.compile(written_pattern(one.words[0].stem))
            outside = [
                found
                for found in library.typed_records.mentions([document.id for document in documents], "identifier")
                if spelling.fullmatch(folded(found.text))
                and not any(a <= found.start < b for a, b in spans.get((found.document, found.page), ()))
            ]
            if outside:
                pages = len({(found.document, found.page) for found in outside})
                times = counted(len(outside), "place", "places")
                notes.append(
                    f"{one.text} is also named in {times} outside of these rows ({counted(pages, 'page', 'pages')})."
                )
    return notes


@dataclass(frozen=True)
class _Answered:
    result: RecordAnswer
    match: Match
    open: bool
    """The table does not say that its rows are the things that the question counts."""


def _only_mentions(match: Match, rows: Sequence[RecordRow]) -> bool:
    """Return whether there are no rows, or cells merely mention the words of the question beside other text: that is no
    list of the things that it names."""
    return not rows or all(not one.equal and not one.words[0].identifier for one in match.filters)


class _Answering:
    """One question answered from one family of tables."""

    def __init__(self, question: RecordQuestion, match: Match) -> None:
        self._question, self._match = question, match
        self._columns = match.family.columns
        self._notes: list[str] = []
        self._conditions: list[str] = []

    def answer(self) -> _Answered | None:
        """Return the answer; None where a column that it needs is not certain."""
        question, match = self._question, self._match
        rows = match.selected()
        self._conditions += [self._condition(one) for one in match.filters]
        for part in (self._within_dates, self._within_amounts):
            kept = part(rows)
            if kept is None:
                return None
            rows = kept
        if match.unknown and (not match.filters or (question.operation == "list" and _only_mentions(match, rows))):
            return None
        restricted = match.filters or question.dates is not None or question.amounts is not None
        content = [word for word in question.words if word.text.casefold() not in NEUTRAL]
        if question.which and not restricted and len(content) > 1:
            return None  # the other words tell which, and no cell has them
        plain = not match.filters and question.dates is None and question.amounts is None and match.strength == 0
        if plain and not (_only_generic(question) and question.operation in ("count", "list")):
            return None
        self._note_further(rows)
        made = self._made(rows)
        if made is None:
            return None
        if match.unknown:
            words = " ".join(word.text for word in match.unknown)
            total = counted(len(match.rows), "row", "rows")
            made.notes.insert(
                0, f"The table does not say whether a row is one of the “{words}”; it has {total} in all."
            )
        return _Answered(made, match, bool(match.unknown))

    def _made(self, rows: list[RecordRow]) -> RecordAnswer | None:
        match self._question.operation:
            case "count" | "list" if self._question.distinct:
                return self._distinct(rows, list(dict.fromkeys(self._match.named_columns)))
            case "count" | "list":
                if self._match.counted and not self._is_key(rows):
                    return self._distinct(rows, self._match.counted)
                return self._result(self._count_of(rows), rows, listed=self._question.operation == "list")
            case "total" | "average" if not self._is_open():
                return self._total(rows)
            case "highest" | "lowest" if not self._is_open():
                return self._extreme(rows)
            case "first" | "last" if not self._is_open():
                return self._end(rows)
        return None

    def _is_open(self) -> bool:
        return bool(self._match.unknown) or any(one.opens for one in self._match.filters)

    def _count_of(self, rows: Sequence[RecordRow]) -> str:
        noun = self._match.noun if self._question.operation == "count" and len(rows) != 1 else ""
        return f"{len(rows):,} {noun or ('row' if len(rows) == 1 else 'rows')}{self._where()}"

    def _is_key(self, rows: Sequence[RecordRow], columns: Sequence[int] | None = None) -> bool:
        """Return whether each row has a value of its own in one column, that which the question counts."""
        columns = self._match.counted if columns is None else columns
        values = [row.cells[columns[0]].text.casefold() for row in rows] if len(columns) == 1 else []
        return bool(values) and len(set(values)) == len(values)

    def _names_a_group(self, rows: Sequence[RecordRow], column: int) -> bool:
        """Return whether the question names another column than that of the figures whose values have several rows: the
        figure of a machine may be that of one row or of all rows of the machine."""
        restricted = {number for one in self._match.filters for number in (*one.equal, *one.within)}
        others = set(self._match.named_columns) - restricted - {column}
        return any(not self._is_key(rows, [other]) for other in others)

    def _distinct(self, rows: Sequence[RecordRow], columns: Sequence[int]) -> RecordAnswer | None:
        if len(columns) != 1:
            return None
        first: dict[str, RecordRow] = {}
        for row in rows:
            cell = row.cells[columns[0]]
            if cell.kind == _OPEN:
                return None
            if cell.kind != "empty":
                first.setdefault(cell.value or cell.text.casefold(), row)
        name = self._columns[columns[0]]
        number = f"{len(first):,} different values of {name} in {counted(len(rows), 'row', 'rows')}{self._where()}"
        return self._result(number, list(first.values()), listed=True)

    def _total(self, rows: Sequence[RecordRow]) -> RecordAnswer | None:
        column = self._amount_column(self._match.rows)
        if column is None or not rows:
            return None
        if self._match.counted and column not in self._match.named_columns and not self._asks_for_money():
            return None  # the sum of what? The question names another column
        sums: dict[str, float] = {}
        bare = []
        for row in rows:
            cell = row.cells[column]
            if cell.kind == _OPEN:
                return None
            if cell.number is None:
                bare.append(row)
            else:
                sums[cell.unit] = sums.get(cell.unit, 0.0) + cell.number
        average = self._question.operation == "average"
        if not sums or (average and (len(sums) > 1 or self._names_a_group(rows, column))):
            return None
        self._note_bare(bare, column)
        summed = [row for row in rows if row.cells[column].number is not None]
        if average:
            sums = {unit: number / len(summed) for unit, number in sums.items()}
        digits = 2 if average else 6
        added = " and ".join(f"{figure(round(n, digits))} {unit}".strip() for unit, n in sorted(sums.items()))
        kind = "average" if average else "sum"
        over = counted(len(summed), "row", "rows")
        return self._result(f"{added}: the {kind} of {self._columns[column]} over {over}{self._where()}", summed)

    def _note_bare(self, bare: Sequence[RecordRow], column: int) -> None:
        if bare:
            more = "row has" if len(bare) == 1 else "rows have"
            self._notes.append(f"{len(bare):,} further {more} no figure under {self._columns[column]}.")

    def _extreme(self, rows: Sequence[RecordRow]) -> RecordAnswer | None:
        column = self._amount_column(self._match.rows)
        if column is None or self._names_a_group(rows, column):
            return None
        figures = [(row.cells[column].number, row) for row in rows]
        held = [(number, row) for number, row in figures if number is not None]
        if not held or any(row.cells[column].kind == _OPEN for row in rows):
            return None
        if len({row.cells[column].unit for _, row in held}) > 1:
            return None
        self._note_bare([row for number, row in figures if number is None], column)
        end = (max if self._question.operation == "highest" else min)(number for number, _ in held)
        chosen = [row for number, row in held if number == end]
        shown = f"{figure(end)} {chosen[0].cells[column].unit}".strip()
        also = f" ({len(chosen)} rows have it)" if len(chosen) > 1 else ""
        of = counted(len(held), "row", "rows")
        number = (
            f"{self._question.operation.capitalize()} {self._columns[column]} of {of}{self._where()}: {shown}{also}"
        )
        return self._result(number, chosen, listed=True)

    def _end(self, rows: Sequence[RecordRow]) -> RecordAnswer | None:
        column = self._date_column(self._match.rows)
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

    def _result(self, number: str, rows: Sequence[RecordRow], *, listed: bool = False) -> RecordAnswer:
        answered = [
            AnswerRow(row.document, row.page, row.start, row.end, row.quoted, tuple(cell.text for cell in row.cells))
            for row in rows
        ]
        return RecordAnswer(number, answered, tuple(self._columns), list(self._notes), listed)

    def _within_dates(self, rows: list[RecordRow]) -> list[RecordRow] | None:
        wanted = self._question.dates
        if wanted is None:
            return rows
        column = self._date_column(self._match.rows)
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
            self._notes.append(f"{unsure:,} further {more} a date that can not be compared ({self._columns[column]}).")
        self._conditions.append(f"{self._columns[column]} {wanted.words}")
        return kept

    def _within_amounts(self, rows: list[RecordRow]) -> list[RecordRow] | None:
        wanted = self._question.amounts
        if wanted is None:
            return rows
        column = self._amount_column(self._match.rows, wanted)
        if column is None:
            return None
        if any(row.cells[column].kind == _OPEN for row in rows):
            return None
        units = {row.cells[column].unit for row in rows if row.cells[column].number is not None}
        if wanted.unit and units - {wanted.unit, ""}:
            other = ", ".join(sorted(units - {wanted.unit, ""}))
            self._notes.append(f"Amounts in {other} are not compared.")
        elif not wanted.unit and len(units) > 1:
            return None
        self._conditions.append(f"{self._columns[column]} {wanted.words}")
        return [row for row in rows if _holds(row.cells[column], wanted)]

    def _date_column(self, rows: Sequence[RecordRow]) -> int | None:
        """Return the column of dates that the question means: the only one, or the one that it names."""
        return self._column(rows, lambda cell: cell.kind in ("date", _OPEN))

    def _amount_column(self, rows: Sequence[RecordRow], wanted: AmountRange | None = None) -> int | None:
        """Return the column of figures that the question means: the one that it names, or the only one with a unit of
        money (or with the question's own unit)."""
        named = self._column(rows, lambda cell: cell.number is not None, named=True)
        if named is not None:
            return named
        if wanted is not None and not wanted.unit and not self._asks_for_money():
            return self._column(rows, lambda cell: cell.number is not None)
        unit = wanted.unit if wanted is not None else ""
        return self._column(rows, lambda cell: cell.kind == "amount" and (not unit or cell.unit == unit))

    def _asks_for_money(self) -> bool:
        return any(word.stem in COST_WORDS for word in self._question.words)

    def _column(
        self, rows: Sequence[RecordRow], fits: Callable[[RecordCell], bool], *, named: bool = False
    ) -> int | None:
        fitting = []
        for column in range(len(self._columns)):
            filled = [row.cells[column] for row in rows if row.cells[column].kind != "empty"]
            if filled and sum(map(fits, filled)) >= _DATED * len(filled):
                fitting.append(column)
        said = [column for column in dict.fromkeys(self._match.named_columns) if column in fitting]
        if named or len(fitting) != 1:
            return said[0] if len(said) == 1 else None
        return fitting[0]

    def _where(self) -> str:
        return f" with {' and '.join(self._conditions)}" if self._conditions else ""

    def _condition(self, one: Filter) -> str:
        columns = sorted(one.equal or one.within)
        names = " or ".join(self._columns[column] for column in columns[:3])
        return f"“{one.text}” {'as' if one.equal else 'in'} {names}"

    def _note_further(self, rows: Sequence[RecordRow]) -> None:
        for one in self._match.filters:
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
            if not one.equal and not one.words[0].identifier and rows:
                self._notes.append(f"“{one.text}” was looked for inside the text of cells, which may also deny it.")


def _inside(cell: RecordCell, wanted: DateRange) -> bool | None:
    """Return whether a cell's date is within `wanted`; None where that is open."""
    if cell.kind == "empty":
        return False
    if cell.kind != "date":
        return None
    if wanted.month:
        found = cell.value[2:4] if cell.value.startswith("--") else cell.value[5:7]
        return int(found) == wanted.month if found.isdigit() else None
    days = period(cell.value)
    if days is None:
        return None
    if days.low >= wanted.low and days.high <= wanted.high:
        return True
    return False if days.high <= wanted.low or days.low >= wanted.high else None


def _holds(cell: RecordCell, wanted: AmountRange) -> bool:
    same_unit = not wanted.unit or not cell.unit or cell.unit == wanted.unit
    return cell.number is not None and same_unit and wanted.holds(cell.number)


def _only_generic(question: RecordQuestion) -> bool:
    return all(word.text.casefold() in GENERIC for word in question.words)


def _pages(rows: Iterable[RecordRow]) -> str:
    numbers = sorted({row.page for row in rows})
    shown = ", ".join(map(str, numbers[:8])) + (" …" if len(numbers) > 8 else "")
    return f"page {shown}" if len(numbers) == 1 else f"pages {shown}"
