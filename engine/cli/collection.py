"""The `collection` command: show or change collections of documents. Light: no torch."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence

from engine.cli.library import named, opened_library
from engine.cli.options import Options
from engine.cli.output import Output
from engine.cli.text import one_line
from engine.errors import KnownError
from engine.library.library import Library
from engine.wording.sentences import counted

_SHOWN_ERRORS = 20


def run_action(action: str, name: str | None, documents: Sequence[str], options: Options) -> int:
    """Carry out one action; return the exit status. Raises KnownError."""
    if name is None and action != "list":
        preposition = {"add": "to add to", "remove": "to remove, or to remove from"}.get(action, f"to {action}")
        raise KnownError(f"name the collection {preposition}; `collection list` shows all")
    with opened_library(options.library, action in ("add", "remove")) as library:
        out = Output(sys.stdout)
        match action:
            case "list":
                _list(library, out, as_json=options.as_json)
            case "show":
                _show(library, out, name or "", as_json=options.as_json)
            case "add":
                chosen = [named(library, each, "add").id for each in documents]
                if not chosen:
                    raise KnownError("name the documents to add: numbers from `library list`, paths or titles")
                library.collections.make(name or "")
                library.collections.add(name or "", chosen)
                _say(library, out, name or "")
            case _ if documents:
                library.collections.take_out(name or "", [named(library, each, "remove").id for each in documents])
                _say(library, out, name or "")
            case _:
                library.collections.remove(name or "")
                out.line(one_line(f"Removed the collection {name}; its documents stay in the library."))
    return 0


def _list(library: Library, out: Output, *, as_json: bool) -> None:
    found = library.collections.all()
    if as_json:
        for collection in found:
            out.json_line(json.dumps(dataclasses.asdict(collection)))
    elif not found:
        out.line("There is no collection; `readthrough read FOLDER` makes one.")
    for collection in [] if as_json else found:
        failed = f", {counted(collection.failed, 'file', 'files')} could not be read" if collection.failed else ""
        out.line(one_line(f"{collection.name}: {counted(collection.documents, 'document', 'documents')}{failed}"))


def _show(library: Library, out: Output, name: str, *, as_json: bool) -> None:
    found = library.collections.get(name)
    members = set(library.collections.documents(name))
    documents = [document for document in library.documents.all() if document.id in members]
    failed = [file for file in library.collections.files(name).values() if file.error]
    if as_json:
        content = {
            **dataclasses.asdict(found),
            "members": [{"id": d.id, "title": d.title, "path": d.path, "state": d.state} for d in documents],
            "errors": [{"path": file.path, "error": file.error} for file in failed],
        }
        out.json_line(json.dumps(content))
        return
    out.line(one_line(f"{found.name}: {counted(found.documents, 'document', 'documents')}"))
    for folder in found.folders:
        out.line(one_line(f"folder {folder}"))
    for document in sorted(documents, key=lambda document: document.id):
        pages = counted(document.pages_read, "page", "pages")
        out.line(one_line(f"{document.id}  {document.title} ({pages}, {document.path})"))
    for file in failed[:_SHOWN_ERRORS]:
        out.line(one_line(f"not read: {file.path}: {file.error}"))
    if len(failed) > _SHOWN_ERRORS:
        out.line(f"… and {len(failed) - _SHOWN_ERRORS:,} more files that could not be read")


def _say(library: Library, out: Output, name: str) -> None:
    found = library.collections.get(name)
    out.line(one_line(f"{found.name}: {counted(found.documents, 'document', 'documents')}"))
