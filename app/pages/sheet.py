"""Drawing of one PDF page: its image, and the selection, evidence and matches over it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen

from app.pages.marks import PageMarks
from app.pages.selection import PageSelection
from app.style.theme import LIGHT, Theme, scaled
from app.style.translation import tr


class SheetPainter:
    """Paints pages with one painter, at `scale` pixels a point."""

    def __init__(self, painter: QPainter, theme: Theme, scale: float, font: QFont):
        self._painter, self._theme, self._scale, self._font = painter, theme, scale, font

    def paint(
        self,
        page: int,
        rect: QRectF,
        image: QImage | None,
        lost: bool,
        selection: PageSelection,
        marks: PageMarks,
    ) -> None:
        """Paint a page (from 0) into `rect`. image: None while it is not drawn; lost: it cannot be drawn."""
        if image is not None:
            self._paint_image(rect, image)
        else:
            self._paint_empty(rect, tr("This page cannot be displayed") if lost else str(page + 1))
        for shape in selection.shapes(page):
            self._wash(self._place(shape, rect), "selection")
        for shape in marks.passages.get(page, []):
            self._wash(self._place(shape, rect), "evidence_mark")
        for shape in marks.words.get(page, []):
            self._underline(self._place(shape, rect))
        for place, (where, shapes) in enumerate(marks.matches):
            if where == page:
                for shape in shapes:
                    self._wash(self._place(shape, rect), "evidence" if place == marks.match else "evidence_soft")
        cited = marks.is_evidence(page)
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        self._painter.setPen(QPen(self._theme.color("evidence" if cited else "border"), 3 if cited else 1))
        self._painter.drawRect(rect.adjusted(-1, -1, 1, 1))

    def _paint_image(self, rect: QRectF, image: QImage) -> None:
        self._painter.drawImage(rect, image)
        if self._theme.dark:
            self._painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Multiply)
            self._painter.fillRect(rect, self._theme.color("page"))
            self._painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)

    def _paint_empty(self, rect: QRectF, words: str) -> None:
        self._painter.fillRect(rect, self._theme.color("page"))
        self._painter.setPen(self._theme.color("page_text"))
        self._painter.setFont(scaled(self._font, 1.4))
        self._painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, words)

    def _wash(self, rect: QRectF, role: str) -> None:
        self._painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Multiply)
        # The sheet is white in the dark theme too, so the wash on it is always the light one.
        self._painter.fillRect(rect.adjusted(-1, -1, 1, 1), QColor(getattr(LIGHT, role)))
        self._painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)

    def _underline(self, rect: QRectF) -> None:
        self._painter.setPen(QPen(QColor(LIGHT.evidence_text), max(1.5, self._scale)))
        self._painter.drawLine(rect.bottomLeft(), rect.bottomRight())

    def _place(self, shape: QRectF, page: QRectF) -> QRectF:
        scale = self._scale
        return QRectF(
            page.left() + shape.left() * scale,
            page.top() + shape.top() * scale,
            shape.width() * scale,
            shape.height() * scale,
        )
