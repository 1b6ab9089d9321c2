"""The `library` command: show or change what is saved, for people or programs. Light: no torch."""

from __future__ import annotations

import dataclasses
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from engine.cli.options import Options
from engine.cli.output import Output
from engine.cli.result_file import require_other, save
from engine.cli.text import fitted, one_line
from engine.errors import KnownError
from engine.library.database import LibraryError, library_path
from engine.library.export import to_json
from engine.library.library import Library
from engine.library.records import Document, Reading, Snapshot, Turn
from engine.library.repair import repair
from engine.units import size_text
from engine.wording.markdown import to_markdown
from engine.wording.report import Parts
from engine.wording.report_file import SUFFIXES, Layout, exported
from engine.wording.sentences import counted

STATES = {
    "running": "being read",
    "stopped": "stopped",
    "interrupted": "interrupted",
    "stale": "file has changed",
    "done": "read",
    None: "not read",
}
SNAPSHOTS = {"end": "whole document", "checkpoint": "checkpoint"}
PLAIN = ("", ".txt", ".markdown")
"""Further suffixes of an export, which get Markdown."""
TITLE_WIDTH = 40
"""Cells of a title in the list."""
TABLE_WIDTH = 70
"""Cells of a terminal below which a table is written as two lines a row."""
LEAST_TITLE = 24
"""Cells to which a title is cut, so that the row of a table fits; with less room a row takes two lines."""
GAP = 2
"""Cells between two columns."""
PIPE_WIDTH = 1_000
"""Cells of a table that does not go to a terminal: its lines are not cut."""


@dataclass(frozen=True)
class LibraryWish:
    """What is asked of an action."""

    document: str | None = None
    """A number, a path or a title; of a backup, the file to write."""
    words: tuple[str, ...] = ()
    """A title, or tags."""
    output: Path | None = None
    """The file of an export; None for stdout."""
    sections: bool = True
    entities: bool = True
    layout: Layout | None = None


def run_action(action: str, wish: LibraryWish, options: Options) -> int:
    """Carry out one action; returns the exit status. `compact` first brings the saved states down to the quota.

    Raises KnownError.
    """
    if action == "repair":
        return _repair(options)
    writes = action in ("remove", "rename", "tag", "verify", "compact")
    with opened_library(options.library, writes) as library:
        command = _LibraryCommand(library, Output(sys.stdout), as_json=options.as_json)
        match action:
            case "list":
                command.list()
            case "verify":
                return command.verify()
            case "compact":
                command.compact(options.quota)
            case "backup":
                command.backup(wish.document)
            case _:
                command.with_document(action, named(library, wish.document, action), wish)
    return 0


def opened_library(library_file: Path | None, writes: bool) -> Library:
    """Open a library for reading, or for writing where `writes`; an older one is brought up to date."""
    try:
        return Library.open(library_file, read_only=not writes)
    except LibraryError as error:
        if error.kind != "older":
            raise
        return Library.open(library_file)  # which brings it up to date


def named(library: Library, name: str | None, action: str) -> Document:
    """Return the one document that `name` means. Raises KnownError."""
    if name is None:
        raise KnownError(f"name the document to {action}: its number from `library list`, its path or its title")
    found = library.documents.find_all(name)
    found = [document for document in found if document.replaced is None] or found
    if not found:
        raise KnownError(f"the library has no document {name}; `library list` shows its documents", "missing")
    if len(found) > 1:
        each = ", ".join(f"{document.id} ({document.path})" for document in found)
        raise KnownError(f"{len(found)} documents are called {name}; give the number of one: {each}", "ambiguous")
    return found[0]


def _repair(options: Options) -> int:
    """Repair the library's file; returns the exit status, 2 where something was lost. Raises KnownError."""
    done = repair(library_path(options.library))
    lost = ", ".join(f"{count} in {table}" for table, count in done.lost.items())
    text = f"{counted(done.rows, 'row', 'rows')} saved. The old file is kept as {done.kept}. "
    text += f"Lost rows: {lost}; read the documents again to replace them." if lost else "Nothing was lost."
    fields = {"rows": done.rows, "lost": done.lost, "kept": str(done.kept)}
    Output(sys.stdout).line(json.dumps(fields) if options.as_json else one_line(text))
    return 2 if lost else 0


