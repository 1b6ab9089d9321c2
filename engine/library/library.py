"""The library: every document read, the states it was read into, the summaries and the questions asked of it.

One writer, any number of readers (`Library.open(read_only=True)`), one SQLite file. What belongs together is written
in one transaction, so that the process may be killed at any moment. Every method raises LibraryError, one sentence,
for what a user can mend: a full disk, a damaged file, a library that another program holds.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from engine.library import (
    checkpoint_policy,
    documents,
    maintenance,
    notes,
    readings,
    retention,
    search,
    section_states,
    snapshots,
    turns,
)
from engine.library.database import BUSY_SECONDS, Database, LibraryError, library_path
from engine.library.prefix import Identity, Prefix, PrefixHasher
from engine.library.records import (
    Document,
    FileInfo,
    Ledger,
    Lighter,
    NewPage,
    NewSection,
    NewSnapshot,
    Page,
    PageSpan,
    Reading,
    ReadingState,
    Retention,
    Section,
    SectionHit,
    SectionNote,
    Snapshot,
    Summary,
    Turn,
    Verification,
)
from engine.protocol.evidence import Evidence, SummaryBasis

__all__ = ["Library", "LibraryError", "library_path"]


class Library:
    """An open library. Make it with `Library.open`; a context manager closes it. Usable from any thread, one at a
    time."""

    def __init__(
        self, db: Database, quota: int = checkpoint_policy.QUOTA_BYTES, max_rungs: int = checkpoint_policy.MAX_RUNGS
    ) -> None:
        self._db = db
        self.quota = quota
        self.max_rungs = max_rungs

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str] | None = None,
        read_only: bool = False,
        quota: int = checkpoint_policy.QUOTA_BYTES,
        max_rungs: int = checkpoint_policy.MAX_RUNGS,
        busy_seconds: float = BUSY_SECONDS,
    ) -> Library:
        """Open the library at `path` (default: `library_path`), for writing unless `read_only`.

        Only a writer makes the file or changes its schema; there is one writer at a time. A reading that was running
        when its process died is marked interrupted. `quota`: bytes that all saved states may take; `max_rungs`: rungs
        kept a document and model.
        """
        library = cls(Database.open(library_path(path), read_only, busy_seconds), quota, max_rungs)
        if not read_only:
            try:
                readings.mark_interrupted(library._db)
            except BaseException:
                library.close()
                raise
        return library

    def set_quota(self, quota: int) -> None:
        """Let all saved states together take `quota` bytes from now on; what is over it goes at once, in this order:
        rungs, section states, turns, the least recently used first. Ends and what somebody keeps stay."""
        self.quota = quota
        with self._db.write() as conn:
            snapshots.enforce_quota(conn, quota)

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def path(self) -> Path:
        return self._db.path

    @property
    def read_only(self) -> bool:
        return self._db.read_only

    def data_version(self) -> int:
        """A number that changes when another connection has written: lets a window ask cheaply for news."""
        with self._db.read() as conn:
            return conn.execute("PRAGMA data_version").fetchone()[0]

    def document_for(self, info: FileInfo) -> Document:
        """The document of a file, made when it is new.

        The same content under another name is the same document (its path follows a file that was moved). A known
        path with other content is the same document, grown or edited: its readings are stale until they go on.
        """
        return documents.document_for(self._db, info)

    def documents(self) -> list[Document]:
        """All documents, the one opened last first. Touches no text and no state."""
        return documents.documents(self._db)

    def document(self, document: int) -> Document:
        """One document. Raises LibraryError (gone)."""
        return documents.document(self._db, document)

    def document_with(self, sha256: str) -> Document | None:
        """The document whose file had exactly this content when it was last opened; None where there is none."""
        return documents.document_with(self._db, sha256)

    def find_document(self, name: str | os.PathLike[str]) -> Document | None:
        """The document with this id, path, file name or title, tried in this order; the one opened last of several."""
        return documents.find_document(self._db, name)

    def remove_document(self, document: int) -> None:
        """Delete a document and all that hangs on it, its bytes in the file overwritten. Raises LibraryError (gone).

        The space is used again by later states; `compact` gives it back to the disk.
        """
        documents.remove_document(self._db, document)

    def begin_reading(self, document: int, identity: Identity, tokens: int = 0) -> Reading:
        """Start or go on reading a document from `tokens` tokens, those that a stored state has consumed.

        What an earlier run noted of pages and sections beyond `tokens` is taken back, to be read again; document
        states beyond are of content that is gone: they stay findable until a run is done.
        """
        return readings.begin(self._db, document, identity, tokens)

    def commit_progress(
        self,
        reading: int,
        tokens: int,
        pages: Iterable[NewPage] = (),
        sections: Iterable[NewSection] = (),
        snapshot: NewSnapshot | None = None,
        seconds: float = 0.0,
        lighter: Lighter | None = None,
    ) -> int | None:
        """Write what was read since the last call, all of it or nothing; the snapshot's id, None without one.

        `tokens`: how many the document state has consumed by now; the snapshot has consumed just as many, the pages
        and sections lie within (ValueError otherwise). `seconds`: how long this stretch took. Older rungs are
        thinned, and those that stay rewritten by `lighter`, all but the newest; the quota is kept.
        """
        self._require_space(snapshot)
        with self._db.write() as conn:
            saved = readings.commit(
                conn, reading, "running", tokens, pages, sections, snapshot, seconds, self.max_rungs, lighter
            )
            snapshots.enforce_quota(conn, self.quota)
        return saved

    def finish_reading(
        self,
        reading: int,
        tokens: int,
        pages: Iterable[NewPage] = (),
        sections: Iterable[NewSection] = (),
        snapshot: NewSnapshot | None = None,
        seconds: float = 0.0,
        state: ReadingState = "done",
        note: str = "",
        n_pages: int | None = None,
        lighter: Lighter | None = None,
    ) -> int | None:
        """The last `commit_progress` of a run: `state` is done, or stopped where somebody stopped it.

        `n_pages`: pages of the file, now that all were seen; pages beyond, of a longer earlier file, are deleted.
        """
        self._require_space(snapshot)
        with self._db.write() as conn:
            saved = readings.commit(
                conn, reading, state, tokens, pages, sections, snapshot, seconds, self.max_rungs, lighter
            )
            readings.close_run(conn, reading, state, note, n_pages)
            snapshots.enforce_quota(conn, self.quota)
        return saved

    def reading(self, reading: int) -> Reading:
        """One reading. Raises LibraryError (gone)."""
        return readings.reading(self._db, reading)

    def readings(self, document: int) -> list[Reading]:
        """The readings of a document, one a model, latest first."""
        return readings.readings(self._db, document)

    def reading_for(self, document: int, identity: Identity | None = None) -> Reading | None:
        """The reading of a document by one model, or its latest; None when there was none."""
        return next(iter(readings.readings(self._db, document, identity)), None)

    def familiar(self, document: int, identity: Identity) -> bool | None:
        """Whether that model knows the kind of text which it read of the document; None where nobody has looked."""
        return readings.familiar(self._db, document, identity)

    def save_familiar(self, document: int, identity: Identity, judged: bool) -> None:
        """Keep what engine.profile.perplexity found, until the document is read anew."""
        readings.save_familiar(self._db, document, identity, judged)

    def unfinished_readings(self) -> list[Reading]:
        """Readings that did not get to the end: interrupted by a crash, stopped, or stale; latest first."""
        return readings.unfinished(self._db)

    def pages(self, document: int, reading: int | None = None, first: int = 1, last: int | None = None) -> list[Page]:
        """Pages with their text, in order; token positions are those of `reading` (default: the latest)."""
        return readings.pages(self._db, document, reading, first, last)

    def page_spans(self, document: int, reading: int | None = None) -> list[PageSpan]:
        """Every page's tokens and problem without its text, in order."""
        return readings.page_spans(self._db, document, reading)

    def sections(self, document: int, reading: int | None = None) -> list[Section]:
        """The sections of a reading (default: the latest), in order."""
        return readings.sections(self._db, document, reading)

    def search_sections(
        self, document: int, query: str, limit: int = 8, reading: int | None = None, phrases: Sequence[str] = ()
    ) -> list[SectionHit]:
        """The sections that match a user's words best, best first; any text is a valid query.

        `phrases`: only sections that hold one of them, word for word.
        """
        return search.search_sections(self._db, document, query, limit, reading, phrases)

    def save_section_states(self, document: int, states: Sequence[tuple[int, NewSnapshot]]) -> None:
        """Save the states of sections, each with its section's id, in one transaction and within the quota."""
        self._require_space(max((new for _, new in states), key=lambda new: len(new.data), default=None))
        section_states.save(self._db, document, states, self.quota)

    def section_states(self, sections: Iterable[Section]) -> dict[int, tuple[bytearray, Prefix]]:
        """Section id -> the bytes of its own state and what that has consumed, for those that have a sound one."""
        ids = {section.snapshot: section.id for section in sections if section.snapshot is not None}
        return {ids[snapshot]: found for snapshot, found in section_states.load(self._db, ids).items()}

    def save_snapshot(self, document: int, new: NewSnapshot) -> int:
        """Save a state outside a reading's progress (one kept by somebody, a section's); returns its id."""
        self._require_space(new)
        with self._db.write() as conn:
            saved = snapshots.save(conn, document, new)
            snapshots.enforce_quota(conn, self.quota)
        return saved

    def reach(self, document: int, identity: Identity, page: int, text: str) -> int:
        """How many tokens of a document are worth knowing before its reading starts: the most that a state of this
        document, or of another whose page `page` has the same text, has consumed; 0 where there is none."""
        return snapshots.reach(self._db, document, identity, page, text)

    def longest_prefix(self, hasher: PrefixHasher, limit: int | None = None, exact: bool = False) -> Snapshot | None:
        """The stored state that has consumed the most of the tokens fed to `hasher`, and nothing else.

        `limit`: one that has consumed at most so many. `exact`: only states stored in fp32. None: read from the start.
        """
        return snapshots.longest_prefix(self._db, hasher, limit, exact)

    def resume(
        self, hasher: PrefixHasher, limit: int | None = None, exact: bool = False
    ) -> tuple[Snapshot, bytearray] | None:
        """`longest_prefix` with its bytes; a damaged state is passed over, and dropped by a writer."""
        damaged: list[int] = []
        while True:
            found = snapshots.longest_prefix(self._db, hasher, limit, exact, damaged)
            if found is None:
                return None
            data = snapshots.load(self._db, found.id)
            if data is not None:
                return found, data
            damaged.append(found.id)

    def load_snapshot(self, snapshot: int) -> bytearray | None:
        """The bytes of a state, checked against their checksum; None when it is gone or damaged.

        A writer drops a damaged one and notes the use of a sound one.
        """
        return snapshots.load(self._db, snapshot)

    def prefix_of(self, snapshot: int) -> Prefix | None:
        """What a state has consumed: `PrefixHasher.resume` goes on from it without the tokens before."""
        return snapshots.prefix_of(self._db, snapshot)

    def snapshots(self, document: int | None = None) -> list[Snapshot]:
        """The states of a document, or all, by document and tokens consumed. Touches no blob."""
        return snapshots.listed(self._db, document)

    def pin_snapshot(self, snapshot: int, pinned: bool = True) -> None:
        """Keep a state from being dropped for space, or no longer."""
        with self._db.write() as conn:
            conn.execute("UPDATE snapshots SET pinned = ? WHERE id = ?", [int(pinned), snapshot])

    def drop_snapshot(self, snapshot: int) -> None:
        """Delete a state; turns and sections that had it stay."""
        with self._db.write() as conn:
            snapshots.drop(conn, [snapshot])

    def save_summary(
        self,
        document: int,
        identity: Identity,
        method: str,
        text: str,
        n_tokens: int,
        focus: str = "",
        basis: SummaryBasis | None = None,
        length: str = "page",
    ) -> int:
        """Store a summary (its method, how far its state had read, what it rests on); returns its id."""
        return turns.save_summary(self._db, document, identity, method, text, n_tokens, focus, basis, length)

    def summaries(self, document: int) -> list[Summary]:
        """The summaries of a document, newest first."""
        return turns.summaries(self._db, document)

    def save_note(self, section: int, request: str, text: str, line_pages: list[list[int]], focus: str = "") -> None:
        """Store the note on a section (its row): what the model said to `request`, and the pages of its lines."""
        notes.save_note(self._db, section, request, focus, text, line_pages)

    def section_notes(
        self, document: int, focus: str = "", request: str | None = None, reading: int | None = None
    ) -> list[SectionNote]:
        """The notes on the sections of a reading (default: the latest) in order, on `focus` or on all; the latest of
        each section, or those on exactly `request`. Sections without a note are left out."""
        return notes.section_notes(self._db, document, focus, request, reading)

    def save_ledger(self, document: int, ledger: Ledger) -> None:
        """Store the ledger of a document as its file is now."""
        notes.save_ledger(self._db, document, ledger)

    def ledger(self, document: int) -> Ledger | None:
        """The dates, amounts and names of a document; None where none were looked for, or the file has changed."""
        return notes.ledger(self._db, document)

    def snapshot_meter(self, snapshot: int) -> bytes | None:
        """What engine.reading.retention had measured when a state was saved; None where it had not."""
        return retention.of_snapshot(self._db, snapshot)

    def section_meters(self, reading: int) -> dict[int, bytes]:
        """What it had measured at the end of each section, by the tokens read there."""
        return retention.of_sections(self._db, reading)

    def save_retention(self, reading: int, measured: Retention) -> None:
        """Store how much of each section the state at the end of a reading can still hold."""
        retention.save_retention(self._db, reading, measured)

    def retention(self, document: int, reading: int | None = None) -> Retention | None:
        """What was measured at the end of a reading (default: the latest); None where nothing was."""
        if reading is None:
            latest = self.reading_for(document)
            return None if latest is None else retention.retention(self._db, latest.id)
        return retention.retention(self._db, reading)

    def add_turn(
        self,
        document: int,
        identity: Identity,
        question: str,
        answer: str,
        evidence: Evidence | None = None,
        parent: int | None = None,
        snapshot: NewSnapshot | None = None,
        as_of_page: int | None = None,
        seed: int | None = None,
        kept: bool = False,
        tokens: Sequence[int] | None = None,
    ) -> int:
        """Store a question, its answer and the state after it, under `parent` or the document; returns its id.

        `tokens`: all that the turn consumed, so that its state can be found, or made again, from the document's.
        Raises LibraryError (gone) when the parent is not a turn of this document.
        """
        self._require_space(snapshot)
        with self._db.write() as conn:
            turn = turns.add_turn(
                self._db,
                document,
                identity,
                question,
                answer,
                evidence,
                parent,
                snapshot,
                as_of_page,
                seed,
                kept,
                tokens,
            )
            snapshots.enforce_quota(conn, self.quota)
        return turn

    def turn(self, turn: int) -> Turn:
        """One turn. Raises LibraryError (gone)."""
        return turns.turn(self._db, turn)

    def turn_tokens(self, turn: int, identity: Identity) -> list[int] | None:
        """The tokens that a turn consumed; None where they were not stored, or are those of another model."""
        return turns.turn_tokens(self._db, turn, identity)

    def turns(self, document: int) -> list[Turn]:
        """All turns of a document in the order they were asked; parents come before their children."""
        return turns.turns(self._db, document)

    def children(self, document: int, parent: int | None = None) -> list[Turn]:
        """The turns that follow `parent`; without it those asked of the document itself."""
        return turns.children(self._db, document, parent)

    def path_to_root(self, turn: int) -> list[Turn]:
        """The conversation that led to a turn: its first question first, the turn itself last."""
        return turns.path_to_root(self._db, turn)

    def keep_turn(self, turn: int, kept: bool = True) -> None:
        """Keep a turn's state from being dropped for space, or no longer."""
        turns.keep_turn(self._db, turn, kept)

    def remove_turn(self, turn: int) -> None:
        """Delete a turn, all that follows it, and the states that no other turn has."""
        turns.remove_turn(self._db, turn)

    def verify(self, progress: Callable[[int, int], None] | None = None) -> Verification:
        """Check the file and the checksum of every state; a writer drops damaged states. `progress(checked, all)`."""
        return maintenance.verify(self._db, progress)

    def compact(self) -> int:
        """Give free space back to the disk; returns the bytes by which the library's files shrank."""
        return maintenance.compact(self._db)

    def file_size(self) -> int:
        """Bytes of the library's file and its log."""
        return maintenance.file_size(self.path)

    def _require_space(self, new: NewSnapshot | None) -> None:
        if new is not None:
            self._db.require_space(memoryview(new.data).nbytes)
