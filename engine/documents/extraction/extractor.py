"""A document as the rest of the program sees it: open it, take its pages in order, ask how it ended.

    with open_document(path) as document:
        for page in document.pages():
            ...
        document.outcome

The file is parsed in extractor processes (`process.py`, `child.py`) while the pages are consumed. This module decides
which process reads which pages and what follows when one of them is lost; nothing that a file does can reach it.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from engine.documents.cleaning.running_heads import LOOK_BACK, without_running_lines
from engine.documents.extraction import limits
from engine.documents.extraction.lane import Hopeless, Lane, Work
from engine.documents.extraction.process import COMMAND, Extractor
from engine.documents.extraction.source import Source
from engine.documents.formats.regular_file import RegularFile, identity, open_regular, printable, sha256, shown_name
from engine.documents.outcomes import READABLE_SUFFIXES, Tally, refusal
from engine.documents.pages import DocumentInfo, Outcome, OutcomeKind, OutlineEntry, Page

_PDF_HEADER_WITHIN = 1024
_SHORTEST_RANGE = 16


def open_document(
    path: str | Path, password: str | None = None, processes: int | None = None, command: Sequence[str] = COMMAND
) -> Document:
    """Open a PDF or a text file. Raises DocumentError, whose sentence is for the user.

    `processes`: extractors at a time, by default one a core, at most 4. `command` starts an extractor (tests have their
    own).
    """
    path = Path(path).expanduser().absolute()
    descriptor, status = open_regular(path)
    try:
        file = RegularFile(descriptor, status.st_size)
        if file.size == 0:
            raise refusal("empty", shown_name(path))
        is_pdf = _is_pdf(file.read(_PDF_HEADER_WITHIN) or b"", path.suffix.lower())
        if file.size > (limits.MAX_PDF_BYTES if is_pdf else limits.MAX_TEXT_BYTES):
            raise refusal("too_big", shown_name(path))
        source = Source(path, "pdf" if is_pdf else "text", file.size, identity(status), password or None, command)
        extractor, opened = source.open()
        try:
            digest = sha256(file)
        except BaseException:
            extractor.close()
            raise
    finally:
        os.close(descriptor)
    return Document(source, extractor, opened, digest, processes or default_processes())


def _is_pdf(beginning: bytes, suffix: str) -> bool:
    """By the name, else by the header, which may stand after some junk but not in a text that merely mentions it."""
    if suffix in READABLE_SUFFIXES:
        return suffix == ".pdf" or beginning.startswith(b"%PDF-")
    return re.search(rb"^%PDF-", beginning, re.MULTILINE) is not None


def default_processes() -> int:
    """One extractor a core that this process may use, at most 4."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, limits.PROCESSES)


