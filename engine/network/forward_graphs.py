"""Decode of several sequences on CUDA: the forward pass of one token, captured as a CUDA graph for each batch size."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial

import torch

from engine.network.capture import capture
from engine.network.state import MambaState

# A captured step costs a copy of the state into the graph and one out of it: 1 % of a step for one 7B sequence, a fifth
# for 64, where launching kernels one by one would still take longer; and the whole batch's state again in memory.
MAX_SEQUENCES = 64
# Capturing takes as long as some steps; a batch size seen less often than this runs without.
AFTER_STEPS = 3
GRAPHS_KEPT = 3

Forward = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
"""The forward pass: (ids [B, 1], conv, ssm) to logits [B, vocab_size]; conv and ssm are advanced."""


class ForwardGraphs:
    """CUDA graphs of the forward pass by batch size. Keeps no reference to the network, see `gpu_step`."""

    def __init__(self) -> None:
        self._graphs: OrderedDict[int, _Graph] = OrderedDict()
        self._steps: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._graphs)

    def logits(
        self, ids: torch.Tensor, state: MambaState, forward: Forward, new_state: Callable[[int], MambaState]
    ) -> torch.Tensor:
        """Read `ids` [B, 1] and return logits [B, vocab_size]; `state` is advanced.

        The first AFTER_STEPS steps of a batch size run op by op; they also compile every kernel that is captured next.
        """
        size = ids.shape[0]
        if size > MAX_SEQUENCES:
            return forward(ids, state.conv, state.ssm)
        graph = self._graphs.get(size)
        if graph is None:
            seen = self._steps[size] = self._steps.get(size, 0) + 1
            if seen <= AFTER_STEPS:
                return forward(ids, state.conv, state.ssm)
            graph = self._graphs[size] = _Graph(forward, new_state(size))
            if len(self._graphs) > GRAPHS_KEPT:
                dropped, _ = self._graphs.popitem(last=False)
                del self._steps[dropped]
        self._graphs.move_to_end(size)
        return graph.replay(ids, state)


class _Graph:
    """One-token steps of a fixed number of sequences, captured once and replayed.

    A graph reads and writes fixed addresses, so it owns ids, state and logits. The caller's state is copied in before
    and out after each replay: any state may be handed to any step, and none is ever stale.
    """

    def __init__(self, forward: Forward, state: MambaState) -> None:
        self._state = state
        device = state.device
        self._ids = torch.zeros(state.batch_size, 1, dtype=torch.int64, device=device)
        self._graph, self._logits = capture(device, partial(forward, self._ids, state.conv, state.ssm))

    def replay(self, ids: torch.Tensor, state: MambaState) -> torch.Tensor:
        """Return logits [B, vocab_size] after `ids` [B, 1]; `state` is advanced."""
        self._ids.copy_(ids)
        self._state.conv.copy_(state.conv)
        self._state.ssm.copy_(state.ssm)
        self._graph.replay()
        state.conv.copy_(self._state.conv)
        state.ssm.copy_(self._state.ssm)
        return self._logits.clone()
