"""Texts for the clipboard and for files, with page references."""

from __future__ import annotations

from app.conversation import Turn
from app.document_session import DocumentSession
from app.widgets import pages_words


def turn_text(session: DocumentSession, turn: Turn) -> str:
    """One question and its answer with what it rests on."""
    lines = [turn.question, "", turn.answer]
    if turn.unverified:
        lines += ["", f"Not confirmed by those pages: {', '.join(turn.unverified)}"]
    return "\n".join([*lines, "", f"[{_source(session, turn.pages)}]"])


def summary_text(session: DocumentSession) -> str:
    """The summary with its source."""
    return f"{session.summary}\n\n[{_source(session, None)}]"


def markdown(session: DocumentSession) -> str:
    """The whole of it: summary, notes by section, questions and answers."""
    parts = [f"# {session.name}"]
    if session.coverage:
        parts.append(f"*{session.coverage}*")
    if session.summary:
        parts += ["## Summary", session.summary]
        if session.summary_basis:
            parts.append(f"*{session.summary_basis}*")
    if session.notes:
        parts.append("## Sections")
        for note in session.notes:
            parts += [
                f"### {note.heading or f'Section {note.number}'} ({pages_words(note.first_page, note.last_page)})",
                note.text,
            ]
    turns = [turn for turn in session.conversation.visible() if turn.answer]
    if turns:
        parts.append("## Questions")
        for turn in turns:
            heading = "#" * min(3 + turn.depth, 6)
            asof = f" (as of page {turn.page})" if turn.page else ""
            parts += [f"{heading} {turn.question}{asof}", turn.answer]
            if turn.pages:
                parts.append(f"*Evidence: {pages_words(*turn.pages)}.*")
            elif turn.mentions:
                parts.append(f"*Its words stand on {', '.join(f'page {page}' for page in turn.mentions)}.*")
            elif turn.basis:
                parts.append(f"*Basis: {turn.basis}.*")
            if turn.unverified:
                parts.append(f"*Not confirmed by those pages: {', '.join(turn.unverified)}.*")
    return "\n\n".join(parts) + "\n"


def _source(session: DocumentSession, pages: tuple[int, int] | None) -> str:
    return f"{session.name}, {pages_words(*pages)}" if pages else session.name
