"""Reading: an open document goes, page by page and chunk by chunk, into one document state, with checkpoints.

Resuming is not a case of its own. The pages' tokens are hashed as they come, and the longest stored prefix of them is
where the state starts, whatever the reason that it is there: a restart, a crash, a grown file, another edition.
"""

from __future__ import annotations

import time
from array import array
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

import torch

from engine.control import Cancelled, Control
from engine.documents.extraction.extractor import Document as OpenedDocument
from engine.documents.pages import DocumentError, Outcome, Page
from engine.documents.sections import MAX_TOKENS, Section, SectionBuilder
from engine.generation.runtime import Runtime
from engine.library import checkpoint_policy
from engine.library.library import Library
from engine.library.prefix import Prefix, PrefixHasher
from engine.library.reading_run import Progress, ReadingRun
from engine.library.records import Document, NewPage, NewSection, ReadingState, Retention, Snapshot, SnapshotKind
from engine.network.state import MambaState
from engine.protocol.wire import CheckpointSaved, Event, PageExtracted, PrefillAdvanced, ReadingFinished, ReadingResumed
from engine.reading.chunks import Chunk, LastApart, after, pack_chunks
from engine.reading.page_feed import PageFeed
from engine.reading.progress import Speed, memory_in_use
from engine.reading.resume import exact_snapshot, in_bf16, longest_snapshot
from engine.reading.retention import Meter, measure
from engine.reading.retention import event as retention_event


@dataclass(frozen=True)
class DocumentState:
    """What reading leaves: the document in the library, and the state that has consumed all of it."""

    document: Document
    state: MambaState
    pages: int
    tokens: int
    """Of the document, without the prompt's prefix."""
    prefix: Prefix
    """Exactly what the state has consumed."""
    complete: bool = True
    """False while the document is still being read: the state then stands after `pages` pages."""
    retention: Retention | None = None
    """How much of each section can still be in it; None where that was not measured."""


@dataclass(frozen=True)
class _Placed:
    """A page in its place in the token sequence."""

    page: Page
    ids: array[int]
    first_token: int


