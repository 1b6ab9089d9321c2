"""Prefill and decode, for one sequence or a batch.

All functions are generators, so that the caller can cancel, show progress and stop at any item.

At every item of `decode`, and after its end, the state has consumed the prompt and every token that was yielded, each
once; the token that ended the text (a stop token, or the one that would have closed a loop) was neither yielded nor
consumed. So a caller continues by feeding what comes next, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass

import torch

from engine.generation.look_up import LookUp
from engine.generation.sampling import Sampler, Sampling
from engine.generation.stopping import EndReason, end_reason
from engine.network.decode_step import DRAFT_TOKENS
from engine.network.model import FalconMamba
from engine.network.state import MambaState

Cancelled = Callable[[], bool]
"""Called between chunks and between tokens; True ends the generator."""


@dataclass(frozen=True)
class SequenceToken:
    """Sequence `index` of a batch continues with `token`."""

    index: int
    token: int


@dataclass(frozen=True)
class SequenceEnded:
    """Sequence `index` of a batch has ended; no further item names it."""

    index: int
    reason: EndReason


def prefill(
    model: FalconMamba,
    state: MambaState,
    ids: Sequence[int] | torch.Tensor,
    chunk_length: int,
    cancelled: Cancelled | None = None,
) -> Generator[int, None, torch.Tensor | None]:
    """Read `ids` into a state of one sequence, chunk by chunk; yield the tokens consumed so far after each chunk.

    Returns the logits [1, vocab_size] after the last token, or None when it was cancelled or `ids` is empty. At every
    item the state has consumed exactly the number of tokens that was yielded.
    """
    tokens = torch.as_tensor(ids, dtype=torch.int64)
    logits = None
    for start in range(0, len(tokens), chunk_length):
        if cancelled and cancelled():
            return None
        chunk = tokens[start : start + chunk_length]
        logits = model(chunk[None], state)
        yield start + len(chunk)
    return logits


def prefill_batch(
    model: FalconMamba,
    state: MambaState,
    texts: Sequence[Sequence[int] | torch.Tensor],
    chunk_length: int,
    cancelled: Cancelled | None = None,
) -> Generator[int, None, torch.Tensor | None]:
    """Read one text into each sequence of `state`; yield the tokens of all sequences consumed so far.

    Texts may have any lengths above 0. Returns the logits [B, vocab_size] after each text's last token, or None when it
    was cancelled. Raises ValueError for an empty text, or another number of texts than sequences.
    """
    lengths = torch.tensor([len(text) for text in texts])
    if len(texts) != state.batch_size or not len(texts) or lengths.min() < 1:
        raise ValueError("every sequence of the state needs a text of at least one token")
    longest = int(lengths.max())
    tokens = torch.zeros(len(texts), longest, dtype=torch.int64)
    for index, text in enumerate(texts):
        tokens[index, : len(text)] = torch.as_tensor(text, dtype=torch.int64)
    logits: torch.Tensor | None = None
    for start in range(0, longest, chunk_length):
        if cancelled and cancelled():
            return None
        chunk = tokens[:, start : start + chunk_length]
        here = (lengths - start).clamp(0, chunk.shape[1])  # tokens of each sequence in this chunk
        unequal = None if bool((here == chunk.shape[1]).all()) else here
        latest = model(chunk, state, unequal)
        read = (here > 0).to(latest.device)[:, None]
        logits = latest if logits is None else torch.where(read, latest, logits)
        yield int(lengths.clamp(max=start + chunk.shape[1]).sum())
    return logits


def decode(
    model: FalconMamba,
    state: MambaState,
    logits: torch.Tensor,
    sampling: Sampling,
    stop_ids: Collection[int],
    max_tokens: int,
    cancelled: Cancelled | None = None,
    source: Sequence[int] = (),
) -> Generator[int, None, EndReason]:
    """Continue a state of one sequence whose last logits are `logits` [1, vocab_size]; yield token ids.

    Each token is consumed before it is yielded (see the module), so the caller may stop at any item. Returns the reason
    of the end: "stop" (a token of `stop_ids`), "length" (`max_tokens` were yielded), "repetition" or "cancelled".
    `source` are tokens that the text may copy, which makes a greedy text faster and never another one
    (`engine.generation.look_up`).
    """
    sampler = Sampler(sampling)
    history: list[int] = []
    look_up = LookUp(source, DRAFT_TOKENS - 1) if source and sampler.greedy and isinstance(model, FalconMamba) else None
    token = sampler.choose(logits, [0])[0]
    while True:
        reason = end_reason(history, token, sampling, stop_ids, max_tokens, bool(cancelled and cancelled()))
        if reason is not None:
            return reason
        history.append(token)
        proposed = [] if look_up is None else look_up.propose(history)
        draft = model.draft([token, *proposed], state) if proposed else None
        if draft is not None and look_up is not None:
            found = draft.argmaxes()
            right = next((n for n, next_token in enumerate(proposed) if found[n] != next_token), len(proposed))
            look_up.learn(right, len(history) + right)
            draft.take(1)
            yield token
            for count, copied in enumerate(proposed[:right], 2):
                reason = end_reason(history, copied, sampling, stop_ids, max_tokens, bool(cancelled and cancelled()))
                if reason is not None:
                    return reason
                history.append(copied)
                draft.take(count)
                yield copied
            token = sampler.check(found[right])
            continue
        following = _consume(model, state, token, sampler)
        yield token
        token = following()


def _consume(model: FalconMamba, state: MambaState, token: int, sampler: Sampler) -> Callable[[], int]:
    """Feed `token` to a state of one sequence; the function returned waits for the next token and returns it."""
    chosen = model.argmax(token, state) if sampler.greedy and isinstance(model, FalconMamba) else None
    if chosen is not None:
        return lambda: sampler.check(chosen())
    logits = model(torch.tensor([[token]]), state)
    return lambda: sampler.choose(logits, [0])[0]


def decode_batch(
    model: FalconMamba,
    state: MambaState,
    logits: torch.Tensor,
    sampling: Sampling,
    stop_ids: Collection[int],
    max_tokens: int,
    cancelled: Cancelled | None = None,
) -> Iterator[SequenceToken | SequenceEnded]:
    """Continue every sequence of `state` from `logits` [B, vocab_size] at once; each ends as in `decode`.

    Sequence i draws with seed + i, so its text does not depend on the others. Sequences that have ended are left out of
    the batch as soon as half of those in it have. `state` is exact (see the module) once the generator has ended, not
    between two items; if it is closed early, a sequence may have consumed one token that was not yielded yet.
    """
    sampler = Sampler(sampling)
    live = state  # the sequences still computed, `indices` of `state`; `state` itself until the first are left out
    indices = list(range(state.batch_size))
    running = set(indices)
    ended: dict[int, MambaState] = {}
    histories: list[list[int]] = [[] for _ in indices]
    try:
        while running:
            stopped = bool(cancelled and cancelled())
            chosen = sampler.choose(logits, indices)
            going: list[SequenceToken] = []
            for place, index in enumerate(indices):
                if index not in running:
                    continue
                history = histories[index]
                reason = end_reason(history, chosen[place], sampling, stop_ids, max_tokens, stopped)
                if reason is None:
                    history.append(chosen[place])
                    going.append(SequenceToken(index, chosen[place]))
                    continue
                running.discard(index)
                ended[index] = live.select([place])
                yield SequenceEnded(index, reason)
            if not running:
                return
            if 2 * len(running) <= len(indices):
                places = [place for place, index in enumerate(indices) if index in running]
                live, indices = live.select(places), [indices[place] for place in places]
                chosen = [chosen[place] for place in places]
            logits = model(torch.tensor(chosen)[:, None], live)
            yield from going
    finally:
        for place, index in enumerate(indices):
            if index in running and live is not state:
                ended[index] = live.select([place])
        for index, final in ended.items():
            state.assign([index], final)
