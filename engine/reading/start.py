"""The start of a reading: the longest stored state of a document's tokens, and the sections that were read before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.documents.pages import DocumentError, DocumentInfo, Outcome
from engine.generation.runtime import Runtime
from engine.library.library import Library
from engine.library.prefix import PrefixHasher
from engine.library.records import Document, Snapshot
from engine.network.state import MambaState
from engine.reading.file_digest import starts_with
from engine.reading.long_documents import ReadingPlan
from engine.reading.placed_pages import PlacedPage
from engine.reading.resume import longest_snapshot
from engine.reading.retention import DecayMeter


@dataclass(frozen=True)
class PagesAtStart:
    """The pages of a document whose reading begins."""

    early: list[PlacedPage]
    """Those that were taken; the last of the first of them is the first page with text."""
    placed: Iterator[PlacedPage]
    """Those to come."""

    def take(self, tokens: int, hasher: PrefixHasher) -> None:
        """Take pages until `hasher` was fed `tokens` tokens."""
        while hasher.n_tokens < tokens and (page := next(self.placed, None)):
            self.early.append(page)


@dataclass(frozen=True)
class Start:
    """What need not be read again."""

    snapshot: Snapshot
    state: MambaState
    """The document state that `snapshot` holds."""


def find_start(
    runtime: Runtime,
    library: Library,
    document: Document,
    hasher: PrefixHasher,
    pages: PagesAtStart,
    plan: ReadingPlan | None,
) -> tuple[Start | None, int]:
    """Return the longest stored prefix, and the tokens up to the end of the last section that was read by itself, 0
    without one; the prompt's prefix included. Take the pages that these may reach."""
    opening = pages.early[-1].page
    marks = library.sections.marks(document.id, runtime.identity)
    reach = library.snapshots.reach(document.id, runtime.identity, opening.number, opening.text)
    pages.take(max(reach, *(end for end, mark in marks if mark is not None), 0), hasher)
    covered = 0
    for end, mark in marks:
        if mark is None or end > hasher.n_tokens or hasher.at(end).hash != mark:
            break
        covered = end
    if covered and not _goes_on(runtime, library, document, hasher, pages, plan):
        covered = 0
    # A section at the beginning has consumed the document's first tokens too: its state is not the document's.
    before = library.readings.latest(document.id, runtime.identity)
    limit = None if before is None else before.state_tokens
    found = longest_snapshot(library, hasher, runtime.model.device, limit)
    if found is None or found[0].n_tokens < len(runtime.tokenizer.document_prefix):
        return None, covered
    return Start(*found), covered


def _goes_on(
    runtime: Runtime,
    library: Library,
    document: Document,
    hasher: PrefixHasher,
    pages: PagesAtStart,
    plan: ReadingPlan | None,
) -> bool:
    """Return whether a document that was read by sections still is: a file may have become shorter."""
    if plan is None or (plan.limit is None and library.readings.familiar(document.id, runtime.identity) is not False):
        return False
    least = len(runtime.tokenizer.document_prefix) + 1 + (plan.head if plan.limit is None else plan.limit)
    pages.take(least, hasher)
    return hasher.n_tokens >= least


def resume_meter(runtime: Runtime, library: Library, snapshot: Snapshot, consumed: int) -> DecayMeter | None:
    """Return a meter that goes on from the decay sums saved with `snapshot`; None when it has none."""
    meter = DecayMeter(runtime.model)
    data = library.retention.decay_at_snapshot(snapshot.id)
    if data is None or not meter.restore(data):
        return None
    # The sums at a token depend on nothing after it: those of another edition's sections hold for this one too.
    earlier = library.readings.latest(snapshot.document, runtime.identity)
    marks = library.retention.decay_at_sections(earlier.id) if earlier else {}
    meter.marks |= {end: sums for end, sums in marks.items() if end <= consumed}
    return meter


def continues(library: Library, before: Document, info: DocumentInfo, early: list[PlacedPage]) -> bool:
    """Return whether a file is `before` with something added, or an edition of it that no turn and no summary would be
    lost with."""
    if info.size > before.size and starts_with(info.path, before.size, before.sha256):
        return True
    if library.turns.of(before.id) or library.summaries.of(before.id):
        return False
    opening = early[-1].page
    pages = library.pages.of(before.id, first=opening.number, last=opening.number)
    return bool(pages) and pages[0].text == opening.text


def unreadable(outcome: Outcome | None, name: str) -> DocumentError:
    """Return the error for a document without text."""
    assert outcome is not None, "a document without text has ended"
    if outcome.pages_read:
        return DocumentError(
            "no_text", f"{name} has text of which this model's tokenizer makes no tokens; choose another model."
        )
    return DocumentError(outcome.kind, outcome.sentence)
