"""An open document: open it, take its pages in order, ask how the reading ended.

    with open_document(path) as document:
        for page in document.pages():
            ...
        document.outcome

The file is parsed in extractor processes (`process.py`, `child.py`) while the pages are consumed. This module assigns
page ranges to processes and puts their pages in order; nothing that a file does can reach it.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from engine.documents.cleaning.running_heads import LOOK_BACK, without_running_lines
from engine.documents.cleaning.titles import given_title
from engine.documents.extraction import limits
from engine.documents.extraction.messages import Opened
from engine.documents.extraction.process import COMMAND, Extractor
from engine.documents.extraction.range_reader import ExtractionFailed, PageRange, RangeReader
from engine.documents.extraction.source import Source
from engine.documents.formats.regular_file import RegularFile, Stamp, open_regular, printable, sha256, shown_name
from engine.documents.outcomes import OFFICE_HEADERS, OFFICE_SUFFIXES, READABLE_SUFFIXES, Outcomes, not_a_pdf, refusal
from engine.documents.pages import DocumentError, DocumentInfo, DocumentKind, Outcome, OutcomeKind, OutlineEntry, Page
from engine.user_paths import absolute

_HEADER_BYTES = 1024
_SHORTEST_RANGE = 16
_MANY_PAGES_BYTES = 100_000
"""Bytes of a PDF from which on it is likely to have pages for two processes."""


def open_document(
    path: str | Path, password: str | None = None, processes: int | None = None, command: Sequence[str] = COMMAND
) -> Document:
    """Open a PDF, a text, an office file or a book. Raises DocumentError, whose sentence is for the user.

    `processes`: extractors at a time, by default one a core, at most 4. `command` starts an extractor (tests have their
    own).
    """
    path = absolute(path)
    processes = processes or default_processes()
    descriptor, status = open_regular(path)
    try:
        file = RegularFile(descriptor, status.st_size)
        if file.size == 0:
            raise refusal("empty", shown_name(path))
        beginning = file.read(_HEADER_BYTES) or b""
        kind = kind_of(beginning, path.suffix.lower())
        if file.size > limits.MAX_BYTES[kind]:
            raise refusal("too_big", shown_name(path))
        source = Source(path, kind, Stamp.of(status), password or None, command)
        extractor, opened = _opened(source, file, beginning, processes)
    finally:
        os.close(descriptor)
    return Document(source, extractor, opened, processes)


def _opened(source: Source, file: RegularFile, beginning: bytes, processes: int) -> tuple[Extractor, Opened]:
    """Return a process that has the file open, with the file's structure; `file` is hashed. Raises DocumentError."""
    try:
        if source.kind == "pdf" and processes > 1 and file.size >= _MANY_PAGES_BYTES:
            source.prepare()
        try:
            extractor, opened = source.open()
        except DocumentError as error:
            if error.kind != "not_pdf":
                raise
            raise not_a_pdf(source.name, beginning) from None
        try:
            source.sha256 = sha256(file)
            if opened.sha256 not in ("", source.sha256):
                raise refusal("changed", source.name)
        except BaseException:
            extractor.close()
            raise
    except BaseException:
        source.discard_prepared()
        raise
    return extractor, opened


def kind_of(beginning: bytes, suffix: str) -> DocumentKind:
    """Return the kind of a file, from its first bytes and its suffix.

    A suffix of a text is believed unless the file begins like a PDF. A PDF's header may stand after some junk, but a
    text that merely mentions one is a text.
    """
    if suffix == ".pdf":
        return "pdf"
    if suffix in OFFICE_SUFFIXES or beginning.startswith(OFFICE_HEADERS):
        return "pdf" if beginning.startswith(b"%PDF-") else "office"
    if suffix in READABLE_SUFFIXES:
        return "pdf" if beginning.startswith(b"%PDF-") else "text"
    return "pdf" if re.search(rb"^%PDF-", beginning, re.MULTILINE) else "text"


