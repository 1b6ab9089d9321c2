"""Consuming: a state reads one chunk of tokens, watched for a cancel and measured for its decay."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from engine.control import Cancelled, Control
from engine.generation.runtime import Runtime
from engine.generation.tight_memory import read_chunk
from engine.network.state import MambaState
from engine.reading.retention import DecayMeter


def consume(
    runtime: Runtime, state: MambaState, ids: Sequence[int], control: Control, meter: DecayMeter | None = None
) -> DecayMeter | None:
    """Read `ids` into `state` (one row). Return `meter`, None where it has not seen all of the chunk.

    Raises Cancelled: state and meter are then as they were.
    """
    on_gpu = runtime.model.device.type == "cuda"
    sums = None if meter is None or on_gpu else meter.to_bytes()

    def watch(layer: int, dt: torch.Tensor) -> None:
        if control.cancelled:  # a CPU reads a chunk of a large network in some 20 s
            raise Cancelled
        if meter is not None:
            meter(layer, dt)

    try:
        seen = read_chunk(runtime.model, torch.tensor([ids]), state, meter if on_gpu else watch)
    except Cancelled:
        if meter is not None and sums is not None:
            meter.restore(sums)
        raise
    if on_gpu:  # otherwise the queue of chunks would run ahead of the GPU, and progress, pause and cancel with it
        torch.cuda.synchronize(runtime.model.device)
    return meter if seen else None  # memory was short, and the chunk was read in parts that the meter did not see
