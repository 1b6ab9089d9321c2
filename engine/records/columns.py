"""The column of a table that a question means: of dates, of figures, or of one value. Light: no torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.grounding.words import folded, stem, tokens
from engine.library.typed_records import RecordCell, RecordRow
from engine.records.kindred import kindred
from engine.records.questions import RecordQuestion
from engine.records.ranges import AmountRange
from engine.records.resolve import COST_WORDS, Match
from engine.records.units import same_unit

_DATED = 0.6
"""Share of a column's filled cells that are dates, or figures, from which on it is a column of them."""
OPEN = "unclear"
"""The kind of a cell that can be read in two ways."""
_UNIT_LETTERS = 3
"""Letters of a word beside an amount that may be its unit."""
_ANY_SIZE = frozenset({"highest", "largest", "biggest", "greatest", "lowest", "smallest", "large", "big", "high"})
"""Adjectives that fit any figure."""


class Columns:
    """The columns of a match, as its question means them."""

    def __init__(self, question: RecordQuestion, match: Match) -> None:
        self._question, self._match = question, match
        self.names = match.family.columns
        self._stems = [
            frozenset(stem(token, question.language) for token, _, _ in tokens(folded(name))) for name in self.names
        ]

    def of_dates(self) -> int | None:
        """Return the column of dates: the only one, or the one that the question names."""
        return self._one(lambda cell: cell.kind in ("date", OPEN), self._kindred())

    def of_figures(self, wanted: AmountRange | None = None) -> int | None:
        """Return the column of figures: the one that the question names, by its own word or by an adjective; else the
        only one with a unit of money, or with the question's own unit; else, where nothing speaks for money, the only
        one."""
        named = self._one(lambda cell: cell.number is not None, (), named=True)
        if named is not None:
            return named
        hints = self._kindred(*(wanted.words.split() if wanted is not None else ()))
        alike = [column for column in self._fitting(lambda cell: cell.number is not None) if column in hints]
        if len(alike) == 1:
            return alike[0]
        if wanted is not None and not wanted.unit and not self.asks_for_money():
            return self._one(lambda cell: cell.number is not None)
        unit = wanted.unit if wanted is not None else ""
        money = self._one(lambda cell: cell.kind == "amount" and (not unit or same_unit(cell.unit, unit)))
        if money is not None or self.asks_for_money() or self._question.adjective not in _ANY_SIZE:
            return money
        return self._one(lambda cell: cell.number is not None)

    def of_value(self, taken: Sequence[int]) -> int | None:
        """Return the column that a question for one value means, other than those `taken` by its conditions."""
        question = self._question
        named = [column for column in dict.fromkeys(self._match.named_columns) if column not in taken]
        if len(named) > 1:
            dated = [column for column in named if column in self._fitting(lambda cell: cell.kind == "date")]
            named = dated if question.adjective == "when" else named
        if named:
            return named[0] if len(named) == 1 else None
        if question.adjective == "when":
            return self._one(lambda cell: cell.kind in ("date", OPEN))
        if question.adjective == "cost" or self.asks_for_money():
            return self.of_figures()
        alike = [column for column in self._kindred() if column not in taken]
        return alike[0] if len(alike) == 1 else None

    def asks_for_money(self) -> bool:
        """Return whether a word of the question asks for a sum of money."""
        return any(word.stem in COST_WORDS for word in self._question.words)

    def _kindred(self, *further: str) -> list[int]:
        """Return the columns whose heads are of one meaning with the question's adjective or with `further` words."""
        words = (self._question.adjective, *(word for word in further if len(word) > _UNIT_LETTERS))
        wanted = {stem(folded(word), self._question.language) for word in words if word}
        return [
            number
            for number, stems in enumerate(self._stems)
            if any(word in stems or kindred(stems, word) for word in wanted)
        ]

    def _fitting(self, fits: Callable[[RecordCell], bool]) -> list[int]:
        fitting = []
        for column in range(len(self.names)):
            filled = [row.cells[column] for row in self._match.rows if row.cells[column].kind != "empty"]
            if filled and sum(map(fits, filled)) >= _DATED * len(filled):
                fitting.append(column)
        return fitting

    def _one(self, fits: Callable[[RecordCell], bool], alike: Sequence[int] = (), *, named: bool = False) -> int | None:
        """Return the only column that fits, or the only one of them that the question names."""
        fitting = self._fitting(fits)
        said = [column for column in dict.fromkeys(self._match.named_columns) if column in fitting]
        if named or len(fitting) != 1:
            if len(said) != 1 and not named:
                said = [column for column in alike if column in fitting]
            return said[0] if len(said) == 1 else None
        return fitting[0]


def only_rows_of(rows: Sequence[RecordRow], column: int) -> bool:
    """Return whether each row has a value of its own in `column`."""
    values = [row.cells[column].text.casefold() for row in rows]
    return bool(values) and len(set(values)) == len(values)
