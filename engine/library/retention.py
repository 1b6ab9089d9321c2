"""Meters of states and what they came to, see engine.reading.retention. Functions over an open `Database`."""

from __future__ import annotations

import dataclasses
import json
import sqlite3

from engine.library.database import Database
from engine.library.records import Retention


def save_with_snapshot(conn: sqlite3.Connection, snapshot: int, data: bytes) -> None:
    """Keep a meter beside its state. Inside a transaction."""
    conn.execute("INSERT OR REPLACE INTO snapshot_meters (snapshot, data) VALUES (?, ?)", [snapshot, data])


def save_with_section(conn: sqlite3.Connection, section: int, data: bytes) -> None:
    """Keep the meter as it stood at a section's end. Inside a transaction."""
    conn.execute("INSERT OR REPLACE INTO section_meters (section, data) VALUES (?, ?)", [section, data])


def of_snapshot(db: Database, snapshot: int) -> bytes | None:
    """The meter that was saved with a state."""
    with db.read() as conn:
        row = conn.execute("SELECT data FROM snapshot_meters WHERE snapshot = ?", [snapshot]).fetchone()
    return None if row is None else row[0]


def of_sections(db: Database, reading: int) -> dict[int, bytes]:
    """The meters at the ends of a reading's sections, by the tokens read there; without those never measured."""
    with db.read() as conn:
        rows = conn.execute(
            "SELECT s.first_token + s.n_tokens, m.data FROM sections s JOIN section_meters m ON m.section = s.id"
            " WHERE s.reading = ?",
            [reading],
        )
        return dict(rows.fetchall())


def save_retention(db: Database, reading: int, retention: Retention) -> None:
    """Store what the meters of a reading came to at its end."""
    with db.write() as conn:
        conn.execute(
            "INSERT OR REPLACE INTO retentions (reading, tokens, figures) SELECT id, ?, ? FROM readings WHERE id = ?",
            [retention.tokens, json.dumps(dataclasses.asdict(retention)), reading],
        )


def retention(db: Database, reading: int) -> Retention | None:
    """What was measured at the end of a reading; None where nothing was, or it has not ended again since."""
    with db.read() as conn:
        row = conn.execute(
            "SELECT t.figures FROM retentions t JOIN readings r ON r.id = t.reading"
            " WHERE r.id = ? AND r.state = 'done'",
            [reading],
        ).fetchone()
    return None if row is None else Retention(**json.loads(row[0]))
