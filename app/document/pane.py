"""The document in the middle: its outline, its pages or its text, find, and the strip under it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QMenu, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from app.document.document_bar import DocumentBar
from app.document.find_bar import FindBar
from app.document.history import Place, PlaceHistory
from app.document.outline_panel import OutlinePanel
from app.document.strip_bar import StripBar
from app.document.text_view import TextView
from app.document.trouble_panel import TroublePanel
from app.library.reader import LibraryReader
from app.pages.marks import Passage
from app.pages.source import OutlineEntry, PageSource
from app.pages.view import PageView
from app.state.session import Aspect, DocumentSession
from app.style.theme import Theme
from app.style.translation import tr
from app.style.widgets import label

OUTLINE_WIDTH = 260
OUTLINE_ROOM = 340
"""Pixels that the pages need beside the outline; in less the outline is hidden."""


class DocumentPane(QWidget):
    """Shows one session's document."""

    ask_as_of_requested = Signal(int)
    sidebar_requested = Signal()
    address_followed = Signal(str)
    """A link of the document leads to this address."""
    outline_shown = Signal(bool)
    page_changed = Signal(int)

    def __init__(self, reader: LibraryReader, theme: Theme):
        super().__init__()
        self.setObjectName("documentPane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session: DocumentSession | None = None
        self._reader = reader
        self._open_with: tuple[str, str | None, int] | None = None
        self._history = PlaceHistory()
        self._headings_of: int | None = None
        self._wants_outline = False
        self.source = PageSource(self)
        self.pages = PageView(self.source, theme)
        self.text = TextView(reader, theme)
        self.outline = OutlinePanel(theme)
        self.trouble = TroublePanel(theme)
        self.bar = DocumentBar(theme)
        self.find_bar = FindBar(theme)
        self.strip_bar = StripBar(theme)
        self.strip = self.strip_bar.strip
        self._message = label(role="muted", wrap=True, name="documentMessage")
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._message.setMargin(60)
        self._stack = QStackedWidget()
        for page in (self.pages, self.text, self._message):
            self._stack.addWidget(page)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setHandleWidth(1)
        self._split.addWidget(self.outline)
        self._split.addWidget(self._stack)
        self._split.setStretchFactor(1, 1)
        self._split.setSizes([OUTLINE_WIDTH, 600])
        self.outline.hide()
        self._trouble_box = QWidget()
        inset = QVBoxLayout(self._trouble_box)
        inset.setContentsMargins(16, 12, 16, 0)
        inset.addWidget(self.trouble)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.find_bar)
        column.addWidget(self._trouble_box)
        column.addWidget(self._split, 1)
        column.addWidget(self.strip_bar)
        self._connect()

    def _connect(self) -> None:
        self.pages.failed.connect(self._on_pages_failed)
        self.pages.opened.connect(self._on_pages_opened)
        self.pages.link_followed.connect(self.jump)
        for pane in (self.pages, self.text):
            pane.address_followed.connect(self.address_followed)
        self.pages.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.pages.customContextMenuRequested.connect(
            lambda where: self.page_menu().popup(self.pages.viewport().mapToGlobal(where))
        )
        self.source.outlined.connect(self._on_outline)
        self._reader.headings_read.connect(self._on_headings)
        self.outline.place_requested.connect(self.jump)
        for view in (self.pages, self.text):
            view.page_changed.connect(self._on_page)
            view.zoom_changed.connect(partial(self._on_zoom, view))
            view.matches_changed.connect(self.find_bar.show_matches)
        self.strip.page_requested.connect(self.jump)
        self.strip.ask_as_of_requested.connect(self.ask_as_of_requested)
        bar = self.bar
        bar.page_requested.connect(self.jump)
        bar.step_requested.connect(lambda step: self.go_to(self.view.page + step))
        bar.zoom_requested.connect(self._zoom)
        bar.fit_requested.connect(self.fit_width)
        bar.find_requested.connect(self.begin_find)
        bar.back_requested.connect(self.go_back)
        bar.forward_requested.connect(self.go_forward)
        bar.outline_requested.connect(self.toggle_outline)
        bar.sidebar_requested.connect(self.sidebar_requested)
        self.find_bar.find_requested.connect(self._find)
        self.find_bar.step_requested.connect(self.step_match)
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
        self._history.clear()
        self._tell_history()
        self.outline.show_entries([])
        self.outline.set_file("", None)
        self._headings_of = None
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
            self.bar.show_session(session, self.view.page)
            if not session.is_pdf and session.document_id is not None and session.progress.page:
                self.text.set_document(session.document_id, session.progress.page)
        if what & Aspect.DOCUMENT and session.opened and self._open_with is not None:
            self._open_again(session, *self._open_with)
        if what & Aspect.DOCUMENT and session.fully_read and session.document_id is not None:
            self._want_headings(session.document_id)
        if what & Aspect.STRIP:
            self.strip_bar.show_session(session)
            self.view.show_evidence(session.evidence)
        if what & Aspect.TROUBLE:
            self.trouble.show_trouble(session.trouble)
            self._trouble_box.setVisible(session.trouble is not None)

    def go_to(self, page: int) -> None:
        """Bring a page into view; a step that `go_back` does not return from."""
        self.view.go_to(page)

    def jump(self, page: int, points: float = 0.0) -> None:
        """Bring a page, or a height on it, into view; `go_back` returns from it."""
        self._history.leave(self.view.place)
        self._tell_history()
        self.view.go_to(page, points)

    def go_back(self) -> None:
        """Return to the place before the last jump."""
        self._return_to(self._history.back(self.view.place))

    def go_forward(self) -> None:
        """Return to the place that `go_back` left."""
        self._return_to(self._history.forward(self.view.place))

    def show_words(self, page: int, words: str) -> None:
        """Jump to a page with these words marked."""
        self.show_passages([Passage(page, words, (words,))])

    def show_passages(self, passages: list[Passage]) -> None:
        """Jump to the first passage and mark all of them; what was marked before is unmarked."""
        if passages:
            self.jump(passages[0].page)
        self.view.mark_passages(passages)

    def step_match(self, step: int) -> None:
        """Go to the next (1) or previous (-1) match."""
        self.view.step_match(step)

    def fit_width(self) -> None:
        self.view.set_fit_width()

    def toggle_outline(self) -> None:
        """Show the outline, or hide it."""
        self.set_outline_shown(self.outline.isHidden())
        self.outline_shown.emit(not self.outline.isHidden())

    def set_outline_shown(self, shown: bool) -> None:
        """Show the outline where there is room for it, or hide it."""
        self._wants_outline = shown
        self.outline.setVisible(shown)
        if shown:
            self.outline.show_page(self.view.page)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < OUTLINE_WIDTH + OUTLINE_ROOM
        if self._wants_outline and self.outline.isHidden() != narrow:
            self.outline.setHidden(narrow)

    def page_menu(self) -> QMenu:
        """Return the menu of the current page."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        copy = menu.addAction(tr("Copy"), self.pages.copy)
        copy.setEnabled(bool(self.pages.selected_text))
        menu.addAction(tr("Select all"), self.pages.select_all)
        menu.addAction(tr("Find…"), self.begin_find)
        menu.addSeparator()
        page = self.pages.page
        ask = menu.addAction(
            tr("Ask using pages 1–{page} only…", page=page), lambda: self.ask_as_of_requested.emit(page)
        )
        ask.setEnabled(self._session is not None and (self._session.fully_read or page <= self._session.progress.page))
        return menu

    def begin_find(self) -> None:
        """Find the selected text, or what will be typed."""
        self.find_bar.begin(self.view.selected_text)

    def _zoom(self, step: int) -> None:
        self.view.zoom_step(step)

    def _find(self, text: str) -> None:
        self.view.find_text(text)

    def _focus_view(self) -> None:
        self.view.setFocus()

    def _return_to(self, place: Place | None) -> None:
        if place is not None:
            self.view.go_to(*place)
        self._tell_history()

    def _tell_history(self) -> None:
        self.bar.set_history(self._history.can_go_back, self._history.can_go_forward)

    def _open_view(self) -> None:
        session = self._session
        if session is None:
            return
        self._open_with = (session.path, session.password, session.size)
        self._on_zoom(self.view, self.view.zoom)
        self._stack.setCurrentWidget(self.view)
        self.outline.set_file(session.path if session.is_pdf else "", session.password)
        if session.is_pdf:
            self.pages.open(session.path, session.password)
            return
        self.text.set_file(session.path)
        if session.document_id is None:
            self.text.open(session.path)

    def _open_again(self, session: DocumentSession, path: str, password: str | None, size: int) -> None:
        """Reopen the file if its size or its password has changed."""
        if password != session.password or size not in (0, session.size):
            place = self.view.place
            self._open_view()
            self.view.go_to(*place)
        self._open_with = (path, session.password, session.size)

    def _want_headings(self, document: int) -> None:
        if self.outline.is_empty and self._headings_of != document:
            self._headings_of = document
            self._reader.read_headings(document)

    def _on_outline(self, entries: list[OutlineEntry]) -> None:
        if entries:
            self.outline.show_entries(entries)
            self.outline.show_page(self.view.page)

    def _on_headings(self, document: int, headings: list[tuple[str, int]]) -> None:
        """Show the headings of the sections where the file has no bookmarks."""
        if self._session is not None and document == self._session.document_id and self.outline.is_empty:
            self._on_outline([OutlineEntry(0, heading, page - 1) for heading, page in headings])

    def _on_pages_failed(self, _reason: str, sentence: str) -> None:
        self._message.setText(sentence)
        self._stack.setCurrentWidget(self._message)

    def _on_pages_opened(self, count: int) -> None:
        self._stack.setCurrentWidget(self.pages)
        if self._session is not None:
            self._session.page_count = self._session.page_count or count
            self.show_session(self._session, Aspect.DOCUMENT | Aspect.STRIP)

    def _on_page(self, page: int) -> None:
        self.bar.set_page(page)
        self.strip.set_page(page)
        self.outline.show_page(page)
        self.page_changed.emit(page)

    def _on_zoom(self, view: QWidget, zoom: float) -> None:
        if view is self.view:
            self.bar.set_zoom(zoom)
