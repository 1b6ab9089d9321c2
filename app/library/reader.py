"""The window's side of the library's thread: ask with a method, the answer comes as a signal."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QThread, Signal

from app.library.rows import LibraryRows
from engine.protocol.evidence import PageSpan, Sentence


class LibraryReader(QObject):
    """Client of LibraryRows; its thread belongs to it."""

    documents_read = Signal(object)
    """list[engine.library.records.Document], last used first."""
    record_read = Signal(str, object)
    """(path, DocumentRecord | None)"""
    pages_read = Signal(int, object)
    """(document id, list[engine.library.records.Page])"""
    head_read = Signal(str, str)
    """(path, first part of a text file)"""
    located = Signal(int, int, object)
    """(document id, key that was given, the pages that contain the words of an answer, best first)"""
    found = Signal(int, str, object)
    """(document id, text, list[(page, times)])"""
    sentence_begun = Signal(int, int, object)
    """(document id, key, the part of a sentence on the page before: Sentence | None)"""
    closest_found = Signal(int, int, object)
    """(document id, key, list[Sentence]: the passages that match a question best)"""
    headings_read = Signal(int, object)
    """(document id, list[(heading, first page)])"""
    texts_found = Signal(str, object)
    """(the text that was searched for, dict[path, app.library.text_search.Found])"""
    snippets_read = Signal(int, object)
    """(document id, dict[(page, text), the sentence around it])"""
    suggestions_read = Signal(int, object)
    """(document id, list of questions)"""
    usage_read = Signal(object)
    """Bytes that all saved states take."""
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
    _beginning_wanted = Signal(int, int, object)
    _closest_wanted = Signal(int, int, str, object, object)
    _headings_wanted = Signal(int)
    _texts_wanted = Signal(str)
    _snippets_wanted = Signal(int, object)
    _suggestions_wanted = Signal(int)
    _usage_wanted = Signal()
    _end_wanted = Signal()

    def __init__(self, path: str = "", parent: QObject | None = None):
        super().__init__(parent)
        self._thread = QThread(self)
        self._thread.setObjectName("library reader")
        self._rows = LibraryRows(path)
        self._rows.moveToThread(self._thread)
        queued = Qt.ConnectionType.QueuedConnection
        self._documents_wanted.connect(self._rows.read_documents, queued)
        self._record_wanted.connect(self._rows.read_record, queued)
        self._pages_wanted.connect(self._rows.read_pages, queued)
        self._find_wanted.connect(self._rows.find, queued)
        self._head_wanted.connect(self._rows.read_head, queued)
        self._locate_wanted.connect(self._rows.locate, queued)
        self._beginning_wanted.connect(self._rows.read_beginning, queued)
        self._closest_wanted.connect(self._rows.find_closest, queued)
        self._headings_wanted.connect(self._rows.read_headings, queued)
        self._texts_wanted.connect(self._rows.search_texts, queued)
        self._snippets_wanted.connect(self._rows.read_snippets, queued)
        self._suggestions_wanted.connect(self._rows.read_suggestions, queued)
        self._usage_wanted.connect(self._rows.read_usage, queued)
        self._end_wanted.connect(self._rows.end, queued)
        self._path_wanted.connect(self._rows.set_path, queued)
        self._rows.documents_read.connect(self.documents_read)
        self._rows.record_read.connect(self.record_read)
        self._rows.pages_read.connect(self.pages_read)
        self._rows.located.connect(self.located)
        self._rows.found.connect(self.found)
        self._rows.head_read.connect(self.head_read)
        self._rows.sentence_begun.connect(self.sentence_begun)
        self._rows.closest_found.connect(self.closest_found)
        self._rows.headings_read.connect(self.headings_read)
        self._rows.texts_found.connect(self.texts_found)
        self._rows.snippets_read.connect(self.snippets_read)
        self._rows.suggestions_read.connect(self.suggestions_read)
        self._rows.usage_read.connect(self.usage_read)
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
        """Ask for pages `first` to `last`, counted from 1."""
        self._pages_wanted.emit(document, first, last)

    def find(self, document: int, text: str) -> None:
        self._find_wanted.emit(document, text)

    def locate(
        self, document: int, key: int, answer: str, question: str, within: tuple[int, int] | None = None
    ) -> None:
        """Ask for the pages that contain the words of an answer and its question, `within` some pages or anywhere."""
        self._locate_wanted.emit(document, key, answer, question, within)

    def read_beginning(self, document: int, key: int, sentence: Sentence) -> None:
        """Ask for the part of a sentence that stands on the page before."""
        self._beginning_wanted.emit(document, key, sentence)

    def find_closest(self, document: int, key: int, question: str, spans: list[PageSpan], upto: int | None) -> None:
        """Ask for the passages that match a question best, in `spans` and by a text search, on pages up to `upto`."""
        self._closest_wanted.emit(document, key, question, spans, upto)

    def read_headings(self, document: int) -> None:
        """Ask for the headings of a document's sections."""
        self._headings_wanted.emit(document)

    def search_texts(self, text: str) -> None:
        """Ask which documents of the library contain `text`."""
        self._texts_wanted.emit(text)

    def read_snippets(self, document: int, places: list[tuple[int, str]]) -> None:
        """Ask for the sentence around each (page, text)."""
        self._snippets_wanted.emit(document, places)

    def read_suggestions(self, document: int) -> None:
        """Ask for questions that the document answers."""
        self._suggestions_wanted.emit(document)

    def read_usage(self) -> None:
        """Ask for the bytes that all saved states take."""
        self._usage_wanted.emit()

    def read_head(self, path: str) -> None:
        """Ask for the first part of a text file that the library does not hold yet."""
        self._head_wanted.emit(path)

    def set_path(self, path: str) -> None:
        """Read another library from now on; "" for the usual one."""
        self._path_wanted.emit(path)
