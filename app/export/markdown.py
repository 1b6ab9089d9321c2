"""Texts for the clipboard and for files, with page references."""

from __future__ import annotations

from app.state.conversation import Turn
from app.state.session import DocumentSession
from app.state.words import source, summary_basis
from app.style.widgets import page_spans, pages_words, spans_words
from engine.prompting.prompts import NO_FINDINGS


def turn_text(session: DocumentSession, turn: Turn) -> str:
    """One question and its answer with what it rests on."""
    lines = [turn.question, "", turn.answer]
    pages = turn.pages
    if turn.sentence and turn.evidence_page:
        lines += ["", f"“{' '.join(turn.sentence.split())}”"]
        pages = (turn.evidence_page, turn.evidence_page)
    if turn.unverified:
        lines += ["", f"Not confirmed by those pages: {', '.join(turn.unverified)}"]
    return "\n".join([*lines, "", f"[{_source(session, pages)}]"])


def summary_text(session: DocumentSession) -> str:
    """The summary with its source."""
    text = _with_pages(session.summary.text, session.summary.line_pages)
    return f"{text}\n\n[{_source(session, None)}]"


def markdown(session: DocumentSession) -> str:
    """The whole of it: summary, notes by section, questions and answers."""
    parts = [f"# {session.name}"]
    if session.outcome:
        parts.append(f"*{session.outcome}*")
    if session.summary.text.strip():
        about = f" about {session.summary.focus}" if session.summary.focus else ""
        parts += [f"## Summary{about}", _with_pages(session.summary.text, session.summary.line_pages)]
        if basis := summary_basis(session.summary.basis):
            parts.append(f"*{basis}*")
    if session.notes:
        parts.append("## Sections")
        quiet = [note for note in session.notes if note.text.strip() == NO_FINDINGS]
        for note in session.notes:
            if note in quiet:
                continue
            parts += [
                f"### {note.heading or f'Section {note.number}'} ({pages_words(note.first_page, note.last_page)})",
                _with_pages(note.text, note.line_pages),
            ]
        if quiet:
            pages = [page for note in quiet for page in range(note.first_page, note.last_page + 1)]
            parts.append(f"*{NO_FINDINGS[:-1]} on {spans_words(page_spans(pages))}.*")
    if session.ledger is not None and session.ledger.entries:
        parts.append("## Dates, amounts and names")
        for kind, title in (("date", "Dates"), ("amount", "Amounts"), ("name", "Names")):
            rows = [entry for entry in session.ledger.entries if entry.kind == kind]
            if rows:
                lines = (f"- {entry.text} ({spans_words(page_spans(entry.pages))})" for entry in rows)
                parts += [f"### {title}", "\n".join(lines)]
    turns = [turn for turn in session.conversation.visible() if turn.answer]
    if turns:
        parts.append("## Questions")
        for turn in turns:
            heading = "#" * min(3 + turn.depth, 6)
            asof = f" (as of page {turn.page})" if turn.page else ""
            parts += [f"{heading} {turn.question}{asof}", turn.answer]
            if turn.sentence and turn.evidence_page:
                parts.append(f"> “{' '.join(turn.sentence.split())}” (page {turn.evidence_page})")
            if turn.pages:
                parts.append(f"*Evidence: {pages_words(*turn.pages)}.*")
            elif turn.mentions:
                parts.append(f"*Its words stand on {', '.join(f'page {page}' for page in turn.mentions)}.*")
            elif words := source(turn.evidence):
                parts.append(f"*{words}*")
            if turn.unverified:
                parts.append(f"*Not confirmed by those pages: {', '.join(turn.unverified)}.*")
    return "\n\n".join(parts) + "\n"


def _with_pages(text: str, line_pages: list[list[int]]) -> str:
    """The text, each line with the pages it stands on."""
    lines = []
    for place, words in enumerate(text.strip("\n").split("\n")):
        pages = page_spans(line_pages[place]) if place < len(line_pages) and words.strip() else []
        lines.append(f"{words} ({spans_words(pages)})" if pages else words)
    return "\n".join(lines)


def _source(session: DocumentSession, pages: tuple[int, int] | None) -> str:
    return f"{session.name}, {pages_words(*pages)}" if pages else session.name
