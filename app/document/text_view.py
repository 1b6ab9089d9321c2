"""A text document, a stretch of its pages at a time: a million lines open as fast as ten."""

from __future__ import annotations

import bisect

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QMouseEvent, QTextCursor, QTextFormat, QWheelEvent
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QTextEdit, QWidget

from app.document.columns import in_columns
from app.document.kinds import shaper_of
from app.document.markdown_text import rendered
from app.document.shaped import Shaped, Shaper, as_it_is
from app.document.text_styles import style_spans
from app.library.reader import LibraryReader
from app.pages.marks import Passage
from app.style.theme import Theme
from app.style.translation import tr
from engine.grounding.locate import best_stretch
from engine.library.records import Page

STRETCH = 40
"""Pages held around the current one."""
SHAPED_STRETCH = 10
"""The same of a document that is laid out anew."""


def _units(text: str) -> int:
    """Return the positions that `text` takes in a QTextDocument, which counts UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class TextView(QPlainTextEdit):
    """Shows the pages of a text document one after the other, with the interface of PageView. Pages count from 1."""

    page_changed = Signal(int)
    zoom_changed = Signal(float)
    matches_changed = Signal(int, int, bool)
    address_followed = Signal(str)

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
        self._shaped: dict[int, Shaped] = {}
        """The loaded pages as they are shown."""
        self._shape: Shaper = as_it_is
        self._stretch = STRETCH
        self._wanted: list[Passage] = []
        """Passages to mark when their pages are loaded."""
        self._marked: list[QTextCursor] = []
        self._words: list[QTextCursor] = []
        """The words of the marked passages that answer a question."""
        self._needle = ""
        self._hits: list[tuple[int, int]] = []
        """(page, which hit of that page)"""
        self._hit = -1
        self._zoom = 1.0
        self.setObjectName("record")
        self.setReadOnly(True)
        self.setAccessibleName(tr("Text of the document"))
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self._fit_font()
        reader.pages_read.connect(self._on_pages)
        reader.head_read.connect(self._on_head)
        reader.found.connect(self._on_found)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        theme.changed.connect(self._fit_font)
        theme.changed.connect(self._mark)

    @property
    def page(self) -> int:
        """The current page."""
        return self._page

    @property
    def page_count(self) -> int:
        return self._count

    @property
    def zoom(self) -> float:
        return self._zoom

    @property
    def place(self) -> tuple[int, float]:
        """The current place: page, and lines from its first one."""
        start = next((block for block, page in self._starts if page == self._page), 0)
        return self._page, float(max(self.firstVisibleBlock().blockNumber() - start, 0))

    @property
    def marked_text(self) -> str:
        """The marked passages' text."""
        return "\n".join(cursor.selectedText() for cursor in self._marked)

    @property
    def selected_text(self) -> str:
        return self.textCursor().selectedText().replace("\u2029", "\n")

    def set_file(self, path: str) -> None:
        """Show a document of this file's kind: Markdown rendered, tables in columns, other text as it is."""
        self._shape = shaper_of(path)
        self._stretch = STRETCH if self._shape is as_it_is else SHAPED_STRETCH
        wrap = QPlainTextEdit.LineWrapMode
        self.setLineWrapMode(wrap.NoWrap if self._shape is in_columns else wrap.WidgetWidth)
        self._fit_font()

    def open(self, path: str) -> None:
        """Show the beginning of a file that the library does not know yet."""
        self.close_document()
        self._path = path
        self._reader.read_head(path)

    def set_document(self, document: int, count: int) -> None:
        """Show a document of the library, of which `count` pages are known."""
        lacks = not self._starts or (
            self._starts[-1][1] < self._first + self._stretch - 1 and count > self._starts[-1][1]
        )
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
        self._texts, self._shaped, self._wanted, self._marked, self._words = {}, {}, [], [], []
        self.clear()

    def go_to(self, page: int, lines: float = 0.0) -> None:
        """Bring a page's first line, or one `lines` below it, to the top of the view."""
        page = max(1, page)
        if any(number == page for _, number in self._starts):
            self._scroll_to(page, int(lines))
        else:
            self._load(page)

    def set_fit_width(self) -> None:
        """Show the text in its own size; lines always fit."""
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

    def mark_passages(self, passages: list[Passage]) -> None:
        """Replace the marked passages by these and bring the first one into view."""
        self._wanted, self._marked, self._words = list(passages), [], []
        self._take_marks()
        self._mark()

    def find_text(self, text: str) -> None:
        """Look for `text` in the whole document."""
        self._needle, self._hits, self._hit = text.strip(), [], -1
        if self._document is not None and self._needle:
            self._reader.find(self._document, self._needle)
        self.matches_changed.emit(0, 0, bool(self._needle))
        self._mark()

    def step_match(self, step: int) -> None:
        """Go to the next (1) or previous (-1) match, round the end."""
        if self._hits:
            self._hit = (self._hit + step) % len(self._hits)
            self._show_match()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_step(1 if event.angleDelta().y() > 0 else -1)
        else:
            super().wheelEvent(event)

    def _fit_font(self) -> None:
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font = QFont(QApplication.font()) if self._shape is rendered else fixed
        font.setPointSizeF(max(QApplication.font().pointSizeF(), 9.5) * self._zoom)
        self.setFont(font)
        self.zoom_changed.emit(self._zoom)

    def _load(self, page: int) -> None:
        self._goal = page
        if self._document is not None:
            self._asked = True
            first = max(1, page - self._stretch // 2)
            self._reader.read_pages(self._document, first, first + self._stretch - 1)

    def _on_head(self, path: str, text: str) -> None:
        if path == self._path and self._document is None:
            (shaped,) = self._shape([text])
            self.setPlainText(shaped.text)
            self._style_spans(0, shaped)

    def _on_pages(self, document: int, rows: list[Page]) -> None:
        if document != self._document:
            return
        self._asked = False
        if not rows or (self._starts and rows[-1].number == self._starts[-1][1] and rows[0].number == self._first):
            return
        goal, self._goal = self._goal or self._page, None
        blocks, starts, lines = 0, [], []
        shaped = dict(zip((row.number for row in rows), self._shape([row.text for row in rows]), strict=True))
        for row in rows:
            starts.append((blocks, row.number))
            text = shaped[row.number].text
            text = text if text.strip() else f"[{row.problem or tr('no text on this page')}]"
            page_lines = [
                "\u2500\u2500 " + tr("page {pages}", pages=row.label or row.number) + " \u2500\u2500",
                *text.rstrip("\n").split("\n"),
                "",
            ]
            lines += page_lines
            blocks += len(page_lines)
        self._starts, self._first = starts, rows[0].number
        self._texts = {row.number: row.text for row in rows}
        self._shaped = shaped
        self._marked, self._words = [], []
        self.setPlainText("\n".join(lines))
        for block, number in starts:
            self._style_spans(self.document().findBlockByNumber(block + 1).position(), shaped[number])
        self._scroll_to(goal)
        self._take_marks()
        self._mark()

    def _scroll_to(self, page: int, lines: int = 0) -> None:
        block = next((block for block, number in self._starts if number >= page), None)
        if block is None:
            return
        cursor = QTextCursor(self.document().findBlockByNumber(block + lines))
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

    def _on_found(self, document: int, text: str, pages: list[tuple[int, int]]) -> None:
        if document != self._document or text != self._needle:
            return
        self._hits = [(page, which) for page, count in pages for which in range(count)]
        self._hit = next((place for place, (page, _) in enumerate(self._hits) if page >= self._page), 0)
        if self._hits:
            self._show_match()
        else:
            self.matches_changed.emit(0, 0, False)

    def _show_match(self) -> None:
        page, which = self._hits[self._hit]
        self.matches_changed.emit(len(self._hits), self._hit + 1, False)
        if not any(number == page for _, number in self._starts):
            self._load(page)
            return
        text, at = self._texts[page].casefold(), -1
        for _ in range(which + 1):
            at = text.find(self._needle.casefold(), at + 1)
        if at >= 0:
            self.setTextCursor(self._cursor(page, at, at + len(self._needle)))
            self.centerCursor()
        self._mark()

    def _take_marks(self) -> None:
        """Mark the wanted passages once the pages of all of them are loaded."""
        if not self._wanted or any(passage.page not in self._texts for passage in self._wanted):
            return
        wanted, self._wanted = self._wanted, []
        cursors = [cursor for passage in wanted if (cursor := self._cursor_of(passage)) is not None]
        self._marked = cursors
        self._words = [cursor for passage in wanted if (cursor := self._words_of(passage)) is not None]
        if cursors:
            here = QTextCursor(cursors[0])
            here.setPosition(cursors[0].selectionStart())
            self.setTextCursor(here)
            self.centerCursor()

    def _cursor_of(self, passage: Passage) -> QTextCursor | None:
        """Return a cursor that selects a passage of a loaded page; None where the page does not contain it."""
        text, sentence = self._texts[passage.page], passage.sentence
        start, end = passage.start, passage.end
        if not sentence or text[start:end] != sentence:
            start = text.find(sentence) if sentence else -1
            start, end = (start, start + len(sentence)) if start >= 0 else best_stretch(text, list(passage.terms))
        if end <= start:
            return None
        return self._cursor(passage.page, start, end)

    def _words_of(self, passage: Passage) -> QTextCursor | None:
        """Return a cursor that selects the words of a passage that answer; None where they are not known."""
        if passage.words is None or self._texts[passage.page][passage.start : passage.end] != passage.sentence:
            return None
        first, last = passage.words
        return self._cursor(passage.page, passage.start + first, passage.start + last)

    def _cursor(self, page: int, start: int, end: int) -> QTextCursor:
        """Return a cursor that selects a stretch of a loaded page's text."""
        block = next(block for block, number in self._starts if number == page)
        at, shaped = self.document().findBlockByNumber(block + 1).position(), self._shaped[page]
        last = self.document().characterCount() - 1
        cursor = QTextCursor(self.document())
        cursor.setPosition(min(at + _units(shaped.text[: shaped.at(start)]), last))
        cursor.setPosition(min(at + _units(shaped.text[: shaped.at(end)]), last), QTextCursor.MoveMode.KeepAnchor)
        return cursor

    def _style_spans(self, at: int, shaped: Shaped) -> None:
        """Lay out the styled stretches of a page that is shown from position `at` on, line by line."""
        style_spans(self.document(), at, shaped, self.font(), self._theme.color)

    def _address_at(self, where: QPoint) -> str:
        """Return the address of the link at a place of the viewport; "" where there is none."""
        position = self.cursorForPosition(where).position()
        for block, number in self._starts:
            at = self.document().findBlockByNumber(block + 1).position()
            for span in self._shaped[number].spans:
                if span.address and at + span.start <= position < at + span.end:
                    return span.address
        return ""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and not self.textCursor().hasSelection():
            address = self._address_at(event.position().toPoint())
            if address and not address.startswith("#"):
                self.address_followed.emit(address)

    def _mark(self) -> None:
        """Mute the lines between pages, those of evidence pages in its colour; mark passages and matches."""
        marks = [self._headline(block, page) for block, page in self._starts]
        for cursor in self._marked:
            mark = self._wash("evidence_mark")
            mark.cursor = cursor
            marks.append(mark)
        for cursor in self._words:
            mark = self._wash("evidence_mark")
            mark.format.setFontUnderline(True)
            mark.cursor = cursor
            marks.append(mark)
        if self._needle:
            cursor = self.document().find(self._needle)
            while not cursor.isNull() and len(marks) < 2000:
                mark = self._wash("selection")
                mark.cursor = cursor
                marks.append(mark)
                cursor = self.document().find(self._needle, cursor)
        self.setExtraSelections(marks)

    def _headline(self, block: int, page: int) -> QTextEdit.ExtraSelection:
        cited = self._evidence is not None and self._evidence[0] <= page <= self._evidence[1]
        head = self._wash("evidence_soft", whole_line=True) if cited else QTextEdit.ExtraSelection()
        head.format.setForeground(self._theme.color("evidence_text" if cited else "muted"))
        head.cursor = QTextCursor(self.document().findBlockByNumber(block))
        head.cursor.select(QTextCursor.SelectionType.LineUnderCursor)
        return head

    def _wash(self, role: str, whole_line: bool = False) -> QTextEdit.ExtraSelection:
        mark = QTextEdit.ExtraSelection()
        mark.format.setBackground(QColor(getattr(self._theme.roles, role)))
        mark.format.setProperty(QTextFormat.Property.FullWidthSelection, whole_line)
        return mark
