"""Reading: the pages of an open document advance one document state, chunk by chunk, with checkpoints.

A document beyond the trained context of a model that writes is read by sections (engine.reading.section_reading): its
document state ends at its beginning, and every section is read once into a state of its own.

Resuming is not a special case. The pages' tokens are hashed as they arrive, and the state starts from the longest
stored prefix of them, whether it was left by a restart, a crash, a grown file or another edition. Sections are read
from the last one whose mark, the hash of the document's tokens up to its end, is that of this file.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from itertools import chain

import torch

from engine.control import Cancelled, Control
from engine.documents.extraction.extractor import Document as OpenedDocument
from engine.documents.formats.regular_file import shown_name
from engine.documents.pages import DocumentError, Outcome
from engine.generation.runtime import Runtime
from engine.library import checkpoint_policy
from engine.library.library import Library
from engine.library.prefix import Prefix, PrefixHasher
from engine.library.reading_run import Progress, ReadingRun
from engine.library.records import Document, NewSection, ReadingState, Retention, SnapshotKind
from engine.protocol.wire import CheckpointSaved, Event, Notice, PrefillAdvanced, ReadingResumed
from engine.reading import coverage, retention
from engine.reading.chunks import Chunk, LastApart, UpTo, after, pack_chunks
from engine.reading.consuming import consume
from engine.reading.document_state import DocumentState
from engine.reading.long_documents import ReadingPlan, reading_plan, tokens_to_read
from engine.reading.page_feed import PageFeed
from engine.reading.placed_pages import Ahead, PlacedPage, PlacedPages, until_text
from engine.reading.progress import Speed, memory_in_use
from engine.reading.resume import CHECKPOINT_ROUNDING, exact_snapshot
from engine.reading.retention import DecayMeter
from engine.reading.section_reading import SectionReading
from engine.reading.start import PagesAtStart, continues, find_start, resume_meter, unreadable


class Reader:
    """One run over one document by one model."""

    def __init__(
        self,
        runtime: Runtime,
        library: Library,
        control: Control,
        job_id: str,
        knows: Callable[[int], bool] | None = None,
    ) -> None:
        """`knows`: document -> whether the model knows this kind of text; asked once, behind a checkpoint."""
        self._knows = knows
        self._runtime, self._library, self._control, self._job_id = runtime, library, control, job_id
        self._prefix = runtime.tokenizer.document_prefix
        self._hasher = PrefixHasher(runtime.identity)
        self._hasher.feed(self._prefix)
        self._meter: DecayMeter | None = DecayMeter(runtime.model)
        self._speed = Speed()
        self._started = time.monotonic()
        self.state = runtime.model.new_state()
        """The document state so far: whole between two events."""
        self.consumed = 0
        """Tokens in it, the prompt's prefix included."""
        self.last_page = 0
        """The page of the last token read."""
        self._state_page = 0
        """The page of the last token in the document state."""
        self._covered = 0
        """Tokens of the document, the prefix included, whose sections have been read by themselves."""
        self._fed = self._fed_before = 0
        """Tokens of the document that the model was fed, some twice."""
        self._plan = reading_plan(runtime.profile, runtime.trained_context)
        self._passed: list[NewSection] = []
        """Sections that were saved before the document was known to be long; from then on, what is read of it:"""
        self._sections: SectionReading | None = None
        self._head: Prefix | None = None
        self._head_snapshot = 0
        self._exact = True
        self._saved_at, self._saved_time, self._has_saved = 0, self._started, False
        self._pages = PlacedPages((), (), self._hasher, job_id)
        self._document: Document | None = None
        self._run: ReadingRun | None = None

    def read(self, opened: OpenedDocument) -> Generator[Event, None, DocumentState]:
        """Read all of `opened`, or its new part. Returns the document state.

        Raises Cancelled once the part read is saved, and DocumentError where no page holds text (the library then
        knows nothing of the file) or where the file was changed meanwhile (the reading is then stale: the library has
        pages that may be of two contents, and the next reading replaces them).
        """
        info = opened.info
        with PageFeed(opened, self._runtime.tokenizer, self._control) as feed:
            self._pages = PlacedPages(feed, info.outline, self._hasher, self._job_id)
            placed = iter(self._pages)
            early = until_text(placed)
            if not early or not early[-1].ids:
                raise unreadable(opened.outcome, shown_name(info.path))
            self._document = self._library.documents.for_file(
                info, lambda before: continues(self._library, before, info, early)
            )
            self._library.outlines.save(self._document.id, [(e.title, e.page, e.level) for e in info.outline])
            self._plan = self._plan and self._plan.beginning_with(len(early[-1].ids))
            self._resume(early, placed)
            self._run = self._library.reading(
                self._document.id, self._runtime.identity, self._read_tokens, CHECKPOINT_ROUNDING
            )
            with self._run:
                if self._prefix and not self.consumed:  # a tokenizer without a template may have no prefix
                    self._runtime.model(torch.tensor([self._prefix]), self.state)
                    self.consumed = len(self._prefix)
                reused = self._document_tokens
                self._fed = self.consumed - len(self._prefix) + max(self._covered - len(self._prefix), 0)
                self._fed_before = self._fed
                yield ReadingResumed(
                    job_id=self._job_id, document_id=self._document.id, tokens=reused, page=self.last_page
                )
                if not self._exact:
                    yield Notice(job_id=self._job_id, kind="rounded_checkpoint")
                try:
                    yield from self._prefill(Ahead(chain(early, placed)), feed, info.page_count)
                except Cancelled:
                    self._save("stopped")
                    if self._sections is not None:
                        self._sections.save_partial()
                    raise
                outcome = opened.outcome
                assert outcome is not None
                yield from self._pages.take_events()
                if outcome.kind == "changed":
                    self._save("stale", note=outcome.sentence)
                    raise DocumentError(outcome.kind, outcome.sentence)
                yield self._finish(outcome, info.page_count)
        tokens = self._document_tokens, reused
        yield coverage.read_now(
            self._job_id, self._runtime, self._library, self._run.id, outcome, tokens, self._started
        )
        measured = self._measured()
        if measured is not None:
            self._library.retention.save(self._run.id, measured)
            yield retention.event(self._job_id, self._document.id, measured)
        document = self._library.documents.get(self._document.id)
        return DocumentState(
            document,
            self.state,
            outcome.pages_seen,
            self._document_tokens,
            self._consumed_prefix,
            retention=measured,
            state_pages=None if self._sections is None else self._state_page,
        )

    def so_far(self) -> DocumentState:
        """Save a checkpoint and return the state so far; for a question between two events of `read`."""
        assert self._document is not None
        self._save()
        return DocumentState(
            self._document,
            self.state.clone(),
            self.last_page,
            self._document_tokens,
            self._consumed_prefix,
            complete=False,
            retention=self._measured(),
            state_pages=None if self._sections is None else self._state_page,
        )

    @property
    def fed(self) -> int:
        """Return the tokens that this run has fed to the model; 0 where it has passed over the rest of the document."""
        return 0 if self._sections is not None and not self._sections.plan.sections else self._fed - self._fed_before

    @property
    def _read_tokens(self) -> int:
        """Tokens read, by the document state or by sections, the prompt's prefix included."""
        return max(self.consumed, self._covered)

    @property
    def _document_tokens(self) -> int:
        return self._read_tokens - len(self._prefix)

    @property
    def _consumed_prefix(self) -> Prefix:
        return self._hasher.at(self.consumed) if self._head is None else self._head

    def _resume(self, early: list[PlacedPage], placed: Iterator[PlacedPage]) -> None:
        """Begin with what was read before; move the pages that this may reach from `placed` to `early`."""
        assert self._document is not None
        pages = PagesAtStart(early, placed)
        start, self._covered = find_start(self._runtime, self._library, self._document, self._hasher, pages, self._plan)
        if start is not None:
            snapshot, self.state = start.snapshot, start.state
            self.consumed = snapshot.n_tokens
            self._exact = snapshot.exact and snapshot.dtype == "fp32"
            self._meter = resume_meter(self._runtime, self._library, snapshot, self.consumed)
        self._state_page = max((p.page.number for p in early if p.first_token < self.consumed), default=0)
        self.last_page = max((p.page.number for p in early if p.first_token < self._read_tokens), default=0)

    def _prefill(self, placed: Ahead, feed: PageFeed, page_count: int | None) -> Iterator[Event]:
        """Read the pages, the last one by itself: a log grows within its last page, and the checkpoint saved before
        that page lets a later reading begin there. Once the document is known to be long, read by sections."""
        self._speed.start(self._fed)
        self._saved_at, self._saved_time = self._fed, time.monotonic()
        tokens = ((p.page.number, p.ids) for p in placed)
        apart = LastApart(after(self.consumed - len(self._prefix), tokens))
        pages = iter(apart)
        if self._plan is not None:
            # Cut there in every document: whether it is long may be known earlier or later.
            begin = UpTo(pages, self._plan.head - (self.consumed - len(self._prefix)))
            yield from self._feed_model(begin, feed, page_count)
            if (yield from self._is_long(self._plan, placed)):
                yield from self._read_by_sections(self._plan, placed, feed, page_count)
                return
            pages = chain(begin.rest, pages)
        yield from self._feed_model(pages, feed, page_count)
        if self._saved_at < self._fed:
            yield self._checkpoint(self._save())
        yield from self._feed_model(apart.last, feed, page_count)

    def _is_long(self, plan: ReadingPlan, placed: Ahead) -> Generator[Event, None, bool]:
        """Return whether the document is long, or of a kind of text that the model does not know; place as many pages
        as tell it."""
        least = len(self._prefix) + (plan.head if plan.limit is None else plan.limit)
        while (more := self._hasher.n_tokens <= least) and placed.fetch():
            yield from self._pages.take_events()
            if self._control.cancelled:
                raise Cancelled
        if more or plan.limit is not None:
            return not more
        if self._saved_at < self._fed:
            yield self._checkpoint(self._save())  # whether the text is known is judged behind it
        assert self._document is not None
        return self._knows is not None and not self._knows(self._document.id)

    def _read_by_sections(
        self, plan: ReadingPlan, placed: Ahead, feed: PageFeed, page_count: int | None
    ) -> Iterator[Event]:
        assert self._document is not None
        self._head, self._meter = self._hasher.at(self.consumed), None
        self._sections = SectionReading(
            self._runtime, self._library, self._document.id, self._control, plan, self._head
        )
        yield self._checkpoint(self._save())
        for section in self._sections_of(placed):
            end = section.first_token + section.n_tokens
            if end <= self._covered:
                continue
            begun = self._fed
            for fed in self._sections.read(section):
                self._fed = begun + min(fed, section.n_tokens)
                self._speed.add(self._fed)
                yield from self._pages.take_events()
                yield self._advanced(feed, page_count)
                if time.monotonic() - self._saved_time >= checkpoint_policy.SAVE_SECONDS:
                    yield self._checkpoint(self._save())
                    self._sections.save_partial()
            self._fed = begun + section.n_tokens
            self._covered, self.last_page = end, max(self._state_page, section.last_page)
            self._speed.add(self._fed)
            yield from self._pages.take_events()
            yield self._advanced(feed, page_count)
            if checkpoint_policy.save_due(self._fed - self._saved_at, time.monotonic() - self._saved_time):
                yield self._checkpoint(self._save())
                self._sections.save_partial()

    def _sections_of(self, placed: Ahead) -> Iterator[NewSection]:
        """Yield the sections in order, each as soon as it is complete."""
        yield from self._passed
        at = max((s.first_token + s.n_tokens for s in self._passed), default=0)
        more = True
        while more:
            for section in self._pages.sections(at):
                at = section.first_token + section.n_tokens
                yield section
            more = placed.fetch()
        yield from self._pages.sections(at)

    def _feed_model(
        self, pages: Iterable[tuple[int, array[int]]], feed: PageFeed, page_count: int | None
    ) -> Iterator[Event]:
        for chunk in pack_chunks(pages, self._runtime.chunk_length):
            self._control.wait_while_paused()
            if self._control.cancelled:
                raise Cancelled
            self._consume(chunk)
            yield from self._pages.take_events()
            yield self._advanced(feed, page_count)
            since = self._fed - self._saved_at, time.monotonic() - self._saved_time
            if checkpoint_policy.save_due(*since, first=not self._has_saved):
                yield self._checkpoint(self._save())

    def _consume(self, chunk: Chunk) -> None:
        if self._meter is not None:
            self._meter.expect(self.consumed, self._pages.take_ends(self.consumed, self.consumed + len(chunk.ids)))
        self._meter = consume(self._runtime, self.state, chunk.ids, self._control, self._meter)
        if self._meter is not None:
            self._meter.keep()
        self.consumed += len(chunk.ids)
        self.last_page = self._state_page = chunk.last_page
        self._fed += len(chunk.ids)
        self._speed.add(self._fed)

    def _finish(self, outcome: Outcome, page_count: int | None) -> CheckpointSaved:
        # A reading that was given up before the last page (its time ran out) is not done: the next one tries the rest.
        whole = page_count is None or outcome.pages_seen >= page_count
        kind: SnapshotKind = "end" if whole else "checkpoint"
        n_pages = outcome.pages_seen if whole else None
        return self._checkpoint(self._save("done" if whole else "stopped", kind, outcome.sentence, n_pages), kind)

    def _save(
        self,
        state: ReadingState | None = None,
        kind: SnapshotKind = "checkpoint",
        note: str = "",
        n_pages: int | None = None,
    ) -> int:
        """Save the state, exact, and all that was read since the last checkpoint, in one transaction; return the
        snapshot's id. With `state` the run ends."""
        assert self._run is not None
        if self._sections is not None:
            return self._save_sections(self._sections, state, kind, note, n_pages)
        pages, sections = self._pages.take_up_to(self.consumed)
        decay = None
        if self._meter is not None:
            decay = self._meter.to_bytes()
            sections = [replace(s, decay=self._meter.marks.get(s.first_token + s.n_tokens)) for s in sections]
            self._meter.forget(max((s.first_token + s.n_tokens for s in sections), default=0))
        snapshot = exact_snapshot(kind, self._consumed_prefix, self.state, decay, self._exact)
        if self._plan is not None:
            self._passed += sections
        progress = Progress(self.consumed, pages, sections, snapshot, self._speed.take_seconds())
        saved = self._commit(progress, state, note, n_pages)
        assert saved is not None
        return saved

    def _save_sections(
        self, reading: SectionReading, state: ReadingState | None, kind: SnapshotKind, note: str, n_pages: int | None
    ) -> int:
        """Save the sections that were read since the last checkpoint, their states and their pages; at the end of the
        run, the document state as its `kind`. Return the snapshot of the document state."""
        pages, sections = self._pages.take_up_to(self._read_tokens, self._covered)
        passed = [s for s in self._passed if s.first_token + s.n_tokens <= self._covered]
        del self._passed[: len(passed)]
        sections = reading.with_states([*passed, *sections], self._hasher)
        snapshot = None
        if kind == "end" or not self._head_snapshot:
            snapshot = exact_snapshot(kind, self._consumed_prefix, self.state, None, self._exact)
        progress = Progress(
            self._read_tokens, pages, sections, snapshot, self._speed.take_seconds(), state_tokens=self.consumed
        )
        self._head_snapshot = self._commit(progress, state, note, n_pages) or self._head_snapshot
        return self._head_snapshot

    def _commit(self, progress: Progress, state: ReadingState | None, note: str, n_pages: int | None) -> int | None:
        assert self._run is not None
        if state is None:
            saved = self._run.commit(progress)
        else:
            saved = self._run.finish(progress, state, note, n_pages)
        # The marks of sections need the places where these end.
        places = self._covered if self._plan is not None else self.consumed
        self._hasher.forget(places if self._head is not None else min(places, self.consumed))
        self._saved_at, self._saved_time, self._has_saved = self._fed, time.monotonic(), True
        return saved

    def _measured(self) -> Retention | None:
        """Return the retention of the sections that are saved; None where it was not measured."""
        if self._meter is None or self._document is None or self._run is None:
            return None
        sections = self._library.sections.of(self._document.id, self._run.id)
        marks = self._library.retention.decay_at_sections(self._run.id)
        return retention.measure(self._meter, self._document_tokens, sections, marks)

    def _checkpoint(self, snapshot: int, kind: SnapshotKind = "checkpoint") -> CheckpointSaved:
        return CheckpointSaved(
            job_id=self._job_id, snapshot_id=snapshot, tokens=self._document_tokens, page=self.last_page, kind=kind
        )

    def _advanced(self, feed: PageFeed, page_count: int | None) -> PrefillAdvanced:
        total = feed.expected_tokens()
        if total is not None:
            begun = 0 if self._head is None else self.consumed - len(self._prefix)
            total = max(total + begun, tokens_to_read(self._plan, total))
        speed = self._speed.tokens_per_second
        left = max(0, total - self._fed) / speed if total is not None and speed > 0 else None
        return PrefillAdvanced(
            job_id=self._job_id,
            tokens=self._fed,
            page=self.last_page,
            page_count=page_count,
            total_tokens=total,
            total_is_exact=feed.complete,
            tokens_per_second=speed,
            seconds_left=left,
            resident_bytes=memory_in_use(self._runtime.model.device),
        )
