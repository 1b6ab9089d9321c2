"""The document state: the result of a reading, and the start of questions and summaries."""

from __future__ import annotations

from dataclasses import dataclass

from engine.library.prefix import Prefix
from engine.library.records import Document, Retention
from engine.network.state import MambaState


@dataclass(frozen=True)
class DocumentState:
    """A document in the library, and the state that has consumed all of it, or the beginning of a long one."""

    document: Document
    state: MambaState
    pages: int
    tokens: int
    """Tokens of the document, without the prompt's prefix."""
    prefix: Prefix
    """Prefix that the state has consumed."""
    complete: bool = True
    """False while the document is still being read: the state has then consumed `pages` pages."""
    retention: Retention | None = None
    """Retention of each section; None when it was not measured."""
    state_pages: int | None = None
    """Last page that the state has consumed, where only the states of sections have read on; None: `pages`."""

    @property
    def last_page(self) -> int:
        """Return the last page that the state has consumed."""
        return self.pages if self.state_pages is None else min(self.pages, self.state_pages)
