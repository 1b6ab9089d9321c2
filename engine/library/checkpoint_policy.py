"""Which saved states to keep: the checkpoint ladder of one document, and the disk quota of the whole library.

Pure policy over small records; the library carries it out in the transaction that saves a new state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MAX_RUNGS = 24
"""Rungs kept a document and model: at 20 MB each (7B, bf16) under half a gigabyte."""
QUOTA_BYTES = 8 << 30
"""All blobs of a library together; what must not be dropped may exceed it."""
SAVE_SECONDS = 60.0
SAVE_TOKENS = 16_384
"""A reading saves a rung after this much, whichever comes first: the most that a crash can cost."""

_DROP_ORDER = ("rung", "section", "turn")
"""Under the quota: rungs cost a partial re-reading, section states less often wanted, turns a question asked again."""


@dataclass(frozen=True)
class Rung:
    """What the policy needs to know of a snapshot."""

    id: int
    n_tokens: int
    size: int = 0
    """Bytes of its blob."""
    used: int = 0
    """Grows with every use; a counter, not a clock."""
    kind: str = "rung"
    pinned: bool = False
    """Kept by somebody, or the last rung of an unfinished reading: never dropped."""


def save_due(tokens: int, seconds: float) -> bool:
    """Whether a reading that consumed `tokens` in `seconds` since its last rung should save one."""
    return tokens >= SAVE_TOKENS or (tokens > 0 and seconds >= SAVE_SECONDS)


def rungs_to_drop(rungs: Iterable[Rung], end: int, max_rungs: int = MAX_RUNGS) -> list[int]:
    """Ids of the rungs to drop so that at most `max_rungs` stay for a reading that stands at `end` tokens.

    Dropped one by one: always the rung whose loss opens the smallest gap for its distance from the end, so that the
    gaps that stay grow in proportion to that distance: dense near the end, thinner behind. The last rung and the
    pinned ones stay (they count towards the number).
    """
    ladder = sorted(rungs, key=lambda rung: (rung.n_tokens, rung.id))
    dropped = []
    while len(ladder) > max(1, max_rungs):
        costs = [
            (_gap_cost(ladder, index, end), ladder[index].n_tokens, index)
            for index in range(len(ladder) - 1)
            if not ladder[index].pinned
        ]
        if not costs:
            break
        dropped.append(ladder.pop(min(costs)[2]).id)
    return dropped


def over_quota(snapshots: Sequence[Rung], quota: int = QUOTA_BYTES) -> list[int]:
    """Ids to drop, in order, until the blobs fit into `quota` bytes or nothing is left that may go.

    Least recently used first, rungs before section states before turns; never an end state, never a pinned one.
    """
    excess = sum(snapshot.size for snapshot in snapshots) - quota
    if excess <= 0:
        return []
    candidates = [s for s in snapshots if s.kind in _DROP_ORDER and not s.pinned]
    candidates.sort(key=lambda s: (_DROP_ORDER.index(s.kind), s.used, s.id))
    dropped = []
    for snapshot in candidates:
        if excess <= 0:
            break
        dropped.append(snapshot.id)
        excess -= snapshot.size
    return dropped


def _gap_cost(ladder: Sequence[Rung], index: int, end: int) -> float:
    """The gap that dropping a rung would leave, over the distance from the gap's far side to the end."""
    before = ladder[index - 1].n_tokens if index else 0
    after = ladder[index + 1].n_tokens
    return (after - before) / (max(end, after) - before + 1)
