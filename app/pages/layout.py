"""Layout of the pages of a document, one below the other: sizes in points, positions in pixels. No widgets."""

from __future__ import annotations

import bisect
import itertools

from PySide6.QtCore import QPointF, QRectF, QSizeF

GAP = 14.0
MARGIN = 20.0
POINTS_TO_PIXELS = 96 / 72
DEFAULT_SIZE = QSizeF(595, 842)


class PageLayout:
    """Pages in one column, centred. A page of unknown size has the size of the first one."""

    def __init__(self) -> None:
        self._sizes: list[QSizeF] = []
        self._heights: list[float] = []
        self._known = 0
        self._tops: list[float] = [MARGIN]
        self.widest = DEFAULT_SIZE.width()
        """Points."""
        self.scale = 1.0
        """Pixels a point."""

    def reset(self, count: int) -> None:
        """Lay out a document with `count` pages."""
        self._sizes = [QSizeF(DEFAULT_SIZE) for _ in range(count)]
        self._known = 0
        self._heights = [DEFAULT_SIZE.height()] * count
        self.widest = DEFAULT_SIZE.width()
        self._measure()

    def set_sizes(self, first: int, sizes: list[QSizeF]) -> None:
        """Set the sizes of some pages; pages without a known size are given the first one's."""
        self._sizes[first : first + len(sizes)] = sizes
        self._known = max(self._known, first + len(sizes))
        if first == 0 and sizes:
            for page in range(self._known, len(self._sizes)):
                self._sizes[page] = sizes[0]
            self._heights = [size.height() for size in self._sizes]
        else:
            self._heights[first : first + len(sizes)] = [size.height() for size in sizes]
        self.widest = max([0.0 if first == 0 else self.widest, *(size.width() for size in sizes)])
        self._measure()

    def set_scale(self, scale: float) -> None:
        if scale != self.scale:
            self.scale = scale
            self._measure()

    @property
    def count(self) -> int:
        return len(self._sizes)

    @property
    def height(self) -> float:
        """Height of the whole column, pixels."""
        return self._tops[-1] - GAP + MARGIN if self._sizes else 0.0

    @property
    def width(self) -> float:
        """Width of the widest page with its margins, pixels."""
        return self.widest * self.scale + 2 * MARGIN

    def size(self, page: int) -> QSizeF:
        """Return the size of a page in points."""
        return self._sizes[page]

    def rect(self, page: int, width: float) -> QRectF:
        """Return the place of a page in the column's pixels, centred in `width`."""
        size = self._sizes[page] * self.scale
        return QRectF((max(width, self.width) - size.width()) / 2, self._tops[page], size.width(), size.height())

    def page_at(self, y: float) -> int:
        """Return the page at a height of the column, or the nearest above."""
        return min(max(bisect.bisect_right(self._tops, y) - 1, 0), max(self.count - 1, 0))

    def pages_between(self, top: float, bottom: float) -> range:
        """Return the pages that a part of the column touches."""
        if not self._sizes:
            return range(0)
        return range(self.page_at(top), self.page_at(bottom) + 1)

    def to_points(self, page: int, position: QPointF, width: float) -> QPointF:
        """Return a position in the column as points on a page, kept within the page."""
        place = (position - self.rect(page, width).topLeft()) / self.scale
        size = self._sizes[page]
        return QPointF(min(max(place.x(), 0.0), size.width()), min(max(place.y(), 0.0), size.height()))

    def _measure(self) -> None:
        heights = (height * self.scale + GAP for height in self._heights)
        self._tops = list(itertools.accumulate(heights, initial=MARGIN))
