"""Sampling: the choice of the next token from logits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from engine.errors import KnownError

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


class Sampler:
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