class Reader:
    """One run over one document by one model."""

    def __init__(self, runtime: Runtime, library: Library, control: Control, job_id: str):
        self._runtime, self._library, self._control, self._job_id = runtime, library, control, job_id
        self._prefix = runtime.tokenizer.document_prefix
        self._hasher = PrefixHasher(runtime.identity)
        self._hasher.feed(self._prefix)
        self._pending = _Pending()
        self._extracted: list[Event] = []
        self._meter: Meter | None = Meter(runtime.model)
        self._ends: deque[int] = deque()
        """Where pages end, and sections within a long page: what the meter notes when they are consumed."""
        self._speed = Speed()
        self._started = time.monotonic()
        self.state = runtime.model.new_state()
        """The document state so far: whole between two events."""
        self.consumed = 0
        """Tokens in it, the prompt's prefix included."""
        self.last_page = 0
        """The page that the last of them belongs to."""
        self._saved_at, self._saved_time = 0, self._started
        self._document: Document | None = None
        self._run: ReadingRun | None = None

    def read(self, opened: OpenedDocument) -> Generator[Event, None, DocumentState]:
        """Read all of `opened`, or what is new in it. Returns the document state.

        Raises Cancelled once what was read is saved, and DocumentError where no page holds text; the library then
        knows nothing of the file.
        """
        with PageFeed(opened, self._runtime.tokenizer, self._control) as feed:
            placed = self._place(feed, SectionBuilder(opened.info.outline))
            early = _until_text(placed)
            if not early or not early[-1].ids:
                raise _unreadable(opened.outcome)
            document = self._library.documents.for_file(opened.info)
            opening = early[-1].page
            reach = self._library.snapshots.reach(document.id, self._runtime.identity, opening.number, opening.text)
            while self._hasher.n_tokens < reach and (page := next(placed, None)):
                early.append(page)
            reused = self._resume()
            run = self._library.reading(document.id, self._runtime.identity, self.consumed, in_bf16)
            self._document, self._run = document, run
            if not self.consumed:
                self._runtime.model(torch.tensor([self._prefix]), self.state)
                self.consumed = len(self._prefix)
            self.last_page = max((p.page.number for p in early if p.first_token < self.consumed), default=0)
            yield ReadingResumed(job_id=self._job_id, document_id=document.id, tokens=reused, page=self.last_page)
            with run:
                try:
                    pages = ((p.page.number, p.ids) for p in chain(early, placed))
                    yield from self._prefill(after(self._document_tokens, pages), feed, opened.info.page_count)
                except Cancelled:
                    self._save("stopped")
                    raise
                outcome = opened.outcome
                assert outcome is not None
                yield from self._flush_extracted()
                yield self._finish(outcome, opened.info.page_count)
        n_sections = len(self._library.sections.of(document.id, run.id))
        yield self._finished(document.id, outcome, reused, n_sections)
        retention = self._measured()
        if retention is not None:
            self._library.retention.save(run.id, retention)
            yield retention_event(self._job_id, document.id, retention)
        document = self._library.documents.get(document.id)
        return DocumentState(
            document,
            self.state,
            outcome.pages_seen,
            self._document_tokens,
            self._consumed_prefix,
            retention=retention,
        )

    def so_far(self) -> DocumentState:
        """What has been read by now, saved as a checkpoint; for a question between two events of `read`."""
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

    def _measured(self) -> Retention | None:
        """What the meter says of the sections that are saved."""
        if self._meter is None or self._document is None or self._run is None:
            return None
        sections = self._library.sections.of(self._document.id, self._run.id)
        marks = self._library.retention.decay_at_sections(self._run.id)
        return measure(self._meter, self._document_tokens, sections, marks)

    @property
    def _document_tokens(self) -> int:
        return self.consumed - len(self._prefix)

    @property
    def _consumed_prefix(self) -> Prefix:
        return self._hasher.at(self.consumed)

    def _place(self, feed: PageFeed, builder: SectionBuilder) -> Iterator[_Placed]:
        """Pages as they come, hashed, noted for the library and grouped into sections."""
        for item in feed:
            placed = _Placed(item.page, item.ids, self._hasher.n_tokens)
            self._hasher.feed(item.ids)
            page = item.page
            self._pending.pages.append(
                NewPage(page.number, page.text, placed.first_token, len(item.ids), page.problem, page.label)
            )
            self._ends += section_ends(placed.first_token, len(item.ids))
            self._pending.sections += _as_rows(builder.add(page, placed.first_token, len(item.ids)))
            self._extracted.append(
                PageExtracted(job_id=self._job_id, page=page.number, n_tokens=len(item.ids), problem=page.problem)
            )
            yield placed
        self._pending.sections += _as_rows(builder.finish())

    def _resume(self) -> int:
        """Take the longest stored prefix as the state; returns the document's tokens that it saves."""
        found = longest_snapshot(self._library, self._hasher, self._runtime.model.device)
        if found is None or found[0].n_tokens < len(self._prefix):
            return 0
        snapshot, self.state = found
        self.consumed = snapshot.n_tokens
        self._resume_meter(snapshot)
        return self._document_tokens

    def _resume_meter(self, snapshot: Snapshot) -> None:
        """Go on measuring from what was measured when `snapshot` was saved; not at all where nothing was."""
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
        """Read `pages`, the last one by itself: a record grows in the midst of its last page, and the rung that is
        saved before it lets a later reading begin there."""
        self._speed.start(self.consumed)
        self._saved_at, self._saved_time = self.consumed, time.monotonic()
        apart = LastApart(pages)
        yield from self._feed_model(apart, feed, page_count)
        if self._saved_at < self.consumed:
            yield self._checkpoint()
        yield from self._feed_model(apart.last, feed, page_count)

    def _feed_model(
        self, pages: Iterable[tuple[int, array[int]]], feed: PageFeed, page_count: int | None
    ) -> Iterator[Event]:
        for chunk in pack_chunks(pages, self._runtime.chunk_length):
            self._control.wait_while_paused()
            if self._control.cancelled:
                raise Cancelled
            self._consume(chunk)
            yield from self._flush_extracted()
            yield self._advanced(feed, page_count)
            if checkpoint_policy.save_due(self.consumed - self._saved_at, time.monotonic() - self._saved_time):
                yield self._checkpoint()

    def _checkpoint(self) -> CheckpointSaved:
        return CheckpointSaved(
            job_id=self._job_id,
            snapshot_id=self._save(),
            tokens=self._document_tokens,
            page=self.last_page,
            kind="rung",
        )

    def _consume(self, chunk: Chunk) -> None:
        ids = torch.frombuffer(chunk.ids, dtype=torch.int32).to(torch.int64)
        if self._meter is not None:
            self._meter.expect(self.consumed, self._ends_up_to(self.consumed + len(ids)))
        self._runtime.model(ids[None], self.state, observer=self._meter)
        if self._meter is not None:
            self._meter.keep()
        if self._runtime.model.device.type == "cuda":
            # Otherwise the queue of chunks would run ahead of the GPU, and progress, pause and cancel with it.
            torch.cuda.synchronize(self._runtime.model.device)
        self.consumed += len(chunk.ids)
        self.last_page = chunk.last_page
        self._speed.add(self.consumed)

    def _ends_up_to(self, position: int) -> list[int]:
        """Take the ends that are consumed next, up to `position`; those consumed before a resumed reading are gone."""
        ends = []
        while self._ends and self._ends[0] <= position:
            end = self._ends.popleft()
            if end > self.consumed:
                ends.append(end)
        return ends

    def _finish(self, outcome: Outcome, page_count: int | None) -> CheckpointSaved:
        # A reading that was given up before the last page (its time ran out) is not done: the next one tries the rest.
        whole = page_count is None or outcome.pages_seen >= page_count
        kind: SnapshotKind = "end" if whole else "rung"
        n_pages = outcome.pages_seen if whole else None
        snapshot = self._save("done" if whole else "stopped", kind, outcome.sentence, n_pages)
        return CheckpointSaved(
            job_id=self._job_id, snapshot_id=snapshot, tokens=self._document_tokens, page=self.last_page, kind=kind
        )

    def _save(
        self,
        state: ReadingState | None = None,
        kind: SnapshotKind = "rung",
        note: str = "",
        n_pages: int | None = None,
    ) -> int:
        """Save the state, exact, and all that was read since the last checkpoint, in one transaction; return the
        snapshot's id. With `state` the run ends."""
        assert self._run is not None
        pages, sections = self._pending.take_up_to(self.consumed)
        decay = None
        if self._meter is not None:
            decay = self._meter.to_bytes()
            sections = [replace(s, decay=self._meter.marks.get(s.first_token + s.n_tokens)) for s in sections]
            self._meter.forget(max((s.first_token + s.n_tokens for s in sections), default=0))
        snapshot = exact_snapshot(kind, self._consumed_prefix, self.state, decay)
        progress = Progress(self.consumed, pages, sections, snapshot, self._speed.take_seconds())
        if state is None:
            saved = self._run.commit(progress)
        else:
            saved = self._run.finish(progress, state, note, n_pages)
        assert saved is not None
        self._hasher.forget(self.consumed)
        self._saved_at, self._saved_time = self.consumed, time.monotonic()
        return saved

    def _flush_extracted(self) -> Iterator[Event]:
        events, self._extracted = self._extracted, []
        yield from events

    def _advanced(self, feed: PageFeed, page_count: int | None) -> PrefillAdvanced:
        total: int | None = None
        if feed.complete:
            total = feed.tokens_seen
        elif page_count and feed.pages_seen:
            total = max(feed.tokens_seen, round(feed.tokens_seen * page_count / feed.pages_seen))
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

    def _finished(self, document: int, outcome: Outcome, reused: int, n_sections: int) -> ReadingFinished:
        problems = dict(outcome.problems)
        return ReadingFinished(
            job_id=self._job_id,
            document_id=document,
            tokens=self._document_tokens,
            tokens_reused=reused,
            pages=outcome.pages_seen,
            pages_read=outcome.pages_read,
            pages_without_text=sorted(problems),
            problems={str(number): problem for number, problem in outcome.problems},
            sections=n_sections,
            trained_context=self._runtime.trained_context,
            seconds=time.monotonic() - self._started,
            sentence=coverage_sentence(outcome.sentence, self._document_tokens, reused, self._runtime.trained_context),
        )


