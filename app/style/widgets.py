"""Builders of labels and buttons, and the small widgets that every pane uses."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QLayout, QLayoutItem, QPushButton, QSizePolicy, QWidget

_PAGE_NUMBER = r"(\d{1,7})(?!\d)"
PAGE_REFERENCE = re.compile(
    rf"\b(pages?|pp?\.)\s+{_PAGE_NUMBER}(?:\s*(?:to|and|-|\u2013)\s*{_PAGE_NUMBER})?", re.IGNORECASE
)
"""A page that a model's text mentions; a longer number is no page."""
_QUOTED_OR_PAGE = re.compile(rf"{PAGE_REFERENCE.pattern}|“[^”]*”", re.IGNORECASE)
_BOLD, _PLAIN = "\x02", "\x03"
"""Characters of no text, where tags will stand."""


def label(text: str = "", role: str = "", wrap: bool = False, name: str = "") -> QLabel:
    """Return a plain text in one of the style sheet's roles. name: the object name."""
    result = QLabel(text)
    result.setTextFormat(Qt.TextFormat.PlainText)
    result.setObjectName(name)
    if role:
        result.setProperty("role", role)
    if wrap:
        result.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        result.setSizePolicy(policy)
    return result


def button(text: str, clicked: Callable[[], object], role: str = "", name: str = "") -> QPushButton:
    """Return a button in one of the style sheet's roles. name: the object name."""
    result = QPushButton(text)
    result.setObjectName(name)
    if role:
        result.setProperty("role", role)
    result.setCursor(Qt.CursorShape.PointingHandCursor)
    result.clicked.connect(lambda _checked=False: clicked())
    return result


def line() -> QFrame:
    """Return a hairline."""
    result = QFrame()
    result.setProperty("role", "line")
    result.setFixedHeight(1)
    return result


def restyle(widget: QWidget, name: str, value: object) -> None:
    """Set a dynamic property that the style sheet selects by."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def plain_tip(text: str) -> str:
    """Return a tooltip that shows `text` letter by letter: Qt takes what looks like HTML in one for HTML."""
    if "<" not in text and "&" not in text:
        return text
    return "<p>" + html.escape(text).replace("\n", "<br>") + "</p>"


def page_mentions(text: str) -> Iterator[re.Match[str]]:
    """Yield the mentions of pages in a text, but for those in quotation marks, which are the document's own."""
    return (found for found in _QUOTED_OR_PAGE.finditer(text) if found[2])


def with_page_links(text: str, color: str = "", bold: tuple[int, int] | None = None) -> str:
    """Return plain text as HTML, with every mention of a page as a link `page:N`, but for those in quotation marks,
    which are the document's own. color: of the links; bold: characters of `text`."""
    style = f' style="color:{color}"' if color else ""
    start, end = bold or (0, 0)
    parts = (text[:start], text[start:end], text[end:])
    before, within, after = (html.escape(part, quote=False).replace("\n", "<br>") for part in parts)
    marked = f"{before}{_BOLD}{within}{_PLAIN}{after}" if bold else after
    linked = _QUOTED_OR_PAGE.sub(
        lambda found: f'<a href="page:{found[2]}"{style}>{found[0]}</a>' if found[2] else found[0], marked
    )
    return linked.replace(_BOLD, "<b>").replace(_PLAIN, "</b>") if bold else linked


class ElidedLine(QLabel):
    """One line, shortened to the room there is; its tooltip says all of it."""

    def __init__(self, role: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight, name: str = ""):
        super().__init__()
        self.setObjectName(name)
        self._whole, self._mode = "", mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        if role:
            self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    @property
    def whole(self) -> str:
        """The text before it was shortened."""
        return self._whole

    def set_text(self, text: str) -> None:
        if text != self._whole:
            self._whole = text
            self.setAccessibleName(text)
            self.setToolTip(plain_tip(text))
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._whole, self._mode, max(self.width() - 2, 0)))


class FlowLayout(QLayout):
    """Places items in rows, broken where the width ends."""

    def __init__(self, parent: QWidget | None = None, gap: int = 6):
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def clear(self) -> None:
        """Forget all items; their widgets stay their parent's."""
        self._items.clear()
        self.invalidate()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def _arrange(self, rect: QRect, move: bool) -> int:
        x, y, row = rect.x(), rect.y(), 0
        for item in self._items:
            widget = item.widget()
            if widget is not None and widget.isHidden():
                continue
            hint = item.sizeHint()
            if x > rect.x() and x + hint.width() > rect.right() + 1:
                x, y, row = rect.x(), y + row + self._gap, 0
            if move:
                item.setGeometry(QRect(QPoint(x, y), hint))
            x += hint.width() + self._gap
            row = max(row, hint.height())
        return y + row - rect.y()
