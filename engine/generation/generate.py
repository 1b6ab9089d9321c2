"""From tokens to tokens: prefill, decode one row or many, sampling, stop rules, and text that streams without breaking.

All of it is generators, so that whoever drives them can look for a cancel, show progress and stop at any item.

One rule says what a state has read. At every item of `decode`, and after its end, the state has consumed the prompt and
every token that was yielded, each once; the token that ended the text (a stop token, or the one that would have closed
a loop) was neither yielded nor consumed. So a caller continues by feeding whatever comes next, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from engine.errors import KnownError
from engine.network.model import FalconMamba
from engine.network.state import MambaState

Cancelled = Callable[[], bool]
"""Asked between chunks and between tokens; True ends the generator."""

EndReason = Literal["stop", "length", "repetition", "cancelled"]

# A character of UTF-8 has at most four bytes, so at most four tokens; what four have not completed is no character.
_MAX_PENDING = 4
_REPLACEMENT = "\ufffd"
NOT_A_NUMBER = "the model's output is not a number; choose another precision or check the weights"


class GenerationError(KnownError):
    """The network gave numbers that cannot be sampled from; the text is one sentence for the user."""


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen, and when a text counts as caught in a loop.

    The loop rule: the text ends when its last tokens are the same n-gram over and over, for some n up to
    `longest_loop`, at least three times and over at least `loop_tokens` tokens. `loop_tokens` 0 switches it off.
    """

    temperature: float = 0.0
    """0 is greedy: always the likeliest token."""
    top_p: float = 1.0
    """Sample from the likeliest tokens that together have this probability (nucleus sampling)."""
    seed: int = 0
    """Same seed, same logits, same text; the device does not matter."""
    loop_tokens: int = 32
    longest_loop: int = 64

    def __post_init__(self) -> None:
        if self.temperature < 0 or not 0 < self.top_p <= 1:
            raise ValueError("temperature must be at least 0, and top_p above 0 and at most 1")


@dataclass(frozen=True)
class RowToken:
    """Row `row` of a batch continued with `token`."""

    row: int
    token: int


@dataclass(frozen=True)
class RowEnded:
    """Row `row` of a batch has ended; no further item names it."""

    row: int
    reason: EndReason


def prefill(
    model: FalconMamba,
    state: MambaState,
    ids: Sequence[int] | torch.Tensor,
    chunk_length: int,
    cancelled: Cancelled | None = None,
) -> Generator[int, None, torch.Tensor | None]:
    """Read `ids` into a state of one row, chunk by chunk; yields the tokens consumed so far after each chunk.

    Returns the logits [1, vocab_size] after the last token, or None when it was cancelled or `ids` is empty. The state
    is whole at every item: it has consumed exactly the number of tokens that was yielded.
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
    rows: Sequence[Sequence[int] | torch.Tensor],
    chunk_length: int,
    cancelled: Cancelled | None = None,
) -> Generator[int, None, torch.Tensor | None]:
    """Read a text of its own into each row of `state`; yields the tokens of all rows consumed so far.

    Rows may have any lengths above 0. Returns the logits [B, vocab_size] after each row's last token, or None when it
    was cancelled.
    """
    lengths = torch.tensor([len(row) for row in rows])
    if len(rows) != state.batch_size or not len(rows) or lengths.min() < 1:
        raise ValueError("every row of the state needs a text of at least one token")
    longest = int(lengths.max())
    tokens = torch.zeros(len(rows), longest, dtype=torch.int64)
    for index, row in enumerate(rows):
        tokens[index, : len(row)] = torch.as_tensor(row, dtype=torch.int64)
    logits: torch.Tensor | None = None
    for start in range(0, longest, chunk_length):
        if cancelled and cancelled():
            return None
        chunk = tokens[:, start : start + chunk_length]
        here = (lengths - start).clamp(0, chunk.shape[1])  # tokens of each row in this chunk
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
) -> Generator[int, None, EndReason]:
    """Continue a state of one row whose last logits are `logits` [1, vocab_size]; yields token ids.

    Each token is consumed before it is yielded (see the rule above), so the caller may stop at any item. Returns why
    it ended: "stop" (a token of `stop_ids`), "length" (`max_tokens` were yielded), "repetition" or "cancelled".
    """
    sampler = _Sampler(sampling)
    history: list[int] = []
    token = sampler.choose(logits, [0])[0]
    while True:
        reason = _end_reason(history, token, sampling, stop_ids, max_tokens, bool(cancelled and cancelled()))
        if reason is not None:
            return reason
        history.append(token)
        following = _consume(model, state, token, sampler)
        yield token
        token = following()


def _consume(model: FalconMamba, state: MambaState, token: int, sampler: _Sampler) -> Callable[[], int]:
    """Feed `token` to a state of one row; what is returned gives the next one, waiting for the device if it must."""
    chosen = model.likeliest(token, state) if sampler.greedy and isinstance(model, FalconMamba) else None
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
) -> Iterator[RowToken | RowEnded]:
    """Continue every row of `state` from `logits` [B, vocab_size] at once; rows end on their own, as in `decode`.

    Row r draws with seed + r, so a row's text does not depend on the others. Rows that have ended are left out of the
    work as soon as half of the rows in it have. `state` holds what the rule says once the generator has ended, not
    between two items; if it is closed early, a row may have consumed one token that was not yielded yet.
    """
    sampler = _Sampler(sampling)
    live = state  # the rows still worked on, `rows` of `state`; `state` itself until the first are left out
    rows = list(range(state.batch_size))
    running = set(rows)
    ended: dict[int, MambaState] = {}
    histories: list[list[int]] = [[] for _ in rows]
    try:
        while running:
            stopped = bool(cancelled and cancelled())
            chosen = sampler.choose(logits, rows)
            going: list[RowToken] = []
            for place, row in enumerate(rows):
                if row not in running:
                    continue
                history = histories[row]
                reason = _end_reason(history, chosen[place], sampling, stop_ids, max_tokens, stopped)
                if reason is None:
                    history.append(chosen[place])
                    going.append(RowToken(row, chosen[place]))
                    continue
                running.discard(row)
                ended[row] = live.select([place])
                yield RowEnded(row, reason)
            if not running:
                return
            if 2 * len(running) <= len(rows):
                places = [place for place, row in enumerate(rows) if row in running]
                live, rows = live.select(places), [rows[place] for place in places]
                chosen = [chosen[place] for place in places]
            logits = model(torch.tensor(chosen)[:, None], live)
            yield from going
    finally:
        for place, row in enumerate(rows):
            if row in running and live is not state:
                ended[row] = live.select([place])
        for row, final in ended.items():
            state.assign([row], final)


def closes_a_loop(history: Sequence[int], sampling: Sampling) -> bool:
    """Whether the last tokens of `history` fulfil the loop rule of `Sampling`."""
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


class TextStream:
    """Tokens in, text out, piece by piece: the pieces joined are the decoded text.

    A piece never ends inside a character, and no space is lost: a tokenizer may drop the space at the start of what it
    decodes, so new tokens are decoded together with those of the piece before, and the difference is what is new.
    """

    def __init__(self, tokenizer: Any) -> None:
        """`tokenizer` has a `decode` from token ids to text, special tokens left out:
        `engine.prompting.tokenizer.Tokenizer`."""
        self._tokenizer = tokenizer
        self._window: list[int] = []  # tokens decoded together: those of the last whole piece, then newer ones
        self._given = 0  # characters of the window's text that were given out
        self._newest = 0  # where the newer ones begin in the window
        self._waiting = 0  # newest tokens after which a character was unfinished

    def add(self, token: int) -> str:
        """The text that `token` completes; empty while a character is unfinished."""
        self._window.append(token)
        text = self._decode(self._window)
        finished = text.rstrip(_REPLACEMENT)
        self._waiting = self._waiting + 1 if finished != text else 0
        if self._waiting >= _MAX_PENDING:
            finished = text[:-1]  # only the last one can still become a character
        return self._advance(text, finished)

    def flush(self) -> str:
        """What is still held back, at the end of a text: an unfinished character, as replacement characters."""
        text = self._decode(self._window)
        return self._advance(text, text)

    def _advance(self, text: str, finished: str) -> str:
        """Give out what is new of `finished`, the part of the window's `text` that later tokens cannot change."""
        piece = finished[self._given :]
        if not piece:
            return ""
        self._given = len(finished)
        if finished == text:  # nothing is held back: the next token needs only this piece as its context
            self._window = self._window[self._newest :]
            self._given, self._newest = len(self._decode(self._window)), len(self._window)
        return piece

    def _decode(self, ids: list[int]) -> str:
        return self._tokenizer.decode(ids) if ids else ""


