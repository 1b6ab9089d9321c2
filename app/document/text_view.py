"""A record as text, a stretch of its pages at a time, so that a million lines open as fast as ten."""

from __future__ import annotations

import bisect

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QFontDatabase, QTextCursor, QTextFormat, QWheelEvent
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from app.library.reader import LibraryReader
from app.style.theme import Theme
from engine.grounding.locate import best_stretch

STRETCH = 40
"""Pages held around the one that is looked at."""


def _units(text: str) -> int:
    """How many positions `text` takes in a QTextDocument, which counts UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class TextView(QPlainTextEdit):
    """The same intents and facts as PageView. Page numbers count from 1."""

    page_changed = Signal(int)
    zoom_changed = Signal(float)
    hits_changed = Signal(int, int, bool)

    def __init__(self, reader: LibraryReader, theme: Theme, parent: QWidget | None = None):
        super().__init__(parent)
        self._reader = reader
        self._theme = theme
        self._document: int | None = None
        self._path = ""
        self._count = 0
        self._page = 1
        self._first = 1
        self._starts: list[tuple[int, int]] = []
        """(block, page) in the order of both."""
        self._goal: int | None = None
        self._asked = False
        self._evidence: tuple[int, int] | None = None
        self._texts: dict[int, str] = {}
        """The loaded pages' texts."""
        self._wanted_mark: tuple[int, list[str], str, tuple[int, int]] | None = None
        self._marked: QTextCursor | None = None
        self._needle = ""
        self._hits: list[tuple[int, int]] = []
        """(page, which hit of that page)"""
        self._hit = -1
        self._zoom = 1.0
        self.setObjectName("record")
        self.setReadOnly(True)
        self.setAccessibleName("Text of the document")
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self._base = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self._base.setPointSizeF(max(self.font().pointSizeF(), 9.5))
        self._fit_font()
        reader.pages_read.connect(self._on_pages)
        reader.head_read.connect(self._on_head)
        reader.found.connect(self._on_found)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        theme.changed.connect(self._mark)

    @property
    def page(self) -> int:
        """The page that is looked at."""
        return self._page

    @property
    def page_count(self) -> int:
        return self._count

    @property
    def zoom(self) -> float:
        return self._zoom

    @property
    def selected_text(self) -> str:
        return self.textCursor().selectedText().replace("\u2029", "\n")

    def open(self, path: str) -> None:
        """Show the beginning of a file that the library does not know yet."""
        self.close_document()
        self._path = path
        self._reader.read_head(path)

    def set_document(self, document: int, count: int) -> None:
        """The library knows the document now, or knows more pages of it."""
        lacks = not self._starts or (self._starts[-1][1] < self._first + STRETCH - 1 and count > self._starts[-1][1])
        fresh = document != self._document or lacks
        self._document, self._count = document, count
        if fresh and count and not self._asked:
            self._load(self._goal or self._page)

    def close_document(self) -> None:
        """Show nothing."""
        self._document, self._path, self._count, self._page, self._first = None, "", 0, 1, 1
        self._starts, self._goal, self._evidence = [], None, None
        self._asked = False
        self._needle, self._hits, self._hit = "", [], -1
        self._texts, self._wanted_mark, self._marked = {}, None, None
        self.clear()

    def go_to(self, page: int) -> None:
        """Bring a page's first line into view."""
        page = max(1, page)
        if any(number == page for _, number in self._starts):
            self._scroll_to(page)
        else:
            self._load(page)

    def set_fit_width(self) -> None:
        """Text always fits: back to its own size."""
        self._zoom = 1.0
        self._fit_font()

    def zoom_step(self, step: int) -> None:
        self._zoom = min(max(self._zoom * (1.1 if step > 0 else 1 / 1.1), 0.6), 3.0)
        self._fit_font()

    def show_evidence(self, pages: tuple[int, int] | None) -> None:
        """Mark these pages, first and last."""
        if pages != self._evidence:
            self._evidence = pages
            self._mark()

    def mark(self, page: int, terms: list[str], sentence: str = "", span: tuple[int, int] = (0, 0)) -> None:
        """Mark a sentence on a page, or where most of these words stand together, and bring it into view.

        span: where the sentence stands in the page's text; looked for when it does not stand there.
        """
        self._wanted_mark = (page, terms, sentence, span)
        self._take_mark()

    def find_text(self, text: str) -> None:
        """Look for `text` in the whole document."""
        self._needle, self._hits, self._hit = text.strip(), [], -1
        if self._document is not None and self._needle:
            self._reader.find(self._document, self._needle)
        self.hits_changed.emit(0, 0, bool(self._needle))
        self._mark()

    def step_hit(self, step: int) -> None:
        """Go to the next (1) or previous (-1) hit, round the end."""
        if self._hits:
            self._hit = (self._hit + step) % len(self._hits)
            self._show_hit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_step(1 if event.angleDelta().y() > 0 else -1)
        else:
            super().wheelEvent(event)

    def _fit_font(self) -> None:
        font = self._base
        font.setPointSizeF(10.0 * self._zoom)
        self.document().setDefaultFont(font)
        self.zoom_changed.emit(self._zoom)

    def _load(self, page: int) -> None:
        self._goal = page
        if self._document is not None:
            self._asked = True
            first = max(1, page - STRETCH // 2)
            self._reader.read_pages(self._document, first, first + STRETCH - 1)

    def _on_head(self, path: str, text: str) -> None:
        if path == self._path and self._document is None:
            self.setPlainText(text)

    def _on_pages(self, document: int, rows: list) -> None:
        if document != self._document:
            return
        self._asked = False
        if not rows or (self._starts and rows[-1].number == self._starts[-1][1] and rows[0].number == self._first):
            return
        goal, self._goal = self._goal or self._page, None
        blocks, starts, lines = 0, [], []
        for row in rows:
            starts.append((blocks, row.number))
            text = row.text if row.text.strip() else f"[{row.problem or 'nothing on this page'}]"
            page_lines = [
                f"\u2500\u2500 page {row.label or row.number} \u2500\u2500",
                *text.rstrip("\n").split("\n"),
                "",
            ]
            lines += page_lines
            blocks += len(page_lines)
        self._starts, self._first = starts, rows[0].number
        self._texts = {row.number: row.text for row in rows}
        self._marked = None
        self.setPlainText("\n".join(lines))
        self._scroll_to(goal)
        self._mark()
        self._take_mark()

    def _scroll_to(self, page: int) -> None:
        block = next((block for block, number in self._starts if number >= page), None)
        if block is None:
            return
        cursor = QTextCursor(self.document().findBlockByNumber(block))
        self.setTextCursor(cursor)
        self.verticalScrollBar().setValue(cursor.block().firstLineNumber())
        self._set_page(page)

    def _scrolled(self) -> None:
        if not self._starts:
            return
        block = self.firstVisibleBlock().blockNumber()
        place = max(bisect.bisect_right(self._starts, (block, 1 << 60)) - 1, 0)
        self._set_page(self._starts[place][1])
        bar = self.verticalScrollBar()
        last = self._starts[-1][1]
        if self._goal is None and (
            (bar.value() >= bar.maximum() and last < self._count) or (bar.value() == 0 and self._first > 1)
        ):
            self._load(self._page)

    def _set_page(self, page: int) -> None:
        if page != self._page:
            self._page = page
            self.page_changed.emit(page)

    def _on_found(self, document: int, text: str, pages: list) -> None:
        if document != self._document or text != self._needle:
            return
        self._hits = [(page, which) for page, count in pages for which in range(count)]
        self._hit = next((place for place, (page, _) in enumerate(self._hits) if page >= self._page), 0)
        if self._hits:
            self._show_hit()
        else:
            self.hits_changed.emit(0, 0, False)

    def _show_hit(self) -> None:
        page, which = self._hits[self._hit]
        self.hits_changed.emit(len(self._hits), self._hit + 1, False)
        if not any(number == page for _, number in self._starts):
            self._load(page)
            return
        block = next(block for block, number in self._starts if number == page)
        cursor = QTextCursor(self.document().findBlockByNumber(block + 1))
        for _ in range(which + 1):
            cursor = self.document().find(self._needle, cursor)
        if not cursor.isNull():
            self.setTextCursor(cursor)
            self.centerCursor()
        self._mark()

    def _take_mark(self) -> None:
        """Mark what is wanted, once its page is loaded."""
        if self._wanted_mark is None or self._wanted_mark[0] not in self._texts:
            return
        (page, terms, sentence, (start, end)), self._wanted_mark = self._wanted_mark, None
        text = self._texts[page]
        if not sentence or text[start:end] != sentence:
            start = text.find(sentence) if sentence else -1
            start, end = (start, start + len(sentence)) if start >= 0 else best_stretch(text, terms)
        self._marked = None
        if end > start:
            block = next(block for block, number in self._starts if number == page)
            at = self.document().findBlockByNumber(block + 1).position()
            cursor = QTextCursor(self.document())
            cursor.setPosition(at + _units(text[:start]))
            cursor.setPosition(at + _units(text[:end]), QTextCursor.MoveMode.KeepAnchor)
            self._marked = cursor
            here = QTextCursor(cursor)
            here.setPosition(cursor.selectionStart())
            self.setTextCursor(here)
            self.centerCursor()
        self._mark()

    def _mark(self) -> None:
        """Mute the lines between pages; wash the evidence pages and the hits that are loaded."""
        marks = []
        for block, _ in self._starts:
            head = QTextEdit.ExtraSelection()
            head.format.setForeground(self._theme.color("muted"))
            head.cursor = QTextCursor(self.document().findBlockByNumber(block))
            head.cursor.select(QTextCursor.SelectionType.LineUnderCursor)
            marks.append(head)
        for place, (block, page) in enumerate(self._starts):
            if self._evidence is None or not self._evidence[0] <= page <= self._evidence[1]:
                continue
            end = self._starts[place + 1][0] if place + 1 < len(self._starts) else self.document().blockCount()
            mark = self._wash("evidence_soft", whole_line=True)
            for number in range(block, end):
                line = QTextEdit.ExtraSelection()
                line.format = mark.format
                line.cursor = QTextCursor(self.document().findBlockByNumber(number))
                marks.append(line)
        if self._marked is not None:
            mark = self._wash("evidence_mark")
            mark.cursor = self._marked
            marks.append(mark)
        if self._needle:
            cursor = self.document().find(self._needle)
            while not cursor.isNull() and len(marks) < 2000:
                mark = self._wash("selection")
                mark.cursor = cursor
                marks.append(mark)
                cursor = self.document().find(self._needle, cursor)
        self.setExtraSelections(marks)

    def _wash(self, role: str, whole_line: bool = False) -> QTextEdit.ExtraSelection:
        mark = QTextEdit.ExtraSelection()
        mark.format.setBackground(QColor(getattr(self._theme.roles, role)))
        mark.format.setProperty(QTextFormat.Property.FullWidthSelection, whole_line)
        return mark