class _LibraryCommand:
    """One action on an open library."""

    def __init__(self, library: Library, out: Output, *, as_json: bool) -> None:
        self._library, self._out, self._as_json = library, out, as_json

    def with_document(self, action: str, document: Document, wish: LibraryWish) -> None:
        """Carry out an action on one document."""
        match action:
            case "show":
                self.show(document)
            case "export":
                self.export(document, wish)
            case "rename":
                self.rename(document, " ".join(wish.words))
            case "tag":
                self.tag(document, wish.words)
            case "remove":
                self.remove(document)

    def list(self) -> None:
        """Print every document, the last used first."""
        documents = self._library.documents.all()
        if self._as_json:
            for document in documents:
                self._json(dataclasses.asdict(document))
        elif not documents:
            self._out.line("The library is empty; `readthrough read FILE` adds a document.")
        else:
            header = ("", "title", "pages", "tokens", "state", "saved states", "model")
            self._table(header, [_document_row(document, documents) for document in documents])

    def show(self, document: Document) -> None:
        """Print a document's readings, saved states, summaries and answers."""
        library = self._library
        readings, snapshots = library.readings.of(document.id), library.snapshots.of(document.id)
        summaries, turns = library.summaries.of(document.id), library.turns.of(document.id)
        if self._as_json:
            parts: dict[str, Any] = {"document": document, "readings": readings, "snapshots": snapshots}
            parts |= {"summaries": summaries, "turns": turns, "notes": library.section_summaries.of(document.id)}
            parts |= {"ledger": library.entities.of(document.id), "retention": library.retention.of(document.id)}
            self._json(msgspec.to_builtins(parts))
            return
        self._out.line(one_line(document.title))
        self._out.line(one_line(document.path))
        for reading in readings:
            self._out.line(_reading_line(reading))
        self._out.line("\nSaved states")
        pages = {
            span.first_token + (span.n_tokens or 0): span.number
            for span in library.pages.spans(document.id)
            if span.first_token is not None
        }
        rows = [_snapshot_row(snapshot, pages) for snapshot in snapshots]
        self._table(("", "kind", "tokens", "position", "stored as", "size"), rows)
        for summary in summaries:
            self._out.line(f"\nSummary ({summary.method}, {one_line(summary.model)})\n{summary.text}")
        for turn in turns:
            self._out.line(f"\nTurn {turn.id}{_circumstances(turn)}\nQ: {turn.question}\nA: {turn.answer}")

    def export(self, document: Document, wish: LibraryWish) -> None:
        """Print a document's summaries and answers, or write them to a file."""
        parts = Parts(wish.sections, wish.entities)
        if wish.output is None:
            as_json = to_json(self._library, document.id) if self._as_json else ""
            self._out.write(as_json or to_markdown(self._library, document.id, parts))
            return
        require_other(wish.output, [document.path], self._library.path)
        suffix = ".json" if self._as_json else wish.output.suffix
        if suffix.lower() not in (*SUFFIXES, *PLAIN):
            raise KnownError(f"a report cannot be a {suffix} file; choose {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")
        data = exported(self._library, document.id, suffix, parts, wish.layout or _no_layout)
        save(wish.output, data)
        self._say({"exported": document.id, "file": str(wish.output)}, f"Saved to {wish.output}.")

    def rename(self, document: Document, title: str) -> None:
        """Give a document another title."""
        self._library.documents.rename(document.id, title)
        now = self._library.documents.get(document.id).title
        self._say({"renamed": document.id, "title": now}, f"{document.title} is now called {now}.")

    def tag(self, document: Document, tags: Sequence[str]) -> None:
        """Replace a document's tags."""
        self._library.documents.set_tags(document.id, tags)
        now = self._library.documents.get(document.id).tags
        text = f"{document.title} has the tags {', '.join(now)}." if now else f"{document.title} has no tags."
        self._say({"tagged": document.id, "tags": now}, text)

    def remove(self, document: Document) -> None:
        """Remove a document with everything that was saved of it."""
        self._library.documents.remove(document.id)
        freed = size_text(document.snapshot_bytes)
        self._say({"removed": document.id}, f"Removed {one_line(document.title)} ({document.path}, {freed}).")

    def compact(self, quota: int | None) -> None:
        """Bring the saved states down to `quota` bytes, and give unused space back to the disk."""
        if quota is not None:
            self._library.snapshots.set_quota(quota)
        states, _ = self._library.take_dropped()
        freed = self._library.maintenance.compact()
        in_use = size_text(self._library.maintenance.file_size())
        deleted = f"{counted(states, 'saved state', 'saved states')} deleted; " if quota is not None else ""
        text = f"{deleted}{size_text(freed)} freed; the library takes {in_use}."
        self._say({"freed_bytes": freed, "deleted_states": states}, text)

    def backup(self, target: str | None) -> None:
        """Copy the library to a new file."""
        if target is None:
            raise KnownError("name the file of the backup: library backup FILE")
        size = self._library.maintenance.backup(target)
        self._say({"backup": target, "bytes": size}, f"Backed up to {target} ({size_text(size)}).")

    def verify(self) -> int:
        """Check every saved state and drop damaged ones; returns the exit status, 2 where there was one."""
        found = self._library.maintenance.verify()
        problems = [f"state {s.id} of document {s.document} was damaged and is deleted" for s in found.damaged]
        problems += found.problems
        checked = counted(found.checked, "saved state", "saved states")
        text = f"{checked} checked; " + ("all sound." if found.sound else "; ".join(problems) + ".")
        self._say({"checked": found.checked, "problems": problems}, text)
        return 0 if found.sound else 2

    def _say(self, fields: dict[str, Any], text: str) -> None:
        if self._as_json:
            self._json(fields)
        else:
            self._out.line(one_line(text))

    def _json(self, value: object) -> None:
        self._out.json_line(json.dumps(value))

    def _table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        room = _title_room(header, rows, self._out.width)
        longest = max((len(one_line(title)) for _, title, *_ in rows), default=0)
        if room is not None and room < longest and (room < LEAST_TITLE or longest > TITLE_WIDTH):
            for number, title, *rest in rows:
                self._out.line(f"{number}  {one_line(title)}")
                cells = zip(header[2:], rest, strict=True)
                self._out.line("   " + " · ".join(_with_unit(name, one_line(cell)) for name, cell in cells if cell))
            return
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(*header, box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="")
        for column in table.columns:
            column.no_wrap, column.overflow = True, "ellipsis"
        for number, title, *rest in rows:
            title = one_line(title) if room is None else fitted(title, room)
            table.add_row(*(Text(one_line(cell)) for cell in (number, title, *rest)))
        drawn = io.StringIO()
        Console(file=drawn, width=self._out.width or PIPE_WIDTH, color_system=None).print(table)
        for line in drawn.getvalue().splitlines():
            self._out.line(line.rstrip())