class Document:
    """An open document. Close it, or use it as a context manager."""

    def __init__(
        self, source: Source, extractor: Extractor, opened: dict[str, Any], digest: str, processes: int
    ) -> None:
        self._source = source
        self._spare: Extractor | None = extractor
        self._processes = processes
        self._readers: list[str] = opened.get("readers", ["text"])
        self._own_title: str = opened.get("title", "")
        self._labels: dict[str, str] = opened.get("labels", {})
        outline = tuple(OutlineEntry(title, page, level) for title, page, level in opened.get("outline", ()))
        self.info = DocumentInfo(
            path=str(source.path),
            kind=source.kind,
            sha256=digest,
            size=source.size,
            title=self._own_title or printable(source.path.stem),
            page_count=opened.get("page_count"),
            outline=outline,
        )
        self.outcome: Outcome | None = None
        """Set when `pages` has ended by itself."""
        self._readings: set[_Reading] = set()

    def pages(self, first: int = 1) -> Iterator[Page]:
        """The pages in order from `first`, each as soon as it and the few after it have been read.

        Ends with `outcome` set, for the pages that came by; never raises because of what the file holds.
        """
        self.outcome = None
        tally = Tally(self._source.name, self.info.kind == "pdf")
        is_pdf = self.info.kind == "pdf"
        reading = _Reading(self._source, self._readers, self.info.page_count, self._processes, self._take_spare())
        self._readings.add(reading)
        try:
            raw = reading.pages(max(1, first - LOOK_BACK) if is_pdf else first)
            labelled = (self._labelled(page) for page in raw)
            for page in without_running_lines(labelled, self._titles()) if is_pdf else labelled:
                if page.number >= first:
                    tally.add(page)
                    yield page
        finally:
            reading.close()
            self._readings.discard(reading)
        if self._source.closed.is_set():
            return
        if reading.stopped_for is None:
            self.outcome = tally.outcome()
        else:
            stopped_at = max(first, reading.next_page)
            self.outcome = tally.outcome(stopped_at, self.info.page_count, reading.stopped_for)

    def close(self) -> None:
        """End all extractors. From any thread: a `pages` that runs in another ends soon, without an outcome."""
        self._source.closed.set()
        for reading in list(self._readings):
            reading.close()
        spare = self._take_spare()
        if spare is not None:
            spare.close()

    def __enter__(self) -> Document:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take_spare(self) -> Extractor | None:
        """The process that opened the document, for whoever reads first."""
        spare, self._spare = self._spare, None
        return spare

    def _titles(self) -> list[str]:
        """Its own, not its file's: a file named "invoice" would make titles of invoice numbers."""
        own = [self._own_title] if self._own_title else []
        return [*own, *(entry.title for entry in self.info.outline)]

    def _labelled(self, page: Page) -> Page:
        label = self._labels.get(str(page.number))
        return Page(page.number, page.text, page.problem, label, page.problem_kind) if label else page


class _Reading:
    """One run through the pages: ranges dealt out to lanes in turn, their pages taken in order."""

    def __init__(
        self, source: Source, readers: list[str], page_count: int | None, processes: int, spare: Extractor | None
    ) -> None:
        self._source = source
        self._readers = readers
        self._page_count = page_count
        self._processes = processes
        self._spare = spare
        self._lanes: list[Lane] = []
        self._waited = 0.0
        self.next_page = 1
        self.stopped_for: OutcomeKind | None = None
        """Why the reading was given up before the last page."""

    def pages(self, first: int) -> Iterator[Page]:
        """Pages from `first`, in order, as the children clean them."""
        self.next_page = first
        works = self._ranges(first)
        spare, self._spare = self._spare, None
        self._lanes = [Lane(self._source, spare)]
        self._lanes += [Lane(self._source) for _ in range(1, min(self._processes, len(works)))]
        for number, work in enumerate(works[: 2 * len(self._lanes)]):
            self._lanes[number % len(self._lanes)].assign(work)
        for number in range(len(works)):
            lane = self._lanes[number % len(self._lanes)]
            last = works[number].last
            while last is None or self.next_page <= last:
                started = time.monotonic()
                try:
                    page = lane.next_page()
                except Hopeless as hopeless:
                    self.stopped_for = hopeless.kind
                    return
                self._waited += time.monotonic() - started
                if page is None:
                    return
                self.next_page = page.number + 1
                yield page
                expected = self._page_count or self.next_page
                if self._waited > limits.DOCUMENT_SECONDS + limits.SECONDS_A_PAGE * expected:
                    self.stopped_for = "timed_out"
                    return
            following = number + 2 * len(self._lanes)
            if following < len(works):
                lane.assign(works[following])

    def close(self) -> None:
        for lane in self._lanes:
            lane.close()
        if self._spare is not None:
            self._spare.close()

    def _ranges(self, first: int) -> list[Work]:
        if self._page_count is None:
            return [Work(first, None, self._readers)]
        last = self._page_count
        even = -(-(last - first + 1) // self._processes)
        length = max(_SHORTEST_RANGE, min(limits.RANGE_PAGES, even))
        return [Work(start, min(start + length - 1, last), self._readers) for start in range(first, last + 1, length)]
