"""The interface of decode steps: one token of every sequence through the whole network in one call.

`engine.network.cpu_step` and `engine.network.gpu_step` implement it. Both compute what the forward pass
(`engine.network.model`) computes op by op, which stays the path for every state that a step does not take.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch

from engine.network.state import MambaState

DRAFT_TOKENS = 8
"""Most tokens of a draft: reading eight takes two to five times as long as reading one."""


class Draft(Protocol):
    """Some tokens that a step has read at once, with the state after each of them.

    It is valid until the step reads the next draft.
    """

    def argmaxes(self) -> list[int]:
        """Wait, and return the argmax after each token, -1 where a logit is not a finite number."""

    def take(self, count: int) -> None:
        """Advance the state that the draft was read from to the state after the first `count` tokens, at least 1."""


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

    def draft(self, tokens: Sequence[int], state: MambaState, graphs: bool) -> Draft | None:
        """Read up to DRAFT_TOKENS tokens from a state of one sequence, which stays as it is until the draft is taken.

        Every token gets the logits and the state, bit for bit, that `logits` would give it. Returns None, and does
        nothing, for a state that this step does not take, and where it cannot keep the bits.
        """
