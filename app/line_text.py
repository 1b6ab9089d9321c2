"""Text set line by line: headings, list items and paragraphs, each with links to the pages it stands on."""

from __future__ import annotations

import re
from dataclasses import dataclass

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QFont, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextBrowser

from app.theme import Theme, scaled
from app.widgets import PAGE_REFERENCE, page_spans

MAX_LINKS = 4
"""Links after a line; what stands on more pages than that shows the first ones."""
_ITEM = re.compile(r"\s*[-*\u2022\u2013]\s+")
_NUMBERED = re.compile(r"\s*(\d{1,3}[.)])\s+")
_HEADING = re.compile(r"#{1,6}\s+")


@dataclass(frozen=True)
class Line:
    """One line and the pages it stands on. style: body, heading or muted."""

    text: str
    pages: tuple[int, ...] = ()
    style: str = "body"


def lines_of(text: str, pages: list[list[int]] | None = None) -> list[Line]:
    """The lines of a model's text, without empty ones; `pages`: those of each line of `text`, empty ones counted."""
    known = pages or []
    result = []
    for place, words in enumerate(text.split("\n")):
        if words.strip():
            stands_on = tuple(known[place]) if place < len(known) else ()
            result.append(Line(words.rstrip(), stands_on, "heading" if _is_heading(words) else "body"))
    return result


def _is_heading(words: str) -> bool:
    if _HEADING.match(words):
        return True
    return words.rstrip().endswith(":") and len(words) < 60 and not _ITEM.match(words)


class LineText(QTextBrowser):
    """Shows lines; only what is new or changed at the end is laid out again."""

    page_requested = Signal(int)

    def __init__(self, name: str, theme: Theme):
        super().__init__()
        self._theme = theme
        self._lines: list[Line] = []
        self.setAccessibleName(name)
        self.setOpenLinks(False)
        self.setTabChangesFocus(True)
        self.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.document().setDocumentMargin(0)
        self.anchorClicked.connect(self._clicked)
        theme.changed.connect(self._restyle)

    def show_lines(self, lines: list[Line], follow: bool = False) -> None:
        """Show these; `follow`: the end stays in view if it was."""
        if lines == self._lines:
            return
        bar = self.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 30
        same = 0
        for old, new in zip(self._lines, lines, strict=False):
            if old != new:
                break
            same += 1
        grown = same < len(self._lines) and same == len(self._lines) - 1 and self._grow(lines[same : same + 1])
        if not grown:
            self._cut(same)
        for line in lines[same + 1 if grown else same :]:
            self._append(line)
        self._lines = list(lines)
        if follow and at_end:
            bar.setValue(bar.maximum())

    def _grow(self, line: list[Line]) -> bool:
        """The last line has only become longer: add what is new of it."""
        old = self._lines[-1]
        if not line or line[0].style != old.style or line[0].pages or old.pages:
            return False
        if not line[0].text.startswith(old.text) or PAGE_REFERENCE.search(line[0].text[-40:]):
            return False
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(line[0].text[len(old.text) :])
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

    def _append(self, line: Line) -> None:
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        shape, words, first = self._shape(line), line.text, not self._lines
        item = None if line.style == "heading" else _ITEM.match(words) or _NUMBERED.match(words)
        if item:
            mark = "\u2022" if _ITEM.match(words) else item[1]
            words = f"{mark}\u2002{words[item.end() :]}"
            hang = self.fontMetrics().horizontalAdvance(f"{mark}\u2002")
            shape.setLeftMargin(hang + 2)
            shape.setTextIndent(-hang)
        words = _HEADING.sub("", words) if line.style == "heading" else words
        if first:
            shape.setTopMargin(0)
            cursor.setBlockFormat(shape)
        else:
            cursor.insertBlock(shape)
        plain = self._plain(line)
        self._insert(cursor, words, plain)
        said = {int(found[2]) for found in PAGE_REFERENCE.finditer(line.text)}
        spans = page_spans(page for page in line.pages if page not in said)
        for first_page, last_page in spans[:MAX_LINKS]:
            cursor.insertText("  ", plain)
            shown = f"p. {first_page}" if first_page == last_page else f"p. {first_page}\u2013{last_page}"
            cursor.insertText(shown.replace(" ", "\u00a0"), self._link(first_page, 0.88))
        if len(spans) > MAX_LINKS:
            cursor.insertText("  \u2026", plain)
        self._lines.append(line)

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
        """Insert words, every mention of a page as a link."""
        at = 0
        for found in PAGE_REFERENCE.finditer(words):
            cursor.insertText(words[at : found.start()], plain)
            cursor.insertText(found[0].replace(" ", "\u00a0"), self._link(int(found[2])))
            at = found.end()
        cursor.insertText(words[at:], plain)

    def _link(self, page: int, size: float = 1.0) -> QTextCharFormat:
        link = QTextCharFormat()
        link.setFont(scaled(self.font(), size))
        link.setForeground(self._theme.color("accent_text"))
        link.setAnchor(True)
        link.setAnchorHref(f"page:{page}")
        link.setToolTip(f"Go to page {page}")
        return link

    def _restyle(self) -> None:
        lines, self._lines = self._lines, []
        self.clear()
        for line in lines:
            self._append(line)

    def _clicked(self, url: QUrl) -> None:
        if url.scheme() == "page":
            self.page_requested.emit(int(url.path()))
