"""The library: every document read, the states it was read into, the summaries and the questions asked of it.

One writer, any number of readers (`Library.open(read_only=True)`), one SQLite file. What belongs together is written in
one transaction, so that the process may be killed at any moment. Every method of every part raises LibraryError, one
sentence, for errors that the user can fix: a full disk, a damaged file, a library that another program holds.
"""

from __future__ import annotations

import os
from pathlib import Path

from engine.library.checkpoint_policy import MAX_CHECKPOINTS, QUOTA_BYTES, Limits
from engine.library.collections import Collections
from engine.library.database import BUSY_SECONDS, Database, library_path
from engine.library.documents import Documents
from engine.library.entities import EntityLists
from engine.library.maintenance import Maintenance
from engine.library.outlines import Outlines
from engine.library.overviews import Overviews
from engine.library.pages import Pages
from engine.library.prefix import Identity
from engine.library.reading_run import ReadingRun
from engine.library.readings import Readings, mark_interrupted
from engine.library.records import Rounding
from engine.library.retention import Retentions
from engine.library.search import Search
from engine.library.section_summaries import SectionSummaries
from engine.library.sections import Sections
from engine.library.sentence_indexes import SentenceIndexes
from engine.library.sentence_scores import SentenceScores
from engine.library.snapshots import Snapshots
from engine.library.summaries import Summaries
from engine.library.turns import Turns
from engine.library.typed_records import TypedRecords

_MEMORY_FIRST_ID = 1 << 30
_MEMORY_CHECKPOINTS = 2
"""A library in memory needs checkpoints for a question in mid-reading only."""


class Library:
    """An open library: its tables as attributes. Make it with `Library.open`; a context manager closes it. Usable from
    any thread, one at a time."""

    def __init__(self, db: Database, limits: Limits, first_id: int = 1) -> None:
        self._db, self._limits = db, limits
        self.documents = Documents(db, first_id)
        self.outlines = Outlines(db)
        self.pages = Pages(db)
        self.sections = Sections(db, limits)
        self.search = Search(db)
        self.readings = Readings(db)
        self.snapshots = Snapshots(db, limits)
        self.retention = Retentions(db)
        self.summaries = Summaries(db)
        self.section_summaries = SectionSummaries(db)
        self.sentence_scores = SentenceScores(db)
        self.sentence_indexes = SentenceIndexes(db)
        self.overviews = Overviews(db)
        self.entities = EntityLists(db)
        self.turns = Turns(db, limits)
        self.typed_records = TypedRecords(db)
        self.collections = Collections(db)
        self.maintenance = Maintenance(db)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str] | None = None,
        read_only: bool = False,
        quota: int = QUOTA_BYTES,
        max_checkpoints: int = MAX_CHECKPOINTS,
        busy_seconds: float = BUSY_SECONDS,
    ) -> Library:
        """Open the library at `path` (default: `library_path`), for writing unless `read_only`.

        Only a writer makes the file or changes its schema; there is one writer at a time. A reading that was running
        when its process died is marked interrupted. `quota`: bytes that all saved states may take; `max_checkpoints`:
        checkpoints per document and model.
        """
        limits = Limits(quota, max_checkpoints)
        library = cls(Database.open(library_path(path), read_only, busy_seconds), limits)
        if not read_only:
            try:
                mark_interrupted(library._db)
            except BaseException:
                library.close()
                raise
        return library

    @classmethod
    def in_memory(cls) -> Library:
        """Make a library that is gone when it is closed: for documents of which nothing is to be stored. Its numbers of
        documents, turns and summaries are above those of any file."""
        limits = Limits(QUOTA_BYTES, _MEMORY_CHECKPOINTS)
        return cls(Database.in_memory(_MEMORY_FIRST_ID), limits, _MEMORY_FIRST_ID)

    def reading(
        self, document: int, identity: Identity, tokens: int = 0, rounding: Rounding | None = None
    ) -> ReadingRun:
        """Begin a run over a document, or go on from a stored state with `tokens` tokens; see `ReadingRun`."""
        return ReadingRun(self._db, self._limits, document, identity, tokens, rounding)

    def take_dropped(self) -> tuple[int, int]:
        """Return number and bytes of the states that were dropped to keep the quota since the last call."""
        return self._limits.take_dropped()

    @property
    def path(self) -> Path:
        """The library's file."""
        return self._db.path

    @property
    def read_only(self) -> bool:
        """Return whether the library was opened read-only."""
        return self._db.read_only

    def close(self) -> None:
        """Close the file and release the writer's lock; harmless a second time."""
        self._db.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
