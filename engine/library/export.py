"""A document's summaries and conversation as a file to keep: Markdown for people, JSON for programs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

from engine.grounding.attribution import page_list
from engine.library.library import Library
from engine.library.records import Document, LedgerEntry, SectionNote, Summary, Turn

FORMAT = 1
"""Of the JSON export; grows when a field changes its meaning."""


def to_json(library: Library, document: int, with_text: bool = False) -> str:
    """Everything that the library holds of a document except the states themselves; pages' text on request.

    Turns come flat, in the order they were asked, each with its `parent`. Raises LibraryError (gone).
    """
    row = library.document(document)
    pages: list[dict[str, Any]] = [dataclasses.asdict(page) for page in library.page_spans(document)]
    if with_text:
        pages = [dataclasses.asdict(page) for page in library.pages(document)]
    sections = [dataclasses.asdict(section) for section in library.sections(document)]
    for section in sections:
        del section["text"]
    content = {
        "readthrough_export": FORMAT,
        "document": dataclasses.asdict(row),
        "readings": [dataclasses.asdict(reading) for reading in library.readings(document)],
        "pages": pages,
        "sections": sections,
        "summaries": [dataclasses.asdict(summary) for summary in library.summaries(document)],
        "notes": [dataclasses.asdict(note) for note in library.section_notes(document)],
        "ledger": dataclasses.asdict(ledger) if (ledger := library.ledger(document)) else None,
        "retention": dataclasses.asdict(kept) if (kept := library.retention(document)) else None,
        "turns": [dataclasses.asdict(turn) for turn in library.turns(document)],
        "snapshots": [dataclasses.asdict(snapshot) for snapshot in library.snapshots(document)],
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def to_markdown(library: Library, document: int) -> str:
    """The summaries, newest first, then the section notes, the ledger and the turns; a turn that follows another is
    numbered under it (2.1).

    Raises LibraryError (gone).
    """
    row = library.document(document)
    parts = [f"# {_line(row.title)}", _facts(row)]
    summaries = library.summaries(document)
    if summaries:
        parts.append("## Summary" if len(summaries) == 1 else "## Summaries")
        parts += [part for summary in summaries for part in _summary(summary)]
    notes = library.section_notes(document)
    if notes:
        parts.append("## Sections")
        parts += [part for note in notes for part in _note(note)]
    ledger = library.ledger(document)
    if ledger is not None and ledger.entries:
        parts.append("## Dates, amounts and names")
        parts.append("\n".join(_entry(entry) for entry in ledger.entries))
    turns = library.turns(document)
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
    source = f"*{about}By {_line(summary.model)}, from {summary.method}, {summary.n_tokens:,} tokens read.*"
    evidence = summary.evidence if isinstance(summary.evidence, dict) else {}
    text = _with_pages(summary.text.strip(), evidence.get("line_pages") or [])
    covered = [f"*{_line(evidence['coverage'])}*"] if evidence.get("coverage") else []
    return [text, *_evidence(summary.evidence), *covered, source]


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
        parts += [f"### {number}. {_line(turn.question)}{as_of}", turn.answer.strip(), *_evidence(turn.evidence)]
        followers = children.get(turn.id, [])
        stack += [(child, f"{number}.{index}") for index, child in enumerate(followers, 1)][::-1]
    return parts


def _evidence(evidence: Any) -> list[str]:
    """One line: what the answer rests on and what of it is not confirmed, or its pages; else its JSON."""
    if not evidence:
        return []
    if isinstance(evidence, dict) and isinstance(evidence.get("basis"), str):
        doubtful = evidence.get("unverified") or []
        return [f"*{_line(evidence['basis'])}{'; not confirmed: ' + ', '.join(doubtful) if doubtful else ''}*"]
    pages = evidence.get("pages") if isinstance(evidence, dict) else None
    if isinstance(pages, list) and pages and all(isinstance(page, int) for page in pages):
        return [f"*Pages {', '.join(map(str, pages))}*" if len(pages) > 1 else f"*Page {pages[0]}*"]
    return [f"`{json.dumps(evidence, ensure_ascii=False)}`"]


def _line(text: str) -> str:
    """`text` on one line, as a heading or a list item needs it."""
    return " ".join(text.split())
