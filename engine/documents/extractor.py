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
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engine.documents import limits
from engine.documents.outcomes import PROBLEMS, Tally, as_outcome, refusal
from engine.documents.pages import DocumentError, DocumentInfo, Outcome, OutlineEntry, Page, ProblemKind
from engine.documents.process import COMMAND, Extractor, ExtractorLost
from engine.documents.regular_file import RegularFile, identity, open_regular, sha256
from engine.documents.running import LOOK_BACK, without_running_lines

_PDF_HEADER_WITHIN = 1024
_OPEN_ATTEMPTS = 3
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
            raise refusal("empty", path.name)
        is_pdf = b"%PDF-" in file.read(_PDF_HEADER_WITHIN) or path.suffix.lower() == ".pdf"
        if file.size > (limits.MAX_PDF_BYTES if is_pdf else limits.MAX_TEXT_BYTES):
            raise refusal("too_big", path.name)
        source = _Source(path, "pdf" if is_pdf else "text", file.size, identity(status), password or None, command)
        extractor, opened = source.open()
        try:
            digest = sha256(file)
        except BaseException:
            extractor.close()
            raise
    finally:
        os.close(descriptor)
    return Document(source, extractor, opened, digest, processes or default_processes())


def default_processes() -> int:
    """One extractor a core that this process may use, at most 4."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, limits.PROCESSES)


class Document:
    """An open document. Close it, or use it as a context manager."""

    def __init__(
        self, source: _Source, extractor: Extractor, opened: dict[str, Any], digest: str, processes: int
    ) -> None:
        self._source = source
        self._spare: Extractor | None = extractor
        self._processes = processes
        self._readers: list[str] = opened.get("readers", ["text"])
        self._labels: dict[str, str] = opened.get("labels", {})
        outline = tuple(OutlineEntry(title, page, level) for title, page, level in opened.get("outline", ()))
        self.info = DocumentInfo(
            path=str(source.path),
            kind=source.kind,
            sha256=digest,
            size=source.size,
            title=opened.get("title") or source.path.stem,
            page_count=opened.get("page_count"),
            outline=outline,
        )
        self.outcome: Outcome | None = None
        """Set when `pages` has ended by itself."""

    def pages(self, first: int = 1) -> Iterator[Page]:
        """The pages in order from `first`, each as soon as it and the few after it have been read.

        Ends with `outcome` set, for the pages that came by; never raises because of what the file holds.
        """
        self.outcome = None
        tally = Tally(self._source.path.name)
        is_pdf = self.info.kind == "pdf"
        reading = _Reading(self._source, self._readers, self.info.page_count, self._processes, self._take_spare())
        try:
            raw = reading.pages(max(1, first - LOOK_BACK) if is_pdf else first)
            labelled = (self._labelled(page) for page in raw)
            for page in without_running_lines(labelled) if is_pdf else labelled:
                if page.number >= first:
                    tally.add(page)
                    yield page
        finally:
            reading.close()
        if reading.stopped_for is None:
            self.outcome = tally.outcome()
        else:
            stopped_at = max(first, reading.next_page)
            self.outcome = tally.outcome(stopped_at, self.info.page_count, as_outcome(reading.stopped_for))

    def close(self) -> None:
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

    def _labelled(self, page: Page) -> Page:
        label = self._labels.get(str(page.number))
        return Page(page.number, page.text, page.problem, label, page.problem_kind) if label else page


@dataclass
class _Source:
    """The file, and how to open it in a new extractor."""

    path: Path
    kind: Literal["pdf", "text"]
    size: int
    identity: tuple[int, int]
    password: str | None
    command: Sequence[str]

    def open(self) -> tuple[Extractor, dict[str, Any]]:
        """A process with the file open in it and the file's structure. Raises DocumentError.

        A reader that is lost over the file is left out in the next attempt.
        """
        readers = ["pypdf", "pdfium"] if self.kind == "pdf" else ["text"]
        lost_for: ProblemKind = "crashed"
        while readers:
            extractor = Extractor(self.command)
            reader = readers[0]
            try:
                self.tell(extractor, readers, structure=True)
                while (message := extractor.receive(limits.OPEN_SECONDS / 2)).get("event") == "opening":
                    reader = str(message.get("reader"))
                if message.get("event") == "opened":
                    if message.get("password"):
                        self.password = message["password"]
                    return extractor, message
                extractor.close()
                raise self._refused(message)
            except ExtractorLost as lost:
                lost_for = lost.kind
            except BaseException:
                extractor.close()
                raise
            extractor.close()
            readers = [name for name in readers if name != reader]
        raise refusal(as_outcome(lost_for), self.path.name)

    def reopen(self) -> Extractor:
        """Another process with the file open in it. Raises ExtractorLost, DocumentError."""
        extractor = Extractor(self.command)
        try:
            self.tell(extractor, ["pypdf", "pdfium"], structure=False)
            message = extractor.receive(limits.OPEN_SECONDS)
        except BaseException:
            extractor.close()
            raise
        if message.get("event") == "opened":
            return extractor
        extractor.close()
        raise self._refused(message)

    def tell(self, extractor: Extractor, readers: list[str], structure: bool) -> None:
        extractor.send(
            {
                "do": "open",
                "path": str(self.path),
                "size": self.size,
                "identity": self.identity,
                "kind": self.kind,
                "suffix": self.path.suffix.lower(),
                "password": self.password,
                "readers": readers,
                "structure": structure,
            }
        )

    def _refused(self, message: dict[str, Any]) -> DocumentError:
        if message.get("event") != "refused":
            return refusal("damaged", self.path.name)
        kind, detail = message["kind"], message.get("detail")
        return DocumentError(kind, detail) if detail else refusal(kind, self.path.name)


@dataclass
class _Work:
    """Pages that one extractor is to read, `first` the next one to come."""

    first: int
    last: int | None
    readers: list[str]
    after: ProblemKind | None = None
    """Why the page is read again with these readers only."""


class _Reading:
    """One run through the pages: ranges dealt out to lanes in turn, their pages taken in order."""

    def __init__(
        self, source: _Source, readers: list[str], page_count: int | None, processes: int, spare: Extractor | None
    ) -> None:
        self._source = source
        self._readers = readers
        self._page_count = page_count
        self._processes = processes
        self._spare = spare
        self._lanes: list[_Lane] = []
        self._waited = 0.0
        self.next_page = 1
        self.stopped_for: ProblemKind | None = None
        """Why the reading was given up before the last page."""

    def pages(self, first: int) -> Iterator[Page]:
        """Pages from `first`, in order, as the children clean them."""
        self.next_page = first
        works = self._ranges(first)
        self._lanes = [_Lane(self._source) for _ in range(max(1, min(self._processes, len(works))))]
        self._lanes[0].extractor = self._spare
        self._spare = None
        for number, work in enumerate(works[: 2 * len(self._lanes)]):
            self._lanes[number % len(self._lanes)].assign(work)
        for number in range(len(works)):
            lane = self._lanes[number % len(self._lanes)]
            last = works[number].last
            while last is None or self.next_page <= last:
                started = time.monotonic()
                try:
                    page = lane.next_page()
                except _Hopeless as hopeless:
                    self.stopped_for = hopeless.kind
                    return
                self._waited += time.monotonic() - started
                if page is None:
                    return
                self.next_page = page.number + 1
                yield page
                if self._waited > limits.DOCUMENT_SECONDS + limits.SECONDS_A_PAGE * self.next_page:
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

    def _ranges(self, first: int) -> list[_Work]:
        if self._page_count is None:
            return [_Work(first, None, self._readers)]
        last = self._page_count
        even = -(-(last - first + 1) // self._processes)
        length = max(_SHORTEST_RANGE, min(limits.RANGE_PAGES, even))
        return [_Work(start, min(start + length - 1, last), self._readers) for start in range(first, last + 1, length)]


class _Hopeless(Exception):
    """The file cannot be read any further."""

    def __init__(self, kind: ProblemKind) -> None:
        super().__init__(kind)
        self.kind = kind


class _Lane:
    """One extractor after another, reading the ranges given to this lane in order."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._works: deque[_Work] = deque()
        self._reader: str | None = None
        self._pages_by_this_process = 0
        self._text_lost_at: int | None = None
        self.extractor: Extractor | None = None

    def assign(self, work: _Work) -> None:
        self._works.append(work)
        if self.extractor is not None:
            self._tell(work)

    def next_page(self) -> Page | None:
        """The next page of the ranges given; None at the end of a text. Raises _Hopeless."""
        while True:
            extractor = self.extractor or self._start()
            work = self._works[0]
            try:
                message = extractor.receive(limits.READER_SECONDS)
            except ExtractorLost as lost:
                self.close()
                page = self._after_loss(work, lost.kind)
                if page is not None:
                    return page
                continue
            event = message.get("event")
            if event == "page" and message.get("page") == work.first and self._is_expected(work):
                self._reader = None
                self._pages_by_this_process += 1
                work.first += 1
                return self._page(work, message)
            if event == "reading" and message.get("reader") in work.readers and message["reader"] != self._reader:
                self._reader = message["reader"]
            elif event == "done" and message.get("end"):
                return None
            elif event == "done" and not self._is_expected(work):
                self._works.popleft()
                if self._pages_by_this_process >= limits.PROCESS_PAGES:
                    self.close()
            else:
                extractor.end("crashed")  # it does not keep to the protocol

    def close(self) -> None:
        if self.extractor is not None:
            self.extractor.close()
            self.extractor = None
        self._reader = None
        self._pages_by_this_process = 0

    def _start(self) -> Extractor:
        for attempt in range(_OPEN_ATTEMPTS):
            try:
                self.extractor = self._source.reopen()
                break
            except DocumentError as error:
                raise _Hopeless("damaged") from error
            except ExtractorLost as lost:
                if attempt == _OPEN_ATTEMPTS - 1:
                    raise _Hopeless(lost.kind) from lost
        assert self.extractor is not None
        while self._works and not self._is_expected(self._works[0]):
            self._works.popleft()
        for work in self._works:
            self._tell(work)
        return self.extractor

    def _tell(self, work: _Work) -> None:
        assert self.extractor is not None
        self.extractor.send({"do": "read", "first": work.first, "last": work.last, "readers": work.readers})

    def _after_loss(self, work: _Work, kind: ProblemKind) -> Page | None:
        """The process was lost at page `work.first`: the page again with a reader not to blame, else the page named."""
        if not self._is_expected(work):
            return None
        number = work.first
        blamed = self._reader or work.readers[0]
        others = [reader for reader in work.readers if reader != blamed]
        if work.last is None:
            if work.after is not None and number == self._text_lost_at:
                raise _Hopeless(kind)
            work.after, self._text_lost_at = kind, number
            return None
        if work.after is None and others:
            work.first += 1
            self._works.appendleft(_Work(number, number, others, after=kind))
            return None
        work.first += 1
        reason = work.after or kind
        return Page(number, "", PROBLEMS[reason], problem_kind=reason)

    @staticmethod
    def _is_expected(work: _Work) -> bool:
        """Whether the range has a page that has not come yet."""
        return work.last is None or work.first <= work.last

    @staticmethod
    def _page(work: _Work, message: dict[str, Any]) -> Page:
        text, problem = str(message.get("text", "")), message.get("problem")
        if not text and work.after is not None and work.last is not None:
            problem = work.after if problem in (None, "no_text", "damaged") else problem
        kind: ProblemKind | None = problem if problem in PROBLEMS else None
        return Page(message["page"], text, PROBLEMS[kind] if kind else None, problem_kind=kind)
