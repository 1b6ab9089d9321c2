"""Scores of a section's sentences, from a network that reads the section once and a head that compares them.

The same code makes the rows of training (`engine.training.reader`), so inference and training use equal rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.network.heads import PADDING, Heads, means, pick
from engine.network.model import FalconMamba
from engine.prompting.tokenizer import Tokenizer
from engine.scoring.features import sentence_features
from engine.scoring.tokens import Span, Tokens, tokenise

START = 0
"""Id that every section begins with, <|endoftext|>."""
WINDOW_TOKENS, WINDOW_SENTENCES = 2048, 120
"""Most tokens and sentences read and compared at once, START included."""
BATCH_TOKENS = 8192
"""Tokens of the windows that are read in one batch."""
EARLY = 0.25
"""Decrease of a sentence's score with the logarithm of its position; the score by words has a share of its own."""
ALIKE = 0.5
"""Share of the shorter sentence's words from which two sentences say the same."""


@dataclass(frozen=True)
class Window:
    """A stretch of a text that is read at once; token 0 of its row is START."""

    ids: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    first: NDArray[np.bool_]
    begins: int
    """The number of its first sentence among the text's."""
    place: float
    """The share of the text's sentences before it."""
    text_tokens: int


def windows(tokens: Tokens) -> list[Window]:
    """Return `tokens` as windows of whole sentences; a sentence that is longer than a window loses its end."""
    found: list[Window] = []
    ends, low = tokens.sentence_ends, 0
    while low < len(ends):
        base = int(ends[low - 1]) if low else 0
        fits = int(np.searchsorted(ends, base + WINDOW_TOKENS - 1, "right"))
        high = max(low + 1, min(low + WINDOW_SENTENCES, fits))
        stops = np.minimum(ends[low:high] - base, WINDOW_TOKENS - 1)
        found.append(
            Window(
                tokens.ids[base : base + int(stops[-1])],
                np.concatenate([[0], stops[:-1]]) + 1,
                stops + 1,
                tokens.first[low:high],
                low,
                low / len(ends),
                len(tokens.ids),
            )
        )
        low = high
    return found


def window_logits(model: FalconMamba, heads: Heads, some: Sequence[Window]) -> list[NDArray[np.float32]]:
    """Return the logits [S, 2] of `SentenceHead` for each window; all are read in one batch."""
    length = max(len(window.ids) for window in some) + 1
    most = max(len(window.ends) for window in some)
    ids = np.full((len(some), length), PADDING, np.int64)
    starts, ends = np.zeros((len(some), most), np.int64), np.ones((len(some), most), np.int64)
    mask = np.zeros((len(some), most), bool)
    word, rarity = heads.word.cpu().numpy(), heads.rarity.cpu().numpy()
    features = []
    for i, window in enumerate(some):
        n = len(window.ends)
        ids[i, 0], ids[i, 1 : len(window.ids) + 1] = START, window.ids
        starts[i, :n], ends[i, :n], mask[i, :n] = window.starts, window.ends, True
        own = sentence_features(
            ids[i], window.starts, window.ends, window.first, word, rarity, window.place, window.text_tokens
        )
        features.append(np.pad(own, ((0, most - n), (0, 0))))
    on = heads.rarity.device
    lengths = torch.tensor([len(window.ids) + 1 for window in some])
    hidden = model.hidden(torch.from_numpy(ids), model.new_state(len(some)), lengths).to(on, torch.float32)
    first, stop = torch.from_numpy(starts).to(on), torch.from_numpy(ends).to(on)
    with torch.inference_mode():
        logits = heads.sentence_head(
            pick(hidden, stop - 1), means(hidden, first, stop), torch.from_numpy(np.stack(features)).to(on),
            torch.from_numpy(mask).to(on),
        )  # fmt: skip
    return [row[: len(window.ends)] for row, window in zip(logits.cpu().numpy(), some, strict=True)]


def sentence_logits(
    model: FalconMamba, heads: Heads, tokenizer: Tokenizer, texts: Sequence[tuple[str, Sequence[Span]]]
) -> list[NDArray[np.float32]]:
    """Return the logits [S, 2] of `SentenceHead` of the sentences of each text; NaN for one without a token of its own.

    `texts`: each with the places of its sentences, in order. Windows of equal length are read in one batch, whatever
    text they are of, so that little is read for padding.
    """
    tokens = [tokenise(tokenizer, text, spans) for text, spans in texts]
    found = [np.full((len(spans), 2), np.nan, np.float32) for _, spans in texts]
    jobs = sorted(
        ((number, window) for number, some in enumerate(tokens) for window in windows(some)),
        key=lambda job: len(job[1].ids),
    )
    for batch in _batches(jobs):
        for (number, window), logits in zip(
            batch, window_logits(model, heads, [window for _, window in batch]), strict=True
        ):
            found[number][tokens[number].number[window.begins : window.begins + len(logits)]] = logits
    return found


def sentence_scores(
    model: FalconMamba, heads: Heads, tokenizer: Tokenizer, text: str, spans: Sequence[Span]
) -> list[float]:
    """Return the score of each sentence of `text` for a digest of it; see `early`."""
    (logits,) = sentence_logits(model, heads, tokenizer, [(text, spans)])
    return early(logits)


def early(logits: NDArray[np.float32]) -> list[float]:
    """Return a score for each sentence of a text from its logits [S, 2]: that of being one of the best three, less a
    term for a late position; -inf where the logits are NaN. Scores are comparable within one text."""
    told = ~np.isnan(logits[:, 1])
    place = np.cumsum(told) - 1
    scores = np.where(told, logits[:, 1] - EARLY * np.log1p(place), -np.inf)
    return [float(score) for score in scores]


def choose(scores: Sequence[float], sentences: Sequence[str], most: int) -> list[int]:
    """Return the numbers of the `most` best sentences that do not repeat each other, in the order of the text.

    A score of -inf is never chosen.
    """
    chosen: list[int] = []
    bags: list[set[str]] = []
    for i in sorted(range(len(scores)), key=lambda i: -scores[i]):
        if len(chosen) == most or scores[i] == -np.inf:
            break
        bag = set(sentences[i].lower().split())
        if any(len(bag & other) > ALIKE * min(len(bag), len(other)) for other in bags):
            continue
        chosen.append(i)
        bags.append(bag)
    return sorted(chosen)


def _batches(jobs: Sequence[tuple[int, Window]]) -> list[list[tuple[int, Window]]]:
    """Return the windows, shortest first, in batches of about BATCH_TOKENS, padding counted."""
    found: list[list[tuple[int, Window]]] = []
    for job in jobs:
        if found and (len(found[-1]) + 1) * len(job[1].ids) <= BATCH_TOKENS:
            found[-1].append(job)
        else:
            found.append([job])
    return found
