"""Section states: the states of single sections, loaded from the library or read now in batches.

A section's state has consumed the prompt's prefix and the section's text, nothing else. It is read once, rounded to
blocks of int8 (it is only ever asked, never read on from) and kept beside its section, within the library's quota.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from engine.control import Cancelled, Control
from engine.generation.generate import prefill_batch
from engine.generation.runtime import Runtime
from engine.library.database import LibraryError
from engine.library.library import Library
from engine.library.prefix import Prefix, PrefixHasher
from engine.library.records import NewSnapshot, Section
from engine.network.footprint import parameter_count
from engine.network.state import MambaState, StateError
from engine.prompting.prompts import page_text
from engine.protocol.wire import SectionsRead
from engine.reading.resume import is_finite, require_finite

BATCH_ROWS = {"cpu": 8, "cuda": 32}
"""Sections read side by side: enough rows to keep the matrix products busy."""
CPU_BATCH_WEIGHTS = 6_000_000_000
"""Weights of a network times sections of a batch on a CPU: about a minute on two cores. 7B reads one section alone."""
AHEAD_SECONDS = 60.0
"""Reading all sections ahead of any question may take so long at the document's own speed; else each is read when a
question first needs it."""


@dataclass(frozen=True)
class SectionState:
    """The state after one section alone, one row, and the prefix consumed. Must not be advanced: clone it."""

    state: MambaState
    prefix: Prefix


def saved(runtime: Runtime, library: Library, sections: Sequence[Section]) -> dict[int, SectionState]:
    """Return section id -> state, for those of `sections` whose state is in the library and undamaged."""
    found: dict[int, SectionState] = {}
    for section, (data, prefix) in library.sections.load_states(sections).items():
        try:
            state = MambaState.from_bytes(bytes(data), runtime.model.device)
        except StateError:
            continue
        known = prefix.identity.key == runtime.identity.key
        if known and state.n_tokens.tolist() == [prefix.n_tokens] and is_finite(state):
            found[section] = SectionState(state, prefix)
    return found


def read(
    runtime: Runtime, library: Library, document: int, sections: Sequence[Section], control: Control
) -> Iterator[dict[int, SectionState]]:
    """Read `sections` in batches, the first first, and save their states; yields each batch as section id -> state.

    Raises Cancelled; batches that were yielded are saved. A full disk is no failure: the states are then not kept.
    """
    model = runtime.model
    rows = _rows(runtime)
    for first in range(0, len(sections), rows):
        batch = sections[first : first + rows]
        texts = [tokens_of(runtime, section) for section in batch]
        state = model.new_state(len(batch))
        length = runtime.batch_chunk_length(len(batch))
        for _ in prefill_batch(model, state, texts, length, lambda: control.cancelled):
            control.wait_while_paused()
        if control.cancelled:
            raise Cancelled
        require_finite(state)
        found: dict[int, SectionState] = {}
        for row, (section, text) in enumerate(zip(batch, texts, strict=True)):
            hasher = PrefixHasher(runtime.identity)
            hasher.feed(text)
            found[section.id] = SectionState(state.select([row]), hasher.at())
        _keep(library, document, found)
        yield found


def _rows(runtime: Runtime) -> int:
    """Return the sections of a batch: as many as the device reads well together. On a CPU a large network takes fewer,
    because a batch that is stopped is lost. The number depends on the network alone: the last bits of a state depend on
    its batch."""
    device = runtime.model.device.type
    most = BATCH_ROWS.get(device, 8)
    return most if device == "cuda" else max(1, min(most, CPU_BATCH_WEIGHTS // parameter_count(runtime.model.config)))


def read_ahead(
    runtime: Runtime, library: Library, document: int, control: Control, job_id: str
) -> Iterator[SectionsRead]:
    """Read the sections of `document` that have no state yet, before a question, when that is quick and their states
    have room.

    The batches are those of all sections, whichever of them have a state: the last bits of a state depend on its
    batch, and not on the moment at which an earlier reading was interrupted. A document inside the trained context
    answers from its own state and needs none. Raises Cancelled.
    """
    reading = library.readings.latest(document, runtime.identity)
    context = runtime.trained_context
    if reading is None or (context is not None and reading.tokens_read <= context):
        return
    if reading.state_tokens is not None:  # all were read, and those that lack a state gave way to others
        return
    sections = sorted(library.sections.of(document, reading.id), key=lambda section: (section.n_tokens, section.number))
    rows = _rows(runtime)
    batches = [sections[first : first + rows] for first in range(0, len(sections), rows)]
    lacking = [batch for batch in batches if any(section.snapshot is None for section in batch)]
    if not lacking or sum(s.n_tokens for batch in lacking for s in batch) > AHEAD_SECONDS * reading.speed:
        return
    room = library.snapshots.room() // len(runtime.model.new_state().to_bytes(torch.int8))
    done = sum(section.snapshot is not None for section in sections)
    for batch in lacking:
        new = sum(section.snapshot is None for section in batch)
        room -= new
        if room < 0:
            return
        for _ in read(runtime, library, document, batch, control):
            done += new
            yield SectionsRead(job_id=job_id, document_id=document, sections=done, of=len(sections))


def tokens_of(runtime: Runtime, section: Section) -> list[int]:
    """Return the tokens that the state of a section consumes."""
    return section_tokens(runtime, section.text)


def section_tokens(runtime: Runtime, text: str) -> list[int]:
    """Return the tokens that the state of a section with this text consumes."""
    tokenizer = runtime.tokenizer
    return [*tokenizer.document_prefix, *tokenizer.encode_document(page_text(text))]


def _keep(library: Library, document: int, found: dict[int, SectionState]) -> None:
    states = [
        (section, NewSnapshot("section", item.prefix, item.state.to_bytes(torch.int8), "int8"))
        for section, item in found.items()
    ]
    try:
        library.sections.save_states(document, states)
    except LibraryError as error:
        if error.kind != "full":
            raise
