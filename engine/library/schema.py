"""The library's tables, as migrations that are only ever appended to.

A shipped migration is never edited: a change of the schema is a new function at the end of `STEPS`, and a library
made by an older program is brought up to date when it is next opened for writing.
"""

from __future__ import annotations

import importlib
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database as UtilsDatabase
    from sqlite_utils import Migrations

MIGRATION_SET = "readthrough"
APPLICATION_ID = 0x52445448
"""Identifier in the file's header: this SQLite file is a Readthrough library."""


def m001_initial(db: UtilsDatabase) -> None:
    """Create documents, their pages and sections, states, summaries and turns."""
    db.conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.executescript(
        """
        CREATE TABLE identities (
            id INTEGER PRIMARY KEY,
            key TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            weights TEXT NOT NULL,
            tokenizer TEXT NOT NULL,
            prefix TEXT NOT NULL,
            precision TEXT NOT NULL,
            format TEXT NOT NULL
        ) STRICT;

        CREATE TABLE documents (
            id INTEGER PRIMARY KEY,
            sha256 TEXT NOT NULL UNIQUE,
            path TEXT NOT NULL,
            title TEXT NOT NULL,
            kind TEXT NOT NULL,
            size INTEGER NOT NULL,
            n_pages INTEGER,
            added REAL NOT NULL,
            opened REAL NOT NULL,
            used INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX documents_path ON documents (path);

        CREATE TABLE pages (
            id INTEGER PRIMARY KEY,
            document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
            number INTEGER NOT NULL,
            label TEXT,
            text TEXT NOT NULL,
            problem TEXT,
            UNIQUE (document, number)
        ) STRICT;
        CREATE INDEX pages_problem ON pages (document, number) WHERE problem IS NOT NULL;

        CREATE TABLE readings (
            id INTEGER PRIMARY KEY,
            document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
            identity INTEGER NOT NULL REFERENCES identities,
            state TEXT NOT NULL CHECK (state IN ('running', 'stopped', 'interrupted', 'stale', 'done')),
            tokens_read INTEGER NOT NULL,
            tokens_saved INTEGER NOT NULL,
            tokens_timed INTEGER NOT NULL DEFAULT 0,
            seconds REAL NOT NULL DEFAULT 0,
            note TEXT NOT NULL DEFAULT '',
            started REAL NOT NULL,
            updated REAL NOT NULL,
            used INTEGER NOT NULL,
            UNIQUE (document, identity)
        ) STRICT;

        CREATE TABLE page_tokens (
            reading INTEGER NOT NULL REFERENCES readings ON DELETE CASCADE,
            number INTEGER NOT NULL,
            first_token INTEGER NOT NULL,
            n_tokens INTEGER NOT NULL,
            PRIMARY KEY (reading, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE snapshots (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
            identity INTEGER NOT NULL REFERENCES identities,
            kind TEXT NOT NULL CHECK (kind IN ('end', 'rung', 'section', 'turn')),
            n_tokens INTEGER NOT NULL,
            prefix_hash BLOB NOT NULL,
            link_key INTEGER NOT NULL,
            dtype TEXT NOT NULL,
            size INTEGER NOT NULL,
            checksum BLOB NOT NULL,
            pinned INTEGER NOT NULL DEFAULT 0,
            stale INTEGER NOT NULL DEFAULT 0,
            used INTEGER NOT NULL,
            last_used REAL NOT NULL,
            created REAL NOT NULL,
            UNIQUE (document, identity, prefix_hash)
        ) STRICT;
        CREATE INDEX snapshots_link ON snapshots (link_key, identity);
        CREATE INDEX snapshots_used ON snapshots (used);

        -- The chain's end stands before the blob, so that reading it never walks the blob's overflow pages.
        CREATE TABLE snapshot_blobs (
            snapshot INTEGER PRIMARY KEY REFERENCES snapshots ON DELETE CASCADE,
            link BLOB NOT NULL,
            tail BLOB NOT NULL,
            data BLOB NOT NULL
        ) STRICT;

        CREATE TABLE sections (
            id INTEGER PRIMARY KEY,
            reading INTEGER NOT NULL REFERENCES readings ON DELETE CASCADE,
            number INTEGER NOT NULL,
            heading TEXT NOT NULL,
            text TEXT NOT NULL,
            first_page INTEGER NOT NULL,
            last_page INTEGER NOT NULL,
            first_token INTEGER NOT NULL,
            n_tokens INTEGER NOT NULL,
            snapshot INTEGER REFERENCES snapshots ON DELETE SET NULL,
            UNIQUE (reading, number)
        ) STRICT;
        CREATE INDEX sections_snapshot ON sections (snapshot);

        CREATE VIRTUAL TABLE sections_fts USING fts5 (
            heading, text, content='sections', content_rowid='id',
            tokenize='porter unicode61 remove_diacritics 2'
        );
        CREATE TRIGGER sections_inserted AFTER INSERT ON sections BEGIN
            INSERT INTO sections_fts (rowid, heading, text) VALUES (new.id, new.heading, new.text);
        END;
        CREATE TRIGGER sections_deleted AFTER DELETE ON sections BEGIN
            INSERT INTO sections_fts (sections_fts, rowid, heading, text)
            VALUES ('delete', old.id, old.heading, old.text);
        END;
        CREATE TRIGGER sections_updated AFTER UPDATE OF heading, text ON sections BEGIN
            INSERT INTO sections_fts (sections_fts, rowid, heading, text)
            VALUES ('delete', old.id, old.heading, old.text);
            INSERT INTO sections_fts (rowid, heading, text) VALUES (new.id, new.heading, new.text);
        END;

        CREATE TABLE summaries (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
            identity INTEGER NOT NULL REFERENCES identities,
            method TEXT NOT NULL,
            focus TEXT NOT NULL,
            text TEXT NOT NULL,
            evidence TEXT NOT NULL,
            n_tokens INTEGER NOT NULL,
            created REAL NOT NULL
        ) STRICT;
        CREATE INDEX summaries_document ON summaries (document);

        CREATE TABLE turns (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
            identity INTEGER NOT NULL REFERENCES identities,
            parent INTEGER REFERENCES turns ON DELETE CASCADE,
            question TEXT NOT NULL,
            answer TEXT NOT NULL,
            evidence TEXT NOT NULL,
            as_of_page INTEGER,
            seed INTEGER,
            snapshot INTEGER REFERENCES snapshots ON DELETE SET NULL,
            kept INTEGER NOT NULL DEFAULT 0,
            created REAL NOT NULL
        ) STRICT;
        CREATE INDEX turns_document ON turns (document);
        CREATE INDEX turns_parent ON turns (parent);
        CREATE INDEX turns_snapshot ON turns (snapshot);
        """
    )


