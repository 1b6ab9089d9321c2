"""Summaries, and turns: questions and answers, a tree under each document. Functions over an open `Database`."""

from __future__ import annotations

import sqlite3
import struct
import time
from collections.abc import Sequence
from typing import Any

from engine.library import snapshots
from engine.library.database import Database, LibraryError
from engine.library.documents import storable
from engine.library.prefix import Identity
from engine.library.records import NewSnapshot, Summary, Turn
from engine.protocol.evidence import Evidence, SummaryBasis, basis_from, encoded, evidence_from

_TURN = (
    "t.id, t.document, t.parent, i.name, t.question, t.answer, t.evidence, t.as_of_page, t.seed, t.snapshot, t.kept,"
    " t.created FROM {turns} JOIN identities i ON i.id = t.identity"
)
_TURNS = f"SELECT {_TURN.format(turns='turns t')}"
_SUMMARY = (
    "SELECT s.id, s.document, i.name, s.method, s.focus, s.text, s.evidence, s.n_tokens, s.created, s.length"
    " FROM summaries s JOIN identities i ON i.id = s.identity"
)


def save_summary(
    db: Database,
    document: int,
    identity: Identity,
    method: str,
    text: str,
    n_tokens: int,
    focus: str,
    basis: SummaryBasis | None,
    length: str,
) -> int:
    """Store a summary and return its id."""
    with db.write() as conn:
        values: list[Any] = [document, snapshots.identity_id(conn, identity), method, storable(focus), storable(text)]
        values += [storable(encoded(basis)), n_tokens, time.time(), length]
        row = conn.execute(
            "INSERT INTO summaries (document, identity, method, focus, text, evidence, n_tokens, created, length)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            values,
        ).fetchone()
        return row[0]


def summaries(db: Database, document: int) -> list[Summary]:
    """The summaries of a document, newest first."""
    with db.read() as conn:
        rows = conn.execute(f"{_SUMMARY} WHERE s.document = ? ORDER BY s.id DESC", [document])
        return [Summary(*[*row[:6], basis_from(row[6]), *row[7:]]) for row in rows]


def add_turn(
    db: Database,
    document: int,
    identity: Identity,
    question: str,
    answer: str,
    evidence: Evidence | None,
    parent: int | None,
    snapshot: NewSnapshot | None,
    as_of_page: int | None,
    seed: int | None,
    kept: bool,
    tokens: Sequence[int] | None = None,
) -> int:
    """Store a turn with its state and return its id; see `Library.add_turn`."""
    with db.write() as conn:
        if parent is not None:
            row = conn.execute("SELECT document FROM turns WHERE id = ?", [parent]).fetchone()
            if row is None or row[0] != document:
                raise LibraryError("gone", "The turn that this one follows is no longer in the library.")
        saved = None if snapshot is None else snapshots.save(conn, document, snapshot)
        if saved is not None and kept:
            conn.execute("UPDATE snapshots SET pinned = 1 WHERE id = ?", [saved])
        values: list[Any] = [
            document,
            snapshots.identity_id(conn, identity),
            parent,
            storable(question),
            storable(answer),
        ]
        values += [storable(encoded(evidence)), as_of_page, seed, saved, int(kept), time.time()]
        values.append(None if tokens is None else _packed(tokens))
        row = conn.execute(
            "INSERT INTO turns (document, identity, parent, question, answer, evidence, as_of_page, seed, snapshot,"
            " kept, created, tokens) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            values,
        ).fetchone()
        return row[0]


def turn(db: Database, identifier: int) -> Turn:
    """One turn. Raises LibraryError (gone)."""
    with db.read() as conn:
        row = conn.execute(f"{_TURNS} WHERE t.id = ?", [identifier]).fetchone()
    if row is None:
        raise LibraryError("gone", "This turn is no longer in the library.")
    return _turn_of(row)


def turn_tokens(db: Database, identifier: int, identity: Identity) -> list[int] | None:
    """The tokens that a turn consumed, question and answer, in the order that the model did; None where they were not
    stored, or are those of another model."""
    with db.read() as conn:
        row = conn.execute(
            "SELECT t.tokens FROM turns t JOIN identities i ON i.id = t.identity WHERE t.id = ? AND i.key = ?",
            [identifier, identity.key],
        ).fetchone()
    return None if row is None or row[0] is None else list(struct.unpack(f"<{len(row[0]) // 4}I", row[0]))


def turns(db: Database, document: int) -> list[Turn]:
    """All turns of a document in the order they were asked; parents come before their children."""
    with db.read() as conn:
        rows = conn.execute(f"{_TURNS} WHERE t.document = ? ORDER BY t.id", [document])
        return [_turn_of(row) for row in rows]


def children(db: Database, document: int, parent: int | None) -> list[Turn]:
    """The turns that follow `parent`; those asked of the document itself when it is None."""
    with db.read() as conn:
        rows = conn.execute(f"{_TURNS} WHERE t.document = ? AND t.parent IS ? ORDER BY t.id", [document, parent])
        return [_turn_of(row) for row in rows]


def path_to_root(db: Database, identifier: int) -> list[Turn]:
    """The conversation that led to a turn: its first question first, the turn itself last. Raises LibraryError."""
    with db.read() as conn:
        rows = conn.execute(
            "WITH RECURSIVE path (turn, depth) AS (SELECT ?, 0 UNION ALL"
            " SELECT turns.parent, depth + 1 FROM path JOIN turns ON turns.id = path.turn"
            " WHERE turns.parent IS NOT NULL)"
            f" SELECT {_TURN.format(turns='path JOIN turns t ON t.id = path.turn')} ORDER BY path.depth DESC",
            [identifier],
        )
        found = [_turn_of(row) for row in rows]
    if not found:
        raise LibraryError("gone", "This turn is no longer in the library.")
    return found


def keep_turn(db: Database, identifier: int, kept: bool) -> None:
    """Keep a turn's state from being dropped for space, or no longer."""
    with db.write() as conn:
        conn.execute("UPDATE turns SET kept = ? WHERE id = ?", [int(kept), identifier])
        conn.execute(
            "UPDATE snapshots SET pinned = EXISTS (SELECT 1 FROM turns t WHERE t.snapshot = snapshots.id AND t.kept)"
            " WHERE id = (SELECT snapshot FROM turns WHERE id = ?)",
            [identifier],
        )


def remove_turn(db: Database, identifier: int) -> None:
    """Delete a turn, all that follows it, and the states that no other turn has."""
    with db.write() as conn:
        row = conn.execute("SELECT document FROM turns WHERE id = ?", [identifier]).fetchone()
        conn.execute("DELETE FROM turns WHERE id = ?", [identifier])
        if row is not None:
            _drop_orphans(conn, row[0])


def _drop_orphans(conn: sqlite3.Connection, document: int) -> None:
    conn.execute(
        "DELETE FROM snapshots WHERE document = ? AND kind = 'turn'"
        " AND NOT EXISTS (SELECT 1 FROM turns t WHERE t.snapshot = snapshots.id)",
        [document],
    )


def _packed(tokens: Sequence[int]) -> bytes:
    """Token ids as little-endian uint32."""
    return struct.pack(f"<{len(tokens)}I", *tokens)


def _turn_of(row: tuple) -> Turn:
    return Turn(*[*row[:6], evidence_from(row[6]), *row[7:10], bool(row[10]), row[11]])
