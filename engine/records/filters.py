"""Filters: the rows of a table that the words of a question leave, by the text of their cells.

Words that are just a cell's text restrict to these rows; words that a cell has beside others, to those that contain
them. Values of one column that "or" or "and" join are taken together, a negated value leaves the rows that have another
one, and a column of yes and no is a condition by its name alone. Light: no torch.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from engine.grounding.identifiers import written_pattern
from engine.grounding.stopwords import stop_words
from engine.grounding.words import folded, stem, tokens
from engine.library.typed_records import RecordRow
from engine.records.questions import Word, is_neutral

JOINING = frozenset({"and", "or", "und", "oder"})
_LONGEST_PHRASE = 6
_KEPT = 1 << 15
"""Texts of cells whose stems are kept for the next question."""
_YES = frozenset({"yes", "y", "true", "ja", "oui", "sí", "x", "✓", "✔"})
_NO = frozenset({"no", "n", "false", "nein", "non"})
_CellText = tuple[int, int, tuple[tuple[str, bool], ...], str]
"""Row, column, the stems of a cell's words (True: a stop word), and its folded text."""


@dataclass
class Filter:
    """A restriction of the rows to those with certain words in a cell."""

    words: tuple[Word, ...]
    equal: dict[int, set[int]]
    """Column -> ids of the rows whose cell is just these words."""
    within: dict[int, set[int]]
    """Column -> ids of the rows whose cell contains them, those of `equal` too."""
    opens: bool = False
    """True for the word that names the rows, where cells merely mention it."""
    place: int = 0
    """Place of its first word in the question."""
    kept: set[int] | None = None
    """The rows that hold, where a negation, an empty cell, or several values together decide."""
    said: str = ""
    """The condition in words, where `kept` decides."""
    notes: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Return the words as the question writes them."""
        *before, last = self.words
        return "".join(f"{word.text}{word.behind}" for word in before) + last.text

    @property
    def rows(self) -> set[int]:
        """Return the rows that hold: those with an equal cell, if there are any; else those that contain the words."""
        return set().union(*(self.equal or self.within).values()) if self.kept is None else self.kept

    @property
    def further(self) -> set[int]:
        """Return the rows that only name the words beside other text, where some are equal to them."""
        return set().union(*self.within.values()) - self.rows if self.equal and self.kept is None else set()

    @property
    def columns(self) -> list[int]:
        """Return the columns whose cells hold the words."""
        return sorted(self.equal or self.within)


def value_filters(
    rows: Sequence[RecordRow],
    words: Sequence[Word],
    columns: Sequence[frozenset[str]],
    names: frozenset[str],
    language: str,
) -> tuple[list[Filter], list[bool]] | None:
    """Return the filters that the words of cells make, and which words are left. None where an identifier is in no
    cell."""
    found: list[Filter] = []
    left = [True] * len(words)
    cells = [
        (row.id, number, _cell_tokens(cell.text, language), folded(cell.text))
        for row in rows
        for number, cell in enumerate(row.cells)
        if cell.kind in ("text", "identifier")
    ]
    for place, word in enumerate(words):
        if word.identifier:
            one = _identifier_filter(word, cells)
            if one is None:
                return None
            one.place = place
            found.append(one)
            left[place] = False
    place = 0
    first = next((number for number, word in enumerate(words) if not is_neutral(word)), 0)
    while place < len(words):
        for length in range(min(_LONGEST_PHRASE, len(words) - place), 0, -1):
            phrase = tuple(words[place : place + length])
            if not all(left[place : place + length]) or not _can_be_value(phrase):
                continue
            known = all(word.stem in names or any(word.stem in stems for stems in columns) for word in phrase)
            one = _phrase_filter(phrase, cells, language)
            # A word that heads or captions say restricts nothing, unless it is the whole text of cells as well.
            if one is None or (known and (length == 1 or not one.equal)):
                continue
            if not one.equal and all(is_neutral(word) for word in phrase):
                continue
            # The first word names what a row is; where cells merely mention it, that is left open.
            one.opens, one.place = place == first and not one.equal, place
            found.append(one)
            left[place : place + length] = [False] * length
            break
        place += 1
    return sorted(found, key=lambda one: one.place), left


def _can_be_value(phrase: Sequence[Word]) -> bool:
    """Return whether words can be a value: they do not begin or end with "and", and none or all are negated."""
    return len({word.negated for word in phrase}) == 1 and {phrase[0].stem, phrase[-1].stem}.isdisjoint(JOINING)


def joined(filters: Sequence[Filter], words: Sequence[Word]) -> list[Filter]:
    """Return the filters with the values of one column taken together, where a word such as "or" joins any."""
    if not any(word.stem in JOINING for word in words):
        return list(filters)
    found: list[Filter] = []
    for one in filters:
        before = next(
            (
                other
                for other in found
                if other.columns == one.columns
                and len(one.columns) == 1
                and other.words[0].negated == one.words[0].negated
                and other.rows.isdisjoint(one.rows)
            ),
            None,
        )
        if before is None:
            found.append(one)
            continue
        column = one.columns[0]
        merged = {column: before.rows | one.rows}
        said = before.said or f"“{before.text}”"
        notes = before.notes or [f"{len(before.rows):,} with “{before.text}”"]
        found[found.index(before)] = Filter(
            (*before.words, *one.words),
            merged,
            merged,
            place=before.place,
            kept=merged[column],
            said=f"{said} or “{one.text}”",
            notes=[*notes, f"{len(one.rows):,} with “{one.text}”"],
        )
    return found


def negated(one: Filter, rows: Sequence[RecordRow], columns: Sequence[str]) -> Filter | None:
    """Return the filter of the rows with another value; None where a cell names the value beside other text, which may
    mean either."""
    if len(one.columns) != 1 or (not one.equal and not one.words[0].identifier):
        return None
    column = one.columns[0]
    named = set().union(*one.within.values()) | one.rows
    filled = {row.id for row in rows if row.cells[column].kind != "empty"}
    said = f"not {one.said or f'“{one.text}”'} as {columns[column]}"
    empty = len(rows) - len(filled)
    notes = [f"{empty:,} without a {columns[column]} not counted."] if empty else []
    return Filter(one.words, one.equal, one.within, place=one.place, kept=filled - named, said=said, notes=notes)


def yes_or_no(rows: Sequence[RecordRow], column: int, name: str, words: tuple[Word, ...], place: int) -> Filter | None:
    """Return the filter of a column of yes and no that `words` name, or, where they are negated, of its opposite; of
    any other column with empty cells, where they are negated, the rows with an empty one. None where they say neither.
    """
    texts = {row.id: row.cells[column].text.casefold() for row in rows}
    denied = words[0].negated
    filled = {text for id, text in texts.items() if text}
    if filled and filled <= _YES | _NO and (filled & _YES or denied):
        wanted = _NO if denied else _YES
        kept = {id for id, text in texts.items() if text in wanted or (denied and not text and not filled & _NO)}
        shown = next((row.cells[column].text for row in rows if texts[row.id] in wanted), "nothing")
        return Filter(words, {}, {}, place=place, kept=kept, said=f"“{shown}” as {name}")
    if denied:
        kept = {row.id for row in rows if row.cells[column].kind == "empty"}
        return Filter(words, {}, {}, place=place, kept=kept, said=f"nothing under {name}") if kept else None
    return None


def _identifier_filter(word: Word, cells: Sequence[_CellText]) -> Filter | None:
    pattern = re.compile(rf"(?<![^\W_]){written_pattern(word.stem)}(?![^\W_])(?![-./]\d)")
    equal: dict[int, set[int]] = {}
    within: dict[int, set[int]] = {}
    for row, column, _, text in cells:
        found = pattern.search(text)
        if found is not None:
            within.setdefault(column, set()).add(row)
            if found.span() == (0, len(text)):
                equal.setdefault(column, set()).add(row)
    return Filter((word,), equal, within) if within else None


def _phrase_filter(phrase: tuple[Word, ...], cells: Sequence[_CellText], language: str) -> Filter | None:
    stems = [token for word in phrase for token in _flat(word, language)]
    equal: dict[int, set[int]] = {}
    within: dict[int, set[int]] = {}
    for row, column, found, _ in cells:
        if _contains(found, stems):
            within.setdefault(column, set()).add(row)
            if [token for token, stop in found if not stop] == stems:
                equal.setdefault(column, set()).add(row)
    return Filter(phrase, equal, within) if within else None


def _flat(word: Word, language: str) -> list[str]:
    return [stem(token, language) for token, _, _ in tokens(word.text)]


def _contains(cell: Sequence[tuple[str, bool]], wanted: Sequence[str]) -> bool:
    """Return whether `wanted` stand in `cell` one after the other, with stop words between them at most."""
    for first, (token, _) in enumerate(cell):
        if token != wanted[0]:
            continue
        at = first + 1
        for each in wanted[1:]:
            while at < len(cell) and cell[at][1] and cell[at][0] != each:
                at += 1
            if at >= len(cell) or cell[at][0] != each:
                break
            at += 1
        else:
            return True
    return False


@lru_cache(maxsize=_KEPT)
def _cell_tokens(text: str, language: str) -> tuple[tuple[str, bool], ...]:
    stops = stop_words(language)
    return tuple((stem(token, language), token in stops) for token, _, _ in tokens(text))