def m002_turn_tokens(db: UtilsDatabase) -> None:
    """The tokens that a turn consumed, exactly: text alone does not say how the model spelled it."""
    db.conn.execute("ALTER TABLE turns ADD COLUMN tokens BLOB")


def m003_notes_and_meters(db: UtilsDatabase) -> None:
    """Add the length of summaries, notes on sections, ledgers, the decay sums of states and their retention."""
    db.executescript(
        """
        ALTER TABLE summaries ADD COLUMN length TEXT NOT NULL DEFAULT 'page';

        CREATE TABLE section_notes (
            id INTEGER PRIMARY KEY,
            section INTEGER NOT NULL REFERENCES sections ON DELETE CASCADE,
            request TEXT NOT NULL,
            focus TEXT NOT NULL,
            text TEXT NOT NULL,
            line_pages TEXT NOT NULL,
            created REAL NOT NULL,
            UNIQUE (section, request)
        ) STRICT;

        CREATE TABLE ledgers (
            document INTEGER PRIMARY KEY REFERENCES documents ON DELETE CASCADE,
            sha256 TEXT NOT NULL,
            entries TEXT NOT NULL,
            left_out INTEGER NOT NULL,
            basis TEXT NOT NULL
        ) STRICT;

        CREATE TABLE snapshot_meters (
            snapshot INTEGER PRIMARY KEY REFERENCES snapshots ON DELETE CASCADE,
            data BLOB NOT NULL
        ) STRICT;

        CREATE TABLE section_meters (
            section INTEGER PRIMARY KEY REFERENCES sections ON DELETE CASCADE,
            data BLOB NOT NULL
        ) STRICT;

        CREATE TABLE retentions (
            reading INTEGER PRIMARY KEY REFERENCES readings ON DELETE CASCADE,
            tokens INTEGER NOT NULL,
            figures TEXT NOT NULL
        ) STRICT;
        """
    )


