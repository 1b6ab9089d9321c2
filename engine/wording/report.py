"""The report about a document: the content of every export, in the order in which a person reads it. Light.

Head, summary, answers, sections, dates and names. `engine.wording.markdown` and `engine.wording.docx` write its blocks.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from engine.grounding.page_references import page_list
from engine.library.library import Library
from engine.library.records import Document, LedgerEntry, SectionNote, Summary, Turn
from engine.wording.printable import printable
from engine.wording.sentences import doubts, source, summary_basis

KINDS = (("date", "Dates"), ("amount", "Amounts"), ("name", "Names"))
MOST_ENTRIES = 60
"""Dates, amounts or names in a report; the most frequent ones."""

UNFINISHED = {
    "running": "it is still in progress",
    "stopped": "it was stopped",
    "interrupted": "it was interrupted",
    "stale": "the file has changed since",
}
"""State of a reading -> why it is not complete."""

BlockKind = Literal["heading", "text", "note", "quote", "list"]
"""text: lines of a model or a document, some of them list items; note: a remark of this program; list: items."""


@dataclass(frozen=True)
class Block:
    """One part of a report; `lines` are plain text without markup."""

    kind: BlockKind
    lines: tuple[str, ...]
    level: int = 0
    """Of a heading, from 1."""


@dataclass(frozen=True)
class Parts:
    """The optional parts of a report."""

    sections: bool = True
    entities: bool = True


ALL = Parts()


def report(library: Library, document: int, parts: Parts = ALL) -> list[Block]:
    """Return what the library holds of a document. Of several summaries of one kind the newest is taken; a turn that
    follows another is numbered under it (2.1). Characters that control a terminal are replaced. Raises LibraryError
    (gone).
    """
    row = library.documents.get(document)
    blocks = [_heading(1, row.title), Block("list", tuple(_facts(row)))]
    summaries = _newest(library.summaries.of(document))
    if summaries:
        blocks.append(_heading(2, "Summary" if len(summaries) == 1 else "Summaries"))
        blocks += [block for summary in summaries for block in _summary(summary)]
    turns = library.turns.of(document)
    if turns:
        blocks.append(_heading(2, "Questions"))
        blocks += _turns(turns)
    notes = library.section_summaries.of(document) if parts.sections else []
    if notes:
        blocks.append(_heading(2, "Sections"))
        blocks += [block for note in notes for block in _note(note)]
    ledger = library.entities.of(document) if parts.entities else None
    if ledger is not None and ledger.entries:
        blocks.append(_heading(2, "Dates, amounts and names"))
        blocks += _entries(ledger.entries)
    return [replace(block, lines=tuple(map(printable, block.lines))) for block in blocks]


def _heading(level: int, text: str) -> Block:
    return Block("heading", (" ".join(text.split()),), level)


def _remark(text: str) -> Block:
    return Block("note", (" ".join(text.split()),))


def _newest(summaries: Sequence[Summary]) -> list[Summary]:
    """Return the newest summary of each length and subject; `summaries` come newest first."""
    found: dict[tuple[str, str], Summary] = {}
    for summary in summaries:
        found.setdefault((summary.length, summary.focus), summary)
    return list(found.values())


def _facts(row: Document) -> Iterator[str]:
    """Yield what was read and by which model, so that a reader sees it when half the document is missing."""
    pages = f"{row.pages_read} of {row.n_pages} pages" if row.n_pages is not None else f"{row.pages_read} pages"
    yield f"File: {row.path}"
    yield f"Read: {pages}, {row.tokens_read:,} tokens"
    if row.pages_with_problem:
        yield f"Pages that could not be read: {row.pages_with_problem}"
    if row.state not in (None, "done"):
        yield f"The reading is not complete: {UNFINISHED.get(row.state, row.state)}."
    if row.model:
        yield f"Model: {row.model}"
    if row.tags:
        yield f"Tags: {', '.join(row.tags)}"
    yield f"Exported: {time.strftime('%Y-%m-%d')}"
    yield f"SHA-256: {row.sha256}"


def _summary(summary: Summary) -> list[Block]:
    about = f"About: {summary.focus}. " if summary.focus else ""
    made = time.strftime("%Y-%m-%d", time.localtime(summary.created))
    made_by = _remark(f"{about}Made with {summary.model} on {made}, {summary.n_tokens:,} tokens read.")
    if summary.basis is None:
        return [Block("text", tuple(summary.text.strip().splitlines())), made_by]
    covered = summary_basis(summary.basis)
    text = _with_pages(summary.text.strip(), summary.basis.line_pages)
    return [text, *([_remark(covered)] if covered else []), made_by]


def _note(note: SectionNote) -> list[Block]:
    pages = page_list(range(note.first_page, note.last_page + 1))
    heading = f": {note.heading}" if note.heading else ""
    title = _heading(3, f"{pages[:1].upper()}{pages[1:]}{heading}")
    return [title, _with_pages(note.text.strip(), note.line_pages)]


def _entries(entries: Sequence[LedgerEntry]) -> Iterator[Block]:
    for kind, title in KINDS:
        of_kind = [entry for entry in entries if entry.kind == kind]
        rows = of_kind[:MOST_ENTRIES]
        if kind == "date":
            rows.sort(key=lambda entry: entry.value)
        rest = len(of_kind) - len(rows)
        if rows:
            yield _heading(3, title)
            yield Block("list", tuple(_entry(entry) for entry in rows))
        if rest:
            yield _remark(f"{rest:,} less frequent entries are left out; JSON has them.")


def _entry(entry: LedgerEntry) -> str:
    times = f", {entry.count} times" if entry.count > 1 else ""
    return f"{' '.join(entry.text.split())}{times} ({page_list(entry.pages)})"


def _with_pages(text: str, line_pages: Sequence[Sequence[int]]) -> Block:
    """Return the lines of `text`, each with its pages behind it."""
    lines = text.splitlines()
    if len(lines) != len(line_pages):
        return Block("text", tuple(lines))
    pairs = zip(lines, line_pages, strict=True)
    return Block("text", tuple(f"{line} ({page_list(pages)})" if pages else line for line, pages in pairs))


def _turns(turns: Sequence[Turn]) -> list[Block]:
    children: dict[int | None, list[Turn]] = {}
    for turn in turns:
        children.setdefault(turn.parent, []).append(turn)
    blocks: list[Block] = []
    # A stack, not recursion: a conversation may be thousands of turns deep.
    stack = [(turn, str(number)) for number, turn in enumerate(children.get(None, []), 1)][::-1]
    while stack:
        turn, number = stack.pop()
        as_of = f" (using pages 1–{turn.as_of_page} only)" if turn.as_of_page is not None else ""
        blocks.append(_heading(3, f"{number}. {turn.question}{as_of}"))
        blocks.append(Block("text", tuple(turn.answer.strip().splitlines())))
        blocks += _evidence(turn)
        followers = children.get(turn.id, [])
        stack += [(child, f"{number}.{index}") for index, child in enumerate(followers, 1)][::-1]
    return blocks


def _evidence(turn: Turn) -> Iterator[Block]:
    """Yield the supporting sentence, unless the answer is that sentence, the source, and what speaks against it."""
    if turn.evidence is None:
        return
    sentence = turn.evidence.sentence
    quoted = sentence is not None and " ".join(sentence.text.split()) in " ".join(turn.answer.split())
    if sentence is not None and turn.evidence.found and not quoted:
        yield Block("quote", (f"“{' '.join(sentence.text.split())}” (page {sentence.page})",))
    yield from (_remark(words) for words in (source(turn.evidence), " ".join(doubts(turn.evidence))) if words)
