"""Client of the page process: asks for pages and receives images; a process that dies is replaced."""

from __future__ import annotations

import json
import logging
import sys
import time
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QRectF, QSizeF, QTimer, Signal
from PySide6.QtGui import QImage

from app.pages.marks import Passage
from app.style.translation import mark, tr
from engine.resources import source_root

COMMAND = (sys.executable, "-P", "-m", "app.pages.process")
_SOURCE_ROOT = str(source_root())
BATCH_SECONDS = 0.008
"""Replies are taken in at most this long at a stretch, then the window may draw."""
PATIENCE_MS = 15_000
"""A page that takes longer is given up, and its process with it."""
_SENTENCES = {
    "needs password": mark("This PDF is password-protected."),
    "missing": mark("This file no longer exists."),
    "unsupported": mark("This PDF uses an encryption that is not supported."),
    "damaged": mark("This PDF cannot be displayed: the file is damaged, or it is not a PDF."),
}


@dataclass(frozen=True)
class Link:
    """A link on a page: its place in points, and its target page (from 0) with the height there, or an address."""

    rect: QRectF
    page: int = -1
    top: float = 0.0
    uri: str = ""


@dataclass(frozen=True)
class OutlineEntry:
    """A bookmark of the document. level from 0; page from 0, -1 where it leads nowhere; top in points."""

    level: int
    title: str
    page: int
    top: float = 0.0


logger = logging.getLogger(__name__)


