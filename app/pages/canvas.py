"""A column of PDF pages: scrolls, zooms and asks for the pages in view; never waits for one."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from app.pages.layout import POINTS_TO_PIXELS, PageLayout
from app.pages.source import PageSource
from app.style.theme import Theme

ZOOMS = (0.25, 0.33, 0.5, 0.67, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0)
_KEEP = 24
"""Drawn pages kept in memory."""


class PageCanvas(QAbstractScrollArea):
    """Holds the layout and the drawn images; a subclass paints them. Page numbers count from 1 outside."""

    page_changed = Signal(int)
    zoom_changed = Signal(float)
    failed = Signal(str, str)
    """(reason, sentence)"""
    opened = Signal(int)

    def __init__(self, source: PageSource, theme: Theme, parent: QWidget | None = None):
        super().__init__(parent)
        self._source = source
        self._theme = theme
        self._layout = PageLayout()
        self._images: dict[int, QImage] = {}
        self._lost: set[int] = set()
        self._fit = True
        self._zoom = 1.0
        self._page = 0
        self._goal: tuple[int, float] | None = None
        self._ask = QTimer(self)
        self._ask.setSingleShot(True)
        self._ask.setInterval(20)
        self._ask.timeout.connect(self._want)
        source.opened.connect(self._on_opened)
        source.failed.connect(self.failed)
        source.sizes_known.connect(self._on_sizes)
        source.page_drawn.connect(self._on_drawn)
        source.page_lost.connect(self._on_lost)
        theme.changed.connect(self.viewport().update)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.horizontalScrollBar().valueChanged.connect(self._scrolled)

    def clear(self) -> None:
        """Show no page."""
        self._layout.reset(0)
        self._images.clear()
        self._lost.clear()
        self._goal = None
        self._page = 0
        self._arrange()

    @property
    def page(self) -> int:
        """The current page: the one at the upper third of the view."""
        return self._page + 1

    @property
    def page_count(self) -> int:
        return self._layout.count

    @property
    def zoom(self) -> float:
        return self._zoom

    @property
    def is_drawn(self) -> bool:
        """Return whether the current page is drawn, or cannot be."""
        return self._page in self._images or self._page in self._lost

    @property
    def place(self) -> tuple[int, float]:
        """The current place: page, and points from its top to the top of the view."""
        below = self.verticalScrollBar().value() - self._top(self._page)
        return self._page + 1, below / self._layout.scale

    def page_rect(self, page: int) -> QRectF:
        """Return where a page stands in the viewport, in pixels."""
        rect = self._layout.rect(page - 1, self.viewport().width())
        return rect.translated(-self.horizontalScrollBar().value(), -self.verticalScrollBar().value())

    def image_of(self, page: int) -> QImage | None:
        """Return the drawn image of a page, None where it is not drawn."""
        return self._images.get(page - 1)

    def go_to(self, page: int, points: float = 0.0) -> None:
        """Bring a page's top, or a height on it in points, to the top of the view."""
        if not self._layout.count:
            self._goal = (page, points)
            return
        page = min(max(page, 1), self._layout.count) - 1
        self.verticalScrollBar().setValue(int(self._top(page) + points * self._layout.scale) - 8)
        self._set_page(page)

    def set_fit_width(self) -> None:
        self._fit = True
        self._arrange(keep=True)

    def zoom_step(self, step: int) -> None:
        """Go to the next larger (1) or smaller (-1) zoom."""
        larger = [zoom for zoom in ZOOMS if zoom > self._zoom + 0.01]
        smaller = [zoom for zoom in ZOOMS if zoom < self._zoom - 0.01]
        choices = larger[:1] if step > 0 else smaller[-1:]
        if choices:
            self._fit = False
            self._zoom = choices[0]
            self._arrange(keep=True)

    def _on_opened(self, count: int) -> None:
        if count == self._layout.count:
            return
        self._layout.reset(count)
        self._arrange()
        self.opened.emit(count)

    def _on_sizes(self, first: int, sizes: list[object]) -> None:
        page = self._page
        offset = self.verticalScrollBar().value() - self._top(page)
        self._layout.set_sizes(first, sizes)  # type: ignore[arg-type]
        self._arrange()
        known = first + len(sizes)
        if self._goal is not None:
            if self._goal[0] <= known or known >= self._layout.count:
                goal, self._goal = self._goal, None
                self.go_to(*goal)
        elif page:
            self.verticalScrollBar().setValue(int(self._top(page) + offset))

    def _on_drawn(self, page: int, image: QImage) -> None:
        image.setDevicePixelRatio(self.devicePixelRatioF())
        self._images[page] = image
        if len(self._images) > _KEEP:
            farthest = max(self._images, key=lambda other: abs(other - self._page))
            del self._images[farthest]
        self.viewport().update()

    def _on_lost(self, page: int) -> None:
        self._lost.add(page)
        self.viewport().update()

    def _bring(self, page: int, points: float, always: bool = False) -> None:
        """Scroll until a height on a page stands in the upper third; without `always` only if it cannot be seen."""
        where = self._top(page) + points * self._layout.scale
        bar = self.verticalScrollBar()
        if always or not bar.value() + 40 <= where <= bar.value() + self.viewport().height() - 60:
            bar.setValue(int(where - self.viewport().height() / 3) + 1)

    def _top(self, page: int) -> float:
        return self._layout.rect(page, self.viewport().width()).top() if self._layout.count else 0.0

    def _arrange(self, keep: bool = False) -> None:
        """Recompute scale and scroll bars; `keep` preserves the current place and the horizontal centre."""
        bar, across = self.verticalScrollBar(), self.horizontalScrollBar()
        old_height = max(self._layout.height, 1.0)
        inside = (bar.value() - self._top(self._page)) / old_height
        middle = (across.value() + across.pageStep() / 2) / max(self._layout.width, 1.0)
        view = self.viewport().size()
        if self._fit:
            room = view.width() - 2 * 20
            self._zoom = min(max(room / (self._layout.widest * POINTS_TO_PIXELS), 0.2), 2.0)
        self._layout.set_scale(self._zoom * POINTS_TO_PIXELS)
        bar.setPageStep(view.height())
        bar.setSingleStep(60)
        bar.setRange(0, max(0, int(self._layout.height) - view.height()))
        across.setPageStep(view.width())
        across.setRange(0, max(0, int(self._layout.width) - view.width()) if not self._fit else 0)
        if keep and self._layout.count:
            bar.setValue(int(self._top(self._page) + inside * self._layout.height))
            across.setValue(int(middle * self._layout.width - view.width() / 2))
        self.zoom_changed.emit(self._zoom)
        self._ask.start()
        self.viewport().update()

    def _scrolled(self) -> None:
        if self._layout.count:
            bar = self.verticalScrollBar()
            third = bar.value() + self.viewport().height() / 3
            last = bar.value() >= bar.maximum() > 0
            self._set_page(self._layout.count - 1 if last else self._layout.page_at(third))
        self._ask.start()
        self.viewport().update()

    def _set_page(self, page: int) -> None:
        if page != self._page:
            self._page = page
            self.page_changed.emit(page + 1)

    def _want(self) -> None:
        """Ask for the pages in view, then for their neighbours."""
        if not self._layout.count or not self.isVisible():
            return
        top = self.verticalScrollBar().value()
        seen = self._layout.pages_between(top, top + self.viewport().height())
        near = [page for page in (seen.stop, seen.start - 1, seen.stop + 1) if 0 <= page < self._layout.count]
        wanted = []
        for page in [*seen, *near]:
            width = round(self._layout.size(page).width() * self._layout.scale * self.devicePixelRatioF())
            image = self._images.get(page)
            if image is None or abs(image.width() - width) > 1:
                wanted.append((page, width))
        self._source.want(wanted)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(keep=True)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_step(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            super().wheelEvent(event)
