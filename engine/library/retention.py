"""Decay sums of states and sections, and the retention computed from them; see engine.reading.retention."""

from __future__ import annotations

import dataclasses
import json
import sqlite3

from engine.library.database import Database
from engine.library.records import Retention


class Retentions:
    """The tables of decay sums and of retention."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def decay_at_snapshot(self, snapshot: int) -> bytes | None:
        """Return the decay sums that were saved with a state; None where nothing was measured, or they were
        changed since."""
        with self._db.read() as conn:
            row = conn.execute(
                "SELECT data FROM snapshot_meters WHERE snapshot = ? AND checksum = text_checksum(data)", [snapshot]
            ).fetchone()
        return None if row is None else row[0]

    def decay_at_sections(self, reading: int) -> dict[int, bytes]:
        """Return tokens read at a section's end -> the decay sums there; without sections that were never
        measured, or whose sums were changed since."""
        with self._db.read() as conn:
            rows = conn.execute(
                "SELECT s.first_token + s.n_tokens, m.data FROM sections s JOIN section_meters m ON m.section = s.id"
                " WHERE s.reading = ? AND m.checksum = text_checksum(m.data)",
                [reading],
            )
            return dict(rows.fetchall())

    def save(self, reading: int, retention: Retention) -> None:
        """Store the retention of each section at the end of a reading."""
        with self._db.write() as conn:
            conn.execute(
                "INSERT OR REPLACE INTO retentions (reading, tokens, figures, checksum)"
                " SELECT id, ?1, ?2, text_checksum(?1, ?2) FROM readings WHERE id = ?3",
                [retention.tokens, json.dumps(dataclasses.asdict(retention)), reading],
            )

    def of(self, document: int, reading: int | None = None) -> Retention | None:
        """Return the retention at the end of a reading (default: the latest); None where nothing was measured, or the
        reading has not ended again since."""
        with self._db.read() as conn:
            row = conn.execute(
                "SELECT r.state, t.figures FROM readings r LEFT JOIN retentions t ON t.reading = r.id"
                " WHERE r.document = ?1 AND (?2 IS NULL OR r.id = ?2) ORDER BY r.used DESC LIMIT 1",
                [document, reading],
            ).fetchone()
            if row is None or row[0] != "done" or row[1] is None:
                return None
            return Retention(**json.loads(row[1]))


def save_snapshot_decay(conn: sqlite3.Connection, snapshot: int, data: bytes) -> None:
    """Save decay sums beside their state. Inside a transaction."""
    conn.execute(
        "INSERT OR REPLACE INTO snapshot_meters (snapshot, data, checksum) VALUES (?1, ?2, text_checksum(?2))",
        [snapshot, data],
    )


def save_section_decay(conn: sqlite3.Connection, section: int, data: bytes) -> None:
    """Save the decay sums at a section's end. Inside a transaction."""
    conn.execute(
        "INSERT OR REPLACE INTO section_meters (section, data, checksum) VALUES (?1, ?2, text_checksum(?2))",
        [section, data],
    )
