"""Text laid out line by line: headings, list items and paragraphs, each with links to its pages."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from PySide6.QtCore import QTimer, QUrl, Signal
from PySide6.QtGui import QFont, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextBrowser

from app.style.theme import Theme, scaled
from app.style.translation import tr
from app.style.widgets import PAGE_REFERENCE, page_mentions
from engine.grounding.page_references import page_numbers, page_spans

STEP_SECONDS = 0.008
"""Time of laying out lines after which the window may draw."""
MAX_LINKS = 4
"""Links after a line; of more pages than that the first ones are shown."""
_ITEM = re.compile(r"\s*[-*\u2022\u2013]\s+")
_NUMBERED = re.compile(r"\s*(\d{1,3}[.)])\s+")
_HEADING = re.compile(r"#{1,6}\s+")


@dataclass(frozen=True)
class Line:
    """One line and the pages it stands on. style: body, heading or muted."""

    text: str
    pages: tuple[int, ...] = ()
    style: str = "body"
    fold: int = 0
    """Of a heading that folds: its number; negative where it is folded."""


def lines_of(text: str, pages: list[list[int]] | None = None) -> list[Line]:
    """Return the lines of a model's text, without empty ones. pages: of each line of `text`, empty ones counted."""
    known = pages or []
    result = []
    for place, words in enumerate(text.replace("\u2028", " ").replace("\u2029", " ").split("\n")):
        if words.strip():
            stands_on = tuple(known[place]) if place < len(known) else ()
            result.append(Line(words.rstrip(), stands_on, "heading" if _is_heading(words) else "body"))
    return result


def _is_heading(words: str) -> bool:
    if _HEADING.match(words):
        return True
    return words.rstrip().endswith(":") and len(words) < 100 and not _ITEM.match(words)


