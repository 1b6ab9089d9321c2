"""Reads the library in a thread of its own; the window only ever reads."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, Slot

from app.library.answers import LibraryAnswers
from app.library.passages import closest_passages, sentence_before
from app.library.suggestions import suggested_questions
from app.library.text_search import Found, find_in_texts, snippets
from engine.grounding.locate import best_pages, terms_of
from engine.protocol.evidence import PageSpan, Sentence

if TYPE_CHECKING:
    from engine.library.collections import Collection
    from engine.library.library import Library

HEAD_BYTES = 48 * 1024
"""Read of a text file that is not in the library yet: enough to look at meanwhile."""
PAGES_AT_ONCE = 200
_TEXT_CONTROLS = b"\t\n\r\f\x1b"
POLL_MS = 3_000
"""Interval at which writes of other programs are looked for."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DocumentRecord:
    """Library rows of one document, as engine.library.records defines them."""

    document: Any
    spans: list[Any]
    snapshots: list[Any]
    summaries: list[Any]
    turns: list[Any]
    notes: list[Any]
    """Section summaries, of the newest summary's focus."""
    ledger: Any
    retention: Any
    note: str
    """Coverage of the latest reading, in the engine's words."""


class LibraryRows(LibraryAnswers):
    """Lives in the reader's thread and holds the connection; LibraryReader is its client."""

    def __init__(self, path: str):
        super().__init__()
        self._path = path
        self._library: Library | None = None
        self._version = -1
        self._asked_for_update = False
        self._timer: QTimer | None = None

    @Slot(object)
    def run(self, request: Callable[[], None]) -> None:
        """Carry out a request of the reader, in this thread."""
        request()

    @Slot()
    def begin(self) -> None:
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._poll)
        self._timer.start(POLL_MS)
        self.read_documents()

    def end(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._close()
        self.thread().quit()

    def set_path(self, path: str) -> None:
        self._close()
        self._path, self._version = path, -1
        self.documents_read.emit([])
        self.read_documents()

    def read_documents(self) -> None:
        library = self._open()
        if library is not None:
            self._guard(lambda: self._emit_all(library))

    def read_record(self, path: str) -> None:
        library = self._open()
        found: list[DocumentRecord | None] = []
        if library is not None:
            self._guard(lambda: found.append(_record(library, path)))
        self.record_read.emit(path, found[0] if found else None)

    def read_pages(self, document: int, first: int, last: int) -> None:
        library = self._open()
        if library is not None:
            self._guard(lambda: self.pages_read.emit(document, library.pages.of(document, first=first, last=last)))

    def read_head(self, path: str) -> None:
        try:
            with open(path, "rb") as file:
                data = file.read(HEAD_BYTES)
        except OSError:
            return
        self.head_read.emit(path, _head_text(data))

    def read_headings(self, document: int) -> None:
        """Emit the headings of the sections, each with its first page; a heading that repeats is told once."""
        library = self._open()
        if library is None:
            return

        def read() -> None:
            headings: list[tuple[str, int]] = []
            for section in library.sections.of(document):
                if section.heading and (not headings or headings[-1][0] != section.heading):
                    headings.append((section.heading, section.first_page))
            self.headings_read.emit(document, headings)

        self._guard(read)

    def search_texts(self, text: str) -> None:
        """Emit {path: Found} for the documents whose text contains `text`."""
        library = self._open()
        found: dict[str, Found] = {}
        if library is not None and text.strip():
            self._guard(lambda: found.update(find_in_texts(library, text)))
        self.texts_found.emit(text, found)

    def read_snippets(self, document: int, places: list[tuple[int, str]]) -> None:
        """Emit the sentence around each text on its page, by (page, text)."""
        library = self._open()
        if library is not None:
            self._guard(lambda: self.snippets_read.emit(document, snippets(library, document, places)))

    def read_suggestions(self, document: int) -> None:
        """Emit questions that the document answers."""
        library = self._open()
        if library is not None:
            texts = (row.text for row in _all_pages(library, document))
            self._guard(lambda: self.suggestions_read.emit(document, suggested_questions(texts)))

    def read_usage(self) -> None:
        """Emit the bytes that saved states take."""
        library = self._open()
        if library is not None:
            self._guard(lambda: self.usage_read.emit(sum(row.snapshot_bytes for row in library.documents.all())))

    def locate(self, document: int, key: int, answer: str, question: str, within: tuple[int, int] | None) -> None:
        library, terms = self._open(), terms_of(answer)
        if library is not None and terms:
            first, last = within or (1, None)
            pages = ((row.number, row.text) for row in _all_pages(library, document, first, last))
            self._guard(lambda: self.located.emit(document, key, best_pages(pages, terms, terms_of(question))))

    def read_beginning(self, document: int, key: int, sentence: Sentence) -> None:
        """Emit the part of a sentence that stands on the page before, None where it begins on its own."""
        library = self._open()
        if library is not None:
            self._guard(lambda: self.sentence_begun.emit(document, key, sentence_before(library, document, sentence)))

    def find_closest(self, document: int, key: int, question: str, spans: list[PageSpan], upto: int | None) -> None:
        """Emit the passages that match a question best."""
        library = self._open()
        if library is not None:
            self._guard(
                lambda: self.closest_found.emit(
                    document, key, closest_passages(library, document, question, spans, upto)
                )
            )

    def find(self, document: int, text: str) -> None:
        """Emit the pages whose text contains `text`, whatever its case: (page, how often)."""
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
                self._emit_all(library)

        self._guard(look)

    def _emit_all(self, library: Library) -> None:
        self.documents_read.emit(library.documents.all())
        self.collections_read.emit([_collection(library, row) for row in library.collections.all()])

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
        """Report an older library, once: the worker that opens it for writing updates it."""
        if not self._asked_for_update:
            self._asked_for_update = True
            self.outdated.emit()

    def _guard(self, action: Callable[[], object]) -> None:
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
    """Yield every page, or those from `first` to `last`, in order, a few at a time."""
    while last is None or first <= last:
        upto = first + PAGES_AT_ONCE - 1 if last is None else min(first + PAGES_AT_ONCE - 1, last)
        rows = library.pages.of(document, first=first, last=upto)
        if not rows:
            return
        yield from rows
        first = rows[-1].number + 1


def _collection(library: Library, row: Collection) -> tuple[Collection, list[int], list[tuple[str, str]]]:
    files = library.collections.files(row.name).values()
    errors = sorted((file.path, file.error) for file in files if file.error)
    return row, library.collections.documents(row.name), errors


def _record(library: Library, path: str) -> DocumentRecord | None:
    document = library.documents.find(path)
    if document is None or path not in (document.path, *document.paths):
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


def _head_text(data: bytes) -> str:
    """Return the beginning of a file as text; "" where it is none (a DOCX, a picture): nothing binary is shown."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data[: len(data) // 2 * 2].decode("utf-16", "replace")
    controls = sum(data.count(byte) for byte in range(32) if byte not in _TEXT_CONTROLS)
    if data.startswith(b"PK\x03\x04") or controls > len(data) / 50:
        return ""
    return data.decode("utf-8", "replace").replace("\0", "")
