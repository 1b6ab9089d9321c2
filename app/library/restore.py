"""Fills a session with what the library holds of its document."""

from __future__ import annotations

import bisect
from typing import Any

from app.library.rows import DocumentRecord
from app.state.conversation import Turn
from app.state.session import DocumentSession, SummaryText


def fill(session: DocumentSession, record: DocumentRecord) -> list[Turn]:
    """Show in `session` what `record` holds; returns the turns that are new. What streams in is not overwritten."""
    document = record.document
    session.document_id = document.id
    session.title = session.title or document.title
    session.given_title = document.title if document.renamed else ""
    session.tags = list(document.tags)
    session.kind = session.kind or document.kind
    session.page_count = session.page_count or document.n_pages
    session.fully_read = document.state == "done"
    read = [span for span in record.spans if span.n_tokens is not None]
    progress = session.progress
    if not session.phase.busy or progress.tokens < document.tokens_read:
        progress.tokens = document.tokens_read
        progress.page = max((span.number for span in read), default=0)
        if session.fully_read:
            progress.total_tokens, progress.exact = document.tokens_read, True
            session.outcome = session.outcome or record.note
    session.problems.update({span.number: span.problem for span in record.spans if span.problem})
    _place_snapshots(session, record, read)
    if not session.summary.text and record.summaries and not session.summary_running:
        for row in reversed(record.summaries):
            session.keep_summary(summary_of(row))
        session.show_summary(0)
    if not session.notes and not session.summary_running:
        session.notes, session.section_count = list(record.notes), len(record.notes)
    if session.ledger is None:
        session.ledger = record.ledger
    if session.retention is None:
        session.retention = record.retention
    return _add_turns(session, record.turns)


def _place_snapshots(session: DocumentSession, record: DocumentRecord, read: list[Any]) -> None:
    ends = [span.first_token + span.n_tokens for span in read]
    for snapshot in record.snapshots:
        if snapshot.kind in ("end", "checkpoint") and ends:
            place = min(bisect.bisect_left(ends, snapshot.n_tokens), len(ends) - 1)
            session.snapshots[read[place].number] = snapshot.kind


def _add_turns(session: DocumentSession, rows: list[Any]) -> list[Turn]:
    added = []
    conversation = session.conversation
    for row in rows:
        if conversation.by_turn_id(row.id) is not None:
            continue
        parent = conversation.by_turn_id(row.parent)
        earlier = next((turn for turn in conversation.turns if _is_try_of(turn, row, parent)), None)
        turn = conversation.add(row.question, parent, earlier, page=row.as_of_page, seed=row.seed)
        turn.finish(row.answer, row.evidence, row.id)
        added.append(turn)
    return added


def _is_try_of(turn: Turn, row: Any, parent: Turn | None) -> bool:
    return turn.parent is parent and turn.question == row.question and turn.page == row.as_of_page


def summary_of(row: Any) -> SummaryText:
    """Return a summary of the library as the session shows it."""
    pages = [list(line) for line in row.basis.line_pages] if row.basis else []
    return SummaryText(row.text, pages, row.length, row.focus or "", row.basis)
