"""The tokens of a text, and where among them its sentences end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.prompting.tokenizer import Tokenizer

_BLANK_LINE = re.compile(r"\n\s*\n")

Span = tuple[int, int]
"""Characters of a text, end exclusive."""


@dataclass(frozen=True)
class Tokens:
    """Ids of a text and its sentences; a sentence begins where the one before it ends."""

    ids: NDArray[np.int64]  # [N]
    starts: NDArray[np.int64]  # [N] characters
    ends: NDArray[np.int64]  # [N]
    sentence_ends: NDArray[np.int64]  # [S] tokens, exclusive
    first: NDArray[np.bool_]  # [S]: the first of its paragraph
    number: NDArray[np.int64]  # [S]: which of the given spans it is; those without a token of their own are left out


def tokenise(tokenizer: Tokenizer, text: str, spans: Sequence[Span]) -> Tokens:
    """Return the tokens of `text`, whose sentences are `spans`, in order."""
    ids, offsets = tokenizer.encode_places(text)
    return place(np.asarray(ids, np.int64), np.asarray(offsets, np.int64).reshape(-1, 2), text, spans)


def place(ids: NDArray[np.int64], offsets: NDArray[np.int64], text: str, spans: Sequence[Span]) -> Tokens:
    """Return Tokens of `ids`, which stand for the characters `offsets` [N, 2] of `text`."""
    # The tokens of one character all have that character's place, so starts never fall.
    ends = np.searchsorted(offsets[:, 0], [end for _, end in spans], side="left").astype(np.int64)
    number = np.flatnonzero(np.diff(ends, prepend=0) > 0)
    last = [0, *(end for _, end in spans[:-1])]
    first = [i == 0 or _BLANK_LINE.search(text, last[i], start) is not None for i, (start, _) in enumerate(spans)]
    return Tokens(ids, offsets[:, 0], offsets[:, 1], ends[number], np.asarray(first, bool)[number], number)
