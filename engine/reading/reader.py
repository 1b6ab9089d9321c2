"""Reading: the pages of an open document advance one document state, chunk by chunk, with checkpoints.

Resuming is not a special case. The pages' tokens are hashed as they arrive, and the state starts from the longest
stored prefix of them, whether it was left by a restart, a crash, a grown file or another edition.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from itertools import chain

import torch

from engine.control import Cancelled, Control
from engine.documents.extraction.extractor import Document as OpenedDocument
from engine.documents.formats.regular_file import shown_name
from engine.documents.pages import DocumentError, DocumentInfo, Outcome
from engine.generation.runtime import Runtime
from engine.generation.tight_memory import read_chunk
from engine.library import checkpoint_policy
from engine.library.library import Library
from engine.library.prefix import Prefix, PrefixHasher
from engine.library.reading_run import Progress, ReadingRun
from engine.library.records import Document, ReadingState, Retention, Snapshot, SnapshotKind
from engine.protocol.wire import CheckpointSaved, Event, Notice, PrefillAdvanced, ReadingFinished, ReadingResumed
from engine.reading import retention
from engine.reading.chunks import Chunk, LastApart, after, pack_chunks
from engine.reading.document_state import DocumentState
from engine.reading.file_digest import starts_with
from engine.reading.page_feed import PageFeed
from engine.reading.placed_pages import PlacedPage, PlacedPages, until_text
from engine.reading.progress import Speed, memory_in_use
from engine.reading.resume import CHECKPOINT_ROUNDING, exact_snapshot, longest_snapshot
from engine.reading.retention import DecayMeter


class Reader:
    """One run over one document by one model."""

    def __init__(self, runtime: Runtime, library: Library, control: Control, job_id: str) -> None:
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
        """The page of the last token in it."""
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
                raise _unreadable(opened.outcome, shown_name(info.path))
            self._document = self._library.documents.for_file(info, lambda before: self._continues(before, info, early))
            self._library.outlines.save(self._document.id, [(e.title, e.page, e.level) for e in info.outline])
            self._resume(early, placed)
            self._run = self._library.reading(
                self._document.id, self._runtime.identity, self.consumed, CHECKPOINT_ROUNDING
            )
            with self._run:
                if self._prefix and not self.consumed:  # a tokenizer without a template may have no prefix
                    self._runtime.model(torch.tensor([self._prefix]), self.state)
                    self.consumed = len(self._prefix)
                reused = self._document_tokens
                yield ReadingResumed(
                    job_id=self._job_id, document_id=self._document.id, tokens=reused, page=self.last_page
                )
                if not self._exact:
                    yield Notice(job_id=self._job_id, kind="rounded_checkpoint")
                try:
                    pages = ((p.page.number, p.ids) for p in chain(early, placed))
                    yield from self._prefill(after(self._document_tokens, pages), feed, info.page_count)
                except Cancelled:
                    self._save("stopped")
                    raise
                outcome = opened.outcome
                assert outcome is not None
                yield from self._pages.take_events()
                if outcome.kind == "changed":
                    self._save("stale", note=outcome.sentence)
                    raise DocumentError(outcome.kind, outcome.sentence)
                yield self._finish(outcome, info.page_count)
        yield self._finished(outcome, reused)
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
        )

    @property
    def _document_tokens(self) -> int:
        return self.consumed - len(self._prefix)

    @property
    def _consumed_prefix(self) -> Prefix:
        return self._hasher.at(self.consumed)

    def _continues(self, before: Document, info: DocumentInfo, early: list[PlacedPage]) -> bool:
        """Return whether the file is `before` with something added, or an edition of it that no turn and no summary
        would be lost with."""
        if info.size > before.size and starts_with(info.path, before.size, before.sha256):
            return True
        if self._library.turns.of(before.id) or self._library.summaries.of(before.id):
            return False
        opening = early[-1].page
        pages = self._library.pages.of(before.id, first=opening.number, last=opening.number)
        return bool(pages) and pages[0].text == opening.text

    def _resume(self, early: list[PlacedPage], placed: Iterator[PlacedPage]) -> None:
        """Take the longest stored prefix as the state, if there is one; move the pages it may reach from `placed` to
        `early`."""
        assert self._document is not None
        opening = early[-1].page
        reach = self._library.snapshots.reach(self._document.id, self._runtime.identity, opening.number, opening.text)
        while self._hasher.n_tokens < reach and (page := next(placed, None)):
            early.append(page)
        found = longest_snapshot(self._library, self._hasher, self._runtime.model.device)
        if found is not None and found[0].n_tokens >= len(self._prefix):
            snapshot, self.state = found
            self.consumed = snapshot.n_tokens
            self._exact = snapshot.exact and snapshot.dtype == "fp32"
            self._resume_meter(snapshot)
        self.last_page = max((p.page.number for p in early if p.first_token < self.consumed), default=0)

    def _resume_meter(self, snapshot: Snapshot) -> None:
        """Continue from the decay sums that were saved with `snapshot`; measure nothing when it has none."""
        assert self._meter is not None
        data = self._library.retention.decay_at_snapshot(snapshot.id)
        if data is None or not self._meter.restore(data):
            self._meter = None
            return
        # The sums at a token depend on nothing after it: those of another edition's sections hold for this one too.
        earlier = self._library.readings.latest(snapshot.document, self._runtime.identity)
        marks = self._library.retention.decay_at_sections(earlier.id) if earlier else {}
        self._meter.marks |= {end: sums for end, sums in marks.items() if end <= self.consumed}

    def _prefill(
        self, pages: Iterable[tuple[int, array[int]]], feed: PageFeed, page_count: int | None
    ) -> Iterator[Event]:
        """Read `pages`, the last one by itself: a log grows within its last page, and the checkpoint saved before that
        page lets a later reading begin there."""
        self._speed.start(self.consumed)
        self._saved_at, self._saved_time = self.consumed, time.monotonic()
        apart = LastApart(pages)
        yield from self._feed_model(apart, feed, page_count)
        if self._saved_at < self.consumed:
            yield self._checkpoint(self._save())
        yield from self._feed_model(apart.last, feed, page_count)

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
            since = self.consumed - self._saved_at, time.monotonic() - self._saved_time
            if checkpoint_policy.save_due(*since, first=not self._has_saved):
                yield self._checkpoint(self._save())

    def _consume(self, chunk: Chunk) -> None:
        ids = torch.frombuffer(chunk.ids, dtype=torch.int32).to(torch.int64)
        if self._meter is not None:
            self._meter.expect(self.consumed, self._pages.take_ends(self.consumed, self.consumed + len(ids)))
        on_gpu = self._runtime.model.device.type == "cuda"
        sums = None if self._meter is None or on_gpu else self._meter.to_bytes()
        try:
            if not read_chunk(self._runtime.model, ids[None], self.state, self._meter if on_gpu else self._watch):
                self._meter = None  # memory was short, and the chunk was read in parts that it did not see
        except Cancelled:
            if self._meter is not None and sums is not None:
                self._meter.restore(sums)
            raise
        if self._meter is not None:
            self._meter.keep()
        if on_gpu:
            # Otherwise the queue of chunks would run ahead of the GPU, and progress, pause and cancel with it.
            torch.cuda.synchronize(self._runtime.model.device)
        self.consumed += len(chunk.ids)
        self.last_page = chunk.last_page
        self._speed.add(self.consumed)

    def _watch(self, layer: int, dt: torch.Tensor) -> None:
        """Observe a layer of a chunk. Raises Cancelled: a CPU reads a chunk of a large network in some 20 s."""
        if self._control.cancelled:
            raise Cancelled
        if self._meter is not None:
            self._meter(layer, dt)

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
        pages, sections = self._pages.take_up_to(self.consumed)
        decay = None
        if self._meter is not None:
            decay = self._meter.to_bytes()
            sections = [replace(s, decay=self._meter.marks.get(s.first_token + s.n_tokens)) for s in sections]
            self._meter.forget(max((s.first_token + s.n_tokens for s in sections), default=0))
        snapshot = exact_snapshot(kind, self._consumed_prefix, self.state, decay, self._exact)
        progress = Progress(self.consumed, pages, sections, snapshot, self._speed.take_seconds())
        if state is None:
            saved = self._run.commit(progress)
        else:
            saved = self._run.finish(progress, state, note, n_pages)
        assert saved is not None
        self._hasher.forget(self.consumed)
        self._saved_at, self._saved_time, self._has_saved = self.consumed, time.monotonic(), True
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
        speed = self._speed.tokens_per_second
        left = max(0, total - self._document_tokens) / speed if total is not None and speed > 0 else None
        return PrefillAdvanced(
            job_id=self._job_id,
            tokens=self._document_tokens,
            page=self.last_page,
            page_count=page_count,
            total_tokens=total,
            total_is_exact=feed.complete,
            tokens_per_second=speed,
            seconds_left=left,
            resident_bytes=memory_in_use(self._runtime.model.device),
        )

    def _finished(self, outcome: Outcome, reused: int) -> ReadingFinished:
        assert self._document is not None and self._run is not None
        problems = dict(outcome.problems)
        trained_context = self._runtime.trained_context
        return ReadingFinished(
            job_id=self._job_id,
            document_id=self._document.id,
            tokens=self._document_tokens,
            tokens_reused=reused,
            pages=outcome.pages_seen,
            pages_read=outcome.pages_read,
            pages_without_text=sorted(problems),
            problems={str(number): problem for number, problem in outcome.problems},
            sections=len(self._library.sections.of(self._document.id, self._run.id)),
            trained_context=trained_context,
            seconds=time.monotonic() - self._started,
            outcome=outcome.sentence,
            left_out={str(number): lines for number, lines in outcome.left_out},
            recognised={str(number): certainty for number, certainty in outcome.recognised},
        )


def _unreadable(outcome: Outcome | None, name: str) -> DocumentError:
    assert outcome is not None, "a document without text has ended"
    if outcome.pages_read:
        return DocumentError(
            "no_text", f"{name} has text of which this model's tokenizer makes no tokens; choose another model."
        )
    return DocumentError(outcome.kind, outcome.sentence)
