"""Pages in their place: each page's tokens hashed, noted for the library and grouped into sections as it comes."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from engine.documents.pages import OutlineEntry, Page
from engine.documents.sections import MAX_TOKENS, Section, SectionBuilder
from engine.library.prefix import PrefixHasher
from engine.library.records import NewPage, NewSection
from engine.protocol.wire import Event, PageExtracted
from engine.reading.page_feed import TokenPage


@dataclass(frozen=True)
class PlacedPage:
    """A page, its tokens, and their position in the token sequence."""

    page: Page
    ids: array[int]
    first_token: int


class PlacedPages:
    """An iterator over pages that collects their rows for the next checkpoint."""

    def __init__(
        self, feed: Iterable[TokenPage], outline: Sequence[OutlineEntry], hasher: PrefixHasher, job_id: str
    ) -> None:
        self._feed, self._hasher, self._job_id = feed, hasher, job_id
        self._builder = SectionBuilder(outline)
        self._pages: list[NewPage] = []
        self._sections: list[NewSection] = []
        self._events: list[Event] = []
        self._ends: deque[int] = deque()

    def __iter__(self) -> Iterator[PlacedPage]:
        for item in self._feed:
            page, ids = item.page, item.ids
            placed = PlacedPage(page, ids, self._hasher.n_tokens)
            self._hasher.feed(ids)
            self._pages.append(_as_row(page, placed.first_token, len(ids)))
            self._ends += section_ends(placed.first_token, len(ids))
            self._sections += _as_rows(self._builder.add(page, placed.first_token, len(ids)))
            self._events.append(
                PageExtracted(job_id=self._job_id, page=page.number, n_tokens=len(ids), problem=page.problem)
            )
            yield placed
        self._sections += _as_rows(self._builder.finish())

    def take_up_to(self, tokens: int, sections_to: int | None = None) -> tuple[list[NewPage], list[NewSection]]:
        """Remove and return the pages within the first `tokens` tokens, and the sections within these or within the
        first `sections_to`."""
        last = tokens if sections_to is None else sections_to
        pages = [page for page in self._pages if page.first_token + page.n_tokens <= tokens]
        sections = [section for section in self._sections if section.first_token + section.n_tokens <= last]
        del self._pages[: len(pages)]
        del self._sections[: len(sections)]
        return pages, sections

    def sections(self, after: int) -> list[NewSection]:
        """Return the complete sections, not yet taken, that end after the first `after` tokens."""
        return [section for section in self._sections if section.first_token + section.n_tokens > after]

    def take_events(self) -> list[Event]:
        """Remove and return the events of the pages that came since the last call."""
        events, self._events = self._events, []
        return events

    def take_ends(self, after: int, up_to: int) -> list[int]:
        """Remove the positions up to `up_to` at which a section may end; return those beyond `after`."""
        ends = []
        while self._ends and self._ends[0] <= up_to:
            end = self._ends.popleft()
            if end > after:
                ends.append(end)
        return ends


class Ahead:
    """An iterator over pages that can be told to fetch the next one before it is wanted."""

    def __init__(self, pages: Iterable[PlacedPage]) -> None:
        self._pages, self._waiting = iter(pages), deque[PlacedPage]()

    def __iter__(self) -> Iterator[PlacedPage]:
        return self

    def __next__(self) -> PlacedPage:
        return self._waiting.popleft() if self._waiting else next(self._pages)

    def fetch(self) -> bool:
        """Fetch the next page; return False where there is none."""
        page = next(self._pages, None)
        if page is not None:
            self._waiting.append(page)
        return page is not None


def section_ends(first_token: int, n_tokens: int) -> list[int]:
    """Return the positions at which a section may end in a page: its end and, where the page is too long for one
    section, the end of each of equal pieces."""
    pieces = -(-n_tokens // MAX_TOKENS)
    return [first_token + n_tokens * piece // pieces for piece in range(1, pieces + 1)]


def until_text(pages: Iterator[PlacedPage]) -> list[PlacedPage]:
    """Take the pages up to and including the first that has tokens; all of them where none has."""
    taken: list[PlacedPage] = []
    for page in pages:
        taken.append(page)
        if page.ids:
            break
    return taken


def _as_row(page: Page, first_token: int, n_tokens: int) -> NewPage:
    return NewPage(
        page.number,
        page.text,
        first_token,
        n_tokens,
        page.problem,
        page.label,
        page.removed,
        page.notes,
        page.certainty,
        page.raw,
    )


def _as_rows(sections: Iterable[Section]) -> Iterator[NewSection]:
    for s in sections:
        yield NewSection(s.number, s.heading, s.text, s.first_page, s.last_page, s.first_token, s.n_tokens)
