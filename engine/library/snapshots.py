"""Saved states: stored under the exact prefix they consumed, found by the longest one, checked when loaded."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Collection, Iterator
from hashlib import blake2b
from typing import Any

from engine.library import checkpoint_policy, retention
from engine.library.checkpoint_policy import Checkpoint, Limits
from engine.library.database import Database
from engine.library.prefix import Identity, Prefix, PrefixHasher
from engine.library.records import Blob, NewSnapshot, Rounding, Snapshot, SnapshotKind

COLUMNS = "id, document, identity, kind, n_tokens, dtype, size, pinned, last_used, created, exact"
_READ_BYTES = 4 << 20
_STRENGTH = {"checkpoint": 0, "section": 1, "turn": 2, "end": 3}
KINDS: tuple[SnapshotKind, ...] = ("checkpoint", "section", "turn", "end")
_IDENTITY_FIELDS = "weights, tokenizer, prefix, precision, format, name"


class Snapshots:
    """The tables of states and of their bytes."""

    def __init__(self, db: Database, limits: Limits) -> None:
        self._db, self._limits = db, limits

    def save(self, document: int, new: NewSnapshot) -> int:
        """Save a state outside a reading run, within the quota; return its id."""
        require_space(self._db, new)
        with self._db.write() as conn:
            saved = save(conn, document, new)
            enforce_quota(conn, self._limits)
        return saved

    def reach(self, document: int, identity: Identity, page: int, text: str) -> int:
        """Return the number of tokens to hash before the reading of a document starts: the most that a state of this
        document, or of another whose page `page` has the same text, has consumed; 0 without such a state."""
        with self._db.read() as conn:
            most: int
            (most,) = conn.execute(
                "SELECT coalesce(max(n_tokens), 0) FROM snapshots"
                " WHERE kind IN ('end', 'checkpoint') AND identity = (SELECT id FROM identities WHERE key = ?)"
                # Document by document through the pages' index; the other way round it would read every page there is.
                " AND document IN (SELECT ? UNION SELECT d.id FROM documents d CROSS JOIN pages p"
                "  ON p.document = d.id AND p.number = ? WHERE p.text = ?)",
                [identity.key, document, page, text],
            ).fetchone()
        return most

    def longest(
        self,
        hasher: PrefixHasher,
        limit: int | None = None,
        exact: bool = False,
        without: Collection[int] = (),
        kinds: Collection[SnapshotKind] = KINDS,
    ) -> Snapshot | None:
        """Return the stored state that has consumed the most of the tokens fed to `hasher`, and nothing else; None when
        none has.

        `limit`: at most so many tokens. `exact`: only states stored in fp32. `without`: ids to pass over. `kinds`: only
        states of these. One query finds the states whose last block boundary lies on the sequence; the whole hash then
        decides.
        """
        end = hasher.n_tokens if limit is None else min(limit, hasher.n_tokens)
        with self._db.read() as conn:
            identity = find_identity(conn, hasher.identity)
            if identity is None:
                return None
            rows = conn.execute(
                f"SELECT {COLUMNS}, prefix_hash FROM snapshots"
                " WHERE link_key IN (SELECT value FROM json_each(?)) AND identity = ? AND n_tokens BETWEEN ? AND ?"
                " AND kind IN (SELECT value FROM json_each(?)) ORDER BY n_tokens DESC, size DESC, id DESC",
                [json.dumps(hasher.link_keys(end)), identity, hasher.first_position, end, json.dumps(list(kinds))],
            )
            with contextlib.closing(rows):
                return next(_matching(rows, hasher, exact, without), None)

    def load_longest(
        self,
        hasher: PrefixHasher,
        limit: int | None = None,
        exact: bool = False,
        kinds: Collection[SnapshotKind] = KINDS,
    ) -> tuple[Snapshot, bytearray] | None:
        """Return `longest` with its bytes; a damaged state is passed over, and dropped by a writer."""
        damaged: list[int] = []
        while (found := self.longest(hasher, limit, exact, damaged, kinds)) is not None:
            data = self.load(found.id)
            if data is not None:
                return found, data
            damaged.append(found.id)
        return None

    def load(self, snapshot: int) -> bytearray | None:
        """Return the bytes of a state, checked against their checksum; None when it is gone or damaged.

        A writer drops a damaged one and notes the use of an undamaged one.
        """
        with self._db.read() as conn:
            data = checked_bytes(conn, snapshot)
        if not self._db.read_only:
            with self._db.write() as conn:
                if data is None:
                    drop(conn, [snapshot])
                else:
                    conn.execute(
                        "UPDATE snapshots SET stale = 0, used = ?, last_used = ? WHERE id = ?",
                        [next_use(conn), time.time(), snapshot],
                    )
        return data

    def prefix(self, snapshot: int) -> Prefix | None:
        """Return the prefix that a state has consumed, for `PrefixHasher.resume`; None when the state is gone."""
        return prefix_of(self._db, snapshot)

    def of(self, document: int) -> list[Snapshot]:
        """Return the states of a document by tokens consumed. Reads no blob."""
        with self._db.read() as conn:
            rows = conn.execute(f"SELECT {COLUMNS} FROM snapshots WHERE document = ? ORDER BY n_tokens, id", [document])
            return [snapshot_of(row) for row in rows]

    def all(self) -> list[Snapshot]:
        """Return all states by document and tokens consumed. Reads no blob."""
        with self._db.read() as conn:
            rows = conn.execute(f"SELECT {COLUMNS} FROM snapshots ORDER BY document, n_tokens, id")
            return [snapshot_of(row) for row in rows]

    def pin(self, snapshot: int, pinned: bool = True) -> None:
        """Exempt a state from being dropped for space, or no longer."""
        with self._db.write() as conn:
            conn.execute("UPDATE snapshots SET pinned = ? WHERE id = ?", [int(pinned), snapshot])

    def drop(self, snapshot: int) -> None:
        """Delete a state; turns and sections that had it stay."""
        with self._db.write() as conn:
            drop(conn, [snapshot])

    def room(self) -> int:
        """Return the bytes that section states may still take within the quota, which checkpoints give way to."""
        with self._db.read() as conn:
            (taken,) = conn.execute(
                "SELECT coalesce(sum(size), 0) FROM snapshots WHERE kind <> 'checkpoint'"
            ).fetchone()
        return max(0, self._limits.quota - int(taken))

    def set_quota(self, quota: int) -> None:
        """Let all states together take `quota` bytes from now on, and drop the excess at once, in this order:
        checkpoints, section states, turns, the least recently used first. Ends and pinned states stay."""
        self._limits.quota = quota
        with self._db.write() as conn:
            enforce_quota(conn, self._limits)

    def free(self, document: int | None = None) -> tuple[int, int]:
        """Delete the states that can be made again, of one document or of all; return their number and bytes. Ends and
        pinned states stay."""
        with self._db.write() as conn:
            rows = conn.execute(
                "SELECT id, size FROM snapshots WHERE kind != 'end' AND NOT pinned AND (?1 IS NULL OR document = ?1)",
                [document],
            ).fetchall()
            drop(conn, [row[0] for row in rows])
        return len(rows), sum(row[1] for row in rows)


def require_space(db: Database, *new: NewSnapshot | None) -> None:
    """Raise LibraryError (full) when the largest of these states would fill the disk."""
    largest = max((memoryview(each.data).nbytes for each in new if each is not None), default=0)
    if largest:
        db.require_space(largest)


def snapshot_of(row: tuple[Any, ...]) -> Snapshot:
    """Return the `Snapshot` of a row of `COLUMNS`."""
    return Snapshot(*[*row[:7], bool(row[7]), *row[8:10], bool(row[10])])


def identity_id(conn: sqlite3.Connection, identity: Identity) -> int:
    """Return the row of `identity`, made when it is new, renamed when its model was. Inside a transaction."""
    row = conn.execute("SELECT id, name FROM identities WHERE key = ?", [identity.key]).fetchone()
    if row is not None and identity.name not in ("", row[1]):
        conn.execute("UPDATE identities SET name = ? WHERE id = ?", [identity.name, row[0]])
    if row is None:
        row = conn.execute(
            f"INSERT INTO identities (key, {_IDENTITY_FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
            [identity.key, *(getattr(identity, field) for field in _IDENTITY_FIELDS.split(", "))],
        ).fetchone()
    return int(row[0])


def find_identity(conn: sqlite3.Connection, identity: Identity) -> int | None:
    """Return the row of `identity`; None when nothing was ever saved under it."""
    row = conn.execute("SELECT id FROM identities WHERE key = ?", [identity.key]).fetchone()
    return row[0] if row else None


def save(conn: sqlite3.Connection, document: int, new: NewSnapshot) -> int:
    """Store a state, with its meter, and return its id. Inside a transaction.

    Where the document already has a state of the same prefix, one row stays: the more precise bytes, the stronger
    kind (end, turn, section, checkpoint). A new end makes the document's earlier end of the same model a checkpoint.
    """
    saved = _save_state(conn, document, new)
    if new.decay is not None:
        retention.save_snapshot_decay(conn, saved, new.decay)
    return saved


def _save_state(conn: sqlite3.Connection, document: int, new: NewSnapshot) -> int:
    identity = identity_id(conn, new.prefix.identity)
    if new.kind == "end":
        conn.execute(
            "UPDATE snapshots SET kind = 'checkpoint' WHERE document = ? AND identity = ? AND kind = 'end'",
            [document, identity],
        )
    view = memoryview(new.data).cast("B")
    now, used = time.time(), next_use(conn)
    prefix = new.prefix
    old = conn.execute(
        "SELECT id, kind, size, checksum, exact FROM snapshots WHERE document = ? AND identity = ? AND prefix_hash = ?",
        [document, identity, prefix.hash],
    ).fetchone()
    if old is not None:
        snapshot, kind, size, checksum, exact = old
        conn.execute(
            "UPDATE snapshots SET kind = ?, pinned = max(pinned, ?), stale = 0, used = ?, last_used = ? WHERE id = ?",
            [max(kind, new.kind, key=_STRENGTH.__getitem__), int(new.pinned), used, now, snapshot],
        )
        better = (new.exact, len(view)) >= (bool(exact), size)
        if better and checksum != (new_checksum := _checksum(prefix.hash, view)):
            conn.execute(
                "UPDATE snapshots SET dtype = ?, size = ?, checksum = ?, exact = ? WHERE id = ?",
                [new.dtype, len(view), new_checksum, int(new.exact), snapshot],
            )
            conn.execute("UPDATE snapshot_blobs SET data = ? WHERE snapshot = ?", [view, snapshot])
        return int(snapshot)
    values: list[Any] = [
        document,
        identity,
        new.kind,
        prefix.n_tokens,
        prefix.hash,
        prefix.link_key,
        new.dtype,
        len(view),
    ]
    values += [_checksum(prefix.hash, view), int(new.pinned), used, now, now, int(new.exact)]
    cursor = conn.execute(
        "INSERT INTO snapshots (document, identity, kind, n_tokens, prefix_hash, link_key, dtype, size, checksum,"
        " pinned, used, last_used, created, exact) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        values,
    )
    snapshot = cursor.lastrowid
    assert snapshot is not None
    conn.execute(
        "INSERT INTO snapshot_blobs (snapshot, link, tail, data) VALUES (?, ?, ?, ?)",
        [snapshot, prefix.link, prefix.tail, view],
    )
    return snapshot


def _matching(rows: sqlite3.Cursor, hasher: PrefixHasher, exact: bool, without: Collection[int]) -> Iterator[Snapshot]:
    position, wanted = -1, b""
    for row in rows:
        snapshot = snapshot_of(row[:-1])
        if snapshot.n_tokens != position:
            position, wanted = snapshot.n_tokens, hasher.at(snapshot.n_tokens).hash
        if row[-1] == wanted and snapshot.id not in without and (not exact or snapshot.dtype == "fp32"):
            yield snapshot


def prefix_of(db: Database, snapshot: int) -> Prefix | None:
    """Return the prefix of a state, for `PrefixHasher.resume`; None when it is gone."""
    with db.read() as conn:
        row = conn.execute(
            f"SELECT n_tokens, prefix_hash, link, tail, {_IDENTITY_FIELDS} FROM snapshots"
            " JOIN snapshot_blobs ON snapshot_blobs.snapshot = snapshots.id"
            " JOIN identities ON identities.id = snapshots.identity WHERE snapshots.id = ?",
            [snapshot],
        ).fetchone()
        return Prefix(Identity(*row[4:]), *row[:4]) if row else None


def thin(conn: sqlite3.Connection, document: int, identity: int, end: int, limit: int) -> None:
    """Drop a reading's checkpoints that the policy does not keep at `end` tokens. Must run inside a transaction."""
    rows = conn.execute(
        "SELECT id, n_tokens, size, used, kind, pinned FROM snapshots"
        " WHERE document = ? AND identity = ? AND kind = 'checkpoint' AND NOT stale",
        [document, identity],
    )
    drop(conn, checkpoint_policy.checkpoints_to_drop([Checkpoint(*row) for row in rows], end, limit))


