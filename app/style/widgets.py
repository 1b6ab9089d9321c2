"""Small builders that every pane uses."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QLayout, QLayoutItem, QPushButton, QSizePolicy, QWidget

PAGE_REFERENCE = re.compile(r"\b(pages?|pp?\.)\s+(\d+)(?:\s*(?:to|and|-|\u2013)\s*(\d+))?", re.IGNORECASE)


def label(text: str = "", role: str = "", wrap: bool = False) -> QLabel:
    """A text in one of the style sheet's roles."""
    result = QLabel(text)
    result.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        result.setProperty("role", role)
    if wrap:
        result.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        result.setSizePolicy(policy)
    return result


def button(text: str, clicked: Callable[[], object], role: str = "") -> QPushButton:
    """A button in one of the style sheet's roles."""
    result = QPushButton(text)
    if role:
        result.setProperty("role", role)
    result.setCursor(Qt.CursorShape.PointingHandCursor)
    result.clicked.connect(lambda _checked=False: clicked())
    return result


def line() -> QFrame:
    """A hairline."""
    result = QFrame()
    result.setProperty("role", "line")
    result.setFixedHeight(1)
    return result


def restyle(widget: QWidget, name: str, value: object) -> None:
    """Set a dynamic property that the style sheet looks at."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def counted(number: int, noun: str) -> str:
    """`1 page`, `2,000 pages`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def size_words(size: float) -> str:
    """Bytes for people."""
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if size >= 10 or unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError


def time_words(seconds: float) -> str:
    """A time left that does not pretend to know more than it does."""
    if seconds < 10:
        return "a few seconds left"
    if seconds < 90:
        return f"about {round(seconds / 5) * 5} s left"
    if seconds < 90 * 60:
        return f"about {counted(round(seconds / 60), 'minute')} left"
    return f"about {seconds / 3600:.1f} hours left"


def pages_words(first: int, last: int) -> str:
    """`page 7`, `pages 7 to 9`."""
    return f"page {first}" if first == last else f"pages {first} to {last}"


def page_spans(pages: Iterable[int]) -> list[tuple[int, int]]:
    """Pages as stretches, first and last: 3, 4, 5, 9 are (3, 5) and (9, 9)."""
    spans: list[tuple[int, int]] = []
    for page in sorted(set(pages)):
        if spans and page == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], page)
        else:
            spans.append((page, page))
    return spans


def spans_words(spans: list[tuple[int, int]]) -> str:
    """`page 3`, `pages 3 to 5 and 9`, `pages 1, 3 to 5 and 9`."""
    parts = [str(first) if first == last else f"{first} to {last}" for first, last in spans]
    words = " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part) if parts else ""
    single = len(spans) == 1 and spans[0][0] == spans[0][1]
    return f"page{'' if single else 's'} {words}" if words else ""


def with_page_links(text: str) -> str:
    """Plain text as HTML with every mention of a page made a link `page:N`."""
    escaped = html.escape(text, quote=False).replace("\n", "<br>")
    return PAGE_REFERENCE.sub(lambda found: f'<a href="page:{found[2]}">{found[0]}</a>', escaped)


class ElidedLine(QLabel):
    """One line that shortens to the room there is; its tooltip says all of it."""

    def __init__(self, role: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight):
        super().__init__()
        self._whole, self._mode = "", mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        if role:
            self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    @property
    def whole(self) -> str:
        """All of the text."""
        return self._whole

    def set_text(self, text: str) -> None:
        if text != self._whole:
            self._whole = text
            self.setAccessibleName(text)
            self.setToolTip(text)
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._whole, self._mode, max(self.width() - 2, 0)))


class FlowLayout(QLayout):
    """Items in a row that breaks like words do."""

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