def m004_familiar(db: UtilsDatabase) -> None:
    """Add `familiar`: 1 when the reading's model was trained on this kind of text, else 0; NULL while unmeasured."""
    db.conn.execute("ALTER TABLE readings ADD COLUMN familiar INTEGER")


def m005_content(db: UtilsDatabase) -> None:
    """Add several paths per document, the content hash of a turn or a summary, checksums of texts and an index of texts
    without spaces; rename `rung` to `checkpoint`."""
    db.executescript(
        """
        ALTER TABLE documents ADD COLUMN replaced REAL;
        CREATE TABLE document_paths (
            path TEXT PRIMARY KEY,
            document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
            seen REAL NOT NULL
        ) STRICT;
        CREATE INDEX document_paths_document ON document_paths (document);
        INSERT OR REPLACE INTO document_paths (path, document, seen)
            SELECT path, id, opened FROM documents ORDER BY used;

        ALTER TABLE turns ADD COLUMN sha256 TEXT;
        UPDATE turns SET sha256 = (SELECT sha256 FROM documents WHERE documents.id = turns.document);
        ALTER TABLE summaries ADD COLUMN sha256 TEXT;
        UPDATE summaries SET sha256 = (SELECT sha256 FROM documents WHERE documents.id = summaries.document);

        CREATE VIRTUAL TABLE sections_cjk USING fts5 (heading, text, tokenize='unicode61');
        CREATE TRIGGER sections_cjk_deleted AFTER DELETE ON sections BEGIN
            DELETE FROM sections_cjk WHERE rowid = old.id;
        END;

        CREATE TABLE snapshots_new (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
            identity INTEGER NOT NULL REFERENCES identities,
            kind TEXT NOT NULL CHECK (kind IN ('end', 'checkpoint', 'section', 'turn')),
            n_tokens INTEGER NOT NULL,
            prefix_hash BLOB NOT NULL,
            link_key INTEGER NOT NULL,
            dtype TEXT NOT NULL,
            size INTEGER NOT NULL,
            checksum BLOB NOT NULL,
            pinned INTEGER NOT NULL DEFAULT 0,
            stale INTEGER NOT NULL DEFAULT 0,
            used INTEGER NOT NULL,
            last_used REAL NOT NULL,
            created REAL NOT NULL,
            exact INTEGER NOT NULL DEFAULT 1,
            UNIQUE (document, identity, prefix_hash)
        ) STRICT;
        INSERT INTO snapshots_new (id, document, identity, kind, n_tokens, prefix_hash, link_key, dtype, size, checksum,
            pinned, stale, used, last_used, created)
            SELECT id, document, identity, iif(kind = 'rung', 'checkpoint', kind), n_tokens, prefix_hash, link_key,
                dtype, size, checksum, pinned, stale, used, last_used, created FROM snapshots;
        DROP TABLE snapshots;
        ALTER TABLE snapshots_new RENAME TO snapshots;
        CREATE INDEX snapshots_link ON snapshots (link_key, identity);
        CREATE INDEX snapshots_used ON snapshots (used);
        """
    )
    for table, columns in _CHECKED_FROM_M005.items():
        db.conn.execute(f"ALTER TABLE {table} ADD COLUMN checksum BLOB")
        db.conn.execute(f"UPDATE {table} SET checksum = text_checksum({columns})")
    db.conn.execute(
        "INSERT INTO sections_cjk (rowid, heading, text)"
        " SELECT id, cjk_bigrams(heading), cjk_bigrams(text) FROM sections WHERE has_cjk(heading || text)"
    )


def m006_names_and_tags(db: UtilsDatabase) -> None:
    """Add the title that a person gives a document, tags, and whether a section summary has findings."""
    db.executescript(
        """
        ALTER TABLE documents ADD COLUMN given_title TEXT;

        CREATE TABLE document_tags (
            document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
            tag TEXT NOT NULL,
            PRIMARY KEY (document, tag)
        ) STRICT, WITHOUT ROWID;

        ALTER TABLE section_notes ADD COLUMN has_findings INTEGER NOT NULL DEFAULT 1;
        """
    )