def enforce_quota(conn: sqlite3.Connection, limits: Limits) -> None:
    """Drop states until every document keeps its limit and the library its quota, and count them in `limits`; the last
    checkpoint of an unfinished reading stays. Inside a transaction."""
    sizes = conn.execute("SELECT document, identity, sum(size) FROM snapshots GROUP BY document, identity").fetchall()
    if sum(size for *_, size in sizes) > limits.quota:
        _drop_and_count(conn, checkpoint_policy.over_quota(_states(conn), limits.quota), limits)
    for document, identity, size in sizes:
        if size > limits.document:
            states = _states(conn, document, identity)
            _drop_and_count(conn, checkpoint_policy.over_document(states, limits.document), limits)


def _states(conn: sqlite3.Connection, document: int | None = None, identity: int | None = None) -> list[Checkpoint]:
    """Return all states, or those of one document and model; the last checkpoint of an unfinished reading is pinned."""
    rows = conn.execute(
        "SELECT s.id, s.n_tokens, s.size, iif(s.stale, 0, s.used), s.kind,"
        " s.pinned OR (s.kind = 'checkpoint' AND r.state <> 'done'"
        " AND s.n_tokens = (SELECT max(n_tokens) FROM snapshots l WHERE l.document = s.document"
        "   AND l.identity = s.identity AND l.kind = 'checkpoint' AND NOT l.stale AND l.n_tokens <= r.tokens_read))"
        " FROM snapshots s LEFT JOIN readings r ON r.document = s.document AND r.identity = s.identity"
        " WHERE ?1 IS NULL OR (s.document = ?1 AND s.identity = ?2)",
        [document, identity],
    )
    return [Checkpoint(*[*row[:5], bool(row[5])]) for row in rows]


