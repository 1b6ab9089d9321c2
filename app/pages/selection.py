"""Text selected on the pages of a PDF. No widgets."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, QRectF, Signal

from app.pages.source import PageSource

MAX_PAGES = 60
"""Pages of a selection made with the mouse; Ctrl+A takes all of them."""
Place = tuple[int, QPointF]
"""(page from 0, point on it)"""


class PageSelection(QObject):
    """Asks the page process for the text between two places and keeps what it answers, page by page."""

    completed = Signal()
    """Every page of the selection has answered."""

    def __init__(self, source: PageSource, parent: QObject | None = None):
        super().__init__(parent)
        self._source = source
        self._start: Place | None = None
        self._texts: dict[int, str] = {}
        self._shapes: dict[int, list[QRectF]] = {}
        self._pages = range(0)

    @property
    def text(self) -> str:
        """The selected text, in the order of the pages."""
        return "\n".join(self._texts[page].strip("\r\n") for page in sorted(self._texts)).strip("\n")

    @property
    def is_under_way(self) -> bool:
        """Return whether the mouse button is down."""
        return self._start is not None

    @property
    def is_complete(self) -> bool:
        """Return whether the text of every selected page has arrived."""
        return len(self._texts) >= len(self._pages)

    def shapes(self, page: int) -> list[QRectF]:
        """Return where the selection lies on a page, in points."""
        return self._shapes.get(page, [])

    def clear(self) -> None:
        self._start, self._pages = None, range(0)
        self._texts, self._shapes = {}, {}

    def begin(self, page: int, point: QPointF) -> None:
        """Begin where the mouse button went down."""
        self.clear()
        self._start = (page, point)

    def select_word(self, page: int, point: QPointF) -> None:
        """Select the word at a point."""
        self.clear()
        self._pages = range(page, page + 1)
        self._source.select_word(page, (point.x(), point.y()))

    def select_all(self, count: int) -> None:
        """Select all text of `count` pages."""
        self.clear()
        self._pages = range(count)
        self._source.select_all()

    def extend(self, page: int, point: QPointF) -> None:
        """Select from where the selection began to this place, forwards or backwards."""
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
        """Keep the selection; the mouse button went up."""
        self._start = None

    def take(self, page: int, text: str, shapes: list[QRectF]) -> None:
        """Take in the page process's answer."""
        if page in self._pages:
            self._texts[page], self._shapes[page] = text, shapes
            if self.is_complete:
                self.completed.emit()
