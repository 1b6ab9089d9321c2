"""Context: the model, the library, the document and the controls that every step of one job works with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from engine.control import Cancelled, Control
from engine.generation.runtime import Runtime
from engine.grounding.sentence_index import SentenceIndex
from engine.library.library import Library
from engine.library.records import Page
from engine.reading.document_state import DocumentState
from engine.reading.kept_indexes import KeptIndexes


class PageCache:
    """Loads the pages of one document from the library, each page once."""

    def __init__(self, library: Library, document: int) -> None:
        self._library, self._document = library, document
        self._pages: dict[int, Page | None] = {}

    def between(self, first: int, last: int) -> list[Page]:
        """Return the pages from `first` to `last`, in order."""
        numbers = range(max(1, first), last + 1)
        missing = [number for number in numbers if number not in self._pages]
        if missing:
            loaded = self._library.pages.of(self._document, None, missing[0], missing[-1])
            self._pages |= dict.fromkeys(missing)
            self._pages |= {page.number: page for page in loaded}
        return [page for number in numbers if (page := self._pages[number]) is not None]


@dataclass(frozen=True)
class Context:
    """Everything that is fixed while one job works on one document."""

    runtime: Runtime
    library: Library
    document: DocumentState
    control: Control
    job_id: str = ""
    indexes: KeptIndexes = field(default_factory=KeptIndexes)
    """The session's, where it has asked before."""

    @property
    def document_id(self) -> int:
        """Id of the document in the library."""
        return self.document.document.id

    @property
    def trained_context(self) -> int | None:
        """Tokens the model was trained on at once, or None where nothing says so."""
        return self.runtime.trained_context

    @cached_property
    def _page_cache(self) -> PageCache:
        return PageCache(self.library, self.document_id)

    def pages(self, first: int = 1, last: int | None = None) -> list[Page]:
        """Return the pages from `first` to `last` (default: the last one read), loaded once a job."""
        return self._page_cache.between(first, self.document.pages if last is None else last)

    def sentence_index(self) -> SentenceIndex:
        """Return the index of the sentences of the pages that were read."""
        complete = self.document.complete
        return self.indexes.of(self.library, self.document_id, self.pages(), save=complete)

    def recognised(self, numbers: Iterable[int]) -> tuple[tuple[int, ...], float | None]:
        """Return the pages among `numbers` that were read by text recognition (OCR), and the lowest certainty of
        these."""
        pages = [page for number in numbers for page in self.pages(number, number)]
        found = {page.number: page.certainty for page in pages if page.certainty is not None}
        return tuple(found), min(found.values(), default=None)

    def cancelled(self) -> bool:
        """Wait while the job is paused; return whether it was cancelled."""
        self.control.wait_while_paused()
        return self.control.cancelled

    def raise_if_cancelled(self) -> None:
        """Wait while the job is paused. Raise Cancelled if it was cancelled."""
        if self.cancelled():
            raise Cancelled
