"""Text selected with the mouse, over as many pages as it takes. No widgets."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF

from app.pages.source import PageSource

MAX_PAGES = 60
"""Of one selection: what lies beyond is not taken."""
Place = tuple[int, QPointF]
"""(page from 0, point on it)"""


class PageSelection:
    """Asks the page process for the text between two places and keeps what it answers, page by page."""

    def __init__(self, source: PageSource):
        self._source = source
        self._start: Place | None = None
        self._texts: dict[int, str] = {}
        self._shapes: dict[int, list[QRectF]] = {}
        self._pages = range(0)

    @property
    def text(self) -> str:
        """What is selected, in the order of the pages."""
        return "\n".join(self._texts[page].strip("\r\n") for page in sorted(self._texts))

    @property
    def is_under_way(self) -> bool:
        """Whether the mouse button is down."""
        return self._start is not None

    def shapes(self, page: int) -> list[QRectF]:
        """Where the selection lies on a page, in points."""
        return self._shapes.get(page, [])

    def clear(self) -> None:
        self._start, self._pages = None, range(0)
        self._texts, self._shapes = {}, {}

    def begin(self, page: int, point: QPointF) -> None:
        """The button went down."""
        self.clear()
        self._start = (page, point)

    def extend(self, page: int, point: QPointF) -> None:
        """The mouse is here now; forwards or backwards of where it began."""
        if self._start is None:
            return
        (first, start), (last, end) = sorted((self._start, (page, point)), key=lambda place: place[0])
        last = min(last, first + MAX_PAGES - 1)
        for gone in [known for known in self._texts if not first <= known <= last]:
            del self._texts[gone], self._shapes[gone]
        inner = set(range(first + 1, last)) & set(self._pages[1:-1])
        self._pages = range(first, last + 1)
        for number in self._pages:
            if number not in inner:
                self._source.select(
                    number,
                    (start.x(), start.y()) if number == first else None,
                    (end.x(), end.y()) if number == last else None,
                )

    def end(self) -> None:
        """The button went up: what is selected stays."""
        self._start = None

    def take(self, page: int, text: str, shapes: list[QRectF]) -> None:
        """The page process's answer."""
        if page in self._pages:
            self._texts[page], self._shapes[page] = text, shapes
