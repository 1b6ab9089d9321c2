"""Replies to questions over records: the text of the answer with its rows, and the evidence with its coverage."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from engine.control import Control
from engine.library.library import Library
from engine.library.prefix import Identity
from engine.library.records import Document, NewTurn
from engine.protocol.events import AnswerDelta, AnswerFinished, Event
from engine.protocol.evidence import Counted, Evidence, FoundRow, Sentence
from engine.records.answer import answer_records
from engine.records.result import AnswerRow, RecordAnswer
from engine.records.words import counted

IDENTITY = Identity("", "", "", "", "records-1", "text search")
"""The identity under which turns are stored that no model has answered."""
MOST_ROWS = 500
"""Rows that an event and a turn hold; a table of all is written by `readthrough table`."""
_TEXT_ROWS = 100
"""Rows that the text of an answer lists where the question asks for them."""
_TEXT_COUNTED = 10
_LONGEST_LINE = 300
_HOW_MANY_DOCUMENTS = re.compile(
    r"(?:how many|wie viele) (?:documents|files|dokumente|dateien)"
    r"(?:(?: (?:are|were|do|does|have|has|you|i|we|it|there|read|is|in|this|the|hold|contain|collection|folder|been))*"
    r"|(?: (?:gibt|sind|es|hier|in|der|dieser|sammlung|hat|enthält|wurden|gelesen|die))*)\s*\??",
    re.IGNORECASE,
)
_MAY_BE_MORE = "There may be more: not every table and page could be read in full."


def reply(
    library: Library,
    documents: Sequence[Document],
    question: str,
    documents_of: int | None = None,
    control: Control | None = None,
) -> tuple[str, Evidence] | None:
    """Return text and evidence of the answer from the records of `documents`; None where the question is not surely one
    over records. `documents_of`: documents of the collection, read or not. Raises Cancelled."""
    several = documents_of is not None
    if several and _HOW_MANY_DOCUMENTS.fullmatch(question.strip()):
        found: RecordAnswer | None = RecordAnswer(counted(len(documents), "document", "documents"), [])
    else:
        found = answer_records(library, documents, question, control)
    if found is None:
        return None
    titles = {document.id: document.title for document in documents}
    evidence = Evidence(
        kind="records",
        first_page=min((row.page for row in found.rows), default=0),
        last_page=max((row.page for row in found.rows), default=0),
        sentence=_sentence(found.rows[0]) if found.rows and not several else None,
        counted=_counted(library, documents, found, titles, documents_of or len(documents)),
    )
    return _text(found, titles, several=several), evidence


def answer_events(
    library: Library, document: Document, question: str, job_id: str, *, complete: bool = True
) -> Iterator[Event]:
    """Yield the answer of one document's records and save the turn; nothing where the question is not one over them.

    `complete`: the document was read to its end.
    """
    made = reply(library, [document], question)
    if made is None:
        return
    text, evidence = made
    if not complete and evidence.counted is not None:
        counted = msgspec.structs.replace(evidence.counted, sections_of=0)
        evidence = msgspec.structs.replace(evidence, complete=False, counted=counted)
    saved = library.turns.add(document.id, IDENTITY, NewTurn(question, text, evidence))
    yield AnswerDelta(job_id=job_id, text=text)
    yield AnswerFinished(job_id=job_id, text=text, evidence=evidence, turn_id=saved, seconds_to_first_token=0.0)


def _text(found: RecordAnswer, titles: dict[int, str], *, several: bool) -> str:
    """Return the number, then rows with their pages: all where the question asks for them, else the first ones."""
    most = _TEXT_ROWS if found.listed else _TEXT_COUNTED
    lines = [f"{found.number}."]
    for row in found.rows[:most]:
        where = f"{titles[row.document]}, page {row.page}" if several else f"page {row.page}"
        lines.append(f"- {_line(row, found.columns)} ({where})")
    left = len(found.rows) - most
    if left > 0:
        lines.append(f"… and {left:,} more")
    return "\n".join(lines)


def _line(row: AnswerRow, columns: Sequence[str]) -> str:
    cells = [cell for cell in row.cells if cell]
    text = " · ".join(cells) or " ".join(row.quoted.split())
    return text if len(text) <= _LONGEST_LINE else text[: _LONGEST_LINE - 1] + "…"


def _sentence(row: AnswerRow) -> Sentence:
    return Sentence(page=row.page, start=row.start, end=row.end, text=row.quoted)


def _counted(
    library: Library, documents: Sequence[Document], found: RecordAnswer, titles: dict[int, str], documents_of: int
) -> Counted:
    sections = sum(library.sections.count(document.id) for document in documents)
    tables_unread = library.typed_records.unread([document.id for document in documents])
    pages_unread = sum(document.pages_with_problem for document in documents)
    notes = [*found.notes, *([_MAY_BE_MORE] if tables_unread or pages_unread else [])]
    return Counted(
        columns=found.columns,
        rows=tuple(
            FoundRow(
                document_id=row.document,
                title=titles[row.document],
                page=row.page,
                start=row.start,
                end=row.end,
                text=row.quoted,
                cells=row.cells,
            )
            for row in found.rows[:MOST_ROWS]
        ),
        total=len(found.rows),
        notes=tuple(notes),
        documents=len(documents),
        documents_of=documents_of,
        sections=sections,
        sections_of=sections,
        tables_unread=tables_unread,
        pages_unread=pages_unread,
    )
