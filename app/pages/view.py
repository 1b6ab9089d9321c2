"""The pages of a PDF, drawn as they are needed; never waits for a page."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QGuiApplication,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from app.pages.layout import POINTS_TO_PIXELS, PageLayout
from app.pages.marks import PageMarks, Passage
from app.pages.selection import PageSelection
from app.pages.sheet import SheetPainter
from app.pages.source import Link, PageSource
from app.style.theme import Theme
from app.style.translation import tr

ZOOMS = (0.25, 0.33, 0.5, 0.67, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0)
_KEEP = 24
"""Drawn pages kept in memory."""


class PageView(QAbstractScrollArea):
    """Scrolls, zooms, selects text, follows links, shows matches and evidence. Page numbers count from 1 outside."""

    page_changed = Signal(int)
    zoom_changed = Signal(float)
    failed = Signal(str, str)
    """(reason, sentence)"""
    opened = Signal(int)
    matches_changed = Signal(int, int, bool)
    """(matches so far, place of the current one from 1, still searching)"""
    link_followed = Signal(int, float)
    """(page, points from its top)"""
    address_followed = Signal(str)

    def __init__(self, source: PageSource, theme: Theme, parent: QWidget | None = None):
        super().__init__(parent)
        self._source = source
        self._theme = theme
        self._layout = PageLayout()
        self._images: dict[int, QImage] = {}
        self._lost: set[int] = set()
        self._links: dict[int, list[Link]] = {}
        self._fit = True
        self._zoom = 1.0
        self._page = 0
        self.marks = PageMarks()
        self._selection = PageSelection(source, self)
        self._copies_later = False
        self._goal: tuple[int, float] | None = None
        self.setObjectName("pages")
        self.setAccessibleName(tr("Pages of the document"))
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        self.viewport().setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._ask = QTimer(self)
        self._ask.setSingleShot(True)
        self._ask.setInterval(20)
        self._ask.timeout.connect(self._want)
        source.opened.connect(self._on_opened)
        source.failed.connect(self.failed)
        source.sizes_known.connect(self._on_sizes)
        source.page_drawn.connect(self._on_drawn)
        source.page_lost.connect(self._on_lost)
        source.linked.connect(self._on_linked)
        source.selected.connect(self._on_selected)
        source.marked.connect(self._on_marked)
        source.found.connect(self._on_found)
        source.find_finished.connect(self._on_find_finished)
        self._selection.completed.connect(self._on_selection_completed)
        theme.changed.connect(self.viewport().update)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.horizontalScrollBar().valueChanged.connect(self._scrolled)

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
    def selected_text(self) -> str:
        return self._selection.text

    @property
    def is_drawn(self) -> bool:
        """Whether the current page is on the screen as it should be."""
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

    def open(self, path: str, password: str | None = None) -> None:
        """Show another file, from its first page or from where go_to says meanwhile."""
        self.close_document()
        self._source.open(path, password)

    def close_document(self) -> None:
        """Show nothing."""
        self._source.close()
        self._layout.reset(0)
        self._images.clear()
        self._lost.clear()
        self._links.clear()
        self._selection.clear()
        self.marks.clear()
        self._goal = None
        self._page = 0
        self._arrange()

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

    def show_evidence(self, pages: tuple[int, int] | None) -> None:
        """Frame these pages, first and last; None for none."""
        self.marks.evidence = pages
        self.viewport().update()

    def mark_passages(self, passages: list[Passage]) -> None:
        """Replace the marked passages by these and bring the first one into view."""
        self.marks.passages, self.marks.awaited = {}, -1
        for passage in passages:
            if 1 <= passage.page <= self._layout.count:
                self.marks.awaited = passage.page - 1 if self.marks.awaited < 0 else self.marks.awaited
                self._source.mark(passage.page - 1, list(passage.terms), passage.sentence)
        self.viewport().update()

    def find_text(self, text: str) -> None:
        """Look for `text` from the current page on."""
        self.marks.begin_search(text)
        self._source.find(text.strip())
        self._tell_matches()
        self.viewport().update()

    def step_match(self, step: int) -> None:
        """Go to the next (1) or previous (-1) match, round the end."""
        if self.marks.matches:
            self.marks.match = (self.marks.match + step) % len(self.marks.matches)
            self._show_match()

    def copy(self) -> None:
        """Put the selected text on the clipboard, once all of it is there."""
        self._copies_later = not self._selection.is_complete
        if self._selection.text and not self._copies_later:
            QGuiApplication.clipboard().setText(self._selection.text)

    def select_all(self) -> None:
        """Select the text of all pages."""
        self._selection.select_all(self._layout.count)
        self.viewport().update()

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

    def _on_linked(self, page: int, links: list[Link]) -> None:
        self._links[page] = links

    def _on_selected(self, page: int, text: str, shapes: list[QRectF]) -> None:
        self._selection.take(page, text, shapes)
        self.viewport().update()

    def _on_selection_completed(self) -> None:
        if self._copies_later:
            self.copy()

    def _on_marked(self, page: int, shapes: list[QRectF]) -> None:
        self.marks.passages[page] = shapes
        if shapes and page == self.marks.awaited:
            self.marks.awaited = -1
            # Always at the same height: what a sentence at a page's top continues from is seen above it.
            self._bring(page, min(shape.top() for shape in shapes), always=True)
        self.viewport().update()

    def _on_found(self, _text: str, page: int, hits: list[list[QRectF]]) -> None:
        marks = self.marks
        marks.matches += [(page, shapes) for shapes in hits]
        if marks.match < 0:
            after = next((place for place, (where, _) in enumerate(marks.matches) if where >= self._page), None)
            if after is not None:
                marks.match = after
                self._show_match()
        self._tell_matches()
        self.viewport().update()

    def _on_find_finished(self, _text: str) -> None:
        self.marks.searching = False
        if self.marks.match < 0 and self.marks.matches:
            self.marks.match = 0
            self._show_match()
        self._tell_matches()

    def _tell_matches(self) -> None:
        self.matches_changed.emit(len(self.marks.matches), self.marks.match + 1, self.marks.searching)

    def _show_match(self) -> None:
        page, shapes = self.marks.matches[self.marks.match]
        self._bring(page, shapes[0].top() if shapes else 0.0)
        self._tell_matches()
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
        """Compute scale and scroll bars anew; `keep` holds the current place, and the middle from left to right."""
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

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(event.rect(), self._theme.color("sunken"))
        sheet = SheetPainter(painter, self._theme, self._layout.scale, self.font())
        top = self.verticalScrollBar().value()
        for page in self._layout.pages_between(top, top + self.viewport().height()):
            image, lost = self._images.get(page), page in self._lost
            sheet.paint(page, self.page_rect(page + 1), image, lost, self._selection, self.marks)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(keep=True)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_step(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            return
        if event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
            return
        bar = self.verticalScrollBar()
        match event.key():
            case Qt.Key.Key_PageDown | Qt.Key.Key_Space:
                bar.setValue(bar.value() + int(bar.pageStep() * 0.9))
            case Qt.Key.Key_PageUp | Qt.Key.Key_Backspace:
                bar.setValue(bar.value() - int(bar.pageStep() * 0.9))
            case Qt.Key.Key_Home:
                self.go_to(1)
            case Qt.Key.Key_End:
                bar.setValue(bar.maximum())
            case _:
                super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._layout.count:
            self._selection.begin(*self._spot(event.position()))
            self.viewport().update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._layout.count:
            self._selection.select_word(*self._spot(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._selection.is_under_way:
            over = self._link_at(event.position()) is not None
            shape = Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.IBeamCursor
            if self.viewport().cursor().shape() != shape:
                self.viewport().setCursor(shape)
            return
        beyond = min(event.position().y(), 0) + max(event.position().y() - self.viewport().height(), 0)
        self.verticalScrollBar().setValue(self.verticalScrollBar().value() + int(beyond))
        self._selection.extend(*self._spot(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        clicked = self._selection.is_under_way and not self._selection.text
        self._selection.end()
        link = self._link_at(event.position()) if clicked else None
        if link is not None and link.uri:
            self.address_followed.emit(link.uri)
        elif link is not None:
            self.link_followed.emit(link.page + 1, link.top)

    def _link_at(self, position: QPointF) -> Link | None:
        if not self._layout.count:
            return None
        page, point = self._spot(position)
        return next((link for link in self._links.get(page, []) if link.rect.contains(point)), None)

    def _spot(self, position: QPointF) -> tuple[int, QPointF]:
        """Return page (from 0) and point on it for a position in the viewport."""
        where = position + QPointF(self.horizontalScrollBar().value(), self.verticalScrollBar().value())
        page = self._layout.page_at(where.y())
        return page, self._layout.to_points(page, where, self.viewport().width())
