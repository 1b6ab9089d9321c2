"""Full-text search over the sections of a document: SQLite's FTS5 with Porter stems, ranked by BM25."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.library.database import Database
from engine.library.records import Section, SectionHit
from engine.library.sections import COLUMNS

_WORD = re.compile(r"\w+", re.UNICODE)
_PARTS = re.compile(r"[^\W_]+")
_MAX_WORDS = 64
_HEADING_WEIGHT = 4.0
"""A word in a heading counts as this many in the text."""


class Search:
    """The full-text index."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def sections(
        self, document: int, text: str, limit: int = 8, reading: int | None = None, phrases: Sequence[str] = ()
    ) -> list[SectionHit]:
        """Return the sections of a reading (default: the document's latest) that match `text` best, best first; any
        text is a valid query. `phrases`: only sections that contain one of them, word for word."""
        query, held = fts_query(text), phrases_query(phrases)
        if held:
            query = f"({held}) AND ({query})" if query else held
        if not query:
            return []
        with self._db.read() as conn:
            rows = conn.execute(
                f"SELECT {COLUMNS}, bm25(sections_fts, {_HEADING_WEIGHT}, 1.0) AS rank"
                " FROM sections_fts JOIN sections s ON s.id = sections_fts.rowid"
                " WHERE sections_fts MATCH ? AND s.reading ="
                " coalesce(?, (SELECT id FROM readings WHERE document = ? ORDER BY used DESC LIMIT 1))"
                " ORDER BY rank, s.number LIMIT ?",
                [query, reading, document, limit],
            )
            return [SectionHit(Section(*row[:-1]), -row[-1]) for row in rows]


def fts_query(text: str) -> str:
    """Return an FTS5 query that matches any word of `text`; empty when there is no word in it.

    Each word is quoted, so nothing that a user types is read as FTS5 syntax.
    """
    words = dict.fromkeys(word.lower() for word in _WORD.findall(text))
    return " OR ".join(f'"{word}"' for word in list(words)[:_MAX_WORDS])


def phrases_query(phrases: Sequence[str]) -> str:
    """Return an FTS5 query for text that contains any of `phrases`, word for word: FT-474 is "ft" and then "474"."""
    return " OR ".join(f'"{" ".join(words)}"' for phrase in phrases if (words := _PARTS.findall(phrase.lower())))
