"""Resolution: the table, the rows and the column that a question over records is about.

Every content word of the question must be placed: it names the table (its caption, a column, the document), or it is
the text of cells and restricts the rows. A question with a word that nothing places is not answered from the table.
Tables under the same columns, in one document or in many, are one family and count together. Light: no torch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePath

from engine.grounding.identifiers import pieces, written_pattern
from engine.grounding.stopwords import stop_words
from engine.grounding.words import folded, stem, tokens
from engine.library.library import Library
from engine.library.records import Document
from engine.library.typed_records import RecordRow, RecordTable
from engine.records.questions import GENERIC, NEUTRAL, RecordQuestion, Word

_COST = (
    "cost price amount sum value fee total spend spent pay paid charg expens budget worth kost preis betrag summ wert"
)
COST_WORDS = frozenset(_COST.split())
"""Stems of words that ask for a sum of money."""
_LONGEST_PHRASE = 6
_KEPT = 1 << 15
"""Texts of cells, heads and names whose stems are kept for the next question."""
_CellText = tuple[int, int, tuple[tuple[str, bool], ...], str]
"""Row, column, the stems of a cell's words (True: a stop word), and its folded text."""


@dataclass
class Family:
    """Tables under the same columns."""

    columns: list[str]
    tables: list[RecordTable] = field(default_factory=list)

    @property
    def ids(self) -> list[int]:
        """Return the ids of its tables."""
        return [table.id for table in self.tables]


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

    @property
    def text(self) -> str:
        """Return the words as the question writes them."""
        return " ".join(word.text for word in self.words)

    @property
    def rows(self) -> set[int]:
        """Return the rows that hold: those with an equal cell, if there are any; else those that contain the words."""
        return set().union(*(self.equal or self.within).values())

    @property
    def further(self) -> set[int]:
        """Return the rows that only name the words beside other text, where some are equal to them."""
        return set().union(*self.within.values()) - self.rows if self.equal else set()


@dataclass
class Match:
    """The words of a question placed on a family of tables."""

    family: Family
    rows: list[RecordRow]
    filters: list[Filter] = field(default_factory=list)
    named_columns: list[int] = field(default_factory=list)
    """Columns that words of the question name, in the question's order."""
    noun: str = ""
    """The word that names the rows."""
    counted: list[int] = field(default_factory=list)
    """Columns that the first word names, where neither a caption nor the document's name has it: the question counts
    their values, not the rows."""
    unknown: tuple[Word, ...] = ()
    """The first words of the question where neither the table nor the document says them: what a row is, is open."""
    strength: int = 0
    """Number of the words that columns or captions say, those of columns double."""

    def selected(self) -> list[RecordRow]:
        """Return the rows that all filters let through."""
        return [row for row in self.rows if all(row.id in one.rows for one in self.filters)]


def families(tables: Iterable[RecordTable]) -> list[Family]:
    """Return `tables` by their columns; one without column heads is a family of its own."""
    found: dict[object, Family] = {}
    for table in tables:
        key: object = tuple(map(str.casefold, table.columns)) if table.named else table.id
        found.setdefault(key, Family(list(table.columns))).tables.append(table)
    return list(found.values())


def matches(library: Library, documents: Sequence[Document], question: RecordQuestion) -> list[Match]:
    """Return the families of tables on which every word of `question` can be placed, the best first."""
    by_id = {document.id: document for document in documents}
    holding = {word: library.typed_records.tables_with_words(_query(word)) for word in question.words}
    titles = {id: _title(document, question.language) for id, document in by_id.items()}
    found = []
    for family in families(library.typed_records.tables(list(by_id))):
        match = _match(library, family, titles, holding, question)
        if match is not None and (match.strength or not _is_bare_list(family)):
            found.append(match)
    return sorted(found, key=lambda match: (bool(match.unknown), -match.strength, -len(match.rows)))


def _is_bare_list(family: Family) -> bool:
    """Return whether the rows are items of text without columns, such as the clauses of a contract. Words
    that stand in an item do not show that the question is about the list."""
    return all(table.form == "list" and not table.named and len(table.columns) == 1 for table in family.tables)


def _match(
    library: Library,
    family: Family,
    titles: dict[int, frozenset[str]],
    holding: dict[Word, set[int]],
    question: RecordQuestion,
) -> Match | None:
    words = list(question.words)
    language = question.language
    columns = [_stems(name, language) for name in family.columns]
    named_part = _named_part(family, words, columns, titles, holding, language)
    if named_part is None:
        return None
    family = named_part
    captions = frozenset().union(*(_stems(table.caption, language) for table in family.tables))
    about = frozenset().union(*(titles[table.document] for table in family.tables))
    if any(word in stems for word in question.grouped for stems in columns):
        return None
    wanted = [word for word in words if not _is_neutral(word)]
    outside = [
        word
        for word in wanted
        if word.identifier or not (word.stem in captions or word.stem in about or any(word.stem in c for c in columns))
    ]
    named = len(outside) < len(wanted) or not outside
    if not _can_hold(family, outside, holding, named=named):
        return None
    match = Match(family, library.typed_records.rows(family.ids))
    left = _place_values(match, words, columns, captions | about, language)
    if left is None:
        return None
    noun: list[str] = []
    unknown: list[Word] = []
    for place, word in enumerate(words):
        in_columns = [number for number, stems in enumerate(columns) if word.stem in stems]
        if not left[place] or (_is_neutral(word) and not in_columns):
            continue
        if in_columns or word.stem in captions | about:
            if in_columns and not noun and word.stem not in captions | about:
                match.counted = in_columns
            match.named_columns += in_columns
            match.strength += 2 if in_columns or word.stem in captions else 1
            noun.append(word.text)
        elif place == len(unknown) and len(unknown) < 2 and word.text.casefold() not in GENERIC:
            unknown.append(word)
        elif not _adds_nothing(word, words[place + 1 : place + 2], left[place + 1 : place + 2]):
            return None
    match.noun, match.unknown = (noun[0] if noun and left[0] else ""), tuple(unknown)
    return match if all(_is_placed(word, columns, captions | about) for word in question.also) else None


