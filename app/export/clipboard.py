"""Texts for the clipboard, with their page references."""

from __future__ import annotations

from app.state.conversation import Turn
from app.state.session import DocumentSession
from app.style.translation import tr
from app.style.words import page_words, span_words


def turn_text(session: DocumentSession, turn: Turn) -> str:
    """Return one question and its answer, the quoted sentence and the source."""
    lines = [turn.question, "", turn.answer]
    pages = turn.pages
    if turn.sentence and turn.evidence_page:
        lines += ["", f"“{' '.join(turn.sentence.split())}”"]
        pages = (turn.evidence_page, turn.evidence_page)
    if turn.unverified:
        lines += ["", tr("Not found on those pages: {words}", words=", ".join(turn.unverified))]
    return "\n".join([*lines, "", f"[{_source(session, pages)}]"])


def summary_text(session: DocumentSession) -> str:
    """Return the summary, each line with its pages, and its source."""
    line_pages = session.summary.line_pages
    lines = []
    for place, words in enumerate(session.summary.text.strip("\n").split("\n")):
        pages = line_pages[place] if place < len(line_pages) and words.strip() else []
        lines.append(f"{words} ({page_words(pages)})" if pages else words)
    return "\n".join([*lines, "", f"[{_source(session, None)}]"])


def _source(session: DocumentSession, pages: tuple[int, int] | None) -> str:
    return f"{session.name}, {span_words(*pages)}" if pages else session.name