def m007_typed_records(db: UtilsDatabase) -> None:
    """Add the tables of a document's typed rows: what its tables, lists and labels say, and its dates, amounts,
    identifiers and names with their places."""
    db.executescript(
        """
        CREATE TABLE record_runs (
            document INTEGER PRIMARY KEY REFERENCES documents ON DELETE CASCADE,
            sha256 TEXT NOT NULL,
            version INTEGER NOT NULL,
            pages INTEGER NOT NULL,
            tables_unread INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE record_tables (
            id INTEGER PRIMARY KEY,
            document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
            form TEXT NOT NULL,
            caption TEXT NOT NULL,
            columns TEXT NOT NULL,
            named INTEGER NOT NULL,
            lines_unread INTEGER NOT NULL,
            signature TEXT NOT NULL
        ) STRICT;
        CREATE INDEX record_tables_document ON record_tables (document);

        CREATE TABLE record_rows (
            id INTEGER PRIMARY KEY,
            "table" INTEGER NOT NULL REFERENCES record_tables ON DELETE CASCADE,
            page INTEGER NOT NULL,
            start INTEGER NOT NULL,
            "end" INTEGER NOT NULL,
            quoted TEXT NOT NULL,
            source TEXT NOT NULL,
            confidence REAL NOT NULL
        ) STRICT;
        CREATE INDEX record_rows_table ON record_rows ("table");

        CREATE TABLE record_cells (
            row INTEGER NOT NULL REFERENCES record_rows ON DELETE CASCADE,
            place INTEGER NOT NULL,
            kind TEXT NOT NULL,
            text TEXT NOT NULL,
            value TEXT NOT NULL,
            number REAL,
            unit TEXT NOT NULL,
            PRIMARY KEY (row, place)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE record_mentions (
            id INTEGER PRIMARY KEY,
            document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
            kind TEXT NOT NULL,
            page INTEGER NOT NULL,
            start INTEGER NOT NULL,
            "end" INTEGER NOT NULL,
            text TEXT NOT NULL,
            value TEXT NOT NULL,
            number REAL,
            unit TEXT NOT NULL,
            confidence REAL NOT NULL
        ) STRICT;
        CREATE INDEX record_mentions_document ON record_mentions (document, kind);

        CREATE VIRTUAL TABLE record_words USING fts5 (words, tokenize='porter unicode61 remove_diacritics 2');
        CREATE TRIGGER record_rows_deleted AFTER DELETE ON record_rows BEGIN
            DELETE FROM record_words WHERE rowid = old.id;
        END;
        """
    )


def m008_collections(db: UtilsDatabase) -> None:
    """Add collections of documents, their folders, and the files of these with the outcome of reading each."""
    db.executescript(
        """
        CREATE TABLE collections (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE COLLATE NOCASE,
            created REAL NOT NULL
        ) STRICT;

        CREATE TABLE collection_documents (
            collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
            document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
            PRIMARY KEY (collection, document)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX collection_documents_document ON collection_documents (document);

        CREATE TABLE collection_folders (
            collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
            path TEXT NOT NULL,
            PRIMARY KEY (collection, path)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE collection_files (
            collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
            path TEXT NOT NULL,
            size INTEGER NOT NULL,
            modified INTEGER NOT NULL,
            inode INTEGER NOT NULL,
            document INTEGER REFERENCES documents ON DELETE SET NULL,
            error TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (collection, path)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX collection_files_document ON collection_files (document);
        """
    )


def m009_page_details(db: UtilsDatabase) -> None:
    """Add the lines left out of a page, the remarks on it, and the certainty of its text recognition."""
    db.executescript(
        """
        CREATE TABLE page_details (
            page INTEGER PRIMARY KEY REFERENCES pages ON DELETE CASCADE,
            removed TEXT NOT NULL,
            notes TEXT NOT NULL,
            certainty REAL,
            raw TEXT,
            checksum BLOB
        ) STRICT;
        """
    )