def _title_room(header: Sequence[str], rows: Sequence[Sequence[str]], width: int | None) -> int | None:
    """Return the cells that the other columns leave to the titles on a line of `width`; none on a narrow terminal."""
    from rich.cells import cell_len

    if width is None:
        return None
    if width < TABLE_WIDTH:
        return 0
    columns = [column for place, column in enumerate(zip(header, *rows, strict=True)) if place != 1]
    return width - sum(GAP + max(cell_len(one_line(cell)) for cell in column) for column in columns)


def _with_unit(column: str, cell: str) -> str:
    """Return a cell with the noun that its number needs without a heading above it: `14 saved states (3 MB)`."""
    if column not in ("pages", "tokens", "saved states"):
        return cell
    number, _, rest = cell.partition(" ")
    noun = column.removesuffix("s") if number == "1" and "of" not in rest else column
    return f"{number} {noun} {rest}" if rest.startswith("(") else f"{cell} {noun}"


def _no_layout(suffix: str, _markdown: str, _title: str) -> bytes:
    raise KnownError(f"this program cannot write {suffix} files; choose .md or .docx")


def _document_row(document: Document, among: Sequence[Document]) -> tuple[str, ...]:
    """Return the cells of a document; a title that another document has too is followed by the path."""
    title = fitted(document.title, TITLE_WIDTH)
    if sum(other.title == document.title for other in among) > 1:
        title += f" ({document.path})"
    if document.tags:
        title += f" [{', '.join(document.tags)}]"
    if document.replaced is not None:
        title += " (earlier version)"
    pages = f"{document.pages_read:,}"
    if document.n_pages and document.n_pages != document.pages_read:
        pages += f" of {document.n_pages:,}"
    return (
        str(document.id),
        title,
        pages,
        f"{document.tokens_read:,}",
        STATES[document.state],
        f"{document.n_snapshots} ({size_text(document.snapshot_bytes)})",
        document.model or "",
    )


def _reading_line(reading: Reading) -> str:
    # The time of a reading whose state is that of the beginning is not that of reading every token into it.
    speed = f", {reading.speed:,.0f} tokens/s" if reading.speed and reading.state_tokens is None else ""
    pages = counted(reading.pages_read, "page", "pages")
    line = f"{STATES[reading.state]} by {reading.model}: {pages}, {reading.tokens_read:,} tokens{speed}. {reading.note}"
    return one_line(line)


def _snapshot_row(snapshot: Snapshot, pages: dict[int, int]) -> tuple[str, ...]:
    """Return the cells of a saved state. pages: tokens read at the end of a page -> its number."""
    kind = SNAPSHOTS.get(snapshot.kind, snapshot.kind)
    if snapshot.kind == "end" and snapshot.n_tokens < max(pages, default=0):
        kind = "beginning"
    return (
        str(snapshot.id),
        kind,
        f"{snapshot.n_tokens:,}",
        f"end of page {pages[snapshot.n_tokens]}" if snapshot.n_tokens in pages else "",
        _exactness(snapshot),
        size_text(snapshot.size),
    )


def _exactness(snapshot: Snapshot) -> str:
    """Return the precision that a state is stored in, and whether it is exact."""
    if snapshot.dtype != "fp32":
        return f"{snapshot.dtype}, rounded"
    return "fp32, exact" if snapshot.exact else "fp32, from a rounded state"


def _circumstances(turn: Turn) -> str:
    facts = [f"after turn {turn.parent}"] if turn.parent is not None else []
    facts += [f"as of page {turn.as_of_page}"] if turn.as_of_page is not None else []
    facts += [f"seed {turn.seed}"] if turn.seed is not None else []
    facts += [] if turn.current else ["about an earlier version of the file"]
    return f" ({', '.join(facts)})" if facts else ""
