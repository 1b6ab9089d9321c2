"""Checkpoint policy: which saved states of one document to keep, and the disk quota of the whole library.

Pure functions over small records; the library carries them out in the transaction that saves a new state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MAX_CHECKPOINTS = 24
"""Checkpoints per document and model: at 13 MB each (7B, int8) a third of a gigabyte."""
QUOTA_BYTES = 8 << 30
"""Bytes of all states of a library together; states that must not be dropped may exceed it."""
DOCUMENT_BYTES = 290_000_000
"""Bytes of all states of one document and model: with the texts, 200 pages take less than 300 MB at the 7B shape."""
LEAST_CHECKPOINTS = 4
"""Checkpoints of a document that stay as long as section states can be dropped for it."""
SAVE_SECONDS = 60.0
SAVE_TOKENS = 16_384
"""Tokens after which a reading saves a checkpoint, unless SAVE_SECONDS pass first: the most that a crash can cost."""
FIRST_TOKENS = 4_096
"""Tokens after which the first checkpoint of a reading is saved: key sentences are shown of what is saved."""

_DROP_ORDER = ("checkpoint", "section", "turn")
"""Eviction order under the quota: checkpoints first, then section states, then turn states."""


@dataclass
class Limits:
    """The space that a library's states may take."""

    quota: int = QUOTA_BYTES
    """Bytes of all states together."""
    checkpoints: int = MAX_CHECKPOINTS
    """Checkpoints per document and model."""
    document: int = DOCUMENT_BYTES
    """Bytes of the states of one document and model."""
    dropped_states: int = 0
    """States that were dropped to keep the quota, and their bytes, since `take_dropped`."""
    dropped_bytes: int = 0

    def take_dropped(self) -> tuple[int, int]:
        """Return number and bytes of the states dropped since the last call."""
        found = self.dropped_states, self.dropped_bytes
        self.dropped_states = self.dropped_bytes = 0
        return found


@dataclass(frozen=True)
class Checkpoint:
    """The fields of a snapshot that the policy needs."""

    id: int
    n_tokens: int
    size: int = 0
    """Bytes of its blob."""
    used: int = 0
    """Grows with every use; a counter, not a clock."""
    kind: str = "checkpoint"
    pinned: bool = False
    """Pinned by the user, or the last checkpoint of an unfinished reading: never dropped."""


def save_due(tokens: int, seconds: float, *, first: bool = False) -> bool:
    """Return whether a reading that consumed `tokens` in `seconds` since its last checkpoint should save one; `first`:
    it has saved none yet."""
    enough = min(FIRST_TOKENS, SAVE_TOKENS) if first else SAVE_TOKENS
    return tokens >= enough or (tokens > 0 and seconds >= SAVE_SECONDS)


def checkpoints_to_drop(checkpoints: Iterable[Checkpoint], end: int, limit: int = MAX_CHECKPOINTS) -> list[int]:
    """Return the ids to drop so that at most `limit` checkpoints stay for a reading that stands at `end` tokens.

    They are dropped one by one: always the one whose loss opens the smallest gap for its distance from the end, so that
    the gaps grow in proportion to that distance: dense near the end, thinner behind. The last checkpoint and the pinned
    ones stay (they count towards the limit).
    """
    kept = sorted(checkpoints, key=lambda checkpoint: (checkpoint.n_tokens, checkpoint.id))
    dropped = []
    while len(kept) > max(1, limit):
        costs = [
            (_gap_cost(kept, index, end), kept[index].n_tokens, index)
            for index in range(len(kept) - 1)
            if not kept[index].pinned
        ]
        if not costs:
            break
        dropped.append(kept.pop(min(costs)[2]).id)
    return dropped


def over_quota(snapshots: Sequence[Checkpoint], quota: int = QUOTA_BYTES) -> list[int]:
    """Return the ids to drop, in order, until the states fit into `quota` bytes or no droppable state is left.

    The order is least recently used first, and checkpoints before section states before turn states. End states and
    pinned states are never dropped.
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


def over_document(states: Sequence[Checkpoint], limit: int = DOCUMENT_BYTES) -> list[int]:
    """Return the ids to drop until the states of one document and model fit into `limit` bytes, as far as they can.

    Turn states go first: an answer is computed again from the document's. Then checkpoints, by the rule of
    `checkpoints_to_drop` and down to LEAST_CHECKPOINTS, then section states, then other checkpoints. The least recently
    used go first; end states and pinned states stay.
    """
    excess = sum(state.size for state in states) - limit
    dropped: list[int] = []
    by_kind = {
        kind: sorted((s for s in states if s.kind == kind and not s.pinned), key=lambda s: (s.used, s.id))
        for kind in _DROP_ORDER
    }
    checkpoints = [state for state in states if state.kind == "checkpoint"]
    end = max((state.n_tokens for state in states), default=0)
    kept = max(LEAST_CHECKPOINTS, sum(state.pinned for state in checkpoints))
    order = checkpoints_to_drop(checkpoints, end, kept)
    sizes = {state.id: state.size for state in states}
    rest = [state.id for state in by_kind["checkpoint"] if state.id not in order]
    for group in ([s.id for s in by_kind["turn"]], order, [s.id for s in by_kind["section"]], rest):
        for state in group:
            if excess <= 0:
                return dropped
            dropped.append(state)
            excess -= sizes[state]
    return dropped


def _gap_cost(checkpoints: Sequence[Checkpoint], index: int, end: int) -> float:
    """Return the gap that dropping a checkpoint would leave, over the distance from the gap's far side to the end."""
    before = checkpoints[index - 1].n_tokens if index else 0
    after = checkpoints[index + 1].n_tokens
    return (after - before) / (max(end, after) - before + 1)
