"""A reading run: the rows that one run over a document writes, commit by commit."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from engine.library import cjk, retention, snapshots
from engine.library.checkpoint_policy import Limits
from engine.library.database import Database, LibraryError, storable
from engine.library.prefix import Identity
from engine.library.records import NewPage, NewSection, NewSnapshot, ReadingState, Rounding


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything that was read since the last commit of a run."""

    tokens: int
    """Tokens read by now; pages and sections lie within, the snapshot has just as many, or `state_tokens`."""
    pages: Sequence[NewPage] = ()
    sections: Sequence[NewSection] = ()
    snapshot: NewSnapshot | None = None
    seconds: float = 0.0
    """Time this stretch took."""
    state_tokens: int | None = None
    """Tokens in the document state, where only the states of sections have read on."""


class ReadingRun:
    """One run over a document by one model. A context manager: left without `finish`, the reading is interrupted."""

    def __init__(
        self,
        db: Database,
        limits: Limits,
        document: int,
        identity: Identity,
        tokens: int = 0,
        rounding: Rounding | None = None,
    ) -> None:
        """Begin, or go on from a stored state with `tokens` tokens.

        Pages and sections of an earlier run beyond `tokens` are deleted, to be read again; states beyond them belong to
        content that is gone, but stay findable until a run is done. `rounding`: for all checkpoints but the newest.
        """
        self._db, self._limits, self._rounding = db, limits, rounding
        self._document, self._finished = document, False
        self._sections: list[int] = []
        with db.write() as conn:
            self._identity = snapshots.identity_id(conn, identity)
            self.id = self._begin(conn, tokens)

    def __enter__(self) -> ReadingRun:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._finished:
            return
        try:
            with self._db.write() as conn:
                conn.execute("UPDATE readings SET state = 'interrupted' WHERE id = ? AND state = 'running'", [self.id])
        except LibraryError:
            if error is None:
                raise

    def commit(self, progress: Progress) -> int | None:
        """Write `progress`, all of it or nothing; return the id of the snapshot, if there is one.

        Older checkpoints are thinned, and rounded, in the same transaction; the quota is kept. Raises
        LibraryError, and ValueError where `progress` contradicts itself.
        """
        return self._write(progress, "running")

    def finish(
        self, progress: Progress, state: ReadingState = "done", note: str = "", n_pages: int | None = None
    ) -> int | None:
        """Write the last `progress` and end the run; `state` is "stopped" where somebody stopped it.

        `note`: the coverage in words. `n_pages`: pages of the file, now that all were seen; pages beyond, of a longer
        earlier file, are deleted.
        """
        return self._write(progress, state, (note, n_pages))

    def _begin(self, conn: sqlite3.Connection, tokens: int) -> int:
        now = time.time()
        (used,) = conn.execute("SELECT coalesce(max(used), 0) + 1 FROM readings").fetchone()
        reading: int
        (reading,) = conn.execute(
            "INSERT INTO readings (document, identity, state, tokens_read, tokens_saved, started, updated, used)"
            " VALUES (?, ?, 'running', ?, ?, ?, ?, ?) ON CONFLICT (document, identity) DO UPDATE SET"
            " state = 'running', tokens_read = excluded.tokens_read, tokens_saved = excluded.tokens_saved,"
            " note = '', started = excluded.started, updated = excluded.updated, used = excluded.used,"
            " familiar = iif(excluded.tokens_read, familiar, NULL)"
            " RETURNING id",
            [self._document, self._identity, tokens, tokens, now, now, used],
        ).fetchone()
        conn.execute("DELETE FROM retentions WHERE reading = ?", [reading])
        # The state at `tokens` is the longest that fits, so those beyond are of content that is gone.
        conn.execute(
            "UPDATE snapshots SET stale = 1 WHERE document = ? AND identity = ? AND kind IN ('checkpoint', 'end')"
            " AND n_tokens > ?",
            [self._document, self._identity, tokens],
        )
        for table in ("page_tokens", "sections"):
            conn.execute(f"DELETE FROM {table} WHERE reading = ? AND first_token + n_tokens > ?", [reading, tokens])
        return reading

    def _write(
        self, progress: Progress, state: ReadingState, ending: tuple[str, int | None] | None = None
    ) -> int | None:
        snapshots.require_space(self._db, progress.snapshot)
        with self._db.write() as conn:
            self._check(conn, progress)
            for page in progress.pages:
                self._save_page(conn, page)
            for section in progress.sections:
                self._save_section(conn, section)
            saved = None
            if progress.snapshot is not None:
                saved = snapshots.save(conn, self._document, progress.snapshot)
            conn.execute(
                "UPDATE readings SET state = ?, tokens_timed = tokens_timed + iif(?, ? - tokens_read, 0),"
                " tokens_read = ?, state_tokens = ?, seconds = seconds + ?, updated = ? WHERE id = ?",
                [
                    *(state, progress.seconds > 0, progress.tokens, progress.tokens, progress.state_tokens),
                    *(progress.seconds, time.time(), self.id),
                ],
            )
            if progress.snapshot is not None:
                snapshots.thin(conn, self._document, self._identity, progress.tokens, self._limits.checkpoints)
                if self._rounding is not None:
                    snapshots.round_checkpoints(conn, self._document, self._identity, self._rounding)
            if ending is not None:
                self._close(conn, state, *ending)
            snapshots.enforce_quota(conn, self._limits)
        self._finished = ending is not None
        return saved

    def _check(self, conn: sqlite3.Connection, progress: Progress) -> None:
        row = conn.execute("SELECT tokens_read FROM readings WHERE id = ?", [self.id]).fetchone()
        if row is None:
            raise LibraryError(
                "gone", "The document was removed from the library while it was being read; read it again."
            )
        tokens, snapshot = progress.tokens, progress.snapshot
        if tokens < row[0]:
            raise ValueError(f"a reading that stands at {row[0]} tokens cannot go back to {tokens}")
        consumed = tokens if progress.state_tokens is None else progress.state_tokens
        if snapshot is not None and (snapshot.prefix.n_tokens != consumed or consumed > tokens):
            raise ValueError(f"the snapshot has consumed {snapshot.prefix.n_tokens} tokens, the reading {consumed}")
        if snapshot is not None and snapshots.identity_id(conn, snapshot.prefix.identity) != self._identity:
            raise ValueError("the snapshot is of another model than the reading")
        parts: list[NewPage | NewSection] = [*progress.pages, *progress.sections]
        for part in parts:
            if part.first_token + part.n_tokens > tokens:
                kind = "page" if isinstance(part, NewPage) else "section"
                raise ValueError(f"{kind} {part.number} ends after the {tokens} tokens read")

    def _save_page(self, conn: sqlite3.Connection, page: NewPage) -> None:
        conn.execute(
            "INSERT INTO pages (document, number, label, text, problem, checksum)"
            " VALUES (?1, ?2, ?3, ?4, ?5, text_checksum(?2, ?3, ?4, ?5)) ON CONFLICT (document, number) DO UPDATE SET"
            " label = excluded.label, text = excluded.text, problem = excluded.problem, checksum = excluded.checksum",
            [self._document, page.number, *(text and storable(text) for text in (page.label, page.text, page.problem))],
        )
        self._save_details(conn, page)
        conn.execute(
            "INSERT OR REPLACE INTO page_tokens (reading, number, first_token, n_tokens) VALUES (?, ?, ?, ?)",
            [self.id, page.number, page.first_token, page.n_tokens],
        )

    def _save_details(self, conn: sqlite3.Connection, page: NewPage) -> None:
        """Store what was left out of a page and remarked on it, in place of what an earlier reading left out."""
        (row,) = conn.execute(
            "SELECT id FROM pages WHERE document = ? AND number = ?", [self._document, page.number]
        ).fetchone()
        conn.execute("DELETE FROM page_details WHERE page = ?", [row])
        if page.removed or page.notes or page.certainty is not None:
            removed, notes = (_listed(texts) for texts in (page.removed, page.notes))
            conn.execute(
                "INSERT INTO page_details (page, removed, notes, certainty, raw, checksum)"
                " VALUES (?1, ?2, ?3, ?4, ?5, text_checksum(?2, ?3, ?4, ?5))",
                [row, removed, notes, page.certainty, page.raw and storable(page.raw)],
            )

    def _save_section(self, conn: sqlite3.Connection, section: NewSection) -> None:
        snapshot = None if section.snapshot is None else snapshots.save(conn, self._document, section.snapshot)
        values: list[str | int] = [storable(section.heading), storable(section.text)]
        values += [section.first_page, section.last_page, section.first_token, section.n_tokens]
        old = conn.execute(
            "SELECT id FROM sections WHERE reading = ? AND number = ? AND heading = ? AND text = ? AND first_page = ?"
            " AND last_page = ? AND first_token = ? AND n_tokens = ?",
            [self.id, section.number, *values],
        ).fetchone()
        if old is not None:  # met again by a reading that went on: its summaries, its state and its decay sums stay
            (saved,) = old
        else:
            # Not an upsert: deleting the earlier row lets the full-text indexes follow.
            conn.execute("DELETE FROM sections WHERE reading = ? AND number = ?", [self.id, section.number])
            (saved,) = conn.execute(
                "INSERT INTO sections (reading, number, heading, text, first_page, last_page, first_token, n_tokens,"
                " checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, text_checksum(?2, ?3, ?4, ?5, ?6, ?7, ?8))"
                " RETURNING id",
                [self.id, section.number, *values],
            ).fetchone()
            if cjk.has_cjk(section.heading + section.text):
                conn.execute(
                    "INSERT INTO sections_cjk (rowid, heading, text) VALUES (?, ?, ?)",
                    [saved, cjk.bigrams(section.heading), cjk.bigrams(section.text)],
                )
        self._sections.append(saved)
        if snapshot is not None:
            conn.execute("UPDATE sections SET snapshot = ? WHERE id = ?", [snapshot, saved])
        if section.mark is not None:
            conn.execute("UPDATE sections SET mark = ? WHERE id = ?", [section.mark, saved])
        if section.decay is not None:
            retention.save_section_decay(conn, saved, section.decay)

    def _close(self, conn: sqlite3.Connection, state: ReadingState, note: str, n_pages: int | None) -> None:
        conn.execute("UPDATE readings SET note = ? WHERE id = ?", [storable(note), self.id])
        if n_pages is not None:
            conn.execute("UPDATE documents SET n_pages = ? WHERE id = ?", [n_pages, self._document])
            conn.execute("DELETE FROM pages WHERE document = ? AND number > ?", [self._document, n_pages])
            conn.execute(
                "DELETE FROM page_tokens WHERE reading IN (SELECT id FROM readings WHERE document = ?) AND number > ?",
                [self._document, n_pages],
            )
        if state == "done":
            # Sections of an earlier reading that this one cut otherwise, above all before the point it resumed from.
            kept = json.dumps(self._sections)
            conn.execute(
                "DELETE FROM sections WHERE reading = ? AND id NOT IN (SELECT value FROM json_each(?))", [self.id, kept]
            )
            snapshots.drop_stale(conn, self._document, self._identity)


def _listed(texts: tuple[str, ...]) -> str:
    return json.dumps([storable(text) for text in texts], ensure_ascii=False)
