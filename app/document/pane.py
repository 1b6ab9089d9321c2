"""The document in the middle: its pages or its text, find, and the memory strip under it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIntValidator, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QStackedWidget, QVBoxLayout, QWidget

from app.document.find_bar import FindBar
from app.document.strip_bar import StripBar
from app.document.text_view import TextView
from app.document.trouble_panel import TroublePanel
from app.library.reader import LibraryReader
from app.pages.source import PageSource
from app.pages.view import PageView
from app.state.session import Aspect, DocumentSession
from app.style.icons import IconButton
from app.style.theme import Theme
from app.style.widgets import ElidedLine, counted, label, size_words

ROOMY = 560
"""Pixels: below, the title is worth more than a figure and a button that has keys."""


class DocumentPane(QWidget):
    """Shows one session's document."""

    ask_as_of_requested = Signal(int)
    sidebar_requested = Signal()
    page_changed = Signal(int)

    def __init__(self, reader: LibraryReader, theme: Theme):
        super().__init__()
        self.setObjectName("documentPane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session: DocumentSession | None = None
        self._open_with: tuple[str, str | None, int] | None = None
        self.source = PageSource(self)
        self.pages = PageView(self.source, theme)
        self.text = TextView(reader, theme)
        self.trouble = TroublePanel(theme)
        self.find_bar = FindBar(theme)
        self.strip_bar = StripBar(theme)
        self.strip = self.strip_bar.strip
        self._message = label(role="muted", wrap=True)
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._message.setMargin(60)
        self._stack = QStackedWidget()
        for page in (self.pages, self.text, self._message):
            self._stack.addWidget(page)
        self._trouble_box = QWidget()
        inset = QVBoxLayout(self._trouble_box)
        inset.setContentsMargins(16, 12, 16, 0)
        inset.addWidget(self.trouble)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._make_bar(theme))
        column.addWidget(self.find_bar)
        column.addWidget(self._trouble_box)
        column.addWidget(self._stack, 1)
        column.addWidget(self.strip_bar)
        self._connect()

    def _make_bar(self, theme: Theme) -> QWidget:
        bar = QWidget()
        bar.setObjectName("documentBar")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title = ElidedLine("strong", Qt.TextElideMode.ElideMiddle)
        self.detail = ElidedLine("small")
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(self.title)
        names.addWidget(self.detail)
        self._number = QLineEdit()
        self._number.setObjectName("pageNumber")
        self._number.setAccessibleName("Page number")
        self._number.setValidator(QIntValidator(1, 10_000_000, self))
        self._number.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._number.returnPressed.connect(lambda: self.go_to(int(self._number.text())))
        self._count = label(role="small")
        self._zoom = label(role="small")
        self._zoom.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._zoom.setMinimumWidth(40)

        def tool(icon: str, name: str, action) -> IconButton:
            result = IconButton(icon, name, theme)
            result.clicked.connect(lambda _checked=False: action())
            return result

        row = QHBoxLayout(bar)
        row.setContentsMargins(10, 7, 10, 7)
        row.setSpacing(3)
        row.addWidget(tool("sidebar", "Show or hide the library (Ctrl+B)", self.sidebar_requested.emit))
        row.addSpacing(6)
        row.addLayout(names, 1)
        row.addSpacing(6)
        row.addWidget(tool("up", "Previous page (Alt+Up)", lambda: self.go_to(self.view.page - 1)))
        row.addWidget(self._number)
        row.addWidget(self._count)
        row.addWidget(tool("down", "Next page (Alt+Down)", lambda: self.go_to(self.view.page + 1)))
        row.addSpacing(8)
        row.addWidget(tool("zoom-out", "Smaller (Ctrl+-)", lambda: self.view.zoom_step(-1)))
        row.addWidget(self._zoom)
        row.addWidget(tool("zoom-in", "Larger (Ctrl++)", lambda: self.view.zoom_step(1)))
        fit = tool("fit-width", "Fit the width (Ctrl+0)", self.fit_width)
        row.addWidget(fit)
        self._spare = (self._zoom, fit)
        row.addSpacing(4)
        row.addWidget(tool("search", "Find in the document (Ctrl+F)", self.begin_find))
        return bar

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for part in self._spare:
            part.setVisible(self.width() >= ROOMY)

    def _connect(self) -> None:
        self.pages.failed.connect(self._on_pages_failed)
        self.pages.opened.connect(self._on_pages_opened)
        self.pages.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.pages.customContextMenuRequested.connect(
            lambda where: self.page_menu().popup(self.pages.viewport().mapToGlobal(where))
        )
        for view in (self.pages, self.text):
            view.page_changed.connect(self._on_page)
            view.zoom_changed.connect(partial(self._on_zoom, view))
            view.hits_changed.connect(self.find_bar.show_hits)
        self.strip.page_requested.connect(self.go_to)
        self.strip.ask_as_of_requested.connect(self.ask_as_of_requested)
        self.find_bar.find_requested.connect(self._find)
        self.find_bar.step_requested.connect(self.step_hit)
        self.find_bar.closed.connect(self._focus_view)

    @property
    def view(self) -> PageView | TextView:
        """The view that shows this kind of document."""
        return self.pages if self._session is None or self._session.is_pdf else self.text

    def set_session(self, session: DocumentSession | None) -> None:
        """Show another document."""
        self.find_bar.dismiss()
        self.find_bar.field.clear()
        self._session = session
        self.pages.close_document()
        self.text.close_document()
        self._open_with = None
        if session is not None:
            self._open_view()
            self.show_session(session, Aspect.ALL)
            self._on_page(1)

    def show_session(self, session: DocumentSession, what: int) -> None:
        """Show what changed."""
        if what & (Aspect.DOCUMENT | Aspect.STRIP):
            self._show_bar(session)
            if not session.is_pdf and session.document_id is not None and session.progress.page:
                self.text.set_document(session.document_id, session.progress.page)
        if what & Aspect.DOCUMENT and session.opened and self._open_with is not None:
            path, password, size = self._open_with
            if password != session.password or size not in (0, session.size):
                page = self.view.page
                self._open_view()
                self.view.go_to(page)
            self._open_with = (path, session.password, session.size)
        if what & Aspect.STRIP:
            self.strip_bar.show_session(session)
            self.view.show_evidence(session.evidence)
        if what & Aspect.TROUBLE:
            self.trouble.show_trouble(session.trouble)
            self._trouble_box.setVisible(session.trouble is not None)

    def go_to(self, page: int) -> None:
        """Bring a page into view."""
        self.view.go_to(page)

    def show_words(self, page: int, words: str) -> None:
        """Bring a page into view with these words marked."""
        self.go_to(page)
        self.mark(page, [words], words)

    def mark(self, page: int, terms: list[str], sentence: str = "", span: tuple[int, int] = (0, 0)) -> None:
        """Mark on a page the sentence that bears an answer out, or where most of its words stand together.

        span: where the sentence stands in the page's text as the library has it.
        """
        if self.view is self.pages:
            self.pages.mark(page, terms, sentence)
        else:
            self.text.mark(page, terms, sentence, span)

    def step_hit(self, step: int) -> None:
        """To the next (1) or previous (-1) hit."""
        self.view.step_hit(step)

    def fit_width(self) -> None:
        self.view.set_fit_width()

    def focus_page_number(self) -> None:
        """Let a page number be typed."""
        self._number.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._number.selectAll()

    def page_menu(self) -> QMenu:
        """What can be done where one is looking."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        copy = menu.addAction("Copy", self.pages.copy)
        copy.setEnabled(bool(self.pages.selected_text))
        menu.addAction("Find…", self.begin_find)
        menu.addSeparator()
        page = self.pages.page
        ask = menu.addAction(f"Ask as of page {page}…", lambda: self.ask_as_of_requested.emit(page))
        ask.setEnabled(self._session is not None and (self._session.fully_read or page <= self._session.progress.page))
        return menu

    def begin_find(self) -> None:
        """Find what is selected, or what will be typed."""
        self.find_bar.begin(self.view.selected_text)

    def _find(self, text: str) -> None:
        self.view.find_text(text)

    def _focus_view(self) -> None:
        self.view.setFocus()

    def _open_view(self) -> None:
        session = self._session
        if session is None:
            return
        self._open_with = (session.path, session.password, session.size)
        self._on_zoom(self.view, self.view.zoom)
        self._stack.setCurrentWidget(self.view)
        if session.is_pdf:
            self.pages.open(session.path, session.password)
        elif session.document_id is None:
            self.text.open(session.path)

    def _on_pages_failed(self, reason: str, sentence: str) -> None:
        self._message.setText(sentence)
        self._stack.setCurrentWidget(self._message)

    def _on_pages_opened(self, count: int) -> None:
        self._stack.setCurrentWidget(self.pages)
        if self._session is not None:
            self._session.page_count = self._session.page_count or count
            self.show_session(self._session, Aspect.DOCUMENT | Aspect.STRIP)

    def _on_page(self, page: int) -> None:
        self._number.setText(str(page))
        self.strip.set_page(page)
        self.page_changed.emit(page)

    def _on_zoom(self, view: QWidget, zoom: float) -> None:
        if view is self.view:
            self._zoom.setText(f"{zoom:.0%}")

    def _show_bar(self, session: DocumentSession) -> None:
        pages = session.pages
        parts = [counted(pages, "page") if pages else "", size_words(session.size) if session.size else ""]
        self.title.set_text(session.name)
        self.detail.set_text("  ·  ".join(part for part in parts if part))
        self._count.setText(f"of {pages:,}" if pages else "")
        digits = len(str(max(pages, 99)))
        self._number.setFixedWidth(self._number.fontMetrics().horizontalAdvance("0" * digits) + 18)
        if not self._number.hasFocus():
            self._number.setText(str(self.view.page))
