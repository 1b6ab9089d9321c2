"""A document's summaries and conversation as Markdown, for people. Light."""

from __future__ import annotations

from collections.abc import Sequence

from engine.cli.words import doubts, source, summary_basis
from engine.grounding.attribution import page_list
from engine.library.library import Library
from engine.library.records import Document, LedgerEntry, SectionNote, Summary, Turn


def to_markdown(library: Library, document: int) -> str:
    """The summaries, newest first, then the section notes, the ledger and the turns; a turn that follows another is
    numbered under it (2.1).

    Raises LibraryError (gone).
    """
    row = library.documents.get(document)
    parts = [f"# {_line(row.title)}", _facts(row)]
    summaries = library.summaries.of(document)
    if summaries:
        parts.append("## Summary" if len(summaries) == 1 else "## Summaries")
        parts += [part for summary in summaries for part in _summary(summary)]
    notes = library.section_summaries.of(document)
    if notes:
        parts.append("## Sections")
        parts += [part for note in notes for part in _note(note)]
    ledger = library.entities.of(document)
    if ledger is not None and ledger.entries:
        parts.append("## Dates, amounts and names")
        parts.append("\n".join(_entry(entry) for entry in ledger.entries))
    turns = library.turns.of(document)
    if turns:
        parts.append("## Questions")
        parts += _turns(turns)
    return "\n\n".join(parts) + "\n"


def _facts(row: Document) -> str:
    """What was read, said plainly: a person must see it when half the document is missing."""
    pages = f"{row.pages_read} of {row.n_pages} pages" if row.n_pages is not None else f"{row.pages_read} pages"
    facts = [f"File: `{row.path}`", f"SHA-256: `{row.sha256}`", f"Read: {pages}, {row.tokens_read:,} tokens"]
    if row.pages_with_problem:
        facts.append(f"Pages that could not be read: {row.pages_with_problem}")
    if row.state not in (None, "done"):
        facts.append(f"The reading is not complete ({row.state}).")
    if row.model:
        facts.append(f"Model: {row.model}")
    return "\n".join(f"- {_line(fact)}" for fact in facts)


def _summary(summary: Summary) -> list[str]:
    about = f"About: {_line(summary.focus)}. " if summary.focus else ""
    made_by = f"*{about}By {_line(summary.model)}, from {summary.method}, {summary.n_tokens:,} tokens read.*"
    if summary.basis is None:
        return [summary.text.strip(), made_by]
    text = _with_pages(summary.text.strip(), summary.basis.line_pages)
    return [text, f"*{_line(summary_basis(summary.basis))}*", made_by]


def _note(note: SectionNote) -> list[str]:
    pages = (
        f"Page {note.first_page}" if note.first_page == note.last_page else f"Pages {note.first_page}–{note.last_page}"
    )
    heading = f": {_line(note.heading)}" if note.heading else ""
    return [f"### {pages}{heading}", _with_pages(note.text.strip(), note.line_pages)]


def _entry(entry: LedgerEntry) -> str:
    times = f", {entry.count} times" if entry.count > 1 else ""
    return f"- {_line(entry.text)}{times} ({page_list(entry.pages)})"


def _with_pages(text: str, line_pages: Sequence[Sequence[int]]) -> str:
    """`text` with the pages of each of its lines behind it."""
    lines = text.splitlines()
    if len(lines) != len(line_pages):
        return text
    return "\n".join(
        f"{line} ({page_list(pages)})" if pages else line for line, pages in zip(lines, line_pages, strict=True)
    )


def _turns(turns: Sequence[Turn]) -> list[str]:
    children: dict[int | None, list[Turn]] = {}
    for turn in turns:
        children.setdefault(turn.parent, []).append(turn)
    parts: list[str] = []
    # A stack, not recursion: a conversation may be thousands of turns deep.
    stack = [(turn, str(number)) for number, turn in enumerate(children.get(None, []), 1)][::-1]
    while stack:
        turn, number = stack.pop()
        as_of = f" (as of page {turn.as_of_page})" if turn.as_of_page is not None else ""
        parts += [f"### {number}. {_line(turn.question)}{as_of}", turn.answer.strip(), *_evidence(turn)]
        followers = children.get(turn.id, [])
        stack += [(child, f"{number}.{index}") for index, child in enumerate(followers, 1)][::-1]
    return parts


def _evidence(turn: Turn) -> list[str]:
    """Return a paragraph with the source of an answer, and one with what speaks against it."""
    if turn.evidence is None:
        return []
    sentences = [source(turn.evidence), " ".join(doubts(turn.evidence))]
    return [f"*{_line(sentence)}*" for sentence in sentences if sentence]


def _line(text: str) -> str:
    """`text` on one line, as a heading or a list item needs it."""
    return " ".join(text.split())
