"""Rows of the library for the window, read in a thread of their own; the window only ever reads."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QThread, QTimer, Signal, Slot

from engine.grounding.locate import best_pages, terms_of

if TYPE_CHECKING:
    from engine.library.library import Library

HEAD_BYTES = 48 * 1024
"""Of a record that is not in the library yet: enough to look at while it is read."""
PAGES_AT_ONCE = 200
POLL_MS = 3_000
"""How often to look whether another program has written."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DocumentRecord:
    """What the library holds of one document; rows as engine.library.records has them."""

    document: Any
    spans: list[Any]
    snapshots: list[Any]
    summaries: list[Any]
    turns: list[Any]
    notes: list[Any]
    """Of the newest summary's focus."""
    ledger: Any
    retention: Any
    note: str
    """Coverage of the latest reading in words."""


class _Rows(QObject):
    """Lives in the thread; holds the connection."""

    documents_read = Signal(object)
    record_read = Signal(str, object)
    pages_read = Signal(int, object)
    head_read = Signal(str, str)
    located = Signal(int, int, object)
    found = Signal(int, str, object)
    failed = Signal(str)
    outdated = Signal()

    def __init__(self, path: str):
        super().__init__()
        self._path = path
        self._library: Library | None = None
        self._version = -1
        self._asked_for_update = False
        self._timer: QTimer | None = None

    @Slot()
    def begin(self) -> None:
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._poll)
        self._timer.start(POLL_MS)
        self.read_documents()

    @Slot()
    def end(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._close()
        self.thread().quit()

    @Slot(str)
    def set_path(self, path: str) -> None:
        self._close()
        self._path, self._version = path, -1
        self.documents_read.emit([])
        self.read_documents()

    @Slot()
    def read_documents(self) -> None:
        library = self._open()
        if library is not None:
            self._guard(lambda: self.documents_read.emit(library.documents.all()))

    @Slot(str)
    def read_record(self, path: str) -> None:
        library = self._open()
        found: list[DocumentRecord | None] = []
        if library is not None:
            self._guard(lambda: found.append(_record(library, path)))
        self.record_read.emit(path, found[0] if found else None)

    @Slot(int, int, int)
    def read_pages(self, document: int, first: int, last: int) -> None:
        library = self._open()
        if library is not None:
            self._guard(lambda: self.pages_read.emit(document, library.pages.of(document, first=first, last=last)))

    @Slot(str)
    def read_head(self, path: str) -> None:
        try:
            with open(path, "rb") as file:
                data = file.read(HEAD_BYTES)
        except OSError:
            return
        self.head_read.emit(path, data.decode("utf-8", "replace").replace("\0", ""))

    @Slot(int, int, str, str, object)
    def locate(self, document: int, key: int, answer: str, question: str, within: tuple[int, int] | None) -> None:
        library, terms = self._open(), terms_of(answer)
        if library is not None and terms:
            first, last = within or (1, None)
            pages = ((row.number, row.text) for row in _all_pages(library, document, first, last))
            self._guard(lambda: self.located.emit(document, key, best_pages(pages, terms, terms_of(question))))

    @Slot(int, str)
    def find(self, document: int, text: str) -> None:
        """Pages whose text holds `text`, whatever its case: (page, how often)."""
        library = self._open()
        if library is None:
            return
        wanted = text.casefold()
        counts = ((row.number, row.text.casefold().count(wanted)) for row in _all_pages(library, document))
        self._guard(lambda: self.found.emit(document, text, [(page, count) for page, count in counts if count]))

    def _poll(self) -> None:
        library = self._open()
        if library is None:
            return

        def look() -> None:
            version = library.maintenance.data_version()
            if version != self._version:
                self._version = version
                self.documents_read.emit(library.documents.all())

        self._guard(look)

    def _open(self) -> Library | None:
        if self._library is None:
            from engine.library.database import LibraryError
            from engine.library.library import Library

            try:
                self._library = Library.open(self._path or None, read_only=True)
            except LibraryError as error:
                if error.kind == "older":
                    self._ask_for_update()
                elif error.kind != "missing":
                    self.failed.emit(str(error))
        return self._library

    def _ask_for_update(self) -> None:
        """Once: whoever writes the library brings it up to date."""
        if not self._asked_for_update:
            self._asked_for_update = True
            self.outdated.emit()

    def _guard(self, action: Any) -> None:
        from engine.library.database import LibraryError

        try:
            action()
        except LibraryError as error:
            logger.warning("library: %s", error)
            self._close()
            if error.kind not in ("missing", "gone"):
                self.failed.emit(str(error))

    def _close(self) -> None:
        if self._library is not None:
            self._library.close()
            self._library = None


def _all_pages(library: Library, document: int, first: int = 1, last: int | None = None) -> Iterator[Any]:
    """Every page, or those from `first` to `last`, in order, a few at a time."""
    while last is None or first <= last:
        upto = first + PAGES_AT_ONCE - 1 if last is None else min(first + PAGES_AT_ONCE - 1, last)
        rows = library.pages.of(document, first=first, last=upto)
        if not rows:
            return
        yield from rows
        first = rows[-1].number + 1


def _record(library: Library, path: str) -> DocumentRecord | None:
    document = library.documents.find(path)
    if document is None or document.path != path:
        return None
    readings = library.readings.of(document.id)
    summaries = library.summaries.of(document.id)
    return DocumentRecord(
        document,
        library.pages.spans(document.id),
        library.snapshots.of(document.id),
        summaries,
        library.turns.of(document.id),
        library.section_summaries.of(document.id, summaries[0].focus if summaries else ""),
        library.entities.of(document.id),
        library.retention.of(document.id),
        readings[0].note if readings else "",
    )


class LibraryReader(QObject):
    """The window's side: ask with a method, the answer comes as a signal."""

    documents_read = Signal(object)
    """list[engine.library.records.Document], last used first."""
    record_read = Signal(str, object)
    """(path, DocumentRecord | None)"""
    pages_read = Signal(int, object)
    """(document id, list[engine.library.records.Page])"""
    head_read = Signal(str, str)
    """(path, first part of a text file)"""
    located = Signal(int, int, object)
    """(document id, key that was given, the pages that hold the words of an answer, best first)"""
    found = Signal(int, str, object)
    """(document id, text, list[(page, times)])"""
    failed = Signal(str)
    """A sentence: the library cannot be read."""
    outdated = Signal()
    """The library is from an older version; opening it for writing updates it."""
    _documents_wanted = Signal()
    _record_wanted = Signal(str)
    _pages_wanted = Signal(int, int, int)
    _find_wanted = Signal(int, str)
    _head_wanted = Signal(str)
    _path_wanted = Signal(str)
    _locate_wanted = Signal(int, int, str, str, object)
    _end_wanted = Signal()

    def __init__(self, path: str = "", parent: QObject | None = None):
        super().__init__(parent)
        self._thread = QThread(self)
        self._thread.setObjectName("library reader")
        self._rows = _Rows(path)
        self._rows.moveToThread(self._thread)
        queued = Qt.ConnectionType.QueuedConnection
        self._documents_wanted.connect(self._rows.read_documents, queued)
        self._record_wanted.connect(self._rows.read_record, queued)
        self._pages_wanted.connect(self._rows.read_pages, queued)
        self._find_wanted.connect(self._rows.find, queued)
        self._head_wanted.connect(self._rows.read_head, queued)
        self._locate_wanted.connect(self._rows.locate, queued)
        self._end_wanted.connect(self._rows.end, queued)
        self._path_wanted.connect(self._rows.set_path, queued)
        self._rows.documents_read.connect(self.documents_read)
        self._rows.record_read.connect(self.record_read)
        self._rows.pages_read.connect(self.pages_read)
        self._rows.located.connect(self.located)
        self._rows.found.connect(self.found)
        self._rows.head_read.connect(self.head_read)
        self._rows.failed.connect(self.failed)
        self._rows.outdated.connect(self.outdated)
        self._thread.started.connect(self._rows.begin)

    def start(self) -> None:
        """Begin; the documents follow."""
        self._thread.start(QThread.Priority.LowPriority)

    def stop(self) -> None:
        """End the thread. Waits for a query that runs, at most a second."""
        if self._thread.isRunning():
            self._end_wanted.emit()
            self._thread.wait(1000)

    def read_documents(self) -> None:
        self._documents_wanted.emit()

    def read_record(self, path: str) -> None:
        self._record_wanted.emit(path)

    def read_pages(self, document: int, first: int, last: int) -> None:
        """Pages `first` to `last`, counted from 1."""
        self._pages_wanted.emit(document, first, last)

    def find(self, document: int, text: str) -> None:
        self._find_wanted.emit(document, text)

    def locate(
        self, document: int, key: int, answer: str, question: str, within: tuple[int, int] | None = None
    ) -> None:
        """Look for the pages that hold the words of an answer and of its question, `within` some pages or anywhere."""
        self._locate_wanted.emit(document, key, answer, question, within)

    def read_head(self, path: str) -> None:
        """The first part of a text file that the library does not hold yet."""
        self._head_wanted.emit(path)

    def set_path(self, path: str) -> None:
        """Read another library from now on; "" for the usual one."""
        self._path_wanted.emit(path)
