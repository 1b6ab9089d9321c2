"""Readings: how far each document was read by each model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.library import schema
from engine.library.database import Database, LibraryError
from engine.library.prefix import Identity
from engine.library.records import Reading, ReadingState

_SELECT = (
    "SELECT r.id, r.document, r.identity, i.name, r.state, (SELECT count(*) FROM page_tokens WHERE reading = r.id),"
    " r.tokens_read, r.tokens_saved, r.tokens_timed, r.seconds, r.note, r.started, r.updated, r.state_tokens"
    " FROM readings r JOIN identities i ON i.id = r.identity"
)


class Readings:
    """The table of readings: one row a document and model. A run that writes: `Library.reading`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, reading: int) -> Reading:
        """Return one reading. Raises LibraryError (gone)."""
        with self._db.read() as conn:
            row = conn.execute(f"{_SELECT} WHERE r.id = ?", [reading]).fetchone()
            if row is None:
                raise LibraryError("gone", "This reading is no longer in the library; read the document again.")
            return self._reading(row)

    def of(self, document: int) -> list[Reading]:
        """Return the readings of a document, one a model, latest first."""
        with self._db.read() as conn:
            rows = conn.execute(f"{_SELECT} WHERE r.document = ? ORDER BY r.used DESC", [document])
            return [self._reading(row) for row in rows]

    def latest(self, document: int, identity: Identity | None = None) -> Reading | None:
        """Return the reading of a document by one model, or its latest; None when there was none."""
        with self._db.read() as conn:
            row = conn.execute(
                f"{_SELECT} WHERE r.document = ?1 AND (?2 IS NULL OR i.key = ?2) ORDER BY r.used DESC LIMIT 1",
                [document, identity.key if identity else None],
            ).fetchone()
            return self._reading(row) if row else None

    def unfinished(self) -> list[Reading]:
        """Return the readings that did not get to the end of their document, latest first."""
        with self._db.read() as conn:
            rows = conn.execute(f"{_SELECT} WHERE r.state IN ('interrupted', 'stopped', 'stale') ORDER BY r.used DESC")
            return [Reading(*row) for row in rows]

    def _reading(self, row: tuple[Any, ...]) -> Reading:
        reading = Reading(*row)
        return replace(reading, state=state_now(self._db, reading.state))

    def is_whole(self, reading: Reading) -> bool:
        """Return whether all pages of a reading that was done are there, and texts of pages and sections are those
        that were written."""
        pages, sections = (schema.CHECKED_TEXTS[table] for table in ("pages", "sections"))
        with self._db.read() as conn:
            n_pages, placed, there, changed = conn.execute(
                "SELECT d.n_pages, (SELECT count(*) FROM page_tokens WHERE reading = ?1),"
                " (SELECT count(*) FROM pages WHERE document = d.id),"
                f" (SELECT count(*) FROM pages WHERE document = d.id AND checksum IS NOT text_checksum({pages}))"
                f" + (SELECT count(*) FROM sections WHERE reading = ?1 AND checksum IS NOT text_checksum({sections}))"
                " FROM documents d WHERE d.id = ?2",
                [reading.id, reading.document],
            ).fetchone()
            return bool(not changed and n_pages in (None, placed) and placed == there)

    def familiar(self, document: int, identity: Identity) -> bool | None:
        """Return whether the model was trained on the document's kind of text; None before this is measured."""
        with self._db.read() as conn:
            row = conn.execute(
                "SELECT r.familiar FROM readings r JOIN identities i ON i.id = r.identity"
                " WHERE r.document = ? AND i.key = ?",
                [document, identity.key],
            ).fetchone()
        return None if row is None or row[0] is None else bool(row[0])

    def unfamiliar(self, documents: Sequence[int]) -> set[int]:
        """Return those of `documents` whose latest reading found a kind of text that its model was not trained on."""
        with self._db.read() as conn:
            rows = conn.execute(
                "SELECT r.document FROM readings r WHERE r.document IN (SELECT value FROM json_each(?))"
                " AND r.familiar = 0 AND r.used = (SELECT max(used) FROM readings WHERE document = r.document)",
                [json.dumps(list(documents))],
            )
            return {row[0] for row in rows}

    def save_familiar(self, document: int, identity: Identity, familiar: bool) -> None:
        """Store whether the model was trained on the document's kind of text, until the document is read again."""
        with self._db.write() as conn:
            conn.execute(
                "UPDATE readings SET familiar = ? WHERE document = ?"
                " AND identity = (SELECT id FROM identities WHERE key = ?)",
                [familiar, document, identity.key],
            )


def state_now(db: Database, state: ReadingState) -> ReadingState:
    """Return the state of a reading: one that was running when its process died is interrupted, though only the next
    writer stores that."""
    return "interrupted" if state == "running" and not db.has_writer() else state


def mark_interrupted(db: Database) -> None:
    """Mark the readings that a process left running when it died; for a new writer."""
    try:
        with db.write() as conn:
            conn.execute("UPDATE readings SET state = 'interrupted' WHERE state = 'running'")
    except LibraryError as error:
        if error.kind != "full":  # on a full disk a library must still open, if only to delete from it
            raise
