"""The text of one PDF page as PDFium has it: search, sentences, words, and where they stand. PDFium alone, no Qt."""

from __future__ import annotations

import ctypes
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache

import pypdfium2
import pypdfium2.raw as pdfium

HITS_A_PAGE = 500
"""Matches shown on one page at most."""
STRETCH = 240
"""Characters: about a sentence and its neighbour."""
ANYWHERE = 100_000
"""Tolerance in points: a place without text means the nearest character."""
_FINE = 100
"""Steps a point, where PDFium wants whole device pixels."""
_FOUND = 0.9
"""Share of a sentence's words that must stand on the page where their order differs."""
_SCATTERED = 1.3
"""Words of the stretch for each word of the sentence, at most."""
_WORD = re.compile(r"\d+|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\d_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
"""A number, a character of a script without spaces, or a word."""
_INSIDE_WORDS = "_'\u2019\u00ad"


def run_between(
    page: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage, start: list[float] | None, end: list[float] | None
) -> tuple[int, int] | None:
    """Return first character and number of characters between two points; None: the page's beginning, its end."""
    count = text.count_chars()
    first = text.get_index(*to_page(page, *start), ANYWHERE, ANYWHERE) if start else 0
    last = text.get_index(*to_page(page, *end), ANYWHERE, ANYWHERE) if end else count - 1
    if first is None or last is None or not count:
        return None
    first, last = min(first, last), max(first, last)
    return first, last - first + 1


def word_at(page: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage, point: list[float]) -> tuple[int, int] | None:
    """Return first character and number of characters of the word at a point; None where there is none."""
    at = text.get_index(*to_page(page, *point), 4, 4)
    if at is None or not _in_word(text, at):
        return None
    first = last = at
    while first > 0 and _in_word(text, first - 1):
        first -= 1
    while last + 1 < text.count_chars() and _in_word(text, last + 1):
        last += 1
    return first, last - first + 1


def _in_word(text: pypdfium2.PdfTextPage, place: int) -> bool:
    letter = chr(pdfium.FPDFText_GetUnicode(text, place))
    return letter.isalnum() or letter in _INSIDE_WORDS


def shapes(page: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage, first: int, count: int) -> list[list[float]]:
    """Return the rectangles of a run of characters: x, y, width, height in points from the shown page's top left."""
    shapes = []
    for place in range(text.count_rects(first, count)):
        left, bottom, right, top = text.get_rect(place)
        x0, y0 = to_screen(page, left, top)
        x1, y1 = to_screen(page, right, bottom)
        shapes.append([min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)])
    return _in_lines(shapes)


def _in_lines(shapes: list[list[float]]) -> list[list[float]]:
    """Join neighbours in a line into one rectangle: many programs place every letter by itself."""
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


def hits(text: pypdfium2.PdfTextPage, needle: str) -> list[tuple[int, int]]:
    """Return first character and number of characters of every match.

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
        while at >= 0 and len(found) < HITS_A_PAGE:
            first, last = places[at], places[at + len(words) - 1]
            found.append((first, last - first + 1))
            at = letters.find(words, at + len(words))
    return sorted(found)


def _placed(text: pypdfium2.PdfTextPage, spell: Callable[[str], str]) -> tuple[str, list[int]]:
    """Return the page's characters as `spell` writes them, spaces joined, and the place that each comes from."""
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
    """Return a letter without case and accents, a space for any white space, nothing for what is not printed."""
    if letter.isspace():
        return " "
    plain = unicodedata.normalize("NFKD", letter).casefold()
    return "".join(part for part in plain if unicodedata.category(part) not in ("Mn", "Cc", "Cf", "Cn"))


def _spelt(words: str) -> str:
    """Return words as `_placed` writes them."""
    return " ".join("".join(_spelling(letter) for letter in words).split())


def _is_right_to_left(words: str) -> bool:
    return any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in words)


def find_run(text: pypdfium2.PdfTextPage, sentence: str) -> tuple[int, int] | None:
    """Return first character and number of characters of `sentence`; spaces, hyphens and ligatures may differ.

    The words may also stand in another order: PDFium orders lines of two directions, and columns, in its own way.
    """
    return find_part(text, sentence, 0, len(sentence))


