"""The process that draws PDF pages, apart from the window: a page that is slow, huge or deadly costs that page only.

Requests are JSON lines on stdin; a reply is a JSON line on stdout with `bytes`, and so many raw bytes after it.

    {"do": "open", "path", "password"}          -> {"is": "opened", "pages"} or {"is": "failed", "reason"}
                                                -> {"is": "sizes", "first", "sizes": [[width, height], ...]} in points
    {"do": "want", "pages": [[page, width]]}    -> {"is": "page", "page", "width", "height", "stride"}, BGRx, in order,
                                                   or {"is": "blank", "page"}; replaces what was wanted before
    {"do": "select", "page", "from", "to"}      -> {"is": "selected", "page", "text", "shapes"}, shapes in points;
                                                   from and to may be null: the page's beginning and end
    {"do": "mark", "page", "terms", "sentence"} -> {"is": "marked", "page", "shapes"}: of the sentence, or of the terms
                                                   where most of them stand together
    {"do": "find", "text"}                      -> {"is": "found", "text", "page", "hits": [[rectangle, ...], ...]}
                                                   for each page that has any; {"is": "find_finished", "text"}

Pages count from 0 here, as in PDFium. Started as a file, not as a module of the package: no Qt, PDFium alone.
"""

from __future__ import annotations

import ctypes
import json
import os
import queue
import sys
import threading
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

MEMORY_LIMIT = 2 << 30
"""Bytes of data: a nested form or a flate bomb ends this process, not the machine's patience."""
MAX_PIXELS = 36_000_000
SIZES_AT_ONCE = 100
FIND_AT_ONCE = 500
"""Hits shown on one page at most."""
STRETCH = 240
"""Characters: about a sentence and its neighbour."""
ANYWHERE = 100_000
"""Tolerance in points: of a place without text the nearest character is meant."""
_FINE = 100
"""Steps a point, where PDFium wants whole device pixels."""


class Pages:
    """One open document and what is still to do for it."""

    def __init__(self, reply: Any) -> None:
        self._reply = reply
        self._document: pypdfium2.PdfDocument | None = None
        self._count = 0
        self._wanted: list[list[int]] = []
        self._next_size = 0
        self._needle = ""
        self._next_find = 0

    def take(self, request: dict[str, Any]) -> None:
        """Note or do one request."""
        match request["do"]:
            case "open":
                self._open(request["path"], request.get("password"))
            case "want":
                self._wanted = request["pages"]
            case "select" if self._document is not None:
                self._select(self._document[request["page"]], request["page"], request["from"], request["to"])
            case "mark" if self._document is not None:
                self._mark(self._document, request["page"], request["terms"], request["sentence"])
            case "find":
                self._needle, self._next_find = request["text"], 0

    def step(self) -> bool:
        """One small piece of the work that waits, what is looked at first; False when none is left."""
        if self._document is None:
            return False
        if self._next_size < min(self._count, SIZES_AT_ONCE):
            self._send_sizes(self._document)
        elif self._wanted:
            self._render(self._document, *self._wanted.pop(0))
        elif self._next_size < self._count:
            self._send_sizes(self._document)
        elif self._needle:
            self._find(self._document)
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

    def _select(self, page: pypdfium2.PdfPage, number: int, start: list[float] | None, end: list[float] | None) -> None:
        text = page.get_textpage()
        count = text.count_chars()
        first = text.get_index(*_to_page(page, *start), ANYWHERE, ANYWHERE) if start else 0
        last = text.get_index(*_to_page(page, *end), ANYWHERE, ANYWHERE) if end else count - 1
        if first is None or last is None or not count:
            self._reply({"is": "selected", "page": number, "text": "", "shapes": []})
            return
        first, last = min(first, last), max(first, last)
        shapes = _shapes(page, text, first, last - first + 1)
        words = text.get_text_range(first, last - first + 1)
        self._reply({"is": "selected", "page": number, "text": words, "shapes": shapes})

    def _mark(self, document: pypdfium2.PdfDocument, number: int, terms: list[str], sentence: str) -> None:
        page = document[number]
        text = page.get_textpage()
        run = _find_run(text, sentence)
        runs = [run] if run else _together(text, terms)
        shapes = [shape for first, count in runs for shape in _shapes(page, text, first, count)]
        self._reply({"is": "marked", "page": number, "shapes": shapes})

    def _find(self, document: pypdfium2.PdfDocument) -> None:
        number = self._next_find
        hits: list[list[list[float]]] = []
        try:
            page = document[number]
            text = page.get_textpage()
            hits = [_shapes(page, text, *run) for run in _hits(text, self._needle)]
        except pypdfium2.PdfiumError:
            hits = []
        if hits:
            self._reply({"is": "found", "text": self._needle, "page": number, "hits": hits})
        self._next_find += 1
        if self._next_find >= self._count:
            self._reply({"is": "find_finished", "text": self._needle})
            self._needle = ""


def _shapes(page: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage, first: int, count: int) -> list[list[float]]:
    """Rectangles of a run of characters: x, y, width, height in points from the page's top left as it is shown."""
    shapes = []
    for place in range(text.count_rects(first, count)):
        left, bottom, right, top = text.get_rect(place)
        x0, y0 = _to_screen(page, left, top)
        x1, y1 = _to_screen(page, right, bottom)
        shapes.append([min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)])
    return _in_lines(shapes)


