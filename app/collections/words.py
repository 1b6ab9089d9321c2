"""Collections in words: what they hold, what happens to them, what an answer has covered."""

from __future__ import annotations

from pathlib import PurePath

from app.library.model import Entry
from app.state.collections import CollectionFacts
from app.style.translation import tr, tr_count
from engine.protocol.evidence import Evidence


def state_words(facts: CollectionFacts) -> str:
    """Return what a collection holds and what happens to it, for its row and its page."""
    held = tr_count("{count} document", "{count} documents", len(facts.documents))
    failed = ""
    if facts.errors:
        failed = tr_count("{count} file could not be read", "{count} files could not be read", len(facts.errors))
    return " · ".join(part for part in (_activity(facts), held, failed) if part)


def _activity(facts: CollectionFacts) -> str:
    if not facts.reading:
        return ""
    if facts.paused:
        return tr("Paused")
    if facts.waiting:
        return tr("Waiting")
    if facts.files:
        return tr("Reading {number} of {files} files", number=f"{facts.number:,}", files=f"{facts.files:,}")
    return tr("Reading")


def row_of(facts: CollectionFacts) -> Entry:
    """Return the row of a collection in the list."""
    return Entry(
        "", facts.name, None, state_words(facts), facts.fraction, busy=facts.reading, facts="\n".join(facts.folders)
    )


def failed_rows(facts: CollectionFacts) -> list[Entry]:
    """Return a row for each file that could not be read."""
    return [Entry(path, PurePath(path).name, None, error, 0.0, failed=True) for path, error in facts.errors]


def covered_words(evidence: Evidence | None) -> str:
    """Return what was asked for an answer, and what could not be."""
    counted = evidence.counted if evidence is not None else None
    if counted is None or evidence is None:
        return ""
    of = tr_count(
        "{asked} of {count} document asked.",
        "{asked} of {count} documents asked.",
        counted.documents_of,
        asked=f"{counted.documents:,}",
    )
    parts = [of]
    if evidence.kind == "records":
        parts.append(
            tr_count(
                "Counted in {count} section, without a model.",
                "Counted in {count} sections, without a model.",
                counted.sections,
            )
        )
    if counted.tables_unread:
        parts.append(
            tr_count(
                "{count} table could not be read in full.",
                "{count} tables could not be read in full.",
                counted.tables_unread,
            )
        )
    if counted.pages_unread:
        parts.append(
            tr_count(
                "{count} page could not be read in full.",
                "{count} pages could not be read in full.",
                counted.pages_unread,
            )
        )
    return " ".join(parts)
