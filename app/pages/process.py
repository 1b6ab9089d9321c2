"""The process that draws PDF pages, apart from the window: a page that is slow, huge or deadly costs that page only.

Requests are JSON lines on stdin; a reply is a JSON line on stdout with `bytes`, and so many raw bytes after it.

    {"do": "open", "path", "password"}          -> {"is": "opened", "pages"} or {"is": "failed", "reason"}
                                                -> {"is": "sizes", "first", "sizes": [[width, height], ...]} in points
                                                -> {"is": "outline", "entries": [[level, title, page, top], ...]}
    {"do": "want", "pages": [[page, width]]}    -> {"is": "page", "page", "width", "height", "stride"}, BGRx, in order,
                                                   or {"is": "blank", "page"}; replaces what was wanted before
                                                -> {"is": "links", "page", "links"}: once, see page_links.Link
    {"do": "select", "page", "from", "to"}      -> {"is": "selected", "page", "text", "shapes"}, shapes in points;
                                                   from and to may be null: the page's beginning and end
    {"do": "select_word", "page", "at"}         -> {"is": "selected", ...}
    {"do": "select_all"}                        -> {"is": "selected", ...} for every page, when nothing else waits
    {"do": "mark", "page", "passages": [{"sentence", "terms", "words"}, ...]}
                                                -> {"is": "marked", "page", "shapes", "words"}: of the sentences, or of
                                                   the terms where most of them stand together; of the characters
                                                   `words` of each sentence
    {"do": "find", "text"}                      -> {"is": "found", "text", "page", "hits": [[rectangle, ...], ...]}
                                                   for each page that has any; {"is": "find_finished", "text"}

Pages count from 0 here, as in PDFium. No Qt, PDFium alone.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from typing import Any, Protocol

import pypdfium2
import pypdfium2.raw as pdfium

from app.pages import page_text
from app.pages.page_links import links_of, outline_of

MEMORY_LIMIT = 2 << 30
"""Bytes of data: a nested form or a flate bomb ends this process, not the machine's patience."""
MAX_PIXELS = 36_000_000
SIZES_AT_ONCE = 100


class Reply(Protocol):
    """Writes a header and the bytes that follow it."""

    def __call__(self, header: dict[str, Any], data: bytes = b"") -> None: ...


