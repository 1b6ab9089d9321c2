"""The bar over the document: title, page number, zoom, back and forward, outline, find."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIntValidator, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.state.session import DocumentSession
from app.style.icons import LINE, IconButton
from app.style.theme import Theme
from app.style.translation import tr
from app.style.widgets import ElidedLine, label
from app.style.words import pages_count
from engine.units import size_text

ROOMY = 620
"""Pixels, in letters of usual size: below, the tools that also have keys give way to the title."""
NARROW = 460


class DocumentBar(QWidget):
    """Shows where the reader is and asks to go elsewhere."""

    page_requested = Signal(int)
    step_requested = Signal(int)
    """To the next (1) or previous (-1) page."""
    zoom_requested = Signal(int)
    """Larger (1) or smaller (-1)."""
    fit_requested = Signal()
    find_requested = Signal()
    back_requested = Signal()
    forward_requested = Signal()
    outline_requested = Signal()
    sidebar_requested = Signal()

    def __init__(self, theme: Theme):
        super().__init__()
        self.setObjectName("documentBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._title = ElidedLine("strong", Qt.TextElideMode.ElideMiddle, name="documentTitle")
        self._detail = ElidedLine("small", name="documentDetail")
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(self._title)
        names.addWidget(self._detail)
        self._number = QLineEdit()
        self._number.setObjectName("pageNumber")
        self._number.setAccessibleName(tr("Page number"))
        self._number.setValidator(QIntValidator(1, 10_000_000, self))
        self._number.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._number.returnPressed.connect(lambda: self.page_requested.emit(int(self._number.text())))
        self._count = label(role="small", name="pageCount")
        self._zoom = label(role="small", name="zoom")
        self._zoom.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._zoom.setMinimumWidth(40)
        tool = self._tool
        self._back = tool("back", tr("Back (Alt+Left)"), self.back_requested.emit)
        self._forward = tool("forward", tr("Forward (Alt+Right)"), self.forward_requested.emit)
        self._previous = tool("up", tr("Previous page (Alt+Up)"), lambda: self.step_requested.emit(-1))
        self._next = tool("down", tr("Next page (Alt+Down)"), lambda: self.step_requested.emit(1))
        smaller = tool("zoom-out", tr("Zoom out (Ctrl+-)"), lambda: self.zoom_requested.emit(-1))
        larger = tool("zoom-in", tr("Zoom in (Ctrl++)"), lambda: self.zoom_requested.emit(1))
        fit = tool("fit-width", tr("Fit width (Ctrl+0)"), self.fit_requested.emit)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 7, 8, 7)
        row.setSpacing(2)
        row.addWidget(tool("sidebar", tr("Show or hide the library (Ctrl+B)"), self.sidebar_requested.emit))
        row.addWidget(tool("outline", tr("Show or hide the contents (F7)"), self.outline_requested.emit))
        row.addSpacing(4)
        row.addLayout(names, 1)
        row.addSpacing(4)
        for part in (self._back, self._forward, self._previous, self._number, self._count, self._next):
            row.addWidget(part)
        row.addSpacing(4)
        for part in (smaller, self._zoom, larger, fit):
            row.addWidget(part)
        row.addWidget(tool("search", tr("Find in the document (Ctrl+F)"), self.find_requested.emit))
        self._spare = (self._zoom, fit, self._previous, self._next)
        self._more_spare = (smaller, larger, self._forward)
        self.set_history(False, False)

    @property
    def number(self) -> QLineEdit:
        return self._number

    def show_session(self, session: DocumentSession, page: int) -> None:
        """Show title, size and page count, and the current page unless a number is being typed."""
        pages = session.pages
        parts = [pages_count(pages) if pages else "", size_text(session.size) if session.size else ""]
        self._title.set_text(session.name)
        self._detail.set_text("  ·  ".join(part for part in parts if part))
        self._count.setText(tr("of {pages}", pages=f"{pages:,}") if pages else "")
        digits = len(str(max(pages, 99)))
        self._number.setFixedWidth(self._number.fontMetrics().horizontalAdvance("0" * digits) + 18)
        if not self._number.hasFocus():
            self.set_page(page)

    def set_page(self, page: int) -> None:
        self._number.setText(str(page))

    def set_zoom(self, zoom: float) -> None:
        self._zoom.setText(f"{zoom:.0%}")

    def set_history(self, back: bool, forward: bool) -> None:
        """Enable the arrows where there is a place to go to."""
        self._back.setEnabled(back)
        self._forward.setEnabled(forward)

    def focus_number(self) -> None:
        """Let a page number be typed."""
        self._number.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._number.selectAll()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        letters = self.fontMetrics().height() / LINE
        for part in self._spare:
            part.setVisible(self.width() >= ROOMY * letters)
        for part in self._more_spare:
            part.setVisible(self.width() >= NARROW * letters)

    def _tool(self, icon: str, name: str, action: Callable[[], object]) -> IconButton:
        result = IconButton(icon, name, self._theme)
        result.setObjectName(f"{icon}Tool")
        result.clicked.connect(lambda _checked=False: action())
        return result
