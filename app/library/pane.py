"""The documents on the left: search, how far each is read, remove with undo."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QListView, QMenu, QVBoxLayout, QWidget

from app.library.model import DOCUMENT_ID, PATH, Entry, EntryDelegate, LibraryModel
from app.state.session import DocumentSession, Phase
from app.style.theme import Theme
from app.style.widgets import button, label


class LibraryPane(QWidget):
    """Shows the library; asks to open and to remove."""

    open_requested = Signal(str)
    browse_requested = Signal()
    remove_requested = Signal(int)
    undo_requested = Signal()
    folder_requested = Signal(str)

    def __init__(self, theme: Theme):
        super().__init__()
        self.setObjectName("libraryPane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.model = LibraryModel(self)
        self._current: str | None = None
        self.search = QLineEdit()
        self.search.setObjectName("search")
        self.search.setPlaceholderText("Search documents")
        self.search.setAccessibleName("Search documents")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._search)
        self.list = QListView()
        self.list.setAccessibleName("Documents")
        self.list.setModel(self.model)
        self.list.setItemDelegate(EntryDelegate(theme, self.list))
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(True)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._menu)
        self.list.clicked.connect(self._open)
        self.list.activated.connect(self._open)
        self._empty = label("Documents that you open are kept here, with how far each is read.", "muted", wrap=True)
        self._empty.setContentsMargins(10, 4, 10, 0)
        self._problem = label(role="error", wrap=True)
        self._problem.hide()
        self._locked = label("Read-only: another Readthrough is writing this library.", "warning", wrap=True)
        self._locked.hide()
        self._toast = QFrame()
        self._toast.setProperty("role", "toast")
        self._toast_words = label(wrap=True)
        undo = button("Undo", self.undo_requested.emit)
        undo.setToolTip("Undo (Ctrl+Z)")
        row = QHBoxLayout(self._toast)
        row.setContentsMargins(12, 6, 4, 6)
        row.addWidget(self._toast_words, 1)
        row.addWidget(undo)
        self._toast.hide()
        self._open_button = button("Open a document…", self.browse_requested.emit)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 10, 12)
        column.setSpacing(10)
        column.addWidget(self.search)
        column.addWidget(self._empty)
        column.addWidget(self.list, 1)
        column.addStretch()
        column.addWidget(self._problem)
        column.addWidget(self._locked)
        column.addWidget(self._toast)
        column.addWidget(self._open_button)

    def set_documents(self, rows: list[Any]) -> None:
        """The library's documents, last used first."""
        self.model.set_documents(rows)
        self._after()

    def show_session(self, session: DocumentSession) -> None:
        """The live progress of an open document."""
        entry = None
        if session.phase.busy:
            entry = Entry(
                session.path, session.name, session.document_id, live_words(session), session.fraction, busy=True
            )
        self.model.set_live(session.path, entry)
        self._after()

    def set_current(self, path: str | None) -> None:
        """Select the document that is shown."""
        self._current = path
        place = self.model.place_of(path)
        if place != self.list.currentIndex().row():
            self.list.setCurrentIndex(self.model.index(place) if place >= 0 else QModelIndex())
            if place < 0:
                self.list.clearSelection()

    def set_problem(self, sentence: str) -> None:
        """Say that the library cannot be used; "" takes it back."""
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))

    def set_read_only(self, sentence: str) -> None:
        """Another program writes the library; "" when it is free again."""
        self._locked.setVisible(bool(sentence))
        self._locked.setToolTip(sentence)

    def show_undo(self, title: str, path: str) -> None:
        """Offer to undo the removal of a document, which is hidden meanwhile; "" ends the offer."""
        self.model.set_hidden(path)
        self._toast_words.setText(f"Removed “{title}”")
        self._toast.setVisible(bool(title))

    def _after(self) -> None:
        self._empty.setVisible(self.model.is_empty)
        self.list.setVisible(not self.model.is_empty)
        self.set_current(self._current)

    def _search(self, text: str) -> None:
        self.model.set_words(text)
        self._after()

    def _open(self, index: QModelIndex) -> None:
        if index.isValid():
            self.open_requested.emit(index.data(PATH))

    def _menu(self, where: QPoint) -> None:
        index = self.list.indexAt(where)
        if not index.isValid():
            return
        path, document_id = index.data(PATH), index.data(DOCUMENT_ID)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Open", lambda: self.open_requested.emit(path))
        menu.addAction("Show in its folder", lambda: self.folder_requested.emit(path))
        menu.addSeparator()
        remove = menu.addAction("Remove from the library", lambda: self.remove_requested.emit(document_id))
        remove.setEnabled(document_id is not None)
        menu.popup(self.list.viewport().mapToGlobal(where))

    def keyPressEvent(self, event) -> None:
        index = self.list.currentIndex()
        if event.key() == Qt.Key.Key_Delete and self.list.hasFocus() and index.isValid():
            if index.data(DOCUMENT_ID) is not None:
                self.remove_requested.emit(index.data(DOCUMENT_ID))
        else:
            super().keyPressEvent(event)


def live_words(session: DocumentSession) -> str:
    """What goes on with a document, for its line."""
    if session.paused:
        return "Paused"
    match session.phase:
        case Phase.READING:
            of = f" of {session.pages:,}" if session.pages else ""
            return f"Reading page {session.progress.page:,}{of}"
        case Phase.SUMMARISING:
            return "Summarising"
        case Phase.ANSWERING:
            return "Answering"
        case Phase.OPENING:
            return "Opening"
    return "Waiting"
