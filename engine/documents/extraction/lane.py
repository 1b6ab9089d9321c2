"""A lane of a reading: one extractor after another, reading the page ranges given to the lane in order.

What follows when an extractor is lost: the page it was at is tried in a new process. One that crashed may have been
killed from outside (a system short of memory), so the same readers try again, and chance does not decide which of them
a page's text comes from. One that hung, swelled or crashed twice leaves the page to the other reader; if that fails
too, the page is named and the next one is read.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from typing import Any

from engine.documents.extraction import limits
from engine.documents.extraction.process import Extractor, ExtractorLost
from engine.documents.extraction.source import Source
from engine.documents.outcomes import PROBLEMS, as_outcome
from engine.documents.pages import OutcomeKind, Page, ProblemKind

_log = logging.getLogger(__name__)

_OPEN_ATTEMPTS = 3


@dataclass
class Work:
    """Pages that one extractor is to read, `first` the next one to come."""

    first: int
    last: int | None
    readers: list[str]
    after: ProblemKind | None = None
    """Why the page is read again with these readers only."""
    again: bool = False
    """Whether a process was lost at this page already."""

    @property
    def is_expected(self) -> bool:
        """Whether it has a page that has not come yet."""
        return self.last is None or self.first <= self.last


class Hopeless(Exception):
    """The file cannot be read any further."""

    def __init__(self, kind: OutcomeKind) -> None:
        super().__init__(kind)
        self.kind: OutcomeKind = kind


class Lane:
    """One extractor after another, reading the ranges given to this lane in order."""

    def __init__(self, source: Source, extractor: Extractor | None = None) -> None:
        """`extractor`: one that has the file open already."""
        self._source = source
        self._extractor = extractor
        self._is_open = extractor is not None
        self._failed_to_open = 0
        self._works: deque[Work] = deque()
        self._reader: str | None = None
        self._pages_by_this_process = 0
        self._text_lost_at: int | None = None

    def assign(self, work: Work) -> None:
        """Put a range on the list. Reading starts at once."""
        self._works.append(work)
        if self._extractor is None:
            self._start()
        else:
            self._tell(self._extractor, work)

    def next_page(self) -> Page | None:
        """The next page of the ranges given; None at the end of a text. Raises Hopeless."""
        while True:
            extractor = self._extractor or self._start()
            try:
                message = extractor.receive(limits.READER_SECONDS if self._is_open else limits.OPEN_SECONDS)
            except ExtractorLost as lost:
                was_open, reader = self._is_open, self._reader
                page_number = self._works[0].first
                _log.info("extractor lost near page %d (%s): %s", page_number, lost.kind, lost.detail[-500:])
                self.close()
                if self._source.closed.is_set():
                    raise Hopeless("timed_out") from lost
                if not was_open:
                    self._failed_to_open += 1
                    if self._failed_to_open == _OPEN_ATTEMPTS:
                        raise Hopeless(as_outcome(lost.kind)) from lost
                elif (page := self._after_loss(self._works[0], reader, lost.kind)) is not None:
                    return page
                continue
            event, work = message.get("event"), self._works[0]
            if not self._is_open:
                if event != "opened":
                    raise Hopeless(self._source.refused(message).kind)
                self._is_open = True
            elif event == "page" and message.get("page") == work.first and work.is_expected:
                self._reader = None
                self._failed_to_open = 0
                self._pages_by_this_process += 1
                work.first += 1
                return self._page(work, message)
            elif event == "reading" and message.get("reader") in work.readers and message["reader"] != self._reader:
                self._reader = message["reader"]
            elif event == "done" and message.get("end"):
                return None
            elif event == "done" and not work.is_expected:
                self._works.popleft()
                if self._pages_by_this_process >= limits.PROCESS_PAGES:
                    self.close()
            else:
                extractor.end("crashed")  # it does not keep to the protocol

    def close(self) -> None:
        """End the extractor; from any thread."""
        extractor, self._extractor = self._extractor, None
        self._is_open = False
        self._reader = None
        self._pages_by_this_process = 0
        if extractor is not None:
            extractor.close()

    def _start(self) -> Extractor:
        """A new extractor with all that is left to read on its list. Raises Hopeless."""
        extractor = self._extractor = self._source.reopen()
        # Looked at only now: who closes the document cannot see an extractor that is just being made.
        if self._source.closed.is_set():
            self.close()
            raise Hopeless("timed_out")
        while self._works and not self._works[0].is_expected:
            self._works.popleft()
        for work in self._works:
            self._tell(extractor, work)
        return extractor

    @staticmethod
    def _tell(extractor: Extractor, work: Work) -> None:
        extractor.send({"do": "read", "first": work.first, "last": work.last, "readers": work.readers})

    def _after_loss(self, work: Work, reader: str | None, kind: ProblemKind) -> Page | None:
        """The process was lost while `reader` was at work: its page is put on the list again (None) or named.

        Raises Hopeless for a text, which has no other reader, when it is lost at the same page again.
        """
        if not work.is_expected:
            return None
        number = work.first
        if work.last is None:
            if number == self._text_lost_at:
                raise Hopeless(as_outcome(kind))
            self._text_lost_at = number
            return None
        blamed = reader or work.readers[0]
        others = [reader for reader in work.readers if reader != blamed]
        work.first += 1
        if kind == "crashed" and work.after is None and not work.again:
            self._works.appendleft(Work(number, number, work.readers, again=True))
            return None
        if work.after is None and others:
            self._works.appendleft(Work(number, number, others, after=kind))
            return None
        reason = work.after or kind
        return Page(number, "", PROBLEMS[reason], problem_kind=reason)

    @staticmethod
    def _page(work: Work, message: dict[str, Any]) -> Page:
        text, problem = str(message.get("text", "")), message.get("problem")
        if not text and work.after is not None:
            # Nothing to see, says one reader; but the other was lost over this page.
            problem = work.after if problem in (None, "no_text", "damaged") else problem
        kind: ProblemKind | None = problem if problem in PROBLEMS else None
        return Page(message["page"], text, PROBLEMS[kind] if kind else None, problem_kind=kind)
