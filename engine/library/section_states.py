"""The states of sections: saved and loaded many at once. Functions over an open `Database`."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from engine.library import snapshots
from engine.library.database import Database
from engine.library.prefix import Prefix
from engine.library.records import NewSnapshot


def save(db: Database, document: int, states: Sequence[tuple[int, NewSnapshot]], quota: int) -> None:
    """Store the state of each (section id, state), all in one transaction, within the quota.

    A section that is gone by now, its document read anew, gets none.
    """
    with db.write() as conn:
        for section, new in states:
            if conn.execute("SELECT 1 FROM sections WHERE id = ?", [section]).fetchone() is None:
                continue
            saved = snapshots.save(conn, document, new)
            conn.execute("UPDATE sections SET snapshot = ? WHERE id = ?", [saved, section])
        snapshots.enforce_quota(conn, quota)


def load(db: Database, wanted: Iterable[int]) -> dict[int, tuple[bytearray, Prefix]]:
    """The bytes of the snapshots `wanted`, and what each has consumed; without those that are gone or damaged.

    A writer drops the damaged ones and notes the use of the others, in one transaction.
    """
    found: dict[int, tuple[bytearray, Prefix]] = {}
    damaged: list[int] = []
    for snapshot in wanted:
        prefix = snapshots.prefix_of(db, snapshot)
        if prefix is None:
            continue
        with db.read() as conn:
            data = snapshots.checked_bytes(conn, snapshot)
        if data is None:
            damaged.append(snapshot)
        else:
            found[snapshot] = (data, prefix)
    if not db.read_only and (found or damaged):
        with db.write() as conn:
            snapshots.drop(conn, damaged)
            used, now = snapshots.next_use(conn), time.time()
            conn.executemany(
                "UPDATE snapshots SET stale = 0, used = ?, last_used = ? WHERE id = ?",
                [(used, now, snapshot) for snapshot in found],
            )
    return found
