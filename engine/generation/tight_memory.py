"""Reading where memory is short: a chunk that does not fit is read in halves, down to the shortest."""

from __future__ import annotations

import torch

from engine.network.footprint import CPU_SHORTEST
from engine.network.layer import DtObserver
from engine.network.model import FalconMamba
from engine.network.state import MambaState


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory could not be allocated. Torch has a class for it on a GPU only."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and "allocate memory" in str(error)


def read_chunk(model: FalconMamba, ids: torch.Tensor, state: MambaState, observer: DtObserver | None = None) -> bool:
    """Read `ids` [1, T] into `state`; return whether `observer` saw all of it.

    Where the memory for the chunk is missing, it is read in halves, which no observer can follow. Raises the error
    where the shortest chunk does not fit; after any error, that of an observer too, the state is what it was.
    """
    before = state.clone()
    try:
        model(ids, state, observer=observer)
    except BaseException as error:
        _restore(state, before)
        if not is_out_of_memory(error) or ids.shape[1] < 2 * CPU_SHORTEST:
            raise
    else:
        return True
    half = ids.shape[1] // 2
    try:
        for part in (ids[:, :half], ids[:, half:]):
            read_chunk(model, part, state)
    except BaseException:
        _restore(state, before)
        raise
    return observer is None


def _restore(state: MambaState, before: MambaState) -> None:
    state.conv.copy_(before.conv)
    state.ssm.copy_(before.ssm)
    state.n_tokens.copy_(before.n_tokens)
