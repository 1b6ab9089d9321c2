"""The collections in the window: their list above the documents, the page of the one that is chosen."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from app.collections.entry_list import EntryList
from app.collections.page import CollectionPage
from app.collections.words import row_of
from app.jobs.collection_jobs import CollectionJobs
from app.library.model import Entry
from app.style.theme import Theme
from app.style.translation import tr
from app.style.widgets import label
from app.tasks.throttle import Throttle
from engine.library.records import Document

MOST_ROWS = 4
"""Collections that are shown at once; further ones are scrolled to."""


class CollectionsView(QObject):
    """Connects list and page with the jobs of collections."""

    shown = Signal()
    """The page of a collection is to be shown."""
    closed = Signal()
    """The shown collection is gone."""
    document_requested = Signal(str)
    place_requested = Signal(str, int, str)
    """(path, page, the words to mark on it)"""

    def __init__(self, jobs: CollectionJobs, theme: Theme, parent: QObject):
        super().__init__(parent)
        self._jobs = jobs
        self._documents: dict[int, Document] = {}
        self._news = 0
        self._listed: tuple[str, int, int] = ("", 0, 0)
        """Collection, news of the library and number of documents of the rows that the page lists."""
        self._rows: list[Entry] = []
        self.current = ""
        """Name of the collection whose page is shown; "" for none."""
        self.page = CollectionPage(theme)
        self.list = EntryList(theme, "collections", tr("Collections"))
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.panel = QWidget()
        self.panel.setObjectName("collectionsPanel")
        column = QVBoxLayout(self.panel)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(label(tr("Collections"), "small"))
        column.addWidget(self.list)
        self.panel.hide()
        self.throttle = Throttle(self._refresh, 80, self)
        jobs.changed.connect(lambda _name: self.throttle.add(1))
        jobs.listed.connect(lambda: self.throttle.add(1))
        self.list.chosen.connect(lambda entry: self.show(entry.title))
        self.list.menu_requested.connect(self._menu)
        page = self.page
        page.asked.connect(lambda question: jobs.ask(self.current, question))
        page.pause_requested.connect(lambda: jobs.pause(self.current))
        page.resume_requested.connect(lambda: jobs.go_on(self.current))
        page.stop_requested.connect(lambda: jobs.stop(self.current))
        page.look_requested.connect(lambda: jobs.look_again(self.current))
        page.remove_requested.connect(lambda: jobs.remove(self.current))
        page.document_requested.connect(self.document_requested)
        page.place_requested.connect(self._show_place)

    def set_documents(self, rows: list[Document]) -> None:
        """Take the documents of the library."""
        self._documents = {row.id: row for row in rows}
        self._news += 1
        if self.current:
            self.throttle.add(1)

    def read_folder(self, folder: str) -> None:
        """Read a folder into its collection and show that."""
        self.show(self._jobs.read_folder(folder))

    def show(self, name: str) -> None:
        """Show the page of a collection."""
        if name in self._jobs.all:
            self.current = name
            self.shown.emit()
            self._refresh()
            self.page.question.focus()

    def leave(self) -> None:
        """Note that something else is shown."""
        self.current = ""
        self.list.clearSelection()

    def _refresh(self, _what: int = 0) -> None:
        names = sorted(self._jobs.all, key=str.casefold)
        self.list.entries.set_entries([row_of(self._jobs.all[name]) for name in names])
        self.panel.setVisible(bool(names))
        height = self.list.sizeHintForRow(0) if names else 0
        self.list.setFixedHeight(height * min(len(names), MOST_ROWS) + 2)
        facts = self._jobs.all.get(self.current)
        if facts is not None:
            listed = (self.current, self._news, len(facts.documents))
            if listed != self._listed:
                known = [self._documents[id] for id in facts.documents if id in self._documents]
                self._listed, self._rows = listed, [Entry.of_row(row) for row in known]
            self.page.show_facts(facts, self._rows)
            self.list.setCurrentIndex(self.list.entries.index(names.index(self.current)))
        elif self.current:
            self.leave()
            self.closed.emit()

    def _show_place(self, document: int, page: int, words: str) -> None:
        row = self._documents.get(document)
        if row is not None:
            self.place_requested.emit(row.path, page, words)

    def _menu(self, entry: Entry, where: QPoint) -> None:
        self.menu_for(entry.title).popup(where)

    def menu_for(self, name: str) -> QMenu:
        """Return the menu of a collection."""
        facts = self._jobs.all[name]
        menu = QMenu(self.list)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Open"), lambda: self.show(name))
        if facts.reading and facts.paused:
            menu.addAction(tr("Resume"), lambda: self._jobs.go_on(name))
        elif facts.reading:
            menu.addAction(tr("Pause"), lambda: self._jobs.pause(name))
        elif facts.folders:
            menu.addAction(tr("Look for new files"), lambda: self._jobs.look_again(name))
        menu.addSeparator()
        remove = menu.addAction(tr("Remove collection"), lambda: self._jobs.remove(name))
        remove.setEnabled(not facts.reading)
        return menu
