"""The strip under the document: which pages are read, which have a problem, which an answer rests on."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolTip, QWidget

from app.style.theme import Theme
from app.style.translation import tr
from app.style.widgets import plain_tip
from app.style.words import capital, span_words
from engine.library.records import Retention

MIN_CELL = 5.0
MAX_CELL = 26.0
PINS = 11.0
BAR = 16.0
MAX_PINS = 400


@dataclass
class StripFacts:
    """Facts that the strip shows. Pages count from 1."""

    pages: int = 0
    read_to: int = 0
    problems: dict[int, str] = field(default_factory=dict)
    snapshots: dict[int, str] = field(default_factory=dict)
    evidence: tuple[int, int] | None = None
    retention: Retention | None = None
    """Share of each page that the model's memory can still hold; None if unknown."""


def _between(low: QColor, high: QColor, share: float) -> QColor:
    """Return the colour between `low` (0) and `high` (1)."""
    mixed = (a + (b - a) * share for a, b in zip(low.getRgb()[:3], high.getRgb()[:3], strict=True))  # type: ignore[index]
    return QColor(*(round(part) for part in mixed))


class MemoryStrip(QWidget):
    """One cell a page, or a few pages where there are thousands. A cell fills when its pages are read."""

    page_requested = Signal(int)
    ask_as_of_requested = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None):
        super().__init__(parent)
        self._theme = theme
        self._facts = StripFacts()
        self._page = 1
        self._cursor: int | None = None
        self._detailed = False
        self.setObjectName("strip")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName(tr("Pages read"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.changed.connect(self.update)
        self._describe()

    def sizeHint(self) -> QSize:
        return QSize(300, int(PINS + BAR + 8))

    @property
    def facts(self) -> StripFacts:
        return self._facts

    def set_detailed(self, detailed: bool) -> None:
        """Show decay and checkpoints too, or the pages only."""
        self._detailed = detailed
        self.update()

    def set_facts(self, facts: StripFacts) -> None:
        self._facts = facts
        self._describe()
        self.update()

    def set_page(self, page: int) -> None:
        """Mark the current page."""
        self._page = page
        self._cursor = None
        self.update()

    @property
    def pages_per_cell(self) -> int:
        """1, or more where the pages would be too narrow to see."""
        return max(1, math.ceil(self._facts.pages * MIN_CELL / max(self.width() - 2, 1)))

    def page_at(self, x: float) -> int:
        """Return the first page of the cell at `x`; 0 where there is none."""
        cell = int((x - 1) // self._cell_width())
        page = cell * self.pages_per_cell + 1
        return page if 1 <= page <= self._facts.pages else 0

    def _cell_width(self) -> float:
        cells = -(-self._facts.pages // self.pages_per_cell) or 1
        return min((self.width() - 2) / cells, MAX_CELL)

    def cell_rect(self, page: int) -> QRectF:
        """Return the place of the cell that a page is in, in pixels."""
        width = self._cell_width()
        cell = (page - 1) // self.pages_per_cell
        gap = 1.0 if width > 3 else 0.0
        return QRectF(1 + cell * width, PINS, max(width - gap, 1.0), BAR)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        facts, per = self._facts, self.pages_per_cell
        painter.setPen(Qt.PenStyle.NoPen)
        if not facts.pages:
            painter.setBrush(self._theme.color("sunken"))
            painter.drawRoundedRect(QRectF(1, PINS, self.width() - 2, BAR), 3, 3)
            painter.end()
            return
        troubled = {(page - 1) // per for page in facts.problems}
        colors = {role: self._theme.color(role) for role in ("border", "accent", "faded", "warning", "evidence")}
        width = self._cell_width()
        wide = max(width - (1.0 if width > 3 else 0.0), 1.0)
        for cell, first in enumerate(range(1, facts.pages + 1, per)):
            last = min(first + per - 1, facts.pages)
            rect = QRectF(1 + cell * width, PINS, wide, BAR)
            share = min(max((facts.read_to - first + 1) / (last - first + 1), 0.0), 1.0)
            cited = facts.evidence is not None and first <= facts.evidence[1] and last >= facts.evidence[0]
            painter.setBrush(colors["evidence" if cited else "accent" if share == 1 else "border"])
            if self._detailed and share == 1 and not cited and facts.retention is not None:
                painter.setBrush(_between(colors["faded"], colors["accent"], facts.retention.of_page(first)))
            painter.drawRoundedRect(rect, 2, 2)
            if 0 < share < 1 and not cited:
                painter.setBrush(colors["accent"])
                painter.drawRoundedRect(QRectF(rect.left(), rect.top(), wide * share, BAR), 2, 2)
            if cell in troubled:
                painter.fillRect(QRectF(rect.left(), rect.bottom() - 4, wide, 4), colors["warning"])
        if self._detailed:
            self._paint_pins(painter)
        self._paint_marks(painter)
        painter.end()

    def _paint_pins(self, painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("muted"))
        per = self.pages_per_cell
        ends = {-(-page // per) * per for page in self._facts.snapshots if 1 <= page <= self._facts.pages}
        if len(ends) <= MAX_PINS:
            for page in ends:
                x = min(self.cell_rect(page).right(), self.width() - 5.0)
                painter.drawPolygon(QPolygonF([QPointF(x - 4, 2), QPointF(x + 4, 2), QPointF(x, PINS - 2)]))

    def _paint_marks(self, painter: QPainter) -> None:
        page = min(max(self._page, 1), self._facts.pages)
        rect = self.cell_rect(page)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("text"))
        painter.drawRoundedRect(
            QRectF(rect.center().x() - max(rect.width(), 8) / 2, PINS + BAR + 3, max(rect.width(), 8), 3), 1.5, 1.5
        )
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.color("accent"), 2))
            painter.drawRoundedRect(self.cell_rect(self._cursor or page).adjusted(-2, -2, 2, 2), 3, 3)

    def words(self, page: int) -> str:
        """Return what there is to say about the cell that starts at `page`."""
        facts = self._facts
        last = min(page + self.pages_per_cell - 1, facts.pages)
        read = last <= facts.read_to
        parts = [tr("read") if read else tr("read in part") if page <= facts.read_to else tr("not read yet")]
        if self._detailed and facts.retention is not None and page <= facts.read_to:
            parts.append(tr("{share} left in the model's memory", share=f"{facts.retention.of_page(page):.0%}"))
        parts += [facts.problems[number] for number in range(page, last + 1) if number in facts.problems][:1]
        if self._detailed and any(number in facts.snapshots for number in range(page, last + 1)):
            parts.append(tr("checkpoint"))
        if facts.evidence and page <= facts.evidence[1] and last >= facts.evidence[0]:
            parts.append(tr("source of the answer"))
        return f"{capital(span_words(page, last))}: {', '.join(parts)}"

    def _describe(self) -> None:
        facts = self._facts
        if not facts.pages:
            self.setAccessibleDescription(tr("No document"))
            return
        words = tr("{page} of {pages} pages read.", page=f"{facts.read_to:,}", pages=f"{facts.pages:,}")
        self.setAccessibleDescription(words + " " + tr("Arrow keys move, Enter goes to the page."))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            page = self.page_at(event.pos().x())  # type: ignore[attr-defined]
            QToolTip.showText(event.globalPos(), plain_tip(self.words(page)) if page else "", self)  # type: ignore[attr-defined]
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        page = self.page_at(event.position().x())
        if page and event.button() == Qt.MouseButton.LeftButton:
            self.page_requested.emit(page)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        page = (self._cursor or self._page) if by_key else self.page_at(event.pos().x())
        if not page:
            return
        menu = self.menu_for(page)
        where = self.mapToGlobal(self.cell_rect(page).bottomLeft().toPoint()) if by_key else event.globalPos()
        menu.popup(where)

    def menu_for(self, page: int) -> QMenu:
        """Return the menu of a page."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Go to page {page}", page=page), lambda: self.page_requested.emit(page))
        words = tr("Ask using pages 1–{page} only…", page=page)
        ask = menu.addAction(words, lambda: self.ask_as_of_requested.emit(page))
        ask.setEnabled(page <= self._facts.read_to)
        return menu

    def keyPressEvent(self, event: QKeyEvent) -> None:
        at = self._cursor or self._page
        match event.key():
            case Qt.Key.Key_Left:
                at -= self.pages_per_cell
            case Qt.Key.Key_Right:
                at += self.pages_per_cell
            case Qt.Key.Key_Home:
                at = 1
            case Qt.Key.Key_End:
                at = self._facts.pages
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Space:
                self.page_requested.emit(at)
                return
            case _:
                super().keyPressEvent(event)
                return
        self._cursor = min(max(at, 1), max(self._facts.pages, 1))
        words = self.words(self._cursor)
        self.setAccessibleDescription(words)
        QToolTip.showText(self.mapToGlobal(self.cell_rect(self._cursor).bottomLeft().toPoint()), plain_tip(words), self)
        self.update()