class LineText(QTextBrowser):
    """Shows lines; only new and changed lines are laid out again. Text is inserted as plain text, never as HTML."""

    page_requested = Signal(int)
    fold_requested = Signal(int)
    """The heading with this number was clicked."""

    def __init__(self, name: str, theme: Theme):
        super().__init__()
        self._theme = theme
        self._lines: list[Line] = []
        """The shown lines, a block each."""
        self._wanted: list[Line] = []
        self._at = 0
        self._follow = False
        self._more = QTimer(self)
        self._more.setSingleShot(True)
        self._more.timeout.connect(self.work)
        self.setAccessibleName(name)
        self.setOpenLinks(False)
        self.setTabChangesFocus(True)
        self.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.document().setDocumentMargin(0)
        self.anchorClicked.connect(self._clicked)
        theme.changed.connect(self._restyle)

    def show_lines(self, lines: list[Line], follow: bool = False) -> None:
        """Show these lines. follow: the end stays in view if the reader has scrolled there."""
        bar = self.verticalScrollBar()
        self._follow = follow and 0 < bar.maximum() <= bar.value() + 30
        self._wanted, self._at = lines, 0
        self.work()

    @property
    def is_finished(self) -> bool:
        """Return whether all lines are laid out."""
        return self._at >= len(self._wanted)

    def work(self) -> None:
        """Lay out lines that differ from the shown ones for a few milliseconds; the rest follows in the next turn."""
        until = time.perf_counter() + STEP_SECONDS
        self._cut(len(self._wanted))
        while self._at < len(self._wanted):
            line = self._wanted[self._at]
            if self._at >= len(self._lines) or self._lines[self._at] != line:
                if time.perf_counter() > until:
                    self._more.start(0)
                    break
                if not self._grow(self._at, line):
                    self._set(self._at, line)
            self._at += 1
        self._rest_cursor()
        if self._follow:
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def _rest_cursor(self) -> None:
        """Put the cursor, which insertions have pushed to the end, back to the beginning: the view scrolls to it when
        it is next shown."""
        cursor, bar = self.textCursor(), self.verticalScrollBar()
        if cursor.position() and not cursor.hasSelection() and not self.hasFocus():
            value = bar.value()
            cursor.movePosition(QTextCursor.MoveOperation.Start)
            self.setTextCursor(cursor)
            bar.setValue(value)

    def _grow(self, place: int, line: Line) -> bool:
        """Append the new end of a line that has only become longer; returns whether that is so."""
        if place >= len(self._lines):
            return False
        old = self._lines[place]
        if (
            line.style != old.style
            or line.fold != old.fold
            or line.pages
            or old.pages
            or not line.text.startswith(old.text)
        ):
            return False
        fresh = line.text[len(old.text) :]
        if PAGE_REFERENCE.search(old.text[-24:] + fresh):
            return False
        cursor = QTextCursor(self.document().findBlockByNumber(place))
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock)
        cursor.insertText(fresh)
        self._lines[place] = line
        return True

    def _cut(self, count: int) -> None:
        """Keep the first `count` lines."""
        if count >= len(self._lines):
            return
        if count == 0:
            self.clear()
        else:
            cursor = QTextCursor(self.document().findBlockByNumber(count - 1))
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock)
            cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
        self._lines = self._lines[:count]

    def _set(self, place: int, line: Line) -> None:
        """Lay out a line in its place, or after the last one."""
        cursor = QTextCursor(self.document())
        shape, words = self._shape(line), line.text
        item = None if line.style == "heading" else _ITEM.match(words) or _NUMBERED.match(words)
        if item:
            mark = "\u2022" if _ITEM.match(words) else item[1]
            words = f"{mark}\u2002{words[item.end() :]}"
            hang = self.fontMetrics().horizontalAdvance(f"{mark}\u2002")
            shape.setLeftMargin(hang + 2)
            shape.setTextIndent(-hang)
        words = _HEADING.sub("", words) if line.style == "heading" else words
        if place == 0:
            shape.setTopMargin(0)
        if place < len(self._lines) or place == 0:
            cursor = QTextCursor(self.document().findBlockByNumber(place))
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
            cursor.setBlockFormat(shape)
        else:
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertBlock(shape)
        plain = self._plain(line)
        if line.fold:
            cursor.insertText(f"{'▾' if line.fold > 0 else '▸'}\u2002{words}", self._fold(line, plain))
        else:
            self._insert(cursor, words, plain)
        said = {int(found[2]) for found in page_mentions(line.text)}
        spans = page_spans(page for page in line.pages if page not in said)
        for first_page, last_page in spans[:MAX_LINKS]:
            cursor.insertText("  ", plain)
            shown = tr("p. {pages}", pages=page_numbers(range(first_page, last_page + 1)))
            cursor.insertText(shown.replace(" ", "\u00a0"), self._link(first_page, 0.88))
        if len(spans) > MAX_LINKS:
            cursor.insertText("  \u2026", plain)
        self._lines[place : place + 1] = [line]

    def _shape(self, line: Line) -> QTextBlockFormat:
        shape = QTextBlockFormat()
        shape.setLineHeight(135, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        shape.setTopMargin({"heading": 12, "muted": 10}.get(line.style, 5))
        return shape

    def _plain(self, line: Line) -> QTextCharFormat:
        plain = QTextCharFormat()
        if line.style == "heading":
            plain.setFont(scaled(self.font(), 1.0, QFont.Weight.DemiBold))
        else:
            plain.setFont(self.font())
        plain.setForeground(self._theme.color("muted" if line.style == "muted" else "text"))
        return plain

    def _insert(self, cursor: QTextCursor, words: str, plain: QTextCharFormat) -> None:
        """Insert words, with every mention of a page as a link."""
        at = 0
        for found in page_mentions(words):
            cursor.insertText(words[at : found.start()], plain)
            cursor.insertText(found[0].replace(" ", "\u00a0"), self._link(int(found[2])))
            at = found.end()
        cursor.insertText(words[at:], plain)

    def _fold(self, line: Line, plain: QTextCharFormat) -> QTextCharFormat:
        """Return the format of a heading that opens and folds its section."""
        fold = QTextCharFormat(plain)
        fold.setAnchor(True)
        fold.setAnchorHref(f"fold:{abs(line.fold)}")
        fold.setToolTip(tr("Fold this section") if line.fold > 0 else tr("Show this section"))
        return fold

    def _link(self, page: int, size: float = 1.0) -> QTextCharFormat:
        link = QTextCharFormat()
        link.setFont(scaled(self.font(), size))
        link.setForeground(self._theme.color("accent_text"))
        link.setAnchor(True)
        link.setAnchorHref(f"page:{page}")
        link.setToolTip(tr("Go to page {page}", page=page))
        return link

    def loadResource(self, _kind: int, _name: QUrl | str) -> object:
        """Load nothing: the text is a model's, and no address in it is fetched."""
        return None

    def _restyle(self) -> None:
        self._lines = []
        self.clear()
        self._at = 0
        self.work()

    def _clicked(self, url: QUrl) -> None:
        if url.scheme() == "page":
            self.page_requested.emit(int(url.path()))
        elif url.scheme() == "fold":
            self.fold_requested.emit(int(url.path()))
