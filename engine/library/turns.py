"""Turns: questions and answers, a tree under each document."""

from __future__ import annotations

import sqlite3
import struct
import time
from collections.abc import Sequence
from typing import Any

from engine.library import snapshots
from engine.library.checkpoint_policy import Limits
from engine.library.database import Database, LibraryError, storable
from engine.library.prefix import Identity
from engine.library.records import NewTurn, Turn
from engine.protocol.evidence import encoded, evidence_from

_COLUMNS = (
    "t.id, t.document, t.parent, i.name, t.question, t.answer, t.evidence, t.as_of_page, t.seed, t.snapshot, t.kept,"
    " t.created, coalesce(t.sha256, d.sha256), coalesce(t.sha256, d.sha256) = d.sha256"
    " FROM {turns} JOIN identities i ON i.id = t.identity JOIN documents d ON d.id = t.document"
)
_SELECT = f"SELECT {_COLUMNS.format(turns='turns t')}"

_LONGEST = 10_000
"""Most turns of a conversation: damaged rows may follow each other in a circle."""


class Turns:
    """The table of turns."""

    def __init__(self, db: Database, limits: Limits) -> None:
        self._db, self._limits = db, limits

    def add(self, document: int, identity: Identity, new: NewTurn) -> int:
        """Store a question, its answer and the state after it; return its id.

        Raises LibraryError (gone) when the parent is not a turn of this document.
        """
        snapshots.require_space(self._db, new.snapshot)
        with self._db.write() as conn:
            if new.parent is not None:
                row = conn.execute("SELECT document FROM turns WHERE id = ?", [new.parent]).fetchone()
                if row is None or row[0] != document:
                    raise LibraryError("gone", "The turn that this one follows is no longer in the library.")
            saved = None if new.snapshot is None else snapshots.save(conn, document, new.snapshot)
            if saved is not None and new.kept:
                conn.execute("UPDATE snapshots SET pinned = 1 WHERE id = ?", [saved])
            row = conn.execute(
                "INSERT INTO turns (document, identity, parent, question, answer, evidence, as_of_page, seed, snapshot,"
                " kept, created, tokens, sha256, checksum) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
                " sha256, text_checksum(?4, ?5, ?6, ?12) FROM documents WHERE id = ?1 RETURNING id",
                [
                    document,
                    snapshots.identity_id(conn, identity),
                    new.parent,
                    storable(new.question),
                    storable(new.answer),
                    storable(encoded(new.evidence)),
                    new.as_of_page,
                    new.seed,
                    saved,
                    int(new.kept),
                    time.time(),
                    None if new.tokens is None else _packed(new.tokens),
                ],
            ).fetchone()
            if row is None:
                raise LibraryError("gone", "This document is no longer in the library; read it again.")
            snapshots.enforce_quota(conn, self._limits)
            identifier: int = row[0]
            return identifier

    def get(self, turn: int) -> Turn:
        """Return one turn. Raises LibraryError (gone)."""
        with self._db.read() as conn:
            row = conn.execute(f"{_SELECT} WHERE t.id = ?", [turn]).fetchone()
            if row is None:
                raise LibraryError("gone", "This turn is no longer in the library; `library show` lists the turns.")
            return _turn_of(row)

    def tokens(self, turn: int, identity: Identity) -> list[int] | None:
        """Return the tokens that a turn consumed, question and answer, in order; None where they were not stored, or
        are those of another model."""
        with self._db.read() as conn:
            row = conn.execute(
                "SELECT t.tokens FROM turns t JOIN identities i ON i.id = t.identity WHERE t.id = ? AND i.key = ?",
                [turn, identity.key],
            ).fetchone()
            if row is None or row[0] is None:
                return None
            try:
                return list(struct.unpack(f"<{len(row[0]) // 4}I", row[0]))
            except struct.error as error:
                raise ValueError(f"the tokens of turn {turn}: {error}") from error

    def of(self, document: int) -> list[Turn]:
        """Return all turns of a document in the order they were asked; parents come before their children."""
        with self._db.read() as conn:
            rows = conn.execute(f"{_SELECT} WHERE t.document = ? ORDER BY t.id", [document])
            return [_turn_of(row) for row in rows]

    def children(self, document: int, parent: int | None = None) -> list[Turn]:
        """Return the turns that follow `parent`; without it those asked of the document itself."""
        with self._db.read() as conn:
            rows = conn.execute(f"{_SELECT} WHERE t.document = ? AND t.parent IS ? ORDER BY t.id", [document, parent])
            return [_turn_of(row) for row in rows]

    def path(self, turn: int) -> list[Turn]:
        """Return the conversation that led to a turn: its first question first, the turn itself last.

        Raises LibraryError (gone).
        """
        with self._db.read() as conn:
            rows = conn.execute(
                "WITH RECURSIVE path (turn, depth) AS (SELECT ?, 0 UNION ALL"
                " SELECT turns.parent, depth + 1 FROM path JOIN turns ON turns.id = path.turn"
                f" WHERE turns.parent IS NOT NULL AND depth < {_LONGEST})"
                f" SELECT {_COLUMNS.format(turns='path JOIN turns t ON t.id = path.turn')} ORDER BY path.depth DESC",
                [turn],
            )
            found = [_turn_of(row) for row in rows]
        if not found:
            raise LibraryError("gone", "This turn is no longer in the library; `library show` lists the turns.")
        return found

    def keep(self, turn: int, kept: bool = True) -> None:
        """Exempt a turn's state from being dropped for space, or no longer."""
        with self._db.write() as conn:
            conn.execute("UPDATE turns SET kept = ? WHERE id = ?", [int(kept), turn])
            conn.execute(
                "UPDATE snapshots SET pinned = EXISTS"
                " (SELECT 1 FROM turns t WHERE t.snapshot = snapshots.id AND t.kept)"
                " WHERE id = (SELECT snapshot FROM turns WHERE id = ?)",
                [turn],
            )

    def remove(self, turn: int) -> None:
        """Delete a turn, all that follows it, and the states that no other turn has."""
        with self._db.write() as conn:
            row = conn.execute("SELECT document FROM turns WHERE id = ?", [turn]).fetchone()
            conn.execute("DELETE FROM turns WHERE id = ?", [turn])
            if row is not None:
                _drop_orphans(conn, row[0])


def _drop_orphans(conn: sqlite3.Connection, document: int) -> None:
    conn.execute(
        "DELETE FROM snapshots WHERE document = ? AND kind = 'turn'"
        " AND NOT EXISTS (SELECT 1 FROM turns t WHERE t.snapshot = snapshots.id)",
        [document],
    )


def _packed(tokens: Sequence[int]) -> bytes:
    """Return token ids as little-endian uint32."""
    return struct.pack(f"<{len(tokens)}I", *tokens)


def _turn_of(row: tuple[Any, ...]) -> Turn:
    return Turn(*[*row[:6], evidence_from(row[6]), *row[7:10], bool(row[10]), *row[11:13], bool(row[13])])