def _drop_and_count(conn: sqlite3.Connection, dropped: Collection[int], limits: Limits) -> None:
    marks = ",".join("?" * len(dropped))
    (size,) = conn.execute(
        f"SELECT coalesce(sum(size), 0) FROM snapshots WHERE id IN ({marks})", list(dropped)
    ).fetchone()
    drop(conn, dropped)
    limits.dropped_states += len(dropped)
    limits.dropped_bytes += int(size)


def round_checkpoints(conn: sqlite3.Connection, document: int, identity: int, rounding: Rounding) -> None:
    """Store the checkpoints in fewer bytes, except the newest and the pinned. Must run inside a transaction.

    The newest stays exact: a reading resumes from it after a crash or when the file has grown. A damaged checkpoint is
    left unchanged: rewritten, it would pass its checksum.
    """
    rows = conn.execute(
        "SELECT id, prefix_hash FROM snapshots WHERE document = ?1 AND identity = ?2 AND kind = 'checkpoint'"
        " AND dtype = 'fp32' AND NOT pinned AND NOT stale AND n_tokens < (SELECT max(n_tokens) FROM snapshots"
        "  WHERE document = ?1 AND identity = ?2 AND kind = 'checkpoint' AND NOT stale)",
        [document, identity],
    ).fetchall()
    for snapshot, prefix_hash in rows:
        data = checked_bytes(conn, snapshot)
        light = None if data is None else rounding.rounded(data)
        if light is not None:
            view = memoryview(light).cast("B")
            conn.execute(
                "UPDATE snapshots SET dtype = ?, size = ?, checksum = ? WHERE id = ?",
                [rounding.dtype, len(view), _checksum(prefix_hash, view), snapshot],
            )
            conn.execute("UPDATE snapshot_blobs SET data = ? WHERE snapshot = ?", [view, snapshot])


