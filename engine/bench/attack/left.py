"""All that a reading leaves in a library, to be compared bit for bit."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from engine.library.database import LibraryError
from engine.library.library import Library
from engine.network.state import MambaState, StateError


@dataclass(frozen=True)
class Left:
    """Content of one document that was read to its end."""

    state: bytes
    """State at the end of the document."""
    pages: list[Any]
    sections: list[Any]
    section_states: list[bytes | None]
    exact: bool = True
    """False where the reading says that it went on from a rounded checkpoint: its state may differ in the last bits."""

    def differences(self, other: Left) -> list[str]:
        """Return a sentence for each part that differs."""
        found = []
        for field in fields(self):
            one, two = getattr(self, field.name), getattr(other, field.name)
            if one == two:
                continue
            at = ""
            if isinstance(one, list) and isinstance(two, list):
                first = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), "the end")
                at = f" ({len(one)} and {len(two)}, first at {first})"
            found.append(f"its {field.name.replace('_', ' ')} differ from those of an undisturbed reading{at}")
        return found


def left_in(path: Path, document: int = 1) -> Left | None:
    """Return what is left of a document; None where it was not read to its end. Raises LibraryError."""
    with Library.open(path) as library:
        known = {row.id: row for row in library.documents.all()}
        if document not in known or known[document].state != "done":
            return None
        end = [row for row in library.snapshots.of(document) if row.kind == "end"]
        data = library.snapshots.load(end[0].id) if end else None
        if data is None:
            return None
        pages = [(p.number, p.text, p.problem, p.first_token, p.n_tokens) for p in library.pages.of(document)]
        sections = library.sections.of(document)
        states = library.sections.load_states(sections)
        return Left(
            bytes(data),
            pages,
            [(s.number, s.heading, s.text, s.first_page, s.last_page, s.first_token, s.n_tokens) for s in sections],
            [bytes(states[s.id][0]) if s.id in states else None for s in sections],
            end[0].exact,
        )


def unsound(path: Path, promised: int = 0, *, with_states: bool = True) -> list[str]:
    """Return what is wrong with the library that a killed process left: its file, its states, or fewer tokens than
    the process had reported as saved. `with_states`: whether its states are those of a model."""
    if not path.exists() or not path.stat().st_size:
        return [f"{promised} saved tokens are gone with the library"] if promised else []
    try:
        with Library.open(path) as library:
            verified = library.maintenance.verify()
            found = (
                [] if verified.sound else [f"verify: {'; '.join(verified.problems)}, {len(verified.damaged)} states"]
            )
            held = 0
            for row in library.snapshots.all():
                data = library.snapshots.load(row.id)
                try:
                    tokens = None if data is None else MambaState.from_bytes(bytes(data)).n_tokens.tolist()
                except StateError:
                    tokens = None
                if with_states and tokens != [row.n_tokens]:
                    found.append(f"state {row.id} holds {tokens} tokens instead of {row.n_tokens}")
                held = max(held, row.n_tokens)
            if held < promised:
                found.append(f"{promised} tokens were reported as saved, {held} are")
            for document in library.documents.all():
                if document.state == "running":
                    found.append(f"document {document.id} is still called being read")
            return found
    except LibraryError as error:
        return [f"the library cannot be opened: {error}"]
