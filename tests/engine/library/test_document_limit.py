"""The states of one document of 200 pages at the 7B shape stay under 300 MB."""

from __future__ import annotations

from engine.bench.shapes import SHAPE_7B
from engine.library.checkpoint_policy import DOCUMENT_BYTES, LEAST_CHECKPOINTS, Checkpoint, over_document
from engine.network.config import FalconMambaConfig

CONFIG = FalconMambaConfig.from_dict(SHAPE_7B)
ELEMENTS = CONFIG.n_layers * CONFIG.d_inner * (CONFIG.d_state + CONFIG.d_conv - 1)
FP32, BF16 = ELEMENTS * 4, ELEMENTS * 2
TOKENS = 91_872
"""Of 200 pages."""
PAGE_TEXT = 4_000
"""Bytes of a page's text, its tokens and its part of the index."""


def document(turns: int = 10) -> list[Checkpoint]:
    """The states of a document that was read, summarised by 34 sections and asked ten questions."""
    states = [Checkpoint(1, TOKENS, FP32, 90, "end")]
    states += [Checkpoint(10 + i, (i + 1) * 3_800, BF16, i, "checkpoint") for i in range(24)]
    states += [Checkpoint(100 + i, 2_700, BF16, 40 + i, "section") for i in range(34)]
    return states + [Checkpoint(200 + i, TOKENS + 400, FP32, 80 + i, "turn") for i in range(turns)]


def test_200_pages_of_7b_take_less_than_300_megabytes():
    states = document()
    assert sum(state.size for state in states) > 1_200_000_000
    dropped = set(over_document(states))
    left = [state for state in states if state.id not in dropped]
    assert sum(state.size for state in left) <= DOCUMENT_BYTES
    assert sum(state.size for state in left) + 200 * PAGE_TEXT * 3 < 300_000_000
    kinds = [state.kind for state in left]
    assert kinds.count("end") == 1 and kinds.count("turn") == 0 and kinds.count("checkpoint") == LEAST_CHECKPOINTS


def test_turns_are_given_up_first_the_least_used_before_others():
    states = document()
    limit = sum(state.size for state in states) - 3 * FP32
    assert over_document(states, limit) == [200, 201, 202]


def test_a_document_within_the_limit_keeps_everything_and_pins_stay():
    small = [Checkpoint(i, i, 1000, i, "checkpoint") for i in range(20)]
    assert over_document(small) == []
    pinned = [Checkpoint(i, i, FP32, i, "checkpoint", pinned=True) for i in range(20)]
    assert over_document(pinned) == []