class _Sampler:
    """Chooses one token a row. Probabilities are drawn from on the CPU, so that a seed means the same everywhere."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._generators: dict[int, torch.Generator] = {}
        self.greedy = sampling.temperature == 0

    @staticmethod
    def check(token: int) -> int:
        """`token`, if it is one that the device chose. Raises GenerationError for logits that are not numbers."""
        if token < 0:
            raise GenerationError(NOT_A_NUMBER)
        return token

    @torch.inference_mode()
    def choose(self, logits: torch.Tensor, rows: Sequence[int]) -> list[int]:
        """Logits [B, vocab_size] of `rows` -> B token ids. Raises GenerationError for logits that are not numbers."""
        best, tokens = logits.max(dim=-1)
        found = torch.stack([best.double(), tokens.double()]).cpu()  # one transfer; ids are exact in a double
        if not torch.isfinite(found[0]).all():
            raise GenerationError(NOT_A_NUMBER)
        if self.greedy:
            return [int(token) for token in found[1]]
        scaled = (logits.float() / self._sampling.temperature).cpu()
        probabilities, order = torch.softmax(scaled, dim=-1).sort(dim=-1, descending=True)
        outside = probabilities.cumsum(dim=-1) - probabilities >= self._sampling.top_p
        probabilities = probabilities.masked_fill(outside, 0)
        places = [
            int(torch.multinomial(probabilities[place], 1, generator=self._generator(row)))
            for place, row in enumerate(rows)
        ]
        return [int(order[index, place]) for index, place in enumerate(places)]

    def _generator(self, row: int) -> torch.Generator:
        if row not in self._generators:
            self._generators[row] = torch.Generator("cpu").manual_seed(self._sampling.seed + row)
        return self._generators[row]


def _end_reason(
    history: list[int], token: int, sampling: Sampling, stop_ids: Collection[int], max_tokens: int, cancelled: bool
) -> EndReason | None:
    """Why a text that would go on with `token` ends instead, or None."""
    if cancelled:
        return "cancelled"
    if len(history) >= max_tokens:
        return "length"
    if token in stop_ids:
        return "stop"
    return "repetition" if closes_a_loop([*history[-_horizon(sampling) :], token], sampling) else None


def _horizon(sampling: Sampling) -> int:
    """Tokens that the loop rule can look back on."""
    return max(3 * sampling.longest_loop, sampling.loop_tokens + sampling.longest_loop)
