"""The document state: what reading leaves, and what questions and summaries start from."""

from __future__ import annotations

from dataclasses import dataclass

from engine.library.prefix import Prefix
from engine.library.records import Document, Retention
from engine.network.state import MambaState


@dataclass(frozen=True)
class DocumentState:
    """A document in the library, and the state that has consumed all of it."""

    document: Document
    state: MambaState
    pages: int
    tokens: int
    """Tokens of the document, without the prompt's prefix."""
    prefix: Prefix
    """Exactly what the state has consumed."""
    complete: bool = True
    """False while the document is still being read: the state then stands after `pages` pages."""
    retention: Retention | None = None
    """How much of each section can still be in the state; None where that was not measured."""
