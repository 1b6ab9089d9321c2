"""`main.py library ...`: what is saved, for a person or a program. Light: no torch."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from engine.cli.markdown import to_markdown
from engine.cli.words import counted
from engine.errors import KnownError
from engine.library.database import LibraryError
from engine.library.export import to_json
from engine.library.library import Library
from engine.library.records import Document, Turn

STATES = {
    "running": "being read",
    "stopped": "stopped",
    "interrupted": "interrupted",
    "stale": "file has changed",
    "done": "read",
    None: "not read",
}


def run_action(
    action: str, name: str | None, library_file: Path | None, *, as_json: bool = False, quota: int | None = None
) -> int:
    """Carry out one action; returns the exit status. `compact` first brings the saved states down to `quota` bytes.

    Raises KnownError.
    """
    writes = action in ("remove", "verify", "compact")
    with _opened(library_file, writes) as library:
        match action:
            case "list":
                _list(library, as_json)
            case "show":
                _show(library, _named(library, name, action), as_json)
            case "export":
                document = _named(library, name, action)
                print((to_json if as_json else to_markdown)(library, document.id), end="")
            case "remove":
                document = _named(library, name, action)
                library.documents.remove(document.id)
                _say(as_json, {"removed": document.id}, f"Removed {document.title} ({_size(document.snapshot_bytes)}).")
            case "verify":
                return _verify(library, as_json)
            case "compact":
                if quota is not None:
                    library.snapshots.set_quota(quota)
                freed = library.maintenance.compact()
                in_use = _size(library.maintenance.file_size())
                _say(as_json, {"freed_bytes": freed}, f"{_size(freed)} given back; {in_use} in use.")
    return 0


def _opened(library_file: Path | None, writes: bool) -> Library:
    try:
        return Library.open(library_file, read_only=not writes)
    except LibraryError as error:
        if error.kind != "older":
            raise
        return Library.open(library_file)  # which brings it up to date


def _list(library: Library, as_json: bool) -> None:
    documents = library.documents.all()
    if as_json:
        for document in documents:
            print(json.dumps(dataclasses.asdict(document)))
        return
    if not documents:
        print("The library is empty; `main.py read FILE` puts a document into it.")
        return
    rows = [
        (
            str(d.id),
            d.title if len(d.title) <= 40 else d.title[:39] + "…",
            f"{d.pages_read:,}" + (f" of {d.n_pages:,}" if d.n_pages and d.n_pages != d.pages_read else ""),
            f"{d.tokens_read:,}",
            STATES[d.state],
            f"{d.n_snapshots} · {_size(d.snapshot_bytes)}",
            d.model or "",
        )
        for d in documents
    ]
    _table(("", "title", "pages", "tokens", "state", "saved states", "model"), rows)


def _show(library: Library, document: Document, as_json: bool) -> None:
    readings = library.readings.of(document.id)
    snapshots = library.snapshots.of(document.id)
    summaries, turns = library.summaries.of(document.id), library.turns.of(document.id)
    if as_json:
        parts: dict[str, Any] = {"document": document, "readings": readings, "snapshots": snapshots}
        parts |= {"summaries": summaries, "turns": turns, "notes": library.section_summaries.of(document.id)}
        parts |= {"ledger": library.entities.of(document.id), "retention": library.retention.of(document.id)}
        print(json.dumps(msgspec.to_builtins(parts)))
        return
    print(f"{document.title}\n{document.path}")
    for reading in readings:
        speed = f", {reading.speed:,.0f} tokens/s" if reading.speed else ""
        print(
            f"{STATES[reading.state]} by {reading.model}: {counted(reading.pages_read, 'page', 'pages')}, "
            f"{reading.tokens_read:,} tokens{speed}. {reading.note}".rstrip()
        )
    print("\nSaved states")
    pages = {
        span.first_token + (span.n_tokens or 0): span.number
        for span in library.pages.spans(document.id)
        if span.first_token is not None
    }
    rows = [
        (
            str(s.id),
            {"end": "whole document", "rung": "checkpoint"}.get(s.kind, s.kind),
            f"{s.n_tokens:,}",
            f"end of page {pages[s.n_tokens]}" if s.n_tokens in pages else "",
            s.dtype,
            _size(s.size),
        )
        for s in snapshots
    ]
    _table(("", "kind", "tokens", "stands at", "stored in", "size"), rows)
    for summary in summaries:
        print(f"\nSummary ({summary.method}, {summary.model})\n{summary.text}")
    for turn in turns:
        print(f"\nTurn {turn.id}{_circumstances(turn)}\nQ: {turn.question}\nA: {turn.answer}")


def _circumstances(turn: Turn) -> str:
    facts = [f"after turn {turn.parent}"] if turn.parent is not None else []
    facts += [f"as of page {turn.as_of_page}"] if turn.as_of_page is not None else []
    facts += [f"seed {turn.seed}"] if turn.seed is not None else []
    return f" ({', '.join(facts)})" if facts else ""


def _verify(library: Library, as_json: bool) -> int:
    found = library.maintenance.verify()
    problems = [f"state {s.id} of document {s.document} was damaged and is dropped" for s in found.damaged]
    problems += found.problems
    text = f"{found.checked} saved states checked; " + ("all sound." if found.sound else "; ".join(problems) + ".")
    _say(as_json, {"checked": found.checked, "problems": problems}, text)
    return 0 if found.sound else 2


def _named(library: Library, name: str | None, action: str) -> Document:
    if name is None:
        raise KnownError(f"name the document to {action}: its number from `library list`, its path or its title")
    document = library.documents.find(name)
    if document is None:
        raise KnownError(f"the library has no document {name}; `library list` shows what it has", "missing")
    return document


def _say(as_json: bool, fields: dict[str, Any], text: str) -> None:
    print(json.dumps(fields) if as_json else text)


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    for row in [header, *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _size(n_bytes: int) -> str:
    if n_bytes >= 1e9:
        return f"{n_bytes / 1e9:.1f} GB"
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 1e5 else f"{n_bytes / 1e3:.0f} KB"