class PageSource(QObject):
    """Draws, measures, selects and searches the pages of one PDF. Pages count from 0."""

    opened = Signal(int)
    """Number of pages."""
    failed = Signal(str, str)
    """(reason, sentence)"""
    sizes_known = Signal(int, object)
    """(first page, list[QSizeF]) in points"""
    page_drawn = Signal(int, QImage)
    page_lost = Signal(int)
    """This page cannot be drawn: it killed or outlasted its process."""
    selected = Signal(int, str, object)
    """(page, text, list[QRectF])"""
    found = Signal(str, int, object)
    """(text, page, list of hits, each list[QRectF])"""
    find_finished = Signal(str)
    marked = Signal(int, object, object)
    """(page, list[QRectF] of the passages, list[QRectF] of their words that answer)"""
    linked = Signal(int, object)
    """(page, list[Link])"""
    outlined = Signal(object)
    """list[OutlineEntry], in their order"""

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self._process: QProcess | None = None
        self._buffer = bytearray()
        self._header: dict[str, Any] | None = None
        self._path = ""
        self._password: str | None = None
        self._wanted: list[tuple[int, int]] = []
        self._lost: set[int] = set()
        self._more = QTimer(self)
        self._more.setSingleShot(True)
        self._more.timeout.connect(self._read)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MS)
        self._patience.timeout.connect(self._give_up)

    def open(self, path: str, password: str | None = None) -> None:
        """Open a PDF; `opened` or `failed` follows."""
        self._path, self._password = path, password
        self._wanted, self._lost = [], set()
        self._stop_process()
        self._start_process()

    def close(self) -> None:
        """Close the document and end its process."""
        self._wanted = []
        self._patience.stop()
        self._stop_process()

    def want(self, pages: list[tuple[int, int]]) -> None:
        """Draw these (page, width in pixels), the first first; what was wanted before and is not here is dropped."""
        self._wanted = [item for item in pages if item[0] not in self._lost]
        self._send({"do": "want", "pages": self._wanted})
        self._watch()

    def select(self, page: int, start: tuple[float, float] | None, end: tuple[float, float] | None) -> None:
        """Ask for the text between two points of a page; None: from its beginning, to its end."""
        self._send({"do": "select", "page": page, "from": start, "to": end})

    def select_word(self, page: int, point: tuple[float, float]) -> None:
        """Ask for the word at a point of a page; `selected` follows, empty where there is none."""
        self._send({"do": "select_word", "page": page, "at": point})

    def select_all(self) -> None:
        """Ask for the text of every page, one `selected` each."""
        self._send({"do": "select_all"})

    def find(self, text: str) -> None:
        """Look for `text` on every page; an empty text stops the search."""
        self._send({"do": "find", "text": text})

    def mark(self, page: int, passages: list[Passage]) -> None:
        """Ask where these passages of one page stand; of one without a sentence, where most of its terms stand."""
        asked = [{"sentence": one.sentence, "terms": one.terms, "words": one.words} for one in passages]
        self._send({"do": "mark", "page": page, "passages": asked})

    @property
    def process_id(self) -> int:
        """The process's number; 0 where none runs."""
        return self._process.processId() if self._process is not None else 0

    def _start_process(self) -> None:
        process = QProcess(self)
        process.setStandardErrorFile(QProcess.nullDevice())
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._finished)
        self._process = process
        self._buffer.clear()
        self._header = None
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONPATH", _SOURCE_ROOT)
        process.setProcessEnvironment(environment)
        process.start(COMMAND[0], list(COMMAND[1:]))
        self._send({"do": "open", "path": self._path, "password": self._password})
        self._patience.start()

    def _stop_process(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.readyReadStandardOutput.disconnect(self._read)
        process.finished.disconnect(self._finished)
        process.finished.connect(process.deleteLater)
        process.closeWriteChannel()
        process.kill()

    def wait_stopped(self) -> None:
        """Block until no process is left; for the end of the program."""
        self.close()
        for process in self.findChildren(QProcess):
            process.waitForFinished(500)

    def _send(self, request: dict[str, Any]) -> None:
        if self._process is not None:
            self._process.write(json.dumps(request).encode() + b"\n")

    def _read(self) -> None:
        if self._process is None:
            return
        self._buffer += self._process.readAllStandardOutput().data()
        until = time.perf_counter() + BATCH_SECONDS
        while self._process is not None:
            if time.perf_counter() > until:
                self._more.start(0)
                return
            if self._header is None:
                end = self._buffer.find(b"\n")
                if end < 0:
                    return
                self._header = json.loads(bytes(self._buffer[:end]))
                del self._buffer[: end + 1]
            size = self._header["bytes"]
            if len(self._buffer) < size:
                return
            header, data = self._header, bytes(self._buffer[:size])
            self._header = None
            del self._buffer[:size]
            self._take(header, data)

    def _take(self, header: dict[str, Any], data: bytes) -> None:
        match header["is"]:
            case "opened":
                self._patience.stop()
                self.opened.emit(header["pages"])
            case "failed":
                self._patience.stop()
                self.failed.emit(header["reason"], tr(_SENTENCES[header["reason"]]))
            case "sizes":
                self.sizes_known.emit(header["first"], [QSizeF(*size) for size in header["sizes"]])
            case "page":
                page, width, height = header["page"], header["width"], header["height"]
                self._wanted = [item for item in self._wanted if item[0] != page]
                self._watch()
                image = QImage(data, width, height, header["stride"], QImage.Format.Format_RGB32)
                self.page_drawn.emit(page, image.copy())
            case "blank":
                self._wanted = [item for item in self._wanted if item[0] != header["page"]]
                self._lost.add(header["page"])
                self._watch()
                self.page_lost.emit(header["page"])
            case "selected":
                self.selected.emit(header["page"], header["text"], [QRectF(*shape) for shape in header["shapes"]])
            case "found":
                hits = [[QRectF(*shape) for shape in hit] for hit in header["hits"]]
                self.found.emit(header["text"], header["page"], hits)
            case "marked":
                shapes, words = ([QRectF(*shape) for shape in header[name]] for name in ("shapes", "words"))
                self.marked.emit(header["page"], shapes, words)
            case "links":
                self.linked.emit(header["page"], [_link(one) for one in header["links"]])
            case "outline":
                self.outlined.emit([OutlineEntry(*entry) for entry in header["entries"]])
            case "find_finished":
                self.find_finished.emit(header["text"])

    def _watch(self) -> None:
        if self._wanted:
            self._patience.start()
        else:
            self._patience.stop()

    def _give_up(self) -> None:
        if self._process is not None:
            logger.warning("the page process took too long")
            self._process.kill()

    def _finished(self) -> None:
        """Give up the page that the process died at and ask a new process for the others."""
        self._patience.stop()
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        if not self._wanted:
            self.failed.emit("damaged", tr(_SENTENCES["damaged"]))
            return
        page = self._wanted[0][0]
        self._lost.add(page)
        self.page_lost.emit(page)
        rest = [item for item in self._wanted if item[0] != page]
        self._start_process()
        self.want(rest)


def _link(found: dict[str, Any]) -> Link:
    return Link(QRectF(*found["rect"]), found.get("page", -1), found.get("top", 0.0), found.get("uri", ""))
