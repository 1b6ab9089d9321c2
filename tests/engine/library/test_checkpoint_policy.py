"""The checkpoint kept and the quota: what is kept, what goes first, what never goes."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from engine.library.checkpoint_policy import (
    FIRST_TOKENS,
    SAVE_SECONDS,
    SAVE_TOKENS,
    Checkpoint,
    checkpoints_to_drop,
    over_quota,
    save_due,
)


def climb(steps: list[int], limit: int, pinned: frozenset[int] = frozenset()) -> list[Checkpoint]:
    """The kept after a reading that saved a checkpoint after each of `steps` tokens."""
    kept: list[Checkpoint] = []
    end = 0
    for number, step in enumerate(steps):
        end += step
        kept.append(Checkpoint(number, end, pinned=number in pinned))
        dropped = set(checkpoints_to_drop(kept, end, limit))
        kept = [checkpoint for checkpoint in kept if checkpoint.id not in dropped]
    return kept


@given(st.lists(st.integers(1, 20_000), min_size=1, max_size=120), st.integers(1, 30))
def test_never_more_than_the_set_number_and_always_the_last(steps: list[int], limit: int) -> None:
    kept = climb(steps, limit)
    assert len(kept) <= limit
    assert kept[-1].n_tokens == sum(steps)


@given(st.integers(30, 400), st.integers(8, 24))
def test_dense_near_the_end_thinner_behind(n_steps: int, limit: int) -> None:
    positions = [0] + [checkpoint.n_tokens for checkpoint in climb([1000] * n_steps, limit)]
    end = n_steps * 1000
    gaps = [after - before for before, after in itertools.pairwise(positions)]
    assert gaps[-1] == 1000
    # Going back to any place reads again at most a fixed share of what lies after it.
    share = max(gap / (end - before) for before, gap in zip(positions, gaps, strict=False) if end - before > 4000)
    assert share <= 8 / limit + 0.35


def test_pinned_checkpoints_stay_where_they_are() -> None:
    pinned = frozenset({3, 17, 40})
    kept = {checkpoint.id for checkpoint in climb([1000] * 100, 6, pinned)}
    assert pinned <= kept
    assert len(kept) == 6
    assert (
        checkpoints_to_drop([Checkpoint(1, 10, pinned=True), Checkpoint(2, 20, pinned=True), Checkpoint(3, 30)], 30, 1)
        == []
    )


def test_a_short_kept_loses_nothing() -> None:
    assert checkpoints_to_drop([], 0) == []
    assert checkpoints_to_drop([Checkpoint(1, 1000), Checkpoint(2, 2000)], 2000, 2) == []


def test_saving_is_due_after_its_tokens_or_its_time_but_not_without_tokens() -> None:
    assert save_due(SAVE_TOKENS, 0.0)
    assert save_due(1, SAVE_SECONDS)
    assert not save_due(SAVE_TOKENS - 1, SAVE_SECONDS - 1)
    assert not save_due(0, SAVE_SECONDS * 10)


def test_the_first_checkpoint_comes_early() -> None:
    assert save_due(FIRST_TOKENS, 0.0, first=True)
    assert not save_due(FIRST_TOKENS, 0.0)
    assert not save_due(FIRST_TOKENS - 1, 0.0, first=True)


def test_the_quota_takes_the_least_recently_used_checkpoints_first() -> None:
    snapshots = [
        Checkpoint(1, 10, 100, used=5),
        Checkpoint(2, 20, 100, used=2),
        Checkpoint(3, 30, 100, used=9, kind="end"),
        Checkpoint(4, 5, 100, used=1, kind="turn"),
        Checkpoint(5, 5, 100, used=1, kind="section"),
        Checkpoint(6, 40, 100, used=1, pinned=True),
    ]
    assert over_quota(snapshots, 600) == []
    assert over_quota(snapshots, 599) == [2]
    assert over_quota(snapshots, 400) == [2, 1]
    assert over_quota(snapshots, 250) == [2, 1, 5, 4]
    assert over_quota(snapshots, 0) == [2, 1, 5, 4]


kinds = st.sampled_from(["checkpoint", "end", "turn", "section"])


@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 9), kinds, st.booleans()), max_size=30), st.integers(0, 900)
)
def test_the_quota_is_kept_as_far_as_it_may_and_no_further(rows: list[tuple], quota: int) -> None:
    snapshots = [Checkpoint(n, n, size, used, kind, pinned) for n, (size, used, kind, pinned) in enumerate(rows)]
    dropped = over_quota(snapshots, quota)
    by_id = {snapshot.id: snapshot for snapshot in snapshots}
    assert len(set(dropped)) == len(dropped)
    assert not any(by_id[d].kind == "end" or by_id[d].pinned for d in dropped)
    left = sum(snapshot.size for snapshot in snapshots) - sum(by_id[d].size for d in dropped)
    droppable = {s.id for s in snapshots if s.kind != "end" and not s.pinned}
    assert left <= quota or set(dropped) == droppable
    if dropped:
        assert left + by_id[dropped[-1]].size > quota
