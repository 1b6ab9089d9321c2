"""How far each document was read by each model: progress, pages, sections. Functions over an open `Database`."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable

from engine.library import retention, snapshots
from engine.library.database import Database, LibraryError
from engine.library.documents import storable
from engine.library.prefix import Identity
from engine.library.records import (
    Lighter,
    NewPage,
    NewSection,
    NewSnapshot,
    Page,
    PageSpan,
    Reading,
    ReadingState,
    Section,
)

_READING = (
    "SELECT r.id, r.document, r.identity, i.name, r.state, (SELECT count(*) FROM page_tokens WHERE reading = r.id),"
    " r.tokens_read, r.tokens_saved, r.tokens_timed, r.seconds, r.note, r.started, r.updated"
    " FROM readings r JOIN identities i ON i.id = r.identity"
)
SECTION_COLUMNS = (
    "s.id, s.reading, s.number, s.heading, s.text, s.first_page, s.last_page, s.first_token, s.n_tokens, s.snapshot"
)


def mark_interrupted(db: Database) -> None:
    """For a new writer: a reading that is still running was left so by a process that died."""
    try:
        with db.write() as conn:
            conn.execute("UPDATE readings SET state = 'interrupted' WHERE state = 'running'")
    except LibraryError as error:
        if error.kind != "full":  # on a full disk a library must still open, if only to delete from it
            raise


def begin(db: Database, document: int, identity: Identity, tokens: int) -> Reading:
    """Start or go on with a reading from `tokens`; see `Library.begin_reading`."""
    now = time.time()
    with db.write() as conn:
        (used,) = conn.execute("SELECT coalesce(max(used), 0) + 1 FROM readings").fetchone()
        (identifier,) = conn.execute(
            "INSERT INTO readings (document, identity, state, tokens_read, tokens_saved, started, updated, used)"
            " VALUES (?, ?, 'running', ?, ?, ?, ?, ?) ON CONFLICT (document, identity) DO UPDATE SET"
            " state = 'running', tokens_read = excluded.tokens_read, tokens_saved = excluded.tokens_saved,"
            " note = '', started = excluded.started, updated = excluded.updated, used = excluded.used,"
            " familiar = iif(excluded.tokens_read, familiar, NULL)"
            " RETURNING id",
            [document, snapshots.identity_id(conn, identity), tokens, tokens, now, now, used],
        ).fetchone()
        # The state at `tokens` is the longest that fits, so those beyond are of content that is gone.
        conn.execute(
            "UPDATE snapshots SET stale = 1 FROM readings r WHERE r.id = ? AND snapshots.document = r.document"
            " AND snapshots.identity = r.identity AND snapshots.kind IN ('rung', 'end') AND snapshots.n_tokens > ?",
            [identifier, tokens],
        )
        for table in ("page_tokens", "sections"):
            conn.execute(f"DELETE FROM {table} WHERE reading = ? AND first_token + n_tokens > ?", [identifier, tokens])
        return reading(db, identifier)


def commit(
    conn: sqlite3.Connection,
    identifier: int,
    state: ReadingState,
    tokens: int,
    pages: Iterable[NewPage],
    sections: Iterable[NewSection],
    snapshot: NewSnapshot | None,
    seconds: float,
    max_rungs: int,
    lighter: Lighter | None = None,
) -> int | None:
    """Write a stretch of a reading; see `Library.commit_progress`. Inside a transaction."""
    row = conn.execute("SELECT document, identity, tokens_read FROM readings WHERE id = ?", [identifier]).fetchone()
    if row is None:
        raise LibraryError("gone", "The document was removed from the library while it was being read.")
    document, identity, before = row
    if tokens < before:
        raise ValueError(f"a reading that stands at {before} tokens cannot go back to {tokens}")
    if snapshot is not None and snapshot.prefix.n_tokens != tokens:
        raise ValueError(f"the snapshot has consumed {snapshot.prefix.n_tokens} tokens, the reading {tokens}")
    if snapshot is not None and snapshots.identity_id(conn, snapshot.prefix.identity) != identity:
        raise ValueError("the snapshot is of another model than the reading")
    for page in pages:
        if page.first_token + page.n_tokens > tokens:
            raise ValueError(f"page {page.number} ends after the {tokens} tokens read")
        conn.execute(
            "INSERT INTO pages (document, number, label, text, problem) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (document, number) DO UPDATE SET"
            " label = excluded.label, text = excluded.text, problem = excluded.problem",
            [document, page.number, *(text and storable(text) for text in (page.label, page.text, page.problem))],
        )
        conn.execute(
            "INSERT OR REPLACE INTO page_tokens (reading, number, first_token, n_tokens) VALUES (?, ?, ?, ?)",
            [identifier, page.number, page.first_token, page.n_tokens],
        )
    for section in sections:
        _save_section(conn, identifier, document, section, tokens)
    saved = None if snapshot is None else snapshots.save(conn, document, snapshot)
    timed = tokens - before if seconds > 0 else 0
    conn.execute(
        "UPDATE readings SET state = ?, tokens_read = ?, tokens_timed = tokens_timed + ?, seconds = seconds + ?,"
        " updated = ? WHERE id = ?",
        [state, tokens, timed, seconds, time.time(), identifier],
    )
    if snapshot is not None:
        snapshots.thin(conn, document, identity, tokens, max_rungs)
        if lighter is not None:
            snapshots.lighten(conn, document, identity, lighter)
    return saved


def _save_section(conn: sqlite3.Connection, reading_id: int, document: int, section: NewSection, tokens: int) -> None:
    if section.first_token + section.n_tokens > tokens:
        raise ValueError(f"section {section.number} ends after the {tokens} tokens read")
    snapshot = None if section.snapshot is None else snapshots.save(conn, document, section.snapshot)
    values = [storable(section.heading), storable(section.text), section.first_page, section.last_page]
    values += [section.first_token, section.n_tokens]
    old = conn.execute(
        "SELECT id FROM sections WHERE reading = ? AND number = ? AND heading = ? AND text = ? AND first_page = ?"
        " AND last_page = ? AND first_token = ? AND n_tokens = ?",
        [reading_id, section.number, *values],
    ).fetchone()
    if old is not None:  # met again by a reading that went on: its notes, its state and its meter stay
        (saved,) = old
    else:
        # Not an upsert: deleting the earlier row lets the full-text index follow.
        conn.execute("DELETE FROM sections WHERE reading = ? AND number = ?", [reading_id, section.number])
        (saved,) = conn.execute(
            "INSERT INTO sections (reading, number, heading, text, first_page, last_page, first_token, n_tokens)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            [reading_id, section.number, *values],
        ).fetchone()
    if snapshot is not None:
        conn.execute("UPDATE sections SET snapshot = ? WHERE id = ?", [snapshot, saved])
    if section.meter is not None:
        retention.save_with_section(conn, saved, section.meter)


def close_run(conn: sqlite3.Connection, identifier: int, state: ReadingState, note: str, n_pages: int | None) -> None:
    """What `Library.finish_reading` adds to its last commit. Inside a transaction."""
    conn.execute("UPDATE readings SET note = ? WHERE id = ?", [storable(note), identifier])
    document, identity = conn.execute("SELECT document, identity FROM readings WHERE id = ?", [identifier]).fetchone()
    if n_pages is not None:
        conn.execute("UPDATE documents SET n_pages = ? WHERE id = ?", [n_pages, document])
        conn.execute("DELETE FROM pages WHERE document = ? AND number > ?", [document, n_pages])
        conn.execute(
            "DELETE FROM page_tokens WHERE reading IN (SELECT id FROM readings WHERE document = ?) AND number > ?",
            [document, n_pages],
        )
    if state == "done":
        snapshots.drop_stale(conn, document, identity)


def reading(db: Database, identifier: int) -> Reading:
    """One reading. Raises LibraryError (gone)."""
    with db.read() as conn:
        row = conn.execute(f"{_READING} WHERE r.id = ?", [identifier]).fetchone()
    if row is None:
        raise LibraryError("gone", "This reading is no longer in the library; read the document again.")
    return Reading(*row)


def readings(db: Database, document: int, identity: Identity | None = None) -> list[Reading]:
    """The readings of a document, latest first; of one model only when `identity` is given."""
    query, values = f"{_READING} WHERE r.document = ?", [document, identity.key if identity else None]
    if identity is not None:
        query += " AND i.key = ?"
    with db.read() as conn:
        rows = conn.execute(f"{query} ORDER BY r.used DESC", values[: 1 + (identity is not None)])
        return [Reading(*row) for row in rows]


def familiar(db: Database, document: int, identity: Identity) -> bool | None:
    """Whether a model knows the kind of text that it read of a document; None where that is not judged."""
    with db.read() as conn:
        row = conn.execute(
            "SELECT r.familiar FROM readings r JOIN identities i ON i.id = r.identity"
            " WHERE r.document = ? AND i.key = ?",
            [document, identity.key],
        ).fetchone()
    return None if row is None or row[0] is None else bool(row[0])


def save_familiar(db: Database, document: int, identity: Identity, judged: bool) -> None:
    """Keep that judgement until the document is read anew."""
    with db.write() as conn:
        conn.execute(
            "UPDATE readings SET familiar = ? WHERE document = ?"
            " AND identity = (SELECT id FROM identities WHERE key = ?)",
            [judged, document, identity.key],
        )


def unfinished(db: Database) -> list[Reading]:
    """Readings that did not get to the end of their document, latest first."""
    with db.read() as conn:
        rows = conn.execute(f"{_READING} WHERE r.state IN ('interrupted', 'stopped', 'stale') ORDER BY r.used DESC")
        return [Reading(*row) for row in rows]


def pages(db: Database, document: int, reading_id: int | None, first: int, last: int | None) -> list[Page]:
    """Pages `first` to `last` with their text, in order."""
    with db.read() as conn:
        rows = conn.execute(
            "SELECT p.number, p.label, p.text, p.problem, t.first_token, t.n_tokens FROM pages p"
            " LEFT JOIN page_tokens t ON t.reading = ? AND t.number = p.number"
            " WHERE p.document = ? AND p.number >= ? AND (? IS NULL OR p.number <= ?) ORDER BY p.number",
            [reading_or_latest(conn, document, reading_id), document, first, last, last],
        )
        return [Page(*row) for row in rows]


def page_spans(db: Database, document: int, reading_id: int | None) -> list[PageSpan]:
    """Every page's tokens and problem, without text, in order."""
    with db.read() as conn:
        rows = conn.execute(
            "SELECT p.number, t.first_token, t.n_tokens, p.problem FROM pages p"
            " LEFT JOIN page_tokens t ON t.reading = ? AND t.number = p.number"
            " WHERE p.document = ? ORDER BY p.number",
            [reading_or_latest(conn, document, reading_id), document],
        )
        return [PageSpan(*row) for row in rows]


def sections(db: Database, document: int, reading_id: int | None) -> list[Section]:
    """The sections of a reading, in order."""
    with db.read() as conn:
        rows = conn.execute(
            f"SELECT {SECTION_COLUMNS} FROM sections s WHERE s.reading = ? ORDER BY s.number",
            [reading_or_latest(conn, document, reading_id)],
        )
        return [Section(*row) for row in rows]


def reading_or_latest(conn: sqlite3.Connection, document: int, reading_id: int | None) -> int | None:
    """`reading_id`, or the document's latest reading where that is None."""
    if reading_id is not None:
        return reading_id
    row = conn.execute("SELECT id FROM readings WHERE document = ? ORDER BY used DESC LIMIT 1", [document]).fetchone()
    return row[0] if row else None
