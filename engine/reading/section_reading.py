"""Reading by sections: each section of a long document is read once, alone, and its state is saved with it.

A section whose tokens were read before, in this document or another, is not read again. A section that takes long
saves how far it is read, and a later run goes on from there.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import torch

from engine.control import Cancelled, Control
from engine.generation.runtime import Runtime
from engine.library.library import Library
from engine.library.prefix import Prefix, PrefixHasher
from engine.library.records import NewSection, NewSnapshot, SnapshotKind
from engine.network.state import MambaState
from engine.reading.consuming import consume
from engine.reading.long_documents import ReadingPlan
from engine.reading.resume import exact_snapshot, longest_snapshot, require_finite
from engine.reading.section_states import section_tokens

_SECTIONS: tuple[SnapshotKind, ...] = ("section",)


@dataclass(frozen=True)
class _Begun:
    """A section of which a part has been read: the hash of its tokens, and the state after the first of them."""

    hasher: PrefixHasher
    state: MambaState


class SectionReading:
    """The sections that one run over a document reads, and their states until these are saved."""

    def __init__(
        self, runtime: Runtime, library: Library, document: int, control: Control, plan: ReadingPlan, head: Prefix
    ) -> None:
        """`head`: the prefix of the document state."""
        self.plan, self._head = plan, head
        self._runtime, self._library, self._document, self._control = runtime, library, document, control
        self._read: dict[int, NewSnapshot | None] = {}
        """End of a section in the document -> its state, not yet saved; None where the plan wants none."""
        self._begun: _Begun | None = None
        self._partial: int | None = None
        """Snapshot of a section that is partly read."""

    def read(self, section: NewSection) -> Generator[int, None, None]:
        """Read `section` chunk by chunk, unless its state is known; yield the tokens read of it by then. Raises
        Cancelled."""
        if not self.plan.sections:
            self._read[_end(section)] = None
            return
        ids = section_tokens(self._runtime, section.text)
        hasher = PrefixHasher(self._runtime.identity)
        hasher.feed(ids)
        known = self._library.snapshots.load_longest(hasher, kinds=_SECTIONS)
        if known is not None and known[0].n_tokens == len(ids) and known[0].dtype == "int8":
            self._read[_end(section)] = NewSnapshot("section", hasher.at(), bytes(known[1]), "int8")
            return
        device = self._runtime.model.device
        found = longest_snapshot(self._library, hasher, device, exact=True, kinds=_SECTIONS)
        state = self._runtime.model.new_state() if found is None else found[1]
        self._begun = _Begun(hasher, state)
        for at in range(0 if found is None else found[0].n_tokens, len(ids), self._runtime.chunk_length):
            self._control.wait_while_paused()
            if self._control.cancelled:
                raise Cancelled
            chunk = ids[at : at + self._runtime.chunk_length]
            consume(self._runtime, state, chunk, self._control)
            yield at + len(chunk)
        require_finite(state)
        self._begun = None
        self._read[_end(section)] = NewSnapshot("section", hasher.at(), state.to_bytes(torch.int8), "int8")

    def with_states(self, sections: Sequence[NewSection], document: PrefixHasher) -> list[NewSection]:
        """Return `sections` with the states that were read of them, and the mark of the place in the document; forget
        these states."""
        return [
            replace(section, snapshot=self._read.pop(end), mark=document.at(end).hash)
            if (end := _end(section)) in self._read
            else section
            for section in sections
        ]

    def save_partial(self) -> None:
        """Save the state of a section that is partly read, in place of an earlier one, so that a later run goes on
        there; drop that of a section that was saved. Raises LibraryError."""
        before = self._partial
        if self._begun is None:
            self._partial = None
        elif 0 < (consumed := int(self._begun.state.n_tokens[0])) < self._begun.hasher.n_tokens:
            prefix = self._begun.hasher.at(consumed)
            if prefix.hash != self._head.hash:  # else it is stored as the document state
                snapshot = exact_snapshot("section", prefix, self._begun.state)
                self._partial = self._library.snapshots.save(self._document, snapshot)
        if before is not None and before != self._partial:
            self._library.snapshots.drop(before)


def _end(section: NewSection) -> int:
    return section.first_token + section.n_tokens
