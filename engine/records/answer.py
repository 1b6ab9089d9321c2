"""Answers over records: counts, lists, totals, the first and the last row, each row with its page; no model.

An answer says how it was counted and what it does not cover. Where the table leaves open what a row is, or a word is in
a cell beside other text, both numbers are given. Light: no torch.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.control import Cancelled, Control
from engine.grounding.identifiers import written_pattern
from engine.grounding.words import folded
from engine.library.library import Library
from engine.library.records import Document
from engine.records.mentions import answer_of_mentions, answer_of_times
from engine.records.questions import RecordQuestion, record_questions
from engine.records.resolve import Match, matches
from engine.records.result import RecordAnswer
from engine.records.row_answer import Answered, RowAnswer
from engine.records.store import ensure_records
from engine.records.words import counted


def answer_records(
    library: Library, documents: Sequence[Document], question: str, control: Control | None = None
) -> RecordAnswer | None:
    """Return the answer to `question` from the records of `documents`; None where the question is not surely one over
    them. Raises Cancelled."""
    readings = record_questions(question)
    if not readings:
        return None
    known = []
    for document in documents:
        if control is not None and control.cancelled:
            raise Cancelled
        if ensure_records(library, document):
            known.append(document)
    return next((found for asked in readings if (found := _answer(library, known, asked, control)) is not None), None)


def _answer(
    library: Library, known: Sequence[Document], asked: RecordQuestion, control: Control | None
) -> RecordAnswer | None:
    """Return the answer to one reading of a question."""
    if asked.operation == "times":
        return answer_of_times(library, known, asked, control)
    found = [answer for match in matches(library, known, asked) if (answer := RowAnswer(asked, match).answer())]
    if not found and (asked.dates or asked.amounts or asked.group):
        further = matches(library, known, asked, unnamed=True)
        found = [answer for match in further if (answer := RowAnswer(asked, match).answer())]
    sure = [answer for answer in found if not answer.open]
    if sure:
        return _best(library, known, sure)
    if asked.group or asked.negates or asked.operation == "value":
        return None
    if (listed := answer_of_mentions(library, known, asked, control)) is not None:
        return listed
    if len(found) == 1 and asked.operation in ("count", "list") and not _told(library, known, found[0].match):
        found[0].result.notes += _named_elsewhere(library, known, found[0].match)
        return found[0].result
    return answer_of_times(library, known, asked, control) if asked.operation == "count" else None


def _best(library: Library, known: Sequence[Document], sure: Sequence[Answered]) -> RecordAnswer | None:
    """Return the answer of the table that fits best; None where two fit equally well and say different things."""
    best = sure[0]
    rivals = [other for other in sure[1:] if other.match.strength >= best.match.strength]
    if any(other.result.number != best.result.number for other in rivals):
        return None
    best.result.notes += _named_elsewhere(library, known, best.match)
    return best.result


def _told(library: Library, documents: Sequence[Document], match: Match) -> bool:
    """Return whether the running text names what the question counts: then it, not the table, may tell."""
    ids = [document.id for document in documents]
    return any(library.search.in_documents(ids, word.text, 1) for word in match.unknown)


def _named_elsewhere(library: Library, documents: Sequence[Document], match: Match) -> list[str]:
    """Return a sentence for each identifier of the question that the pages also name outside of the table's rows."""
    spans: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for row in match.rows:
        spans.setdefault((row.document, row.page), []).append((row.start, row.end))
    notes = []
    for one in match.filters:
        if one.words[0].identifier:
            spelling = re.compile(written_pattern(one.words[0].stem))
            outside = [
                found
                for found in library.typed_records.mentions([document.id for document in documents], "identifier")
                if spelling.fullmatch(folded(found.text))
                and not any(a <= found.start < b for a, b in spans.get((found.document, found.page), ()))
            ]
            if outside:
                pages = len({(found.document, found.page) for found in outside})
                times = counted(len(outside), "place", "places")
                notes.append(
                    f"{one.text} is also named in {times} outside of these rows ({counted(pages, 'page', 'pages')})."
                )
    return notes
