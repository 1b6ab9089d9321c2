"""Stopping: the reasons for which a text ends, the loop rule among them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from engine.generation.sampling import Sampling

EndReason = Literal["stop", "length", "repetition", "cancelled"]


def closes_a_loop(history: Sequence[int], sampling: Sampling) -> bool:
    """Return whether the last tokens of `history` fulfil the loop rule of `Sampling`."""
    if not sampling.loop_tokens:
        return False
    size = len(history)
    for period in range(1, min(sampling.longest_loop, size - 1) + 1):
        if history[-1] != history[-1 - period]:
            continue  # most periods end here
        span = period * max(3, -(-sampling.loop_tokens // period))
        if span > size:
            continue
        if list(history[size - span : size - period]) == list(history[size - span + period :]):
            return True
    return False


def end_reason(
    history: list[int], token: int, sampling: Sampling, stop_ids: Collection[int], max_tokens: int, cancelled: bool
) -> EndReason | None:
    """Return the reason to end the text before `token`, or None to go on with it."""
    if cancelled:
        return "cancelled"
    if len(history) >= max_tokens:
        return "length"
    if token in stop_ids:
        return "stop"
    return "repetition" if closes_a_loop([*history[-_horizon(sampling) :], token], sampling) else None


def _horizon(sampling: Sampling) -> int:
    """Return the number of tokens that the loop rule looks back on."""
    return max(3 * sampling.longest_loop, sampling.loop_tokens + sampling.longest_loop)
