"""The capture of work as a CUDA graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch

Result = TypeVar("Result")


def capture(device: torch.device, work: Callable[[], Result], pool: Any = None) -> tuple[torch.cuda.CUDAGraph, Result]:
    """Return a graph that does `work` on `device`, and what `work` returned, which every replay writes anew.

    `work` runs once before, since a capture needs every lazy allocation of its stream done and every kernel compiled;
    the caller restores what it changed. `pool`: memory shared with other graphs, no two of which run at once.
    """
    make: Any = torch.cuda.Stream  # torch declares no types for it
    stream: torch.cuda.Stream = make(device)
    stream.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(stream):
        work()
    torch.cuda.current_stream(device).wait_stream(stream)
    torch.cuda.synchronize(device)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, pool=pool, stream=stream):
        result = work()
    return graph, result
