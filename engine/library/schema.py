"""The library's schema: its migrations in their order, and bringing a file up to date.

A shipped migration is never edited: a change of the schema is a new function at the end of the newest file in
`migrations` and of `STEPS`, and a library made by an older program is brought up to date when it is next opened for
writing.
"""

from __future__ import annotations

import importlib
import sqlite3
from typing import TYPE_CHECKING

from engine.library.migrations import version_0_1, version_0_2
from engine.library.migrations.version_0_1 import APPLICATION_ID

if TYPE_CHECKING:
    from sqlite_utils import Database as UtilsDatabase
    from sqlite_utils import Migrations

MIGRATION_SET = "readthrough"
CHECKED_TEXTS = {
    **version_0_2.CHECKED_FROM_M005,
    "page_details": "removed, notes, certainty, raw",
    "sentence_scores": "model, data",
    "outlines": "entries",
    "sentence_indexes": "version, data",
    "overviews": "version, lines",
}
"""Table -> the columns that the `checksum` of each of its rows covers."""

STEPS = [
    version_0_1.m001_initial,
    version_0_1.m002_turn_tokens,
    version_0_1.m003_notes_and_meters,
    version_0_1.m004_familiar,
    version_0_2.m005_content,
    version_0_2.m006_names_and_tags,
    version_0_2.m007_typed_records,
    version_0_2.m008_collections,
    version_0_2.m009_page_details,
    version_0_2.m010_scores_and_outlines,
    version_0_2.m011_prepared_answers,
    version_0_2.m012_read_by_sections,
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
