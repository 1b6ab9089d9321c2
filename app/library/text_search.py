"""Search in the texts of all documents of the library."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.library.library import Library

SECTIONS_LOOKED_AT = 5
"""Best sections of a document that are looked through for the words."""
AROUND = 28
"""Characters of the snippet before the first word."""
SNIPPET = 90
SENTENCE = 200
"""Characters of a sentence that are shown at most after the part."""
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n\s*\n")


@dataclass(frozen=True)
class Found:
    """The best place of a search in a document."""

    page: int
    snippet: str
    words: str
    """As the page has them, to be marked on it."""


def find_in_texts(library: Library, text: str) -> dict[str, Found]:
    """Return the best place of each document that contains all words of `text`, by path."""
    words = text.casefold().split()
    found: dict[str, Found] = {}
    for document in library.documents.all():
        place = _best_place(library, document.id, text, words)
        if place is not None:
            found[document.path] = place
    return found


def _best_place(library: Library, document: int, text: str, words: list[str]) -> Found | None:
    for hit in library.search.sections(document, text, limit=SECTIONS_LOOKED_AT):
        section = hit.section
        folded = section.text.casefold()
        if not all(word in folded for word in words):
            continue
        for page in library.pages.of(document, first=section.first_page, last=section.last_page):
            at = page.text.casefold().find(" ".join(words))
            at = page.text.casefold().find(words[0]) if at < 0 else at
            if at >= 0:
                length = len(text.strip()) if " ".join(words) in page.text.casefold() else len(words[0])
                return Found(page.number, _snippet(page.text, at), page.text[at : at + length])
    return None


def _snippet(text: str, at: int) -> str:
    """Return the words around a place of a text, on one line."""
    first = text.rfind(" ", 0, max(at - AROUND, 0)) + 1 if at > AROUND else 0
    cut = " ".join(text[first : first + SNIPPET].split())
    return ("…" if first else "") + cut


def snippets(library: Library, document: int, places: list[tuple[int, str]]) -> dict[tuple[int, str], str]:
    """Return the sentence around each text on its page, by (page, text); texts that are not there are left out."""
    texts: dict[int, str] = {}
    found: dict[tuple[int, str], str] = {}
    for page, words in places:
        if page not in texts:
            rows = library.pages.of(document, first=page, last=page)
            texts[page] = rows[0].text if rows else ""
        there = re.search(r"\s+".join(map(re.escape, words.split())), texts[page])  # it may run over a line's end
        if there and words.strip():
            found[page, words] = _sentence_around(texts[page], there.start(), there.end())
    return found


def _sentence_around(text: str, start: int, end: int) -> str:
    """Return the sentence that contains a part of a text, on one line, from a few words before the part on."""
    begin = max([match.end() for match in _SENTENCE_END.finditer(text, 0, start)], default=0)
    cut = start - begin > AROUND
    first = max(text.rfind(" ", 0, start - AROUND), text.rfind("\n", 0, start - AROUND)) + 1 if cut else begin
    after = _SENTENCE_END.search(text, end)
    last = min(after.start() if after else len(text), end + SENTENCE)
    return ("…" if cut else "") + " ".join(text[first:last].split())