def drop_stale(conn: sqlite3.Connection, document: int, identity: int) -> None:
    """Drop checkpoints of replaced content, and section states without a section. Must run inside a transaction."""
    conn.execute(
        "DELETE FROM snapshots WHERE document = ? AND identity = ? AND NOT pinned AND (kind = 'checkpoint' AND stale"
        " OR kind = 'section' AND NOT EXISTS (SELECT 1 FROM sections WHERE sections.snapshot = snapshots.id))",
        [document, identity],
    )


def drop(conn: sqlite3.Connection, snapshots: Collection[int]) -> None:
    """Delete states; turns and sections that had them stay without. Inside a transaction."""
    conn.executemany("DELETE FROM snapshots WHERE id = ?", [(snapshot,) for snapshot in snapshots])


def next_use(conn: sqlite3.Connection) -> int:
    """Return the next value of the counter that orders uses; a clock may go backwards, this does not."""
    return int(conn.execute("SELECT coalesce(max(used), 0) + 1 FROM snapshots").fetchone()[0])


def _checksum(prefix_hash: bytes, data: Blob) -> bytes:
    """Return the digest of a state's bytes and its prefix's hash: bytes under another row's prefix are damage too."""
    digest = blake2b(prefix_hash, digest_size=32, person=b"rt-snapshot")
    digest.update(data)
    return digest.digest()


def checked_bytes(conn: sqlite3.Connection, snapshot: int) -> bytearray | None:
    """Return the bytes, read in pieces so that they are in memory once; None when missing, torn or changed."""
    try:
        row = conn.execute("SELECT prefix_hash, checksum FROM snapshots WHERE id = ?", [snapshot]).fetchone()
        if row is None:
            return None
        digest = blake2b(row[0], digest_size=32, person=b"rt-snapshot")
        with conn.blobopen("snapshot_blobs", "data", snapshot, readonly=True) as blob:
            data = bytearray(len(blob))
            for at in range(0, len(data), _READ_BYTES):
                piece = blob.read(_READ_BYTES)
                digest.update(piece)
                data[at : at + len(piece)] = piece
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_IOERR):
            raise
        return None
    return data if digest.digest() == row[1] else None