def _in_lines(shapes: list[list[float]]) -> list[list[float]]:
    """Neighbours in a line as one rectangle: many programs place every letter by itself."""
    lines: list[list[float]] = []
    for x, y, width, height in shapes:
        if lines:
            left, top, wide, high = lines[-1]
            overlap = min(top + high, y + height) - max(top, y)
            gap = max(x - (left + wide), left - (x + width))
            if overlap > 0.3 * min(high, height) and gap < max(high, height):
                right, bottom = max(left + wide, x + width), max(top + high, y + height)
                left, top = min(left, x), min(top, y)
                lines[-1] = [left, top, right - left, bottom - top]
                continue
        lines.append([x, y, width, height])
    return lines


def _hits(text: pypdfium2.PdfTextPage, needle: str) -> list[tuple[int, int]]:
    """First character and number of characters of every hit.

    PDFium's own search compares code points: it misses Chinese that a font maps to look-alike radicals, and
    right-to-left words that stand in the other order in the page's text. Case and accents make no difference.
    """
    wanted = {_spelt(needle)}
    if _is_right_to_left(needle):
        wanted.add(_spelt(" ".join(reversed(needle.split()))))
    wanted.discard("")
    page = _spelt(text.get_text_range())
    if not any(words in page for words in wanted):
        return []
    letters, places = _placed(text, _spelling)
    found: list[tuple[int, int]] = []
    for words in wanted:
        at = letters.find(words)
        while at >= 0 and len(found) < FIND_AT_ONCE:
            first, last = places[at], places[at + len(words) - 1]
            found.append((first, last - first + 1))
            at = letters.find(words, at + len(words))
    return sorted(found)


def _placed(text: pypdfium2.PdfTextPage, spell: Callable[[str], str]) -> tuple[str, list[int]]:
    """The page's characters as `spell` writes them, spaces run together, and where each comes from."""
    letters: list[str] = []
    places: list[int] = []
    for place in range(text.count_chars()):
        written = spell(chr(pdfium.FPDFText_GetUnicode(text, place)))
        if written and not (written == " " and letters and letters[-1] == " "):
            letters.append(written)
            places += [place] * len(written)
    return "".join(letters), places


@cache
def _spelling(letter: str) -> str:
    """A letter without case and accents; a space for any white space; nothing for what is not printed."""
    if letter.isspace():
        return " "
    plain = unicodedata.normalize("NFKD", letter).casefold()
    return "".join(part for part in plain if unicodedata.category(part) not in ("Mn", "Cc", "Cf", "Cn"))


def _spelt(words: str) -> str:
    """Words as `_placed` writes them."""
    return " ".join("".join(_spelling(letter) for letter in words).split())


def _is_right_to_left(words: str) -> bool:
    return any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in words)


def _find_run(text: pypdfium2.PdfTextPage, sentence: str) -> tuple[int, int] | None:
    """First character and number of characters of `sentence`, whatever its spaces, line ends, hyphens and ligatures."""
    wanted = _letters(sentence)
    if len(wanted) < 2:
        return None
    letters, places = _placed(text, _letters)
    at = letters.find(wanted)
    if at < 0:
        return None
    first, last = places[at], places[at + len(wanted) - 1]
    return first, last - first + 1


def _letters(words: str) -> str:
    """Letters and figures alone: what a cleaned page and the page as it was set have in common."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", words).casefold() if letter.isalnum())


def _together(text: pypdfium2.PdfTextPage, terms: list[str]) -> list[tuple[int, int]]:
    """The hits of `terms` in the stretch of a page that holds the most of them."""
    hits: list[tuple[int, int, int]] = []
    for which, term in enumerate(terms):
        search = text.search(term, match_whole_word=True)
        while len(hits) < FIND_AT_ONCE and (hit := search.get_next()) is not None:
            hits.append((*hit, which))
    hits.sort()
    best: list[tuple[int, int, int]] = []
    for place, (start, _, _) in enumerate(hits):
        stretch = [hit for hit in hits[place:] if hit[0] < start + STRETCH]
        if len({which for _, _, which in stretch}) > len({which for _, _, which in best}):
            best = stretch
    return [(first, count) for first, count, _ in best]


def _to_screen(page: pypdfium2.PdfPage, x: float, y: float) -> tuple[float, float]:
    across, down = ctypes.c_int(), ctypes.c_int()
    width, height = (round(side * _FINE) for side in page.get_size())
    pdfium.FPDF_PageToDevice(page, 0, 0, width, height, 0, x, y, across, down)
    return across.value / _FINE, down.value / _FINE


def _to_page(page: pypdfium2.PdfPage, x: float, y: float) -> tuple[float, float]:
    across, up = ctypes.c_double(), ctypes.c_double()
    width, height = (round(side * _FINE) for side in page.get_size())
    pdfium.FPDF_DeviceToPage(page, 0, 0, width, height, 0, round(x * _FINE), round(y * _FINE), across, up)
    return across.value, up.value


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
