"""Migrations of the library up to version 0.1.0. They were released: none is ever edited."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

APPLICATION_ID = 0x52445448
"""Identifier in the file's header: this SQLite file is a Readthrough library."""


def m001_initial(db: Database) -> None:
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


def m002_turn_tokens(db: Database) -> None:
    """The tokens that a turn consumed, exactly: text alone does not say how the model spelled it."""
    db.conn.execute("ALTER TABLE turns ADD COLUMN tokens BLOB")


def m003_notes_and_meters(db: Database) -> None:
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


def m004_familiar(db: Database) -> None:
    """Add `familiar`: 1 when the reading's model was trained on this kind of text, else 0; NULL while unmeasured."""
    db.conn.execute("ALTER TABLE readings ADD COLUMN familiar INTEGER")
