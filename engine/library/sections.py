"""Sections of a reading, and the states of single sections, saved and loaded many at once."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from engine.library import snapshots
from engine.library.checkpoint_policy import Limits
from engine.library.database import Database
from engine.library.pages import reading_or_latest
from engine.library.prefix import Identity, Prefix
from engine.library.records import NewSnapshot, Section

COLUMNS = (
    "s.id, s.reading, s.number, s.heading, s.text, s.first_page, s.last_page, s.first_token, s.n_tokens, s.snapshot"
)


class Sections:
    """The table of sections. Full-text search in it: `engine.library.search`."""

    def __init__(self, db: Database, limits: Limits) -> None:
        self._db, self._limits = db, limits

    def of(self, document: int, reading: int | None = None) -> list[Section]:
        """Return the sections of a reading (default: the latest), in order."""
        with self._db.read() as conn:
            rows = conn.execute(
                f"SELECT {COLUMNS} FROM sections s WHERE s.reading = ? ORDER BY s.number",
                [reading_or_latest(conn, document, reading)],
            )
            return [Section(*row) for row in rows]

    def marks(self, document: int, identity: Identity) -> list[tuple[int, bytes | None]]:
        """Return (tokens up to its end, mark) of the sections that a model has read of a document, in order."""
        with self._db.read() as conn:
            return conn.execute(
                "SELECT s.first_token + s.n_tokens, s.mark FROM sections s JOIN readings r ON r.id = s.reading"
                " JOIN identities i ON i.id = r.identity WHERE r.document = ? AND i.key = ? ORDER BY s.number",
                [document, identity.key],
            ).fetchall()

    def count(self, document: int) -> int:
        """Return the number of sections of the document's latest reading."""
        with self._db.read() as conn:
            (found,) = conn.execute(
                "SELECT count(*) FROM sections WHERE reading = ?", [reading_or_latest(conn, document, None)]
            ).fetchone()
        return int(found)

    def save_states(self, document: int, states: Sequence[tuple[int, NewSnapshot]]) -> None:
        """Save the state of each (section id, state) in one transaction, within the quota.

        Skip a section that no longer exists because its document was read again.
        """
        snapshots.require_space(self._db, *(new for _, new in states))
        with self._db.write() as conn:
            for section, new in states:
                if conn.execute("SELECT 1 FROM sections WHERE id = ?", [section]).fetchone() is None:
                    continue
                saved = snapshots.save(conn, document, new)
                conn.execute("UPDATE sections SET snapshot = ? WHERE id = ?", [saved, section])
            snapshots.enforce_quota(conn, self._limits)

    def load_states(self, sections: Iterable[Section]) -> dict[int, tuple[bytearray, Prefix]]:
        """Return section id -> the bytes of its own state and its prefix, for sections with an undamaged one.

        A writer drops the damaged ones and notes the use of the others, in one transaction.
        """
        ids = {section.snapshot: section.id for section in sections if section.snapshot is not None}
        found: dict[int, tuple[bytearray, Prefix]] = {}
        damaged: list[int] = []
        for snapshot in ids:
            prefix = snapshots.prefix_of(self._db, snapshot)
            if prefix is None:
                continue
            with self._db.read() as conn:
                data = snapshots.checked_bytes(conn, snapshot)
            if data is None:
                damaged.append(snapshot)
            else:
                found[snapshot] = (data, prefix)
        if not self._db.read_only and (found or damaged):
            with self._db.write() as conn:
                snapshots.drop(conn, damaged)
                used, now = snapshots.next_use(conn), time.time()
                conn.executemany(
                    "UPDATE snapshots SET stale = 0, used = ?, last_used = ? WHERE id = ?",
                    [(used, now, snapshot) for snapshot in found],
                )
        return {ids[snapshot]: state for snapshot, state in found.items()}
