"""A list of rows with a title and a second line: collections, their documents, and files that could not be read."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QListView, QWidget

from app.library.model import ENTRY, Entry
from app.library.row import DocumentDelegate
from app.style.theme import Theme
from app.style.widgets import plain_tip

_AnyIndex = QModelIndex | QPersistentModelIndex
_NONE = QModelIndex()


class EntryModel(QAbstractListModel):
    """Rows that others make; a change in the same number of rows keeps selection and place."""

    def __init__(self, parent: QWidget):
        super().__init__(parent)
        self._entries: list[Entry] = []

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Show these rows."""
        if len(entries) != len(self._entries):
            self.beginResetModel()
            self._entries = list(entries)
            self.endResetModel()
        elif list(entries) != self._entries:
            self._entries = list(entries)
            self.dataChanged.emit(self.index(0), self.index(len(self._entries) - 1))

    def entry(self, index: _AnyIndex) -> Entry | None:
        """Return the entry of a row; None where there is no row."""
        return self._entries[index.row()] if index.isValid() and index.row() < len(self._entries) else None

    def rowCount(self, parent: _AnyIndex = _NONE) -> int:
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: _AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        entry = self.entry(index)
        if entry is None:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return entry.title
            case Qt.ItemDataRole.ToolTipRole:
                lines = (entry.title, entry.path, entry.facts, entry.coverage)
                return plain_tip("\n".join(line for line in lines if line))
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{entry.title}. {entry.second_line}"
        return entry if role == ENTRY else None


class EntryList(QListView):
    """Shows an EntryModel; a click or Enter chooses a row."""

    chosen = Signal(object)
    """Entry"""
    menu_requested = Signal(object, object)
    """(Entry, QPoint on the screen)"""

    def __init__(self, theme: Theme, name: str, spoken: str):
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(spoken)
        self.entries = EntryModel(self)
        self.setModel(self.entries)
        self.setItemDelegate(DocumentDelegate(theme, self))
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        self.clicked.connect(self._choose)
        self.activated.connect(self._choose)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.RightButton:
            super().mousePressEvent(event)

    def _choose(self, index: QModelIndex) -> None:
        entry = self.entries.entry(index)
        if entry is not None:
            self.chosen.emit(entry)

    def _menu(self, where: object) -> None:
        entry = self.entries.entry(self.indexAt(where))  # type: ignore[arg-type]
        if entry is not None:
            self.menu_requested.emit(entry, self.viewport().mapToGlobal(where))  # type: ignore[call-overload]
