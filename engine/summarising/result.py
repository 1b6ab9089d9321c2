"""The result of one way of summarising."""

from __future__ import annotations

from dataclasses import dataclass

from engine.protocol.evidence import SummaryBasis


@dataclass(frozen=True)
class SummaryResult:
    """A summary, before it is checked and stored."""

    text: str
    line_pages: list[list[int]]
    """The pages of each line of `text`."""
    basis: SummaryBasis
    """Basis of the summary, without its lines' pages and unsupported claims, which are added at the end."""
    tokens: int
    """Number of generated tokens."""
    written: str
    """The words of the model, which are checked against the pages; empty when the whole summary is quoted."""
