"""Resolution: the table, the rows and the column that a question over records is about.

Every content word of the question must be placed: it names the table (its caption, a column, the document), or it is
the text of cells and restricts the rows. A question with a word that nothing places is not answered from the table.
Tables under the same columns, in one document or in many, are one family and count together. Light: no torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePath
from typing import Literal

from engine.grounding.identifiers import pieces
from engine.grounding.stopwords import stop_words
from engine.grounding.words import stem, tokens
from engine.library.library import Library
from engine.library.records import Document
from engine.library.typed_records import RecordRow, RecordTable
from engine.records.filters import JOINING, Filter, joined, negated, value_filters, yes_or_no
from engine.records.kindred import kindred
from engine.records.questions import GENERIC, RecordQuestion, Word, is_neutral

_COST = (
    "cost price amount sum value fee total spend spent pay paid charg expens budget worth kost preis betrag summ wert"
)
COST_WORDS = frozenset(_COST.split())
"""Stems of words that ask for a sum of money."""
_KEPT = 1 << 15
"""Heads and names whose stems are kept for the next question."""
_GENERIC_COLUMN = frozenset({"date", "day", "number", "figur", "datum", "tag", "nummer"})
"""Stems that say no more of a column than another word has said: "payment date"."""
Period = Literal["day", "week", "month", "quarter", "year"]
_PERIODS: dict[str, Period] = {
    **dict.fromkeys(("day", "tag"), "day"),
    **dict.fromkeys(("week", "woch"), "week"),
    **dict.fromkeys(("month", "monat"), "month"),
    **dict.fromkeys(("quarter", "quartal"), "quarter"),
    **dict.fromkeys(("year", "jahr"), "year"),
}


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
    group: int | None = None
    """The column for each of whose values a number is wanted."""
    period: Period | None = None
    """The periods for each of which a number is wanted."""
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


def matches(
    library: Library, documents: Sequence[Document], question: RecordQuestion, *, unnamed: bool = False
) -> list[Match]:
    """Return the families of tables on which every word of `question` can be placed, the best first.

    `unnamed`: also those of which no word of the question says anything, where it has a date, an amount or a group.
    """
    by_id = {document.id: document for document in documents}
    holding = {word: library.typed_records.tables_with_words(_query(word)) for word in question.words}
    titles = {id: _title(document, question.language) for id, document in by_id.items()}
    found = []
    for family in families(library.typed_records.tables(list(by_id))):
        match = _match(library, family, titles, holding, question, unnamed=unnamed)
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
    *,
    unnamed: bool,
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
    group, period = _group(question.group, columns)
    if question.group and group is None and period is None:
        return None
    wanted = [word for word in words if not is_neutral(word)]
    outside = [
        word
        for word in wanted
        if word.identifier
        or not (
            word.stem in captions | about
            or word.stem in JOINING
            or any(word.stem in stems or kindred(stems, word.stem) for stems in columns)
        )
    ]
    named = len(outside) < len(wanted) or not outside or unnamed
    if not _can_hold(family, outside, holding, named=named):
        return None
    match = Match(family, library.typed_records.rows(family.ids), group=group, period=period)
    left = _filter(match, question, columns, captions | about)
    if left is None or not _place(match, question, columns, captions | about, left):
        return None
    match.strength += 2 * (group is not None) + (period is not None)
    return match if all(_is_placed(word, columns, captions | about) for word in question.also) else None


def _group(words: Sequence[Word], columns: Sequence[frozenset[str]]) -> tuple[int | None, Period | None]:
    """Return the column, or the period, that the words of a group name."""
    if not words:
        return None, None
    wanted = {word.stem for word in words}
    exact = [number for number, stems in enumerate(columns) if wanted <= stems]
    whole = [number for number in exact if wanted == columns[number]]
    if len(whole or exact) == 1:
        return (whole or exact)[0], None
    if len(words) == 1 and words[0].stem in _PERIODS:
        return None, _PERIODS[words[0].stem]
    alike = [number for number, stems in enumerate(columns) if len(words) == 1 and kindred(stems, words[0].stem)]
    return (alike[0] if len(alike) == 1 and not exact else None), None


def _filter(
    match: Match, question: RecordQuestion, columns: Sequence[frozenset[str]], names: frozenset[str]
) -> list[bool] | None:
    """Add the filters that the words of cells, and the names of columns of yes and no, make; return which words are
    left. None where an identifier is in no cell, or a negation has no certain meaning."""
    words, rows = question.words, match.rows
    found = value_filters(rows, words, columns, names, question.language)
    if found is None:
        return None
    filters, left = found
    denied = 0
    for one in joined(filters, words):
        if one.words[0].negated:
            opposite = negated(one, rows, match.family.columns)
            if opposite is None:
                return None
            denied += 1
            match.filters.append(opposite)
        else:
            match.filters.append(one)
    for number, stems in enumerate(columns):
        places = [place for place, word in enumerate(words) if left[place] and _says(word, stems)]
        content = stems - stop_words(question.language)
        sure = content <= {words[place].stem for place in places} or any(words[place].negated for place in places)
        if not places or not sure or len({words[place].negated for place in places}) > 1:
            continue
        said = yes_or_no(rows, number, match.family.columns[number], tuple(words[p] for p in places), places[0])
        if said is not None:
            match.filters.append(said)
            denied += words[places[0]].negated
            for place in places:
                left[place] = False
    return left if denied == question.negates else None


def _says(word: Word, stems: frozenset[str]) -> bool:
    return word.stem in stems or (word.negated and not is_neutral(word) and kindred(stems, word.stem))


def _place(
    match: Match, question: RecordQuestion, columns: Sequence[frozenset[str]], names: frozenset[str], left: list[bool]
) -> bool:
    """Place the words that are left on heads and captions; return whether each has a place."""
    words = question.words
    noun: list[str] = []
    unknown: list[Word] = []
    for place, word in enumerate(words):
        in_columns = [number for number, stems in enumerate(columns) if word.stem in stems]
        if not left[place] or (is_neutral(word) and not in_columns):
            continue
        alike = [number for number, stems in enumerate(columns) if kindred(stems, word.stem)]
        if in_columns or word.stem in names:
            if in_columns and not noun and word.stem not in names:
                match.counted = in_columns
            match.named_columns += in_columns
            match.strength += 2 if in_columns or word.stem in names else 1
            noun.append(word.text)
        elif len(alike) == 1:
            match.named_columns += alike
            match.strength += 1
        elif word.stem in JOINING:
            if not _joins(word, match.filters):
                return False
        elif place == len(unknown) and len(unknown) < 2 and word.text.casefold() not in GENERIC:
            unknown.append(word)
        elif not _adds_nothing(word, words[place + 1 : place + 2], left[place + 1 : place + 2], match.named_columns):
            return False
    match.noun, match.unknown = (noun[0] if noun and left[0] else ""), tuple(unknown)
    return True


def _joins(word: Word, filters: Sequence[Filter]) -> bool:
    """Return whether a word joins values of one column that were taken together, or, as "and", two conditions."""
    together = any(" or " in one.said for one in filters)
    return together or (word.stem in ("and", "und") and len(filters) > 1)


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
        if not naming or not others or word.identifier or is_neutral(word) or any(word.stem in c for c in columns):
            continue
        if not holding[word].isdisjoint(others):
            return None
        kept &= naming
    return Family(family.columns, [table for table in family.tables if table.id in kept]) if kept else None


def _adds_nothing(word: Word, following: Sequence[Word], left: Sequence[bool], named: Sequence[int]) -> bool:
    """Return whether a word that no cell and no head says restricts no rows: "row", "cost", "pump" before P-835, or
    "date" behind a word that names a column."""
    if named and word.stem in _GENERIC_COLUMN:
        return True
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


def _is_placed(word: Word, columns: Sequence[frozenset[str]], names: frozenset[str]) -> bool:
    return (
        is_neutral(word)
        or word.stem in names
        or word.stem in COST_WORDS
        or any(word.stem in stems or kindred(stems, word.stem) for stems in columns)
    )
