"""Page-range reader: reads page ranges in order through one extractor process after another.

When an extractor is lost, the page it was at is tried in a new process. A kill from outside (by a system short of
memory) blames no page, and after a crash the same readers try again, so the page's text does not depend on chance.
After a hang, too much memory or a second crash the other reader gets the page; if that fails too, the page is reported
and the next one read.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, field

from engine.documents.extraction import limits
from engine.documents.extraction.messages import Answer, Done, Opened, PageRead, Reading, ReadPages
from engine.documents.extraction.process import Extractor, ExtractorLost
from engine.documents.extraction.source import Source
from engine.documents.outcomes import PROBLEMS, as_outcome
from engine.documents.pages import OutcomeKind, Page, ProblemKind

_log = logging.getLogger(__name__)

_OPEN_ATTEMPTS = 3


@dataclass
class PageRange:
    """Pages for one extractor, `first` the next one to come."""

    first: int
    last: int | None
    readers: list[str]
    after: ProblemKind | None = None
    """Problem that caused a second reading with these readers only."""
    again: bool = False
    """True if a process was lost at this page before."""
    known: list[int] = field(default_factory=list)
    """Pages that need not be read."""

    @property
    def is_expected(self) -> bool:
        """Return whether pages of the range are outstanding."""
        return self.last is None or self.first <= self.last


class ExtractionFailed(Exception):
    """The file cannot be read any further."""

    def __init__(self, kind: OutcomeKind) -> None:
        super().__init__(kind)
        self.kind: OutcomeKind = kind


class RangeReader:
    """Reads the ranges assigned to it, in order."""

    def __init__(self, source: Source, extractor: Extractor | None = None) -> None:
        """`extractor`: one that has the file open already."""
        self._source = source
        self._extractor = extractor
        self._is_open = extractor is not None
        self._failed_to_open = 0
        self._kills = 0
        """Extractors killed from outside since the last page."""
        self._ranges: deque[PageRange] = deque()
        self._reader: str | None = None
        self._pages_by_this_process = 0
        self._text_lost_at: int | None = None
        self._at_end = False
        """True once a text has ended."""

    def assign(self, pages: PageRange) -> None:
        """Put a range on the list. Reading starts at once."""
        self._ranges.append(pages)
        if self._extractor is None:
            self._start()
        else:
            self._tell(self._extractor, pages)

    def next_page(self) -> Page | None:
        """Return the next page of the ranges assigned; None at the end of a text. Raises ExtractionFailed."""
        while True:
            extractor = self._extractor or self._start()
            try:
                message = extractor.receive(self._patience())
            except ExtractorLost as lost:
                was_open, reader = self._is_open, self._reader
                page_number = self._ranges[0].first
                _log.info("extractor lost near page %d (%s): %s", page_number, lost.kind, lost.detail[-500:])
                self.close()
                if self._source.closed.is_set():
                    raise ExtractionFailed("timed_out") from lost
                self._kills += lost.killed
                if lost.killed and self._kills <= limits.KILLS:
                    continue
                if not was_open:
                    self._failed_to_open += 1
                    if self._failed_to_open == _OPEN_ATTEMPTS:
                        raise ExtractionFailed(as_outcome(lost.kind)) from lost
                elif (page := self._after_loss(self._ranges[0], reader, lost.kind)) is not None:
                    return page
                continue
            if (page := self._take(extractor, message)) is not None:
                return page
            if self._at_end:
                return None

    def _patience(self) -> float:
        """Return the seconds that the extractor may be silent."""
        if not self._is_open:
            return limits.OPEN_SECONDS
        return limits.RECOGNITION_SECONDS if self._reader == "ocr" else limits.READER_SECONDS

    def _take(self, extractor: Extractor, message: Answer) -> Page | None:
        """Return the page that `message` brings, if any. Raises ExtractionFailed."""
        pages = self._ranges[0]
        match message:
            case Opened() if not self._is_open:
                self._is_open = True
            case PageRead() if self._is_open and message.page == pages.first and pages.is_expected:
                self._reader = None
                self._failed_to_open = self._kills = 0
                self._pages_by_this_process += 1
                pages.first += 1
                if message.fault:
                    _log.warning("page %d was read in spite of a fault: %s", message.page, message.fault[-2000:])
                return _page(pages, message)
            case Reading() if self._is_open and message.reader in pages.readers and message.reader != self._reader:
                self._reader = message.reader
            case Done(end=True) if self._is_open:
                if message.sha256 and self._source.sha256 and message.sha256 != self._source.sha256:
                    raise ExtractionFailed("changed")
                self._at_end = True
            case Done() if self._is_open and not pages.is_expected:
                self._ranges.popleft()
                if self._pages_by_this_process >= limits.PROCESS_PAGES:
                    self.close()
            case _ if not self._is_open:
                raise ExtractionFailed(self._source.refused(message).kind)
            case _:
                extractor.end("crashed")  # it does not keep to the protocol
        return None

    def close(self) -> None:
        """End the extractor; from any thread."""
        extractor, self._extractor = self._extractor, None
        self._is_open = False
        self._reader = None
        self._pages_by_this_process = 0
        if extractor is not None:
            extractor.close()

    def _start(self) -> Extractor:
        """Start an extractor and send it all ranges that are left. Raises ExtractionFailed."""
        extractor = self._extractor = self._source.reopen()
        # Checked after the start: `close` in another thread cannot see an extractor that is just being made.
        if self._source.closed.is_set():
            self.close()
            raise ExtractionFailed("timed_out")
        while self._ranges and not self._ranges[0].is_expected:
            self._ranges.popleft()
        for pages in self._ranges:
            self._tell(extractor, pages)
        return extractor

    @staticmethod
    def _tell(extractor: Extractor, pages: PageRange) -> None:
        extractor.send(ReadPages(first=pages.first, last=pages.last, readers=pages.readers, known=pages.known))

    def _after_loss(self, pages: PageRange, reader: str | None, kind: ProblemKind) -> Page | None:
        """Put the page at which `reader` was lost on the list again and return None, or return it as unread.

        Raises ExtractionFailed for a text, which has no other reader, when it is lost at the same page again.
        """
        if not pages.is_expected:
            return None
        number = pages.first
        if pages.last is None:
            if number == self._text_lost_at:
                raise ExtractionFailed(as_outcome(kind))
            self._text_lost_at = number
            return None
        blamed = reader or pages.readers[0]
        others = [reader for reader in pages.readers if reader != blamed]
        pages.first += 1
        if kind == "crashed" and pages.after is None and not pages.again:
            self._ranges.appendleft(PageRange(number, number, pages.readers, again=True))
            return None
        if pages.after is None and others:
            self._ranges.appendleft(PageRange(number, number, others, after=kind))
            return None
        reason = pages.after or kind
        return Page(number, "", PROBLEMS[reason], problem_kind=reason)


def _page(pages: PageRange, message: PageRead) -> Page:
    problem = message.problem
    if not message.text and pages.after is not None and problem in (None, "no_text", "damaged"):
        problem = pages.after  # this reader sees nothing, but the other one was lost over this page
    return Page(
        message.page,
        message.text,
        PROBLEMS[problem] if problem else None,
        message.label or None,
        problem,
        notes=tuple(message.notes),
        certainty=message.certainty,
    )
