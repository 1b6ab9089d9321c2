"""Sampling: the choice of the next token from logits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from engine.errors import KnownError

NOT_A_NUMBER = "the model's output is not a number; choose another precision or check the weights"


class GenerationError(KnownError):
    """The logits are not finite numbers; the text is one sentence for the user."""


@dataclass(frozen=True)
class Sampling:
    """Settings of the choice of tokens and of the loop rule.

    The loop rule: the text ends when its last tokens repeat one n-gram, for some n up to `longest_loop`, at least three
    times and over at least `loop_tokens` tokens. `loop_tokens` 0 switches it off.
    """

    temperature: float = 0.0
    """0 is greedy: always the argmax."""
    top_p: float = 1.0
    """Nucleus sampling: draw from the most probable tokens that together have this probability."""
    seed: int = 0
    """Equal seeds and logits give equal text on every device."""
    loop_tokens: int = 32
    longest_loop: int = 64

    def __post_init__(self) -> None:
        if self.temperature < 0 or not 0 < self.top_p <= 1:
            raise ValueError("temperature must be at least 0, and top_p above 0 and at most 1")


class Sampler:
    """Chooses one token per sequence. It draws on the CPU, so that a seed means the same on every device."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._generators: dict[int, torch.Generator] = {}
        self.greedy = sampling.temperature == 0

    @staticmethod
    def check(token: int) -> int:
        """Return the argmax `token` of the device. Raises GenerationError for -1, logits that are not numbers."""
        if token < 0:
            raise GenerationError(NOT_A_NUMBER)
        return token

    @torch.inference_mode()
    def choose(self, logits: torch.Tensor, indices: Sequence[int]) -> list[int]:
        """Return B token ids for logits [B, vocab_size] of the sequences `indices`.

        Raises GenerationError for logits that are not numbers.
        """
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
            int(torch.multinomial(probabilities[place], 1, generator=self._generator(index)))
            for place, index in enumerate(indices)
        ]
        return [int(order[place, chosen]) for place, chosen in enumerate(places)]

    def _generator(self, index: int) -> torch.Generator:
        if index not in self._generators:
            self._generators[index] = torch.Generator("cpu").manual_seed(self._sampling.seed + index)
        return self._generators[index]
