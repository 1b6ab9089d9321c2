"""Full-text search over the sections of a document: SQLite's FTS5, ranked by BM25.

Two indexes: words with Porter stems, and pairs of characters for scripts without spaces (`engine.library.cjk`). The
scores of a section that both find are added.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence

from engine.library import cjk
from engine.library.database import Database
from engine.library.pages import reading_or_latest
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
        with self._db.read() as conn:
            if reading is None:
                reading = reading_or_latest(conn, document, None)
            hits = [
                *_matches(conn, "sections_fts", _query(fts_query(text), phrases_query(phrases), phrases), reading),
                *_matches(conn, "sections_cjk", _cjk_query(text, phrases), reading),
            ]
            scores: dict[int, float] = {}
            for section, score in hits:
                scores[section] = scores.get(section, 0.0) + score
            best = sorted(scores, key=lambda section: (-scores[section], section))[:limit]
            rows = conn.execute(
                f"SELECT {COLUMNS} FROM sections s WHERE s.id IN (SELECT value FROM json_each(?))", [json.dumps(best)]
            )
            sections = {row[0]: Section(*row) for row in rows}
        return [SectionHit(sections[section], scores[section]) for section in best]

    def in_documents(self, documents: Sequence[int], text: str, limit: int = 24) -> list[tuple[int, SectionHit]]:
        """Return (document, section) of the sections of all `documents` that match `text` best, best first; of each
        document those of its latest reading."""
        chosen = json.dumps(list(documents))
        latest = (
            "SELECT id FROM readings r WHERE document IN (SELECT value FROM json_each(?))"
            " AND used = (SELECT max(used) FROM readings WHERE document = r.document)"
        )
        found: dict[int, float] = {}
        with self._db.read() as conn:
            for index, query in (("sections_fts", fts_query(text)), ("sections_cjk", _cjk_query(text, ()))):
                if not query:
                    continue
                rows = conn.execute(
                    f"SELECT s.id, -bm25({index}, {_HEADING_WEIGHT}, 1.0) AS score FROM {index}"
                    f" JOIN sections s ON s.id = {index}.rowid"
                    f" WHERE {index} MATCH ? AND s.reading IN ({latest}) ORDER BY score DESC LIMIT ?",
                    [query, chosen, limit],
                )
                for section, score in rows:
                    found[section] = found.get(section, 0.0) + score
            best = sorted(found, key=lambda section: (-found[section], section))[:limit]
            sections = conn.execute(
                f"SELECT r.document, {COLUMNS} FROM sections s JOIN readings r ON r.id = s.reading"
                " WHERE s.id IN (SELECT value FROM json_each(?))",
                [json.dumps(best)],
            )
            by_id = {row[1]: (row[0], Section(*row[1:])) for row in sections}
        return [(by_id[id][0], SectionHit(by_id[id][1], found[id])) for id in best]


def _matches(conn: sqlite3.Connection, index: str, query: str, reading: int | None) -> list[tuple[int, float]]:
    """Return (section, score) of the sections of a reading that match, BM25 turned positive."""
    if not query:
        return []
    rows = conn.execute(
        f"SELECT s.id, -bm25({index}, {_HEADING_WEIGHT}, 1.0) FROM {index} JOIN sections s ON s.id = {index}.rowid"
        f" WHERE {index} MATCH ? AND s.reading = ?",
        [query, reading],
    )
    return rows.fetchall()


def _query(words: str, held: str, phrases: Sequence[str]) -> str:
    """Return the query for any of `words`, within sections that match `held`; nothing where `phrases` hold no word."""
    if not phrases:
        return words
    if not held:
        return ""
    return f"({held}) AND ({words})" if words else held


def _cjk_query(text: str, phrases: Sequence[str]) -> str:
    held = " OR ".join(f"({query})" for phrase in phrases if (query := cjk.phrase(phrase)))
    return _query(cjk.any_bigram(text), held, phrases)


def fts_query(text: str) -> str:
    """Return an FTS5 query that matches any word of `text`; empty when there is no word in it.

    Each word is quoted, so nothing that a user types is read as FTS5 syntax.
    """
    words = dict.fromkeys(word.lower() for word in _WORD.findall(text))
    return " OR ".join(f'"{word}"' for word in list(words)[:_MAX_WORDS])


def phrases_query(phrases: Sequence[str]) -> str:
    """Return an FTS5 query for text that contains any of `phrases`, word for word: FT-474 is "ft" and then "474"."""
    return " OR ".join(f'"{" ".join(words)}"' for phrase in phrases if (words := _PARTS.findall(phrase.lower())))
