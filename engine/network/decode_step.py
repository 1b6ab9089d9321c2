"""The interface of decode steps: one token of every sequence through the whole network in one call.

`engine.network.cpu_step` and `engine.network.gpu_step` implement it. Both compute what the forward pass
(`engine.network.model`) computes op by op, which stays the path for every state that a step does not take.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch

from engine.network.state import MambaState


class DecodeStep(Protocol):
    """One token at a time, faster than op by op. Both methods advance `conv` and `ssm` of the state, not its counts."""

    def logits(self, ids: torch.Tensor, state: MambaState, graphs: bool) -> torch.Tensor | None:
        """Read `ids` [B, 1] (int64, on the device) and return logits [B, vocab_size], fp32.

        `graphs` allows CUDA graphs. Returns None, and does nothing, for a state that this step does not take.
        """

    def argmax(self, token: int, state: MambaState, graphs: bool) -> Callable[[], int] | None:
        """Begin to read `token` into a state of one sequence; the function returned waits for the argmax after it.

        That is -1 if a logit is not a finite number. Returns None, and does nothing, where the caller must choose.
        """
