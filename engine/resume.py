"""From a stored snapshot back to a state that the model can go on from."""

from __future__ import annotations

import torch

from engine.prefix import PrefixHasher
from engine.state import MambaState, StateError
from engine.store import Library


def longest_state(
    library: Library, hasher: PrefixHasher, device: torch.device, limit: int | None = None
) -> tuple[int, MambaState] | None:
    """The stored state that has consumed the most of what was fed to `hasher` (at most `limit` tokens), and how many.

    A snapshot whose bytes are no state is dropped, and the next longest one tried. None: read from the start.
    """
    while (found := library.resume(hasher, limit)) is not None:
        snapshot, data = found
        try:
            return snapshot.n_tokens, MambaState.from_bytes(bytes(data), device)
        except StateError:
            library.drop_snapshot(snapshot.id)
    return None