def coverage_sentence(outcome: str, tokens: int, reused: int, trained_context: int | None) -> str:
    """What was read, in words a person can check."""
    parts = [outcome]
    if reused >= tokens:
        parts.append(f"All {tokens:,} tokens were read before.")
    elif reused:
        parts.append(f"Read {tokens - reused:,} of {tokens:,} tokens; the rest was saved.")
    else:
        parts.append(f"{tokens:,} tokens.")
    if trained_context is not None and tokens > trained_context:
        parts.append(
            f"That is {tokens / trained_context:,.1f} times the {trained_context:,} tokens that this model was trained "
            "on at once: early details may have faded from the document state."
        )
    return " ".join(parts)


@dataclass
class _Pending:
    """Read since the last checkpoint, to be written with the next."""

    pages: list[NewPage] = field(default_factory=list)
    sections: list[NewSection] = field(default_factory=list)

    def take_up_to(self, tokens: int) -> tuple[list[NewPage], list[NewSection]]:
        """Remove and return what lies within the first `tokens` tokens; both lists are in token order."""
        pages = [page for page in self.pages if page.first_token + page.n_tokens <= tokens]
        sections = [section for section in self.sections if section.first_token + section.n_tokens <= tokens]
        del self.pages[: len(pages)]
        del self.sections[: len(sections)]
        return pages, sections


def _as_rows(sections: Iterable[Section]) -> Iterator[NewSection]:
    for s in sections:
        yield NewSection(s.number, s.heading, s.text, s.first_page, s.last_page, s.first_token, s.n_tokens)


def _until_text(pages: Iterator[_Placed]) -> list[_Placed]:
    """The pages up to and with the first that has tokens; all of them where none has."""
    taken: list[_Placed] = []
    for page in pages:
        taken.append(page)
        if page.ids:
            break
    return taken


def section_ends(first_token: int, n_tokens: int) -> list[int]:
    """Where a section may end in a page: at its end and, where it is too long for one, after each of equal pieces."""
    pieces = -(-n_tokens // MAX_TOKENS)
    return [first_token + n_tokens * piece // pieces for piece in range(1, pieces + 1)]


def _unreadable(outcome: Outcome | None) -> DocumentError:
    assert outcome is not None, "a document without text has ended"
    return DocumentError(outcome.kind, outcome.sentence)
