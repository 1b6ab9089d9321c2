"""Constrained decoding: an answer generated once more, limited to the words of the passages about the question.

A small model copies a long number or a rare name with an occasional error. When its answer is on no page, a beam search
allows only tokens that continue words of those passages. The new answer is then in the text; the model's own
probabilities show whether it is the right one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from engine.answering.attempts import Attempt, Prompt
from engine.control import Cancelled, Control
from engine.generation.generate import prefill
from engine.generation.runtime import Runtime
from engine.generators import run_to_end
from engine.network.state import MambaState

BEAMS = 4
"""Number of beams. Several beams keep the right answer when a wrong first digit scores higher."""
TRIED = 256
"""Tokens tried at each step, those of the highest probability first."""


def decode_constrained(
    runtime: Runtime, prompt: Prompt, passages: Sequence[str], control: Control
) -> tuple[Attempt | None, int]:
    """Return the most probable answer to `prompt` in the words of `passages`, and the tokens that the model was fed;
    None where no words of them end in an answer. Raise Cancelled."""
    text = "\n".join(" ".join(passage.split()) for passage in passages)
    state = prompt.state.clone()
    logits = _prefill(runtime, state, prompt.tokens, control)
    steps = len(prompt.tokens)
    beams = [_Beam((), (), ())]
    best: tuple[_Beam, MambaState] | None = None
    for _ in range(runtime.profile.answers.look_ahead):
        grown: list[tuple[float, int, _Beam]] = []
        log_p = torch.log_softmax(logits.float(), dim=-1)
        for place, beam in enumerate(beams):
            for token, log_probability in _allowed(runtime, log_p[place], beam.tokens, text):
                if token not in runtime.stop_ids:
                    longer = beam.followed_by(token, log_probability, log_p[place])
                    grown.append((longer.score, place, longer))
                    continue
                ended = beam.followed_by(None, log_probability, log_p[place])
                if best is None or ended.score > best[0].score:
                    best = ended, state.select([place])
        grown = sorted(grown, key=lambda item: -item[0])[:BEAMS]
        if not grown or (best is not None and grown[0][0] < best[0].score):
            break
        beams = [beam for _, _, beam in grown]
        state = state.select([place for _, place, _ in grown])
        logits = runtime.model(torch.tensor([[beam.tokens[-1]] for beam in beams]), state)
        steps += len(beams)
        control.wait_while_paused()
        if control.cancelled:
            raise Cancelled
    return (None if best is None else _attempt(runtime, prompt, *best)), steps


def _attempt(runtime: Runtime, prompt: Prompt, beam: _Beam, state: MambaState) -> Attempt:
    probabilities = [math.exp(log_probability) for log_probability in beam.log_probabilities]
    return Attempt(
        prompt,
        runtime.tokenizer.decode(list(beam.tokens)).strip(),
        list(beam.tokens),
        entropy=sum(beam.entropies) / len(beam.entropies),
        certainty=sum(probabilities) / len(probabilities),
        refuses=False,
        ended=True,
        state=state,
        lowest=min(probabilities),
    )


@dataclass(frozen=True)
class _Beam:
    """The beginning of an answer."""

    tokens: tuple[int, ...]
    log_probabilities: tuple[float, ...]
    """Log probability of each token, the end token included."""
    entropies: tuple[float, ...]
    """Entropy of the distribution at each of these tokens, in nats."""

    @property
    def score(self) -> float:
        """Log-probability of the whole."""
        return sum(self.log_probabilities)

    def followed_by(self, token: int | None, log_probability: float, log_p: torch.Tensor) -> _Beam:
        """Return the beam with `token` behind it, or ended where `token` is None."""
        entropy = float(-(log_p.exp() * log_p).nan_to_num().sum())
        tokens = self.tokens if token is None else (*self.tokens, token)
        return _Beam(tokens, (*self.log_probabilities, log_probability), (*self.entropies, entropy))


def _prefill(runtime: Runtime, state: MambaState, tokens: Sequence[int], control: Control) -> torch.Tensor:
    logits = run_to_end(prefill(runtime.model, state, tokens, runtime.chunk_length, lambda: control.cancelled))
    if logits is None:
        raise Cancelled
    return logits


def _allowed(runtime: Runtime, log_p: torch.Tensor, tokens: Sequence[int], text: str) -> Iterator[tuple[int, float]]:
    """Yield the tokens, with their log-probability, that go on with words of `text` or end after a whole one."""
    best, candidates = log_p.topk(min(TRIED, log_p.shape[-1]))
    ended = False
    for log_probability, token in zip(best.tolist(), candidates.tolist(), strict=True):
        if token in runtime.stop_ids:
            so_far = runtime.tokenizer.decode(list(tokens)).strip()
            if not ended and so_far and re.search(rf"(?<!\w){re.escape(so_far)}(?!\w)", text):
                ended = True
                yield token, log_probability
            continue
        begun = runtime.tokenizer.decode([*tokens, token]).lstrip()
        if begun and re.search(rf"(?<!\w){re.escape(begun)}", text):
            yield token, log_probability
