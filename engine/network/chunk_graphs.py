"""Chunks of one sequence on CUDA: the forward pass captured as a CUDA graph for some lengths.

A chunk of a 7B network is some 800 launches, which take the processor 22 to 75 ms: as long as the GPU takes for 800
tokens in bf16 and for 2,048 in fp8. A shorter chunk than a captured length is padded; its state stops at its own
length. Longer chunks keep the GPU busy without a graph.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from engine.network.capture import capture
from engine.network.state import MambaState

PADDED = (32, 64, 128, 192, 256, 384, 512, 768)
"""Lengths that shorter chunks are padded to: computing so many tokens takes less time than the launches."""
LENGTHS = (*PADDED, 1024, 1536, 2048)
"""Tokens of the captured chunks."""
AFTER_CHUNKS = 2
"""Chunks of a length that are read op by op before it is captured, which takes as long as two chunks."""

Forward = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor | None], torch.Tensor]
"""The forward pass: (ids [1, T], conv, ssm, lengths [1] or None) to logits [1, vocab_size]."""


class ChunkGraphs:
    """CUDA graphs by length, and by whether the chunk fills it. Keeps no reference to the network, see `gpu_step`.

    The graphs share the memory of their activations, since no two run at once.
    """

    def __init__(self) -> None:
        self._graphs: dict[tuple[int, bool], _Graph] = {}
        self._seen: dict[tuple[int, bool], int] = {}
        self._state: MambaState | None = None
        self._pool: Any = None

    def __len__(self) -> int:
        return len(self._graphs)

    def logits(
        self, ids: torch.Tensor, state: MambaState, forward: Forward, new_state: Callable[[int], MambaState]
    ) -> torch.Tensor | None:
        """Read `ids` [1, T] and return logits [1, vocab_size]; `state` is advanced.

        Returns None, and does nothing, for several sequences, for a chunk that is too long, and for one of a length
        that is not captured yet.
        """
        tokens = ids.shape[1]
        length = next((length for length in LENGTHS if length >= tokens), 0)
        if len(ids) != 1 or length < tokens or (length > tokens and length not in PADDED):
            return None
        key = (length, length == tokens)
        graph = self._graphs.get(key)
        if graph is None:
            self._seen[key] = self._seen.get(key, 0) + 1
            if self._seen[key] <= AFTER_CHUNKS:
                return None
            if self._state is None:
                self._state, self._pool = new_state(1), torch.cuda.graph_pool_handle()
            graph = self._graphs[key] = _Graph(forward, self._state, length, not key[1], self._pool)
        return graph.replay(ids, state)


class _Graph:
    """The forward pass of a chunk of `length` tokens; `padded` ones stop where they are told."""

    def __init__(self, forward: Forward, state: MambaState, length: int, padded: bool, pool: Any) -> None:
        device = state.device
        self._state = state
        self._ids = torch.zeros(1, length, dtype=torch.int64, device=device)
        self._lengths = torch.full((1,), length, device=device) if padded else None
        work = partial(forward, self._ids, state.conv, state.ssm, self._lengths)
        self._graph, self._logits = capture(device, work, pool)

    def replay(self, ids: torch.Tensor, state: MambaState) -> torch.Tensor:
        """Return the logits after `ids` [1, T]; `state` is advanced."""
        self._ids[:, : ids.shape[1]].copy_(ids)
        if self._lengths is not None:
            self._lengths.fill_(ids.shape[1])
        self._state.conv.copy_(state.conv)
        self._state.ssm.copy_(state.ssm)
        self._graph.replay()
        state.conv.copy_(self._state.conv)
        state.ssm.copy_(self._state.ssm)
        return self._logits.clone()
