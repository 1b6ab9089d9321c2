"""The window's side of the library's thread: ask with a method, the answer comes as a signal."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Qt, QThread, Signal

from app.library.answers import ANSWERS, LibraryAnswers
from app.library.rows import LibraryRows
from engine.protocol.evidence import PageSpan, Sentence


class LibraryReader(LibraryAnswers):
    """Client of LibraryRows; its thread belongs to it."""

    _wanted = Signal(object)

    def __init__(self, path: str = "", parent: QObject | None = None):
        super().__init__(parent)
        self._thread = QThread(self)
        self._thread.setObjectName("library reader")
        self._rows = LibraryRows(path)
        self._rows.moveToThread(self._thread)
        self._wanted.connect(self._rows.run, Qt.ConnectionType.QueuedConnection)
        for name in ANSWERS:
            getattr(self._rows, name).connect(getattr(self, name))
        self._thread.started.connect(self._rows.begin)

    def _request(self, method: Callable[..., None], *arguments: Any) -> None:
        """Let the rows carry out `method` in their own thread."""
        self._wanted.emit(partial(method, *arguments))

    def start(self) -> None:
        """Begin; the documents follow."""
        self._thread.start(QThread.Priority.LowPriority)

    def stop(self) -> None:
        """End the thread. Waits for a query that runs, at most a second."""
        if self._thread.isRunning():
            self._request(self._rows.end)
            self._thread.wait(1000)

    def read_documents(self) -> None:
        self._request(self._rows.read_documents)

    def read_record(self, path: str) -> None:
        self._request(self._rows.read_record, path)

    def read_pages(self, document: int, first: int, last: int) -> None:
        """Ask for pages `first` to `last`, counted from 1."""
        self._request(self._rows.read_pages, document, first, last)

    def find(self, document: int, text: str) -> None:
        self._request(self._rows.find, document, text)

    def locate(
        self, document: int, key: int, answer: str, question: str, within: tuple[int, int] | None = None
    ) -> None:
        """Ask for the pages that contain the words of an answer and its question, `within` some pages or anywhere."""
        self._request(self._rows.locate, document, key, answer, question, within)

    def read_beginning(self, document: int, key: int, sentence: Sentence) -> None:
        """Ask for the part of a sentence that stands on the page before."""
        self._request(self._rows.read_beginning, document, key, sentence)

    def find_closest(self, document: int, key: int, question: str, spans: list[PageSpan], upto: int | None) -> None:
        """Ask for the passages that match a question best, in `spans` and by a text search, on pages up to `upto`."""
        self._request(self._rows.find_closest, document, key, question, spans, upto)

    def read_headings(self, document: int) -> None:
        """Ask for the headings of a document's sections."""
        self._request(self._rows.read_headings, document)

    def search_texts(self, text: str) -> None:
        """Ask which documents of the library contain `text`."""
        self._request(self._rows.search_texts, text)

    def read_snippets(self, document: int, places: list[tuple[int, str]]) -> None:
        """Ask for the sentence around each (page, text)."""
        self._request(self._rows.read_snippets, document, places)

    def read_suggestions(self, document: int) -> None:
        """Ask for questions that the document answers."""
        self._request(self._rows.read_suggestions, document)

    def read_usage(self) -> None:
        """Ask for the bytes that all saved states take."""
        self._request(self._rows.read_usage)

    def read_head(self, path: str) -> None:
        """Ask for the first part of a text file that the library does not hold yet."""
        self._request(self._rows.read_head, path)

    def set_path(self, path: str) -> None:
        """Read another library from now on; "" for the usual one."""
        self._request(self._rows.set_path, path)
