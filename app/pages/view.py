"""The pages of a PDF: text selection, links, marks and search matches on a column of pages."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.pages.canvas import PageCanvas
from app.pages.marks import PageMarks, Passage
from app.pages.selection import PageSelection
from app.pages.sheet import SheetPainter
from app.pages.source import Link, PageSource
from app.style.theme import Theme
from app.style.translation import tr


class PageView(PageCanvas):
    """Selects text, follows links, shows matches and evidence. Page numbers count from 1 outside."""

    matches_changed = Signal(int, int, bool)
    """(matches so far, place of the current one from 1, still searching)"""
    link_followed = Signal(int, float)
    """(page, points from its top)"""
    address_followed = Signal(str)

    def __init__(self, source: PageSource, theme: Theme, parent: QWidget | None = None):
        super().__init__(source, theme, parent)
        self._links: dict[int, list[Link]] = {}
        self.marks = PageMarks()
        self._selection = PageSelection(source, self)
        self._copies_later = False
        self.setObjectName("pages")
        self.setAccessibleName(tr("Pages of the document"))
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        self.viewport().setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        source.linked.connect(self._on_linked)
        source.selected.connect(self._on_selected)
        source.marked.connect(self._on_marked)
        source.found.connect(self._on_found)
        source.find_finished.connect(self._on_find_finished)
        self._selection.completed.connect(self._on_selection_completed)

    @property
    def selected_text(self) -> str:
        return self._selection.text

    def open(self, path: str, password: str | None = None) -> None:
        """Show another file, from its first page or from where go_to says meanwhile."""
        self.close_document()
        self._source.open(path, password)

    def close_document(self) -> None:
        """Show nothing."""
        self._source.close()
        self._links.clear()
        self._selection.clear()
        self.marks.clear()
        self.clear()

    def show_evidence(self, pages: tuple[int, int] | None) -> None:
        """Frame these pages, first and last; None for none."""
        self.marks.evidence = pages
        self.viewport().update()

    def mark_passages(self, passages: list[Passage]) -> None:
        """Replace the marked passages by these and bring the first one into view."""
        self.marks.forget_passages()
        there = [passage for passage in passages if 1 <= passage.page <= self._layout.count]
        self.marks.awaited = there[0].page - 1 if there else -1
        for page in dict.fromkeys(passage.page for passage in there):
            self.marks.asked.add(page - 1)
            self._source.mark(page - 1, [passage for passage in there if passage.page == page])
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

    def _on_linked(self, page: int, links: list[Link]) -> None:
        self._links[page] = links

    def _on_selected(self, page: int, text: str, shapes: list[QRectF]) -> None:
        self._selection.take(page, text, shapes)
        self.viewport().update()

    def _on_selection_completed(self) -> None:
        if self._copies_later:
            self.copy()

    def _on_marked(self, page: int, shapes: list[QRectF], words: list[QRectF]) -> None:
        if page not in self.marks.asked:
            return
        self.marks.passages[page], self.marks.words[page] = shapes, words
        if shapes and page == self.marks.awaited:
            self.marks.awaited = -1
            # Always at the same height, so that the text before a sentence at a page's top is visible.
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
