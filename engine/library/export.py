"""A document's summaries and conversation as JSON for programs; engine.wording.markdown writes them for people."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import msgspec

from engine.library.library import Library

FORMAT = 2
"""Version of the JSON export; it increases when a field changes its meaning."""


def to_json(library: Library, document: int, with_text: bool = False) -> str:
    """Return as JSON all that the library holds of a document except the states themselves; pages' text on request.

    Turns come flat, in the order they were asked, each with its `parent`. Raises LibraryError (gone).
    """
    row = library.documents.get(document)
    pages: list[dict[str, Any]] = [dataclasses.asdict(page) for page in library.pages.spans(document)]
    if with_text:
        pages = [dataclasses.asdict(page) for page in library.pages.of(document)]
    sections = [dataclasses.asdict(section) for section in library.sections.of(document)]
    for section in sections:
        del section["text"]
    content = {
        "readthrough_export": FORMAT,
        "document": row,
        "readings": library.readings.of(document),
        "pages": pages,
        "sections": sections,
        "summaries": library.summaries.of(document),
        "notes": library.section_summaries.of(document),
        "ledger": library.entities.of(document),
        "retention": library.retention.of(document),
        "turns": library.turns.of(document),
        "snapshots": library.snapshots.of(document),
    }
    return json.dumps(msgspec.to_builtins(content), ensure_ascii=False, indent=2) + "\n"
