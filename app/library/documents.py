"""The library's documents as the window lists them, read again after changes; at most one removal can be undone."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from app.library.reader import LibraryReader
from engine.library.records import Document

UNDO_MS = 8_000
"""Time in which a removal can be undone."""
REFRESH_MS = 800
"""Time in which changes of the library are gathered before it is read again."""


class Shelf(QObject):
    """The list of documents, and the removal that can still be undone."""

    documents_changed = Signal(object)
    """list[engine.library.records.Document], without the one that is being removed."""
    removal_pending = Signal(str, str)
    """A document's (title, path), while removing it can be undone; "" and "" when that time is over."""
    removed = Signal(int, str)
    """(document id, path): the time to undo is over."""

    def __init__(self, reader: LibraryReader, parent: QObject | None = None):
        super().__init__(parent)
        self._reader = reader
        self.documents: list[Document] = []
        """The library's documents, last used first."""
        self._removing: tuple[int, str] | None = None
        self._stale: set[str] = set()
        self._refresh = QTimer(self)
        self._refresh.setSingleShot(True)
        self._refresh.setInterval(REFRESH_MS)
        self._refresh.timeout.connect(self._read)
        self._undo = QTimer(self)
        self._undo.setSingleShot(True)
        self._undo.timeout.connect(self.remove_now)
        reader.documents_read.connect(self._on_documents)

    def note_news(self, path: str) -> None:
        """Read the library again soon: it holds more of a document than was shown."""
        self._stale.add(path)
        if not self._refresh.isActive():
            self._refresh.start()

    def remove(self, document_id: int) -> str:
        """Remove a document, unless that is undone within a few seconds; returns its path, "" when there is none."""
        self.remove_now()
        row = next((row for row in self.documents if row.id == document_id), None)
        if row is None:
            return ""
        self._removing = (document_id, row.path)
        self._undo.start(UNDO_MS)
        self.removal_pending.emit(row.title, row.path)
        self._tell()
        return row.path

    def undo(self) -> None:
        """Undo the removal that is pending, if there is one."""
        if self._removing is None:
            return
        self._undo.stop()
        self._removing = None
        self.removal_pending.emit("", "")
        self._tell()

    def remove_now(self) -> None:
        """End the time to undo."""
        self._undo.stop()
        if self._removing is None:
            return
        (document_id, path), self._removing = self._removing, None
        self.removal_pending.emit("", "")
        self.documents = [row for row in self.documents if row.id != document_id]
        self.removed.emit(document_id, path)

    def _read(self) -> None:
        for path in self._stale:
            self._reader.read_record(path)
        self._stale.clear()
        self._reader.read_documents()

    def _on_documents(self, rows: list[Document]) -> None:
        if rows != self.documents:
            self.documents = rows
            self._tell()

    def _tell(self) -> None:
        hidden = self._removing[0] if self._removing else None
        self.documents_changed.emit([row for row in self.documents if row.id != hidden])