def default_processes() -> int:
    """Return one extractor for each core that this process may use, at most 4."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, limits.PROCESSES)


class Document:
    """An open document. Close it, or use it as a context manager."""

    def __init__(self, source: Source, extractor: Extractor, opened: Opened, processes: int) -> None:
        self._source = source
        self._spare: Extractor | None = extractor
        self._processes = processes if source.kind == "pdf" else 1
        self._readers = opened.readers
        self._own_title = given_title(opened.title)
        self._labels = opened.labels
        self._notes = opened.notes
        self.info = DocumentInfo(
            path=str(source.path),
            kind=source.kind,
            sha256=source.sha256,
            size=source.stamp.size,
            title=self._own_title or printable(source.path.stem),
            page_count=opened.page_count,
            outline=tuple(OutlineEntry(title, page, level) for title, page, level in opened.outline),
        )
        self.outcome: Outcome | None = None
        """Set when `pages` has ended by itself."""
        self._readings: set[_Reading] = set()
        self._known: dict[int, Page] = {}

    def is_changed(self) -> bool:
        """Return whether the file has been written to, replaced or deleted since it was opened."""
        try:
            return Stamp.of(os.stat(self._source.path)) != self._source.stamp
        except OSError:
            return True

    def know(self, pages: Iterable[Page]) -> None:
        """Take recognised pages of exactly this content from an earlier reading, so that none is recognised again."""
        self._known = {page.number: page for page in pages if page.certainty is not None}

    def pages(self, first: int = 1) -> Iterator[Page]:
        """Yield the pages in order from `first`, each as soon as it and the few after it have been read.

        Ends with `outcome` set, for the pages that came by; never raises because of what the file holds. A file that
        was changed meanwhile ends with the outcome "changed": pages of two contents may have come.
        """
        self.outcome = None
        outcomes = Outcomes(self._source.name, self.info.kind == "pdf", self._notes)
        is_pdf = self.info.kind == "pdf"
        reading = _Reading(
            self._source, self._readers, self.info.page_count, self._processes, self._take_spare(), self._known
        )
        self._readings.add(reading)
        try:
            raw = reading.pages(max(1, first - LOOK_BACK) if is_pdf else first)
            labelled = (self._labelled(self._known.get(page.number, page)) for page in raw)
            cleaned = without_running_lines(labelled, self._titles(), self.info.page_count) if is_pdf else labelled
            for page in cleaned:
                if page.number >= first:
                    outcomes.add(page)
                    yield page
        finally:
            reading.close()
            self._readings.discard(reading)
        if self._source.closed.is_set():
            return
        if reading.stopped_for == "changed" or self._source.is_changed():
            self.outcome = outcomes.changed()
        elif reading.stopped_for is None:
            self.outcome = outcomes.outcome()
        else:
            stopped_at = max(first, reading.next_page)
            self.outcome = outcomes.outcome(stopped_at, self.info.page_count, reading.stopped_for)

    def close(self) -> None:
        """End all extractors. May be called from any thread: `pages` in another ends soon, without an outcome."""
        self._source.closed.set()
        for reading in list(self._readings):
            reading.close()
        self._source.discard_prepared()
        spare = self._take_spare()
        if spare is not None:
            spare.close()

    def __enter__(self) -> Document:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take_spare(self) -> Extractor | None:
        """Return the process that opened the document, to the first caller."""
        spare, self._spare = self._spare, None
        return spare

    def _titles(self) -> list[str]:
        """Return the document's own title and its chapters'. A file name "invoice" would make titles of numbers."""
        own = [self._own_title] if self._own_title else []
        return [*own, *(entry.title for entry in self.info.outline)]

    def _labelled(self, page: Page) -> Page:
        label = self._labels.get(str(page.number))
        return replace(page, label=label) if label else page


class _Reading:
    """One run through the pages: assigns ranges to range readers in turn and takes their pages in order."""

    def __init__(
        self,
        source: Source,
        readers: list[str],
        page_count: int | None,
        processes: int,
        spare: Extractor | None,
        known: Collection[int] = (),
    ) -> None:
        self._source = source
        self._readers = readers
        self._page_count = page_count
        self._processes = processes
        self._spare = spare
        self._known = sorted(known)
        self._range_readers: list[RangeReader] = []
        self._waited = self._allowed = 0.0
        self.next_page = 1
        self.stopped_for: OutcomeKind | None = None
        """Reason for ending the reading before the last page; None otherwise."""

    def pages(self, first: int) -> Iterator[Page]:
        """Yield pages from `first`, in order, as the children clean them."""
        self.next_page = first
        ranges = self._split(first)
        spare, self._spare = self._spare, None
        self._range_readers = [RangeReader(self._source, spare)]
        self._range_readers += [RangeReader(self._source) for _ in range(1, min(self._processes, len(ranges)))]
        if len(self._range_readers) == 1:
            self._source.discard_prepared()
        for number, pages in enumerate(ranges[: 2 * len(self._range_readers)]):
            self._range_readers[number % len(self._range_readers)].assign(pages)
        for number in range(len(ranges)):
            range_reader = self._range_readers[number % len(self._range_readers)]
            last = ranges[number].last
            while last is None or self.next_page <= last:
                started = time.monotonic()
                try:
                    page = range_reader.next_page()
                except ExtractionFailed as failure:
                    self.stopped_for = failure.kind
                    return
                self._waited += time.monotonic() - started
                if page is None:
                    return
                self.next_page = page.number + 1
                if page.certainty is not None:
                    self._allowed += limits.RECOGNITION_SECONDS_A_PAGE
                yield page
                expected = self._page_count or self.next_page
                if self._waited > self._allowed + limits.DOCUMENT_SECONDS + limits.SECONDS_A_PAGE * expected:
                    self.stopped_for = "timed_out"
                    return
            following = number + 2 * len(self._range_readers)
            if following < len(ranges):
                range_reader.assign(ranges[following])

    def close(self) -> None:
        for range_reader in self._range_readers:
            range_reader.close()
        if self._spare is not None:
            self._spare.close()

    def _split(self, first: int) -> list[PageRange]:
        if self._page_count is None:
            return [PageRange(first, None, self._readers)]
        last = self._page_count
        even = -(-(last - first + 1) // self._processes)
        length = max(_SHORTEST_RANGE, min(limits.RANGE_PAGES, even))
        ranges = [(start, min(start + length - 1, last)) for start in range(first, last + 1, length)]
        return [
            PageRange(start, end, self._readers, known=[page for page in self._known if start <= page <= end])
            for start, end in ranges
        ]
