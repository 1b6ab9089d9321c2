"""Passages of a document for an answer: the beginning of a sentence on the page before, the closest to a question."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.grounding.passages import Passage, matching_passages
from engine.protocol.evidence import PageSpan, Sentence

if TYPE_CHECKING:
    from engine.library.library import Library

MOST = 3
SEARCHED = 3
"""Sections of a text search that are looked through, besides the ones that the answer names."""
PASSAGE = 400
"""Characters of a passage that are shown at most."""
_SENTENCE_END = re.compile(r"[.!?:][\"'”’)\]]*\s|\n\s*\n")


def sentence_before(library: Library, document: int, sentence: Sentence) -> Sentence | None:
    """Return the part of a sentence that stands on the page before it; None where it begins on its own page."""
    here = _text(library, document, sentence.page)
    if sentence.page < 2 or here[: sentence.start].strip():
        return None
    before = _text(library, document, sentence.page - 1).rstrip()
    if not before or before[-1] in '.!?:”"':
        return None
    ends = [match.end() for match in _SENTENCE_END.finditer(before)]
    start = max(ends[-1] if ends else 0, len(before) - PASSAGE)
    return Sentence(page=sentence.page - 1, start=start, end=len(before), text=before[start:])


def closest_passages(
    library: Library, document: int, question: str, spans: list[PageSpan], upto: int | None
) -> list[Sentence]:
    """Return the passages that match a question best, at most three, in the order of the pages. No model is asked.

    spans: sections to look through first; upto: the last page that counts, None for all.
    """
    pages = {page for span in spans for page in range(span.first, span.last + 1)}
    for hit in library.search.sections(document, question, limit=SEARCHED):
        pages.update(range(hit.section.first_page, hit.section.last_page + 1))
    wanted = sorted(page for page in pages if upto is None or page <= upto)
    texts = [(page, _text(library, document, page)) for page in wanted]
    found: list[Passage] = []
    for passage in sorted(matching_passages(question, texts), key=lambda one: (-one.match, one.end - one.start)):
        if len(found) < MOST and not any(_overlap(passage, other) for other in found):
            found.append(passage)
    found.sort(key=lambda passage: (passage.page, passage.start))
    return [
        Sentence(page=one.page, start=one.start, end=min(one.end, one.start + PASSAGE), text=one.text[:PASSAGE])
        for one in found
    ]


def _overlap(one: Passage, other: Passage) -> bool:
    return one.page == other.page and one.start < other.end and other.start < one.end


def _text(library: Library, document: int, page: int) -> str:
    rows = library.pages.of(document, first=page, last=page)
    return rows[0].text if rows else ""
