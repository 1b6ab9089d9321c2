"""Pages of a document as tokens, made in a thread of their own while the model reads earlier ones."""

from __future__ import annotations

import contextlib
import queue
import threading
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from engine.control import Cancelled, Control
from engine.documents.extraction.extractor import Document
from engine.documents.pages import Page
from engine.prompting.prompts import page_text
from engine.prompting.tokenizer import Tokenizer

READ_AHEAD = 64
"""Pages that wait between extraction and prefill: enough to hide a slow page, little memory."""
_TEXT_KINDS = ("text",)
"""Kinds of files whose bytes are their text."""
_POLL_SECONDS = 0.1
"""Longest delay of a cancel, in seconds, while the reading waits for the next page."""


@dataclass(frozen=True)
class TokenPage:
    """A page and its tokens; without tokens when no part of it is fed to the model."""

    page: Page
    ids: array[int]


def tokenize_page(tokenizer: Tokenizer, text: str) -> array[int]:
    """Return the tokens of one page, uint32; a blank page has none."""
    return array("I", tokenizer.encode_document(page_text(text)) if text.strip() else ())


class PageFeed:
    """Iterates over the tokenised pages of an open document, in order. A context manager: leaving it ends the thread.

    Iterating raises Cancelled soon after the job's cancel, and the errors of reading the document.
    """

    def __init__(self, document: Document, tokenizer: Tokenizer, control: Control) -> None:
        self._document, self._tokenizer, self._control = document, tokenizer, control
        self._queue: queue.Queue[TokenPage | BaseException | None] = queue.Queue(READ_AHEAD)
        self._closed = threading.Event()
        self.pages_seen = 0
        """Pages tokenised so far, those still waiting included."""
        self.tokens_seen = 0
        self._bytes_seen = 0
        """Bytes of the text of these pages in UTF-8."""
        self.complete = False
        """True when the last page has been tokenised."""
        self._thread = threading.Thread(target=self._run, name="page-feed", daemon=True)

    def expected_tokens(self) -> int | None:
        """Return the document's tokens: exact when complete, else estimated from the share of its pages, or of a text
        file's bytes, that was seen; None where nothing says how much is left.
        """
        if self.complete:
            return self.tokens_seen
        info = self._document.info
        if info.page_count and self.pages_seen:
            return max(self.tokens_seen, round(self.tokens_seen * info.page_count / self.pages_seen))
        if info.kind in _TEXT_KINDS and self._bytes_seen:
            return max(self.tokens_seen, round(self.tokens_seen * info.size / self._bytes_seen))
        return None

    def __enter__(self) -> PageFeed:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        # The document is closed by its owner after this; that also ends a wait for an extractor.
        with contextlib.suppress(queue.Empty):
            while True:
                self._queue.get_nowait()

    def __iter__(self) -> Iterator[TokenPage]:
        while True:
            if self._control.cancelled:
                raise Cancelled
            try:
                item = self._queue.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item

    def _run(self) -> None:
        try:
            for page in self._document.pages():
                ids = tokenize_page(self._tokenizer, page.text)
                self.pages_seen += 1
                self.tokens_seen += len(ids)
                self._bytes_seen += len(page.text.encode("utf-8", "replace")) + 1
                if not self._put(TokenPage(page, ids)):
                    return
            self.complete = True
            self._put(None)
        except BaseException as error:  # handed over to whoever iterates
            self._put(error)

    def _put(self, item: TokenPage | BaseException | None) -> bool:
        while not self._closed.is_set():
            with contextlib.suppress(queue.Full):
                self._queue.put(item, timeout=_POLL_SECONDS)
                return True
        return False
