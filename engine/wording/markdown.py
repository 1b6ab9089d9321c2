"""A document's results as Markdown, for people: the one exporter of the window and the command line. Light.

The order is that of a report: head, summary, answers, sections, dates and names. All text that comes from the document
or the model is escaped, so that nothing in it is taken for markup, HTML or an address.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from engine.grounding.page_references import page_list
from engine.library.library import Library
from engine.library.records import Document, LedgerEntry, SectionNote, Summary, Turn
from engine.wording.sentences import doubts, source, summary_basis

KINDS = (("date", "Dates"), ("amount", "Amounts"), ("name", "Names"))
_ACTIVE = re.compile(r"([\\`*_\[\]<>|~])")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_LINE_START = re.compile(r"^(\s*)(#{1,6}(?=\s)|[=+]|-{3,}|-(?=-*\s*$))", re.MULTILINE)
_LIST_ITEM = re.compile(r"\s*(?:[-*•]|\d{1,3}[.)])\s+")


def to_markdown(library: Library, document: int) -> str:
    """Return what the library holds of a document. Of several summaries of one kind the newest is written; a turn that
    follows another is numbered under it (2.1). Raises LibraryError (gone).
    """
    row = library.documents.get(document)
    parts = [f"# {_line(row.title)}", _facts(row)]
    summaries = _newest(library.summaries.of(document))
    if summaries:
        parts.append("## Summary" if len(summaries) == 1 else "## Summaries")
        parts += [part for summary in summaries for part in _summary(summary)]
    turns = library.turns.of(document)
    if turns:
        parts.append("## Questions")
        parts += _turns(turns)
    notes = library.section_summaries.of(document)
    if notes:
        parts.append("## Sections")
        parts += [part for note in notes for part in _note(note)]
    ledger = library.entities.of(document)
    if ledger is not None and ledger.entries:
        parts.append("## Dates, amounts and names")
        parts += _entries(ledger.entries)
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """Return `text` with everything escaped that Markdown or HTML would take for markup; lists stay lists."""
    lines = []
    for line in text.split("\n"):
        item = _LIST_ITEM.match(line)
        head, rest = (line[: item.end()].replace("*", "-"), line[item.end() :]) if item else ("", line)
        lines.append(head + _ENTITY.sub("&amp;", _ACTIVE.sub(r"\\\1", rest)))
    return _LINE_START.sub(r"\1\\\2", "\n".join(lines))


def _newest(summaries: Sequence[Summary]) -> list[Summary]:
    """Return the newest summary of each length and subject; `summaries` come newest first."""
    found: dict[tuple[str, str], Summary] = {}
    for summary in summaries:
        found.setdefault((summary.length, summary.focus), summary)
    return list(found.values())


def _facts(row: Document) -> str:
    """Return what was read and by which model, so that a reader sees it when half the document is missing."""
    pages = f"{row.pages_read} of {row.n_pages} pages" if row.n_pages is not None else f"{row.pages_read} pages"
    facts = [f"File: {_line(row.path)}", f"Read: {pages}, {row.tokens_read:,} tokens"]
    if row.pages_with_problem:
        facts.append(f"Pages that could not be read: {row.pages_with_problem}")
    if row.state not in (None, "done"):
        facts.append(f"The reading is not complete ({row.state}).")
    if row.model:
        facts.append(f"Model: {_line(row.model)}")
    facts += [f"Exported: {time.strftime('%Y-%m-%d')}", f"SHA-256: {row.sha256}"]
    return "\n".join(f"- {fact}" for fact in facts)


def _summary(summary: Summary) -> list[str]:
    about = f"About: {_line(summary.focus)}. " if summary.focus else ""
    made = time.strftime("%Y-%m-%d", time.localtime(summary.created))
    made_by = f"*{about}Written by {_line(summary.model)} on {made}, {summary.n_tokens:,} tokens read.*"
    if summary.basis is None:
        return [escaped(summary.text.strip()), made_by]
    text = _with_pages(summary.text.strip(), summary.basis.line_pages)
    covered = _line(summary_basis(summary.basis))
    return [text, *([f"*{covered}*"] if covered else []), made_by]


def _note(note: SectionNote) -> list[str]:
    pages = page_list(range(note.first_page, note.last_page + 1))
    heading = f": {_line(note.heading)}" if note.heading else ""
    return [f"### {pages[:1].upper()}{pages[1:]}{heading}", _with_pages(note.text.strip(), note.line_pages)]


def _entries(entries: Sequence[LedgerEntry]) -> list[str]:
    parts: list[str] = []
    for kind, title in KINDS:
        rows = [entry for entry in entries if entry.kind == kind]
        if kind == "date":
            rows.sort(key=lambda entry: entry.value)
        if rows:
            parts += [f"### {title}", "\n".join(_entry(entry) for entry in rows)]
    return parts


def _entry(entry: LedgerEntry) -> str:
    times = f", {entry.count} times" if entry.count > 1 else ""
    return f"- {_line(entry.text)}{times} ({page_list(entry.pages)})"


def _with_pages(text: str, line_pages: Sequence[Sequence[int]]) -> str:
    """Return `text` with the pages of each of its lines behind it."""
    lines = text.splitlines()
    if len(lines) != len(line_pages):
        return escaped(text)
    return "\n".join(
        f"{escaped(line)} ({page_list(pages)})" if pages else escaped(line)
        for line, pages in zip(lines, line_pages, strict=True)
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
        as_of = f" (using pages 1–{turn.as_of_page} only)" if turn.as_of_page is not None else ""
        parts += [f"### {number}. {_line(turn.question)}{as_of}", escaped(turn.answer.strip()), *_evidence(turn)]
        followers = children.get(turn.id, [])
        stack += [(child, f"{number}.{index}") for index, child in enumerate(followers, 1)][::-1]
    return parts


def _evidence(turn: Turn) -> list[str]:
    """Return paragraphs with the quoted sentence, the source of an answer, and what speaks against it."""
    if turn.evidence is None:
        return []
    parts = []
    if turn.evidence.sentence is not None and turn.evidence.found:
        parts.append(f"> “{_line(turn.evidence.sentence.text)}” (page {turn.evidence.sentence.page})")
    sentences = [source(turn.evidence), " ".join(doubts(turn.evidence))]
    return parts + [f"*{_line(sentence)}*" for sentence in sentences if sentence]


def _line(text: str) -> str:
    """Return `text` escaped and on one line, as a heading or a list item needs it."""
    return _ACTIVE.sub(r"\\\1", _ENTITY.sub("&amp;", " ".join(text.split())))
