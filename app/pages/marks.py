"""Marks drawn over the pages of a PDF: evidence, marked sentences, search matches. No widgets."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QRectF


@dataclass(frozen=True)
class Passage:
    """A place to mark: a sentence of a page, or its terms where most of them stand together."""

    page: int
    """From 1."""
    sentence: str = ""
    terms: tuple[str, ...] = ()
    start: int = 0
    """Characters `start` to `end` of the page's text in the library are the sentence."""
    end: int = 0
    words: tuple[int, int] | None = None
    """Characters of `sentence` that answer the question."""


@dataclass
class PageMarks:
    """Rectangles in points, by page (from 0)."""

    evidence: tuple[int, int] | None = None
    """First and last page (from 1) that the shown answer rests on."""
    passages: dict[int, list[QRectF]] = field(default_factory=dict)
    """The marked sentence; more than one page where it runs over a page break."""
    words: dict[int, list[QRectF]] = field(default_factory=dict)
    """The words of the marked sentences that answer the question."""
    asked: set[int] = field(default_factory=set)
    """The pages whose rectangles are wanted: an answer about another one is out of date."""
    awaited: int = -1
    """The page whose passage is brought into view when its rectangles come; -1 for none."""
    matches: list[tuple[int, list[QRectF]]] = field(default_factory=list)
    """The matches of a search."""
    match: int = -1
    """The current one, -1 for none."""
    searching: bool = False

    def clear(self) -> None:
        """Forget everything: another document is shown."""
        self.evidence = None
        self.forget_passages()
        self.begin_search("")

    def forget_passages(self) -> None:
        """Forget the marked sentences."""
        self.passages, self.words, self.asked, self.awaited = {}, {}, set(), -1

    def begin_search(self, text: str) -> None:
        """Forget the matches of the last search."""
        self.matches, self.match, self.searching = [], -1, bool(text.strip())

    def is_evidence(self, page: int) -> bool:
        """Return whether a page (from 0) is evidence of the shown answer."""
        return self.evidence is not None and self.evidence[0] <= page + 1 <= self.evidence[1]