def m010_scores_and_outlines(db: UtilsDatabase) -> None:
    """Add the scores of the sentences of a section, by the model that gave them, and the bookmarks of a document."""
    db.executescript(
        """
        CREATE TABLE sentence_scores (
            id INTEGER PRIMARY KEY,
            section INTEGER NOT NULL REFERENCES sections ON DELETE CASCADE,
            model TEXT NOT NULL,
            data BLOB NOT NULL,
            checksum BLOB,
            UNIQUE (section, model)
        ) STRICT;

        CREATE TABLE outlines (
            document INTEGER PRIMARY KEY REFERENCES documents ON DELETE CASCADE,
            entries TEXT NOT NULL,
            checksum BLOB
        ) STRICT;
        """
    )


def m011_prepared_answers(db: UtilsDatabase) -> None:
    """Add the index of a document's sentences, and its overview, which a question would otherwise have to make."""
    db.executescript(
        """
        CREATE TABLE sentence_indexes (
            document INTEGER PRIMARY KEY REFERENCES documents ON DELETE CASCADE,
            version TEXT NOT NULL,
            data BLOB NOT NULL,
            checksum BLOB
        ) STRICT;

        CREATE TABLE overviews (
            document INTEGER PRIMARY KEY REFERENCES documents ON DELETE CASCADE,
            version TEXT NOT NULL,
            lines TEXT NOT NULL,
            checksum BLOB
        ) STRICT;
        """
    )


_CHECKED_FROM_M005 = {
    "pages": "number, label, text, problem",
    "sections": "number, heading, text, first_page, last_page, first_token, n_tokens",
    "section_notes": "request, focus, text, line_pages",
    "summaries": "method, focus, text, evidence",
    "turns": "question, answer, evidence, tokens",
    "section_meters": "data",
    "snapshot_meters": "data",
    "retentions": "tokens, figures",
    "ledgers": "entries, left_out, basis",
}
CHECKED_TEXTS = {
    **_CHECKED_FROM_M005,
    "page_details": "removed, notes, certainty, raw",
    "sentence_scores": "model, data",
    "outlines": "entries",
    "sentence_indexes": "version, data",
    "overviews": "version, lines",
}
"""Table -> the columns that the `checksum` of each of its rows covers."""

STEPS = [
    m001_initial,
    m002_turn_tokens,
    m003_notes_and_meters,
    m004_familiar,
    m005_content,
    m006_names_and_tags,
    m007_typed_records,
    m008_collections,
    m009_page_details,
    m010_scores_and_outlines,
    m011_prepared_answers,
]


_APPLIED = "_sqlite_migrations"
"""The table in which sqlite-utils notes the migrations that were applied."""


class NotALibraryError(Exception):
    """The file is a database of something else."""


class NewerLibraryError(Exception):
    """The library has migrations that this program does not know."""


def pending(conn: sqlite3.Connection) -> int:
    """Return how many of `STEPS` the open database lacks: all of them for an empty file, 0 for a library of today.

    Raises NotALibraryError or NewerLibraryError.
    """
    tables = {name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    applied: set[str] = set()
    if _APPLIED in tables:
        # By hand: sqlite-utils takes a third of a second to import, and a library of today needs no more than this.
        found = conn.execute(f"SELECT name FROM {_APPLIED} WHERE migration_set = ?", [MIGRATION_SET])
        applied = {name for (name,) in found}
    tables -= {_APPLIED}
    (application_id,) = conn.execute("PRAGMA application_id").fetchone()
    if application_id not in (0, APPLICATION_ID) or (tables and not applied):
        raise NotALibraryError
    if applied - {step.__name__ for step in STEPS}:
        raise NewerLibraryError
    return len({step.__name__ for step in STEPS} - applied)


def migrate(conn: sqlite3.Connection) -> None:
    """Apply the pending migrations, each in a transaction of its own. Foreign keys must be off: migrations rebuild
    tables."""
    db, migrations = _utils(conn)
    migrations.apply(db)


def preload() -> None:
    """Import what opening a library needs, in advance."""
    importlib.import_module("sqlite_utils")


def _utils(conn: sqlite3.Connection) -> tuple[UtilsDatabase, Migrations]:
    from sqlite_utils import Database, Migrations  # here: a quarter of a second that a command without a library saves

    migrations = Migrations(MIGRATION_SET)
    for step in STEPS:
        migrations()(step)
    return Database(conn, recursive_triggers=False, execute_plugins=False), migrations
