"""The pages of a PDF, drawn as they are needed; never waits for a page."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from app.pages.layout import POINTS_TO_PIXELS, PageLayout
from app.pages.selection import PageSelection
from app.pages.source import PageSource
from app.style.theme import LIGHT, Theme, scaled

ZOOMS = (0.25, 0.33, 0.5, 0.67, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0)
_KEEP = 24
"""Drawn pages kept in memory."""


class PageView(QAbstractScrollArea):
    """Scrolls, zooms, selects text, shows hits and evidence. Page numbers count from 1 outside."""

    page_changed = Signal(int)
    zoom_changed = Signal(float)
    failed = Signal(str, str)
    """(reason, sentence)"""
    opened = Signal(int)
    hits_changed = Signal(int, int, bool)
    """(hits so far, place of the current one from 1, still searching)"""

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
        self._evidence: tuple[int, int] | None = None
        self._hits: list[tuple[int, list[QRectF]]] = []
        self._hit = -1
        self._searching = False
        self._marks: dict[int, list[QRectF]] = {}
        self._selection = PageSelection(source)
        self._goal: int | None = None
        self.setObjectName("pages")
        self.setAccessibleName("Pages of the document")
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
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
        source.selected.connect(self._on_selected)
        source.marked.connect(self._on_marked)
        source.found.connect(self._on_found)
        source.find_finished.connect(self._on_find_finished)
        theme.changed.connect(self.viewport().update)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.horizontalScrollBar().valueChanged.connect(self._scrolled)

    @property
    def page(self) -> int:
        """The page that is looked at."""
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
        """Whether the page that is looked at is on the screen as it should be."""
        return self._page in self._images or self._page in self._lost

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
        self._selection.clear()
        self._marks.clear()
        self._evidence = self._goal = None
        self._hits, self._hit, self._searching = [], -1, False
        self._page = 0
        self._arrange()

    def go_to(self, page: int) -> None:
        """Bring a page's top into view."""
        if not self._layout.count:
            self._goal = page
            return
        page = min(max(page, 1), self._layout.count) - 1
        top = self._layout.rect(page, self.viewport().width()).top()
        self.verticalScrollBar().setValue(int(top) - 8)
        self._set_page(page)

    def set_fit_width(self) -> None:
        self._fit = True
        self._arrange(keep=True)

    def zoom_step(self, step: int) -> None:
        """To the next larger (1) or smaller (-1) zoom."""
        larger = [zoom for zoom in ZOOMS if zoom > self._zoom + 0.01]
        smaller = [zoom for zoom in ZOOMS if zoom < self._zoom - 0.01]
        choices = larger[:1] if step > 0 else smaller[-1:]
        if choices:
            self._fit = False
            self._zoom = choices[0]
            self._arrange(keep=True)

    def show_evidence(self, pages: tuple[int, int] | None) -> None:
        """Mark these pages, first and last."""
        self._evidence = pages
        self.viewport().update()

    def mark(self, page: int, terms: list[str], sentence: str = "") -> None:
        """Mark a sentence on a page, or these words where most of them stand together, and bring it into view."""
        self._marks = {}
        if 1 <= page <= self._layout.count:
            self._source.mark(page - 1, terms, sentence)

    def find_text(self, text: str) -> None:
        """Look for `text` from the page that is looked at on."""
        self._hits, self._hit = [], -1
        self._searching = bool(text.strip())
        self._source.find(text.strip())
        self._tell_hits()
        self.viewport().update()

    def step_hit(self, step: int) -> None:
        """Go to the next (1) or previous (-1) hit, round the end."""
        if self._hits:
            self._hit = (self._hit + step) % len(self._hits)
            self._show_hit()

    def copy(self) -> None:
        """Put the selected text on the clipboard."""
        if self._selection.text:
            QGuiApplication.clipboard().setText(self._selection.text)

    def _on_opened(self, count: int) -> None:
        if count == self._layout.count:
            return
        self._layout.reset(count)
        self._arrange()
        self.opened.emit(count)

    def _on_sizes(self, first: int, sizes: list) -> None:
        page = self._page
        offset = self.verticalScrollBar().value() - self._top(page)
        self._layout.set_sizes(first, sizes)
        self._arrange()
        if self._goal is not None:
            if self._goal <= first + len(sizes) or first + len(sizes) >= self._layout.count:
                goal, self._goal = self._goal, None
                self.go_to(goal)
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

    def _on_selected(self, page: int, text: str, shapes: list) -> None:
        self._selection.take(page, text, shapes)
        self.viewport().update()

    def _on_marked(self, page: int, shapes: list) -> None:
        self._marks = {page: shapes}
        if shapes:
            # Always at the same height: what a sentence at a page's top goes on from is seen above it.
            self._bring(page, min(shape.top() for shape in shapes), always=True)
        self.viewport().update()

    def _on_found(self, text: str, page: int, hits: list) -> None:
        self._hits += [(page, shapes) for shapes in hits]
        if self._hit < 0:
            after = next((place for place, (where, _) in enumerate(self._hits) if where >= self._page), None)
            if after is not None:
                self._hit = after
                self._show_hit()
        self._tell_hits()
        self.viewport().update()

    def _on_find_finished(self, text: str) -> None:
        self._searching = False
        if self._hit < 0 and self._hits:
            self._hit = 0
            self._show_hit()
        self._tell_hits()

    def _tell_hits(self) -> None:
        self.hits_changed.emit(len(self._hits), self._hit + 1, self._searching)

    def _show_hit(self) -> None:
        page, shapes = self._hits[self._hit]
        self._bring(page, shapes[0].top() if shapes else 0.0)
        self._tell_hits()
        self.viewport().update()

    def _bring(self, page: int, points: float, always: bool = False) -> None:
        """Scroll so that a height on a page stands in the upper third; without `always` only if it cannot be seen."""
        where = self._top(page) + points * self._layout.scale
        bar = self.verticalScrollBar()
        if always or not bar.value() + 40 <= where <= bar.value() + self.viewport().height() - 60:
            bar.setValue(int(where - self.viewport().height() / 3) + 1)

    def _top(self, page: int) -> float:
        return self._layout.rect(page, self.viewport().width()).top() if self._layout.count else 0.0

    def _arrange(self, keep: bool = False) -> None:
        """Recompute scale and scroll bars; `keep` holds the place in the page that is looked at."""
        bar = self.verticalScrollBar()
        old_height = max(self._layout.height, 1.0)
        inside = (bar.value() - self._top(self._page)) / old_height
        view = self.viewport().size()
        if self._fit:
            room = view.width() - 2 * 20
            self._zoom = min(max(room / (self._layout.widest * POINTS_TO_PIXELS), 0.2), 2.0)
        self._layout.set_scale(self._zoom * POINTS_TO_PIXELS)
        bar.setPageStep(view.height())
        bar.setSingleStep(60)
        bar.setRange(0, max(0, int(self._layout.height) - view.height()))
        across = self.horizontalScrollBar()
        across.setPageStep(view.width())
        across.setRange(0, max(0, int(self._layout.width) - view.width()) if not self._fit else 0)
        if keep and self._layout.count:
            bar.setValue(int(self._top(self._page) + inside * self._layout.height))
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
        top, left = self.verticalScrollBar().value(), self.horizontalScrollBar().value()
        for page in self._layout.pages_between(top, top + self.viewport().height()):
            rect = self._layout.rect(page, self.viewport().width()).translated(-left, -top)
            self._paint_page(painter, page, rect)
        painter.end()

    def _paint_page(self, painter: QPainter, page: int, rect: QRectF) -> None:
        image = self._images.get(page)
        if image is not None:
            painter.drawImage(rect, image)
            if self._theme.dark:
                painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Multiply)
                painter.fillRect(rect, self._theme.color("page"))
                painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        else:
            painter.fillRect(rect, self._theme.color("page"))
            painter.setPen(self._theme.color("page_text"))
            painter.setFont(scaled(self.font(), 1.4))
            words = "This page cannot be drawn" if page in self._lost else str(page + 1)
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, words)
        for shape in self._selection.shapes(page):
            self._wash(painter, self._place(shape, rect), "selection")
        for shape in self._marks.get(page, []):
            self._wash(painter, self._place(shape, rect), "evidence_mark")
        for place, (where, shapes) in enumerate(self._hits):
            if where == page:
                for shape in shapes:
                    self._wash(painter, self._place(shape, rect), "evidence" if place == self._hit else "evidence_soft")
        cited = self._evidence is not None and self._evidence[0] <= page + 1 <= self._evidence[1]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._theme.color("evidence" if cited else "border"), 3 if cited else 1))
        painter.drawRect(rect.adjusted(-1, -1, 1, 1))

    def _wash(self, painter: QPainter, rect: QRectF, role: str) -> None:
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Multiply)
        # The sheet is white in the dark theme too, so the wash on it is always the light one.
        painter.fillRect(rect.adjusted(-1, -1, 1, 1), QColor(getattr(LIGHT, role)))
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)

    def _place(self, shape: QRectF, page: QRectF) -> QRectF:
        scale = self._layout.scale
        return QRectF(
            page.left() + shape.left() * scale,
            page.top() + shape.top() * scale,
            shape.width() * scale,
            shape.height() * scale,
        )

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
            where = self._in_column(event.position())
            page = self._layout.page_at(where.y())
            self._selection.begin(page, self._layout.to_points(page, where, self.viewport().width()))
            self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._selection.is_under_way:
            return
        beyond = min(event.position().y(), 0) + max(event.position().y() - self.viewport().height(), 0)
        self.verticalScrollBar().setValue(self.verticalScrollBar().value() + int(beyond))
        where = self._in_column(event.position())
        page = self._layout.page_at(where.y())
        self._selection.extend(page, self._layout.to_points(page, where, self.viewport().width()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._selection.end()

    def _in_column(self, position: QPointF) -> QPointF:
        return position + QPointF(self.horizontalScrollBar().value(), self.verticalScrollBar().value())