def _named_part(
    family: Family,
    words: Sequence[Word],
    columns: Sequence[frozenset[str]],
    titles: dict[int, frozenset[str]],
    holding: dict[Word, set[int]],
    language: str,
) -> Family | None:
    """Return the tables of `family` whose own caption or document has each word that names some of them.

    None where no table has all such words, or where such a word is also in cells of the others: it may mean either.
    """
    names = {table.id: _stems(table.caption, language) | titles[table.document] for table in family.tables}
    kept = set(names)
    for word in words:
        naming = {id for id, stems in names.items() if word.stem in stems}
        others = set(names) - naming
        if not naming or not others or word.identifier or _is_neutral(word) or any(word.stem in c for c in columns):
            continue
        if not holding[word].isdisjoint(others):
            return None
        kept &= naming
    return Family(family.columns, [table for table in family.tables if table.id in kept]) if kept else None


def _adds_nothing(word: Word, following: Sequence[Word], left: Sequence[bool]) -> bool:
    """Return whether a word that no cell and no head says restricts no rows: "row", "cost", or "pump" before P-835."""
    if word.stem in ("and", "or", "und", "oder"):
        return False
    beside = word.joined and bool(following) and following[0].identifier and not left[0]
    return beside or word.text.casefold() in GENERIC or word.stem in COST_WORDS


def _can_hold(family: Family, outside: Sequence[Word], holding: dict[Word, set[int]], *, named: bool) -> bool:
    """Return whether the words `outside` of heads, captions and names can be in the family's cells.

    The first two may name the rows, and a word before an identifier may add nothing; that is decided later. Where only
    such words are left, the family must hold one of them or be `named` by another word.
    """
    generic = all(word.text.casefold() in GENERIC for word in outside)
    if not named and not generic and all(holding[word].isdisjoint(family.ids) for word in outside):
        return False
    for place, word in enumerate(outside):
        followed = outside[place + 1 : place + 2]
        must = word.identifier or (place > 1 and not (followed and followed[0].identifier))
        if must and holding[word].isdisjoint(family.ids) and word.text.casefold() not in GENERIC:
            return word.stem in COST_WORDS and not word.identifier
    return True


def _place_values(
    match: Match, words: Sequence[Word], columns: Sequence[frozenset[str]], names: frozenset[str], language: str
) -> list[bool] | None:
    """Add the filters that the words of cells make; return which words are left. None where an identifier is in no
    cell."""
    left = [True] * len(words)
    cells = [
        (row.id, number, _cell_tokens(cell.text, language), folded(cell.text))
        for row in match.rows
        for number, cell in enumerate(row.cells)
        if cell.kind in ("text", "identifier")
    ]
    for place, word in enumerate(words):
        if word.identifier:
            found = _identifier_filter(word, cells)
            if found is None:
                return None
            match.filters.append(found)
            left[place] = False
    place = 0
    first = next((number for number, word in enumerate(words) if not _is_neutral(word)), 0)
    while place < len(words):
        for length in range(min(_LONGEST_PHRASE, len(words) - place), 0, -1):
            phrase = tuple(words[place : place + length])
            if not all(left[place : place + length]) or all(_is_neutral(word) for word in phrase):
                continue
            known = all(word.stem in names or any(word.stem in stems for stems in columns) for word in phrase)
            found = _phrase_filter(phrase, cells, language)
            # A word that heads or captions say restricts nothing, unless it is the whole text of cells as well.
            if found is None or (known and (length == 1 or not found.equal)):
                continue
            # The first word names what a row is; where cells merely mention it, that is left open.
            found.opens = place == first and not found.equal
            match.filters.append(found)
            left[place : place + length] = [False] * length
            break
        place += 1
    return left


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


def _query(word: Word) -> str:
    """Return the FTS5 query for a word of the question in any of its spellings."""
    if not word.identifier:
        return " ".join(f'"{token}"' for token, _, _ in tokens(word.text))
    parts = pieces(word.stem)
    return f'"{" ".join(parts)}" OR "{"".join(parts)}"'


@lru_cache(maxsize=_KEPT)
def _stems(text: str, language: str) -> frozenset[str]:
    return frozenset(stem(token, language) for token, _, _ in tokens(text))


def _title(document: Document, language: str) -> frozenset[str]:
    names = {document.title, *(PurePath(path).stem for path in {document.path, *document.paths})}
    return frozenset().union(*(_stems(name.replace("_", " ").replace("-", " "), language) for name in names))


def _is_neutral(word: Word) -> bool:
    return word.text.casefold() in NEUTRAL and not word.identifier


def _is_placed(word: Word, columns: Sequence[frozenset[str]], names: frozenset[str]) -> bool:
    return (
        _is_neutral(word)
        or word.stem in names
        or word.stem in COST_WORDS
        or any(word.stem in stems for stems in columns)
    )
