"""The documents on the left: search in titles and texts, how far each is read, remove with undo."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QListView, QMenu, QVBoxLayout, QWidget

from app.library.model import Entry, LibraryModel
from app.library.row import DocumentDelegate
from app.library.tag_filter import TagFilter
from app.library.text_search import Found
from app.state.session import DocumentSession, Phase
from app.style.theme import Theme
from app.style.translation import tr
from app.style.widgets import button, label, plain_tip
from engine.library.records import Document
from engine.units import size_text

LEAST = 190
"""Pixels."""
SEARCH_MS = 250
"""Time after the last letter before texts are searched."""


class _DocumentList(QListView):
    """A right click opens the menu and leaves the selection alone."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.RightButton:
            super().mousePressEvent(event)


class LibraryPane(QWidget):
    """Shows the library; asks to open and to remove."""

    open_requested = Signal(str)
    place_requested = Signal(str, int, str)
    """(path, page, the words to mark on it)"""
    browse_requested = Signal()
    remove_requested = Signal(int)
    dismiss_requested = Signal(str)
    """Take a file that could not be read off the list."""
    rename_requested = Signal(int, str)
    """(document id, title; "" for the one in the file)"""
    tags_requested = Signal(object)
    """Entry whose tags shall be changed."""
    free_requested = Signal(int)
    """Delete the saved states of the document with this id."""
    collect_requested = Signal(int)
    """Put the document with this id into a collection."""
    undo_requested = Signal()
    folder_requested = Signal(str)
    search_requested = Signal(str)
    """Search the texts of the library."""

    def __init__(self, theme: Theme):
        super().__init__()
        self.setObjectName("libraryPane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.model = LibraryModel(self)
        self._current: str | None = None
        self._searching = False
        self.search = QLineEdit()
        self.search.setObjectName("search")
        self.search.setPlaceholderText(tr("Search documents"))
        self.search.setAccessibleName(tr("Search documents"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._search)
        self.search.installEventFilter(self)
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(SEARCH_MS)
        self._delay.timeout.connect(lambda: self.search_requested.emit(self.search.text()))
        self.model.renamed.connect(self.rename_requested)
        self.list = self._make_list(theme)
        self.tags = TagFilter()
        self.tags.chosen.connect(self._choose_tag)
        self._empty = label(tr("Your documents appear here."), "muted", wrap=True, name="libraryEmpty")
        self._empty.setContentsMargins(10, 4, 10, 0)
        self._problem = label(role="error", wrap=True, name="libraryProblem")
        self._problem.hide()
        self._locked = label(tr("View-only: Readthrough is already open."), "warning", wrap=True, name="libraryLocked")
        self._locked.hide()
        self._toast = QFrame()
        self._toast.setProperty("role", "toast")
        self._toast_words = label(wrap=True, name="undoText")
        undo = button(tr("Undo"), self.undo_requested.emit, name="undo")
        undo.setToolTip(tr("Undo (Ctrl+Z)"))
        row = QHBoxLayout(self._toast)
        row.setContentsMargins(12, 6, 4, 6)
        row.addWidget(self._toast_words, 1)
        row.addWidget(undo)
        self._toast.hide()
        self._open_button = button(tr("Open a document…"), self.browse_requested.emit, name="libraryOpen")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 10, 12)
        column.setSpacing(10)
        column.addWidget(self.search)
        column.addWidget(self.tags)
        self._above = QVBoxLayout()
        column.addLayout(self._above)
        column.addWidget(self._empty)
        column.addWidget(self.list, 1)
        column.addStretch()
        column.addWidget(self._problem)
        column.addWidget(self._locked)
        column.addWidget(self._toast)
        column.addWidget(self._open_button)

    def _make_list(self, theme: Theme) -> QListView:
        documents = _DocumentList()
        documents.setObjectName("documents")
        documents.setAccessibleName(tr("Documents"))
        documents.setModel(self.model)
        documents.setItemDelegate(DocumentDelegate(theme, documents))
        documents.setMouseTracking(True)
        documents.setUniformItemSizes(True)
        documents.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        documents.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        documents.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        documents.customContextMenuRequested.connect(self._menu)
        documents.setEditTriggers(QListView.EditTrigger.EditKeyPressed)
        documents.clicked.connect(self._open)
        documents.activated.connect(self._open)
        return documents

    def add_above(self, panel: QWidget) -> None:
        """Show a panel above the documents."""
        self._above.addWidget(panel)

    def least_width(self) -> int:
        """Return the width that the pane needs to show its button whole, in pixels."""
        self._open_button.ensurePolished()
        return max(LEAST, self._open_button.sizeHint().width() + 24)

    def set_documents(self, rows: list[Document]) -> None:
        """Show the library's documents, last used first."""
        self.model.set_documents(rows)
        self.tags.show_tags(self.model.tags)
        self._after()

    def show_session(self, session: DocumentSession) -> None:
        """Show an open document's progress, or why it could not be read."""
        self.model.set_live(session.path, live_entry(session))
        self._after()

    def forget(self, path: str) -> None:
        """Take an open document's progress or problem off the list."""
        self.model.set_live(path, None)
        self._after()

    def show_found(self, text: str, found: dict[str, Found]) -> None:
        """Show the documents whose text contains what is searched for."""
        if text == self.search.text():
            self._searching = False
            self.model.set_found(found)
            self._after()

    def set_current(self, path: str | None) -> None:
        """Select the document that is shown."""
        self._current = path
        place = self.model.place_of(path)
        goes_through = self.list.hasFocus() and self.list.currentIndex().isValid()
        if place != self.list.currentIndex().row() and not goes_through:
            self.list.setCurrentIndex(self.model.index(place) if place >= 0 else QModelIndex())
            if place < 0:
                self.list.clearSelection()

    def set_problem(self, sentence: str) -> None:
        """Say that the library cannot be used; "" takes it back."""
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))

    def set_read_only(self, sentence: str) -> None:
        """Say that another program writes the library; "" when it is free again."""
        self._locked.setVisible(bool(sentence))
        self._locked.setToolTip(plain_tip(sentence))

    def show_undo(self, title: str, path: str) -> None:
        """Offer to undo the removal of a document, which is hidden meanwhile; "" ends the offer."""
        self.model.set_hidden(path)
        self._toast_words.setText(tr("Removed “{title}”", title=title))
        self._toast.setVisible(bool(title))
        self._after()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """From the search box, the arrow down goes to the list and Enter opens its first document."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.model.rowCount():
                self._open(self.model.index(0))
                return True
            if event.key() == Qt.Key.Key_Down and self.model.rowCount():
                self.list.setFocus(Qt.FocusReason.TabFocusReason)
                self.list.setCurrentIndex(self.model.index(0))
                return True
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
        return super().eventFilter(watched, event)

    def _after(self) -> None:
        there = self.model.rowCount() > 0
        if self.model.is_empty:
            self._empty.setText(tr("Your documents appear here."))
        elif self.search.text().strip():
            self._empty.setText(tr("Searching…") if self._searching else tr("Nothing found."))
        self._empty.setVisible(not there and (self.model.is_empty or bool(self.search.text().strip())))
        self.list.setVisible(there)
        self.set_current(self._current)

    def _choose_tag(self, tag: str) -> None:
        self.model.set_tag(tag)
        self._after()

    def _search(self, text: str) -> None:
        self._searching = bool(text.strip())
        self.model.set_words(text)
        self._after()
        if self._searching:
            self._delay.start()
        else:
            self._delay.stop()

    def _open(self, index: QModelIndex) -> None:
        entry = self.model.entry(index)
        if entry is None:
            return
        if entry.found is not None:
            self.place_requested.emit(entry.path, entry.found.page, entry.found.words)
        else:
            self.open_requested.emit(entry.path)

    def _menu(self, where: QPoint) -> None:
        entry = self.model.entry(self.list.indexAt(where))
        if entry is not None:
            self.menu_for(entry).popup(self.list.viewport().mapToGlobal(where))

    def menu_for(self, entry: Entry) -> QMenu:
        """Return the menu of a document."""
        path, document_id = entry.path, entry.document_id
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Open"), lambda: self.open_requested.emit(path))
        menu.addAction(tr("Show in folder"), lambda: self.folder_requested.emit(path))
        menu.addSeparator()
        if document_id is not None:
            menu.addAction(tr("Rename…"), lambda: self.begin_rename(path))
            menu.addAction(tr("Tags…"), lambda: self.tags_requested.emit(entry))
            menu.addAction(tr("Add to collection…"), lambda: self.collect_requested.emit(document_id))
            free = menu.addAction(
                tr("Delete cached data ({size})", size=size_text(entry.cached)),
                lambda: self.free_requested.emit(document_id),
            )
            free.setEnabled(entry.cached > 0)
            menu.addSeparator()
            menu.addAction(tr("Remove from library"), lambda: self.remove_requested.emit(document_id))
        else:
            menu.addAction(tr("Remove from list"), lambda: self.dismiss_requested.emit(path))
        return menu

    def begin_rename(self, path: str) -> None:
        """Let the title of a document be edited in its row."""
        place = self.model.place_of(path)
        if place >= 0:
            self.list.setFocus()
            self.list.edit(self.model.index(place))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        entry = self.model.entry(self.list.currentIndex())
        if event.key() == Qt.Key.Key_Delete and self.list.hasFocus() and entry is not None:
            if entry.document_id is not None:
                self.remove_requested.emit(entry.document_id)
            else:
                self.dismiss_requested.emit(entry.path)
        else:
            super().keyPressEvent(event)


def live_entry(session: DocumentSession) -> Entry | None:
    """Return a document's row while it has a job or a problem; None otherwise."""
    if session.phase.busy:
        words = live_words(session)
        return Entry(session.path, session.name, session.document_id, words, session.fraction, busy=True)
    if session.trouble is not None:
        words = session.trouble.sentence
        return Entry(session.path, session.name, session.document_id, words, session.fraction, failed=True)
    return None


def live_words(session: DocumentSession) -> str:
    """Return the current activity of a document, for its row."""
    if session.paused:
        return tr("Paused")
    match session.phase:
        case Phase.READING if session.page_count:
            page, pages = f"{session.progress.page:,}", f"{session.page_count:,}"
            return tr("Reading page {page} of {pages}", page=page, pages=pages)
        case Phase.READING:
            return tr("Reading page {page}", page=f"{session.progress.page:,}")
        case Phase.SUMMARISING:
            return tr("Summarising")
        case Phase.ANSWERING:
            return tr("Answering")
        case Phase.OPENING:
            return tr("Opening")
    return tr("Waiting")
