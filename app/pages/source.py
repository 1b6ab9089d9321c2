"""The window's side of the page process: ask for pages, get images; the process may die without harm."""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess, QRectF, QSizeF, QTimer, Signal
from PySide6.QtGui import QImage

PROCESS_FILE = Path(__file__).with_name("process.py")
BATCH_SECONDS = 0.008
"""Replies are taken in at most this long at a stretch, then the window may draw."""
PATIENCE_MS = 15_000
"""A page that is not drawn by then is given up, and its process with it."""
_SENTENCES = {
    "needs password": "This PDF is locked with a password.",
    "missing": "The file is no longer there.",
    "unsupported": "This PDF uses a protection that cannot be opened.",
    "damaged": "The pages of this PDF cannot be drawn: the file is damaged, or it is no PDF.",
}

logger = logging.getLogger(__name__)


class PageSource(QObject):
    """Draws, measures, selects and searches the pages of one PDF. Pages count from 0."""

    opened = Signal(int)
    """How many pages there are."""
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
    marked = Signal(int, object)
    """(page, list[QRectF])"""

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
        """Let go of the document; ends the process."""
        self._wanted = []
        self._patience.stop()
        self._stop_process()

    def want(self, pages: list[tuple[int, int]]) -> None:
        """Draw these (page, width in pixels), the first first; what was wanted before and is not here is dropped."""
        self._wanted = [item for item in pages if item[0] not in self._lost]
        self._send({"do": "want", "pages": self._wanted})
        self._watch()

    def select(self, page: int, start: tuple[float, float] | None, end: tuple[float, float] | None) -> None:
        """The text between two points of a page; None: from its beginning, to its end."""
        self._send({"do": "select", "page": page, "from": start, "to": end})

    def find(self, text: str) -> None:
        """Look for `text` on every page; an empty text stops the search."""
        self._send({"do": "find", "text": text})

    def mark(self, page: int, terms: list[str], sentence: str = "") -> None:
        """Where a sentence stands on a page; where it cannot be found, or is "", where most of the words stand."""
        self._send({"do": "mark", "page": page, "terms": terms, "sentence": sentence})

    def _start_process(self) -> None:
        process = QProcess(self)
        process.setStandardErrorFile(QProcess.nullDevice())
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._finished)
        self._process = process
        self._buffer.clear()
        self._header = None
        process.start(sys.executable, ["-P", "-E", str(PROCESS_FILE)])
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
                self.failed.emit(header["reason"], _SENTENCES[header["reason"]])
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
                self.marked.emit(header["page"], [QRectF(*shape) for shape in header["shapes"]])
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
        """The process died: the page it was at is lost, the others are asked for again."""
        self._patience.stop()
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        if not self._wanted:
            self.failed.emit("damaged", _SENTENCES["damaged"])
            return
        page = self._wanted[0][0]
        self._lost.add(page)
        self.page_lost.emit(page)
        rest = [item for item in self._wanted if item[0] != page]
        self._start_process()
        self.want(rest)