def find_part(text: pypdfium2.PdfTextPage, sentence: str, start: int, end: int) -> tuple[int, int] | None:
    """Return first character and number of characters of `sentence[start:end]` where the sentence stands."""
    wanted, before, part = _letters(sentence), len(_letters(sentence[:start])), len(_letters(sentence[start:end]))
    if len(wanted) < 2 or not part:
        return None
    letters, places = _placed(text, _letters)
    at = letters.find(wanted)
    if at >= 0:
        first, last = places[at + before], places[at + before + part - 1]
        return first, last - first + 1
    words = _words(text)
    whole = _shortest(words, sentence)
    found = _shortest(words[slice(*whole)], sentence[start:end]) if whole else None
    if not whole or not found:
        return None
    _, first, _ = words[whole[0] + found[0]]
    _, last, count = words[whole[0] + found[1] - 1]
    return first, last + count - first


def _words(text: pypdfium2.PdfTextPage) -> list[tuple[str, int, int]]:
    """Return the words of a page, each with its first character and its number of characters."""
    letters = "".join(chr(pdfium.FPDFText_GetUnicode(text, place)) for place in range(text.count_chars()))
    return [(_letters(word[0]), word.start(), len(word[0])) for word in _WORD.finditer(letters)]


def _shortest(words: Sequence[tuple[str, int, int]], sentence: str) -> tuple[int, int] | None:
    """Return the shortest stretch of `words` with the words of `sentence` in any order; None if scattered."""
    wanted = Counter(_letters(word[0]) for word in _WORD.finditer(sentence))
    missing = wanted & Counter(word for word, _, _ in words)
    length, left = wanted.total(), missing.total()
    if left == 0 or left < _FOUND * length:
        return None
    best: tuple[int, int] | None = None
    first = 0
    for last, (word, _, _) in enumerate(words):
        if word in missing:
            left -= missing[word] > 0
            missing[word] -= 1
        while left == 0:
            if best is None or last + 1 - first < best[1] - best[0]:
                best = first, last + 1
            if words[first][0] in missing:
                missing[words[first][0]] += 1
                left += missing[words[first][0]] > 0
            first += 1
    return best if best and best[1] - best[0] <= _SCATTERED * length + 2 else None


def _letters(words: str) -> str:
    """Return letters and figures alone, which a cleaned page and the page as it was set have in common."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", words).casefold() if letter.isalnum())


def together(text: pypdfium2.PdfTextPage, terms: list[str]) -> list[tuple[int, int]]:
    """Return the matches of `terms` in the stretch of a page that holds the most of them."""
    hits: list[tuple[int, int, int]] = []
    for which, term in enumerate(terms):
        search = text.search(term, match_whole_word=True)
        while len(hits) < HITS_A_PAGE and (hit := search.get_next()) is not None:
            hits.append((*hit, which))
    hits.sort()
    best: list[tuple[int, int, int]] = []
    for place, (start, _, _) in enumerate(hits):
        stretch = [hit for hit in hits[place:] if hit[0] < start + STRETCH]
        if len({which for _, _, which in stretch}) > len({which for _, _, which in best}):
            best = stretch
    return [(first, count) for first, count, _ in best]


def to_screen(page: pypdfium2.PdfPage, x: float, y: float) -> tuple[float, float]:
    """Return a point of PDF space as points from the top left of the page as it is shown."""
    across, down = ctypes.c_int(), ctypes.c_int()
    width, height = (round(side * _FINE) for side in page.get_size())
    pdfium.FPDF_PageToDevice(page, 0, 0, width, height, 0, x, y, across, down)
    return across.value / _FINE, down.value / _FINE


def to_page(page: pypdfium2.PdfPage, x: float, y: float) -> tuple[float, float]:
    """Return a point of the shown page in PDF space; the inverse of `to_screen`."""
    across, up = ctypes.c_double(), ctypes.c_double()
    width, height = (round(side * _FINE) for side in page.get_size())
    pdfium.FPDF_DeviceToPage(page, 0, 0, width, height, 0, round(x * _FINE), round(y * _FINE), across, up)
    return across.value, up.value
