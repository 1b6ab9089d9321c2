"""Migrations of the library from version 0.1.0 to 0.2.0."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

CHECKED_FROM_M005 = {
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
"""Table -> the columns that the `checksum` of each of its rows covers, since `m005_content`."""


def m005_content(db: Database) -> None:
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
    for table, columns in CHECKED_FROM_M005.items():
        db.conn.execute(f"ALTER TABLE {table} ADD COLUMN checksum BLOB")
        db.conn.execute(f"UPDATE {table} SET checksum = text_checksum({columns})")
    db.conn.execute(
        "INSERT INTO sections_cjk (rowid, heading, text)"
        " SELECT id, cjk_bigrams(heading), cjk_bigrams(text) FROM sections WHERE has_cjk(heading || text)"
    )


def m006_names_and_tags(db: Database) -> None:
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


def m007_typed_records(db: Database) -> None:
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


def m008_collections(db: Database) -> None:
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


def m009_page_details(db: Database) -> None:
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


def m010_scores_and_outlines(db: Database) -> None:
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


def m011_prepared_answers(db: Database) -> None:
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


def m012_read_by_sections(db: Database) -> None:
    """Add how far the document state has read where sections alone have read on, and the mark of a section that was
    read by itself: the hash of the document's tokens up to its end."""
    db.executescript(
        """
        ALTER TABLE readings ADD COLUMN state_tokens INTEGER;
        ALTER TABLE sections ADD COLUMN mark BLOB;
        """
    )
