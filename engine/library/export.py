"""A document's summaries and conversation as JSON for programs; engine.cli.markdown writes them for people."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import msgspec

from engine.library.library import Library

FORMAT = 2
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
        "document": row,
        "readings": library.readings(document),
        "pages": pages,
        "sections": sections,
        "summaries": library.summaries(document),
        "notes": library.section_notes(document),
        "ledger": library.ledger(document),
        "retention": library.retention(document),
        "turns": library.turns(document),
        "snapshots": library.snapshots(document),
    }
    return json.dumps(msgspec.to_builtins(content), ensure_ascii=False, indent=2) + "\n"
