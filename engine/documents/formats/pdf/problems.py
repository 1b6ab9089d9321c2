"""Problems that prevent opening a PDF."""

from __future__ import annotations

from engine.documents.pages import OutcomeKind


class CannotOpen(Exception):
    """No reader can open the file; `kind` says why."""

    def __init__(self, kind: OutcomeKind) -> None:
        super().__init__(kind)
        self.kind: OutcomeKind = kind
