"""From a stored snapshot back to a state that the model can go on from, and from a state to what is stored."""

from __future__ import annotations

import torch

from engine.library.library import Library
from engine.library.prefix import Prefix, PrefixHasher
from engine.library.records import NewSnapshot, Snapshot, SnapshotKind
from engine.network.state import MambaState, StateError


def longest_state(
    library: Library, hasher: PrefixHasher, device: torch.device, limit: int | None = None
) -> tuple[int, MambaState] | None:
    """The stored state that has consumed the most of what was fed to `hasher` (at most `limit` tokens), and how many;
    see `longest_snapshot`."""
    found = longest_snapshot(library, hasher, device, limit)
    return None if found is None else (found[0].n_tokens, found[1])


def longest_snapshot(
    library: Library, hasher: PrefixHasher, device: torch.device, limit: int | None = None
) -> tuple[Snapshot, MambaState] | None:
    """The snapshot that has consumed the most of what was fed to `hasher` (at most `limit` tokens), and its state.

    A snapshot whose bytes are no state, or the state of another number of tokens, is dropped, and the next longest one
    tried. None: read from the start.
    """
    while (found := library.snapshots.load_longest(hasher, limit)) is not None:
        snapshot, data = found
        try:
            state = MambaState.from_bytes(bytes(data), device)
        except StateError:
            state = None
        if state is not None and state.n_tokens.tolist() == [snapshot.n_tokens]:
            return snapshot, state
        library.snapshots.drop(snapshot.id)
    return None


def exact_snapshot(kind: SnapshotKind, prefix: Prefix, state: MambaState, decay: bytes | None = None) -> NewSnapshot:
    """Return the snapshot that stores `state`, one row, in fp32 under `prefix`, with its decay sums. Raises ValueError
    unless it has consumed just as many tokens."""
    if state.n_tokens.tolist() != [prefix.n_tokens]:
        raise ValueError(f"a state after {state.n_tokens.tolist()} tokens cannot stand for {prefix.n_tokens}")
    return NewSnapshot(kind, prefix, state.to_bytes(), "fp32", decay=decay)


def in_bf16(data: bytearray) -> bytes | None:
    """The bytes of a state with its recurrent part rounded to bf16, half the size; None where they are no state."""
    try:
        return MambaState.from_bytes(bytes(data)).to_bytes(torch.bfloat16)
    except StateError:
        return None