class Pages:
    """Holds one open document and the work that waits for it."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._document: pypdfium2.PdfDocument | None = None
        self._count = 0
        self._wanted: list[list[int]] = []
        self._next_size = 0
        self._outlined = False
        self._linked: set[int] = set()
        self._next_selected: int | None = None
        self._needle = ""
        self._next_find = 0

    def take(self, request: dict[str, Any]) -> None:
        """Note one request, or do it."""
        if request["do"] == "open":
            self._open(request["path"], request.get("password"))
            return
        if self._document is None:
            return
        match request["do"]:
            case "want":
                self._wanted = request["pages"]
            case "select":
                self._next_selected = None
                self._select(self._document, request["page"], request["from"], request["to"])
            case "select_word":
                self._next_selected = None
                self._select_word(self._document, request["page"], request["at"])
            case "select_all":
                self._next_selected = 0
            case "mark":
                self._mark(self._document, request["page"], request["passages"])
            case "find":
                self._needle, self._next_find = request["text"], 0

    def step(self) -> bool:
        """Do one small piece of the work that waits, visible pages first. Returns False when none is left."""
        document = self._document
        if document is None:
            return False
        if self._next_size < min(self._count, SIZES_AT_ONCE):
            self._send_sizes(document)
        elif self._wanted:
            self._render(document, *self._wanted.pop(0))
        elif self._next_size < self._count:
            self._send_sizes(document)
        elif not self._outlined:
            self._send_outline(document)
        elif self._needle:
            self._find(document)
        elif self._next_selected is not None:
            self._select(document, self._next_selected, None, None)
            self._next_selected = self._next_selected + 1 if self._next_selected + 1 < self._count else None
        else:
            return False
        return True

    def _open(self, path: str, password: str | None) -> None:
        try:
            document = pypdfium2.PdfDocument(path, password=password)
        except FileNotFoundError:
            self._reply({"is": "failed", "reason": "missing"})
            return
        except (pypdfium2.PdfiumError, OSError):
            reasons = {pdfium.FPDF_ERR_PASSWORD: "needs password", pdfium.FPDF_ERR_SECURITY: "unsupported"}
            self._reply({"is": "failed", "reason": reasons.get(pdfium.FPDF_GetLastError(), "damaged")})
            return
        self._document, self._count = document, len(document)
        if not self._count:
            self._reply({"is": "failed", "reason": "damaged"})
            return
        self._reply({"is": "opened", "pages": self._count})

    def _send_sizes(self, document: pypdfium2.PdfDocument) -> None:
        first, self._next_size = self._next_size, min(self._count, self._next_size + SIZES_AT_ONCE)
        sizes = [document.get_page_size(page) for page in range(first, self._next_size)]
        self._reply({"is": "sizes", "first": first, "sizes": sizes})

    def _send_outline(self, document: pypdfium2.PdfDocument) -> None:
        self._outlined = True
        try:
            entries = outline_of(document)
        except (pypdfium2.PdfiumError, ValueError):
            entries = []
        self._reply({"is": "outline", "entries": entries})

    def _render(self, document: pypdfium2.PdfDocument, number: int, width: int) -> None:
        try:
            page = document[number]
            points = page.get_size()
            scale = min(width / points[0], (MAX_PIXELS / (points[0] * points[1])) ** 0.5)
            bitmap = page.render(scale=scale, prefer_bgrx=True)
        except (pypdfium2.PdfiumError, ZeroDivisionError, ValueError):
            self._reply({"is": "blank", "page": number})
            return
        header = {"is": "page", "page": number, "width": bitmap.width, "height": bitmap.height, "stride": bitmap.stride}
        self._reply(header, bytes(bitmap.buffer))
        if number not in self._linked:
            self._linked.add(number)
            links = links_of(document, page)
            if links:
                self._reply({"is": "links", "page": number, "links": links})

    def _select(
        self, document: pypdfium2.PdfDocument, number: int, start: list[float] | None, end: list[float] | None
    ) -> None:
        try:
            page = document[number]
            text = page.get_textpage()
            self._send_selected(number, page, text, page_text.run_between(page, text, start, end))
        except pypdfium2.PdfiumError:
            self._reply({"is": "selected", "page": number, "text": "", "shapes": []})

    def _select_word(self, document: pypdfium2.PdfDocument, number: int, point: list[float]) -> None:
        page = document[number]
        text = page.get_textpage()
        self._send_selected(number, page, text, page_text.word_at(page, text, point))

    def _send_selected(
        self, number: int, page: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage, run: tuple[int, int] | None
    ) -> None:
        words, shapes = (text.get_text_range(*run), page_text.shapes(page, text, *run)) if run else ("", [])
        self._reply({"is": "selected", "page": number, "text": words, "shapes": shapes})

    def _mark(self, document: pypdfium2.PdfDocument, number: int, passages: list[dict[str, Any]]) -> None:
        page = document[number]
        text = page.get_textpage()
        runs: list[tuple[int, int]] = []
        answering: list[tuple[int, int]] = []
        for passage in passages:
            sentence, words = passage["sentence"], passage["words"]
            run = page_text.find_run(text, sentence)
            runs += [run] if run else page_text.together(text, passage["terms"])
            part = page_text.find_part(text, sentence, *words) if run and words else None
            answering += [part] if part else []
        shapes, parts = (
            [shape for first, count in found for shape in page_text.shapes(page, text, first, count)]
            for found in (runs, answering)
        )
        self._reply({"is": "marked", "page": number, "shapes": shapes, "words": parts})

    def _find(self, document: pypdfium2.PdfDocument) -> None:
        number = self._next_find
        hits: list[list[list[float]]] = []
        try:
            page = document[number]
            text = page.get_textpage()
            hits = [page_text.shapes(page, text, *run) for run in page_text.hits(text, self._needle)]
        except pypdfium2.PdfiumError:
            hits = []
        if hits:
            self._reply({"is": "found", "text": self._needle, "page": number, "hits": hits})
        self._next_find += 1
        if self._next_find >= self._count:
            self._reply({"is": "find_finished", "text": self._needle})
            self._needle = ""


def _limit_memory() -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_LIMIT, MEMORY_LIMIT))
    except (ImportError, ValueError, OSError):
        return


def main() -> int:
    """Serve until stdin ends."""
    _limit_memory()
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def reply(header: dict[str, Any], data: bytes = b"") -> None:
        output.write(json.dumps({**header, "bytes": len(data)}).encode() + b"\n" + data)
        output.flush()

    requests: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            requests.put(line)
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    pages = Pages(reply)
    busy = False
    while True:
        try:
            line = requests.get(block=not busy)
        except queue.Empty:
            busy = pages.step()
            continue
        pages.take(json.loads(line))
        busy = True


if __name__ == "__main__":
    sys.exit(main())
