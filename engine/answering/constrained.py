"""Quoting: an answer decoded once more, allowed only what stands word for word in the passages that speak of it.

A small model copies a long number or a rare name with a slip here and there. Where its answer stands nowhere, the same
state is asked again, and of its likeliest tokens the first is taken that goes on with words of those passages. The
answer then stands in the text; whether it is the right one the model's own probabilities still tell.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from engine.answering.attempts import LOOK_AHEAD, Row, Trial
from engine.control import Cancelled, Control
from engine.generation.generate import prefill
from engine.generation.runtime import Runtime
from engine.generators import run_to_end
from engine.network.state import MambaState

BEAMS = 4
_WHO = re.compile(r"\b(?:who|whom|whose|(?:which|what) person|name the person)\b", re.IGNORECASE)
_WHEN = re.compile(r"\b(?:when|(?:what|which) (?:day|date|year|time))\b", re.IGNORECASE)
LIKELIEST = 256
"""Tokens that are tried at each step, the likeliest first."""


def quoted(runtime: Runtime, row: Row, passages: Sequence[str], control: Control) -> tuple[Trial | None, int]:
    """What `row` answers in the words of `passages`, and the tokens fed for it; None where it cannot.

    A beam of BEAMS: a wrong first digit that leads nowhere does not hide the right one. Raises Cancelled.
    """
    text = "\n".join(" ".join(passage.split()) for passage in passages)
    state = row.state.clone()
    logits = _read(runtime, state, row.tokens, control)
    steps = len(row.tokens)
    beams = [_Beam((), (), ())]
    best: tuple[_Beam, MambaState] | None = None
    for _ in range(LOOK_AHEAD):
        grown: list[tuple[float, int, _Beam]] = []
        log_p = torch.log_softmax(logits.float(), dim=-1)
        for place, beam in enumerate(beams):
            for token, chance in _allowed(runtime, log_p[place], beam.said, text):
                if token not in runtime.stop_ids:
                    longer = beam.followed_by(token, chance, log_p[place])
                    grown.append((longer.score, place, longer))
                elif best is None or beam.followed_by(None, chance, log_p[place]).score > best[0].score:
                    best = beam.followed_by(None, chance, log_p[place]), state.select([place])
        grown = sorted(grown, key=lambda item: -item[0])[:BEAMS]
        if not grown or (best is not None and grown[0][0] < best[0].score):
            break
        beams = [beam for _, _, beam in grown]
        state = state.select([place for _, place, _ in grown])
        logits = runtime.model(torch.tensor([[beam.said[-1]] for beam in beams]), state)
        steps += len(beams)
        control.wait_while_paused()
        if control.cancelled:
            raise Cancelled
    if best is None:
        return None, steps
    beam, after = best
    answer = runtime.tokenizer.decode(list(beam.said)).strip()
    entropy = sum(beam.entropies) / len(beam.entropies)
    chances = [math.exp(chance) for chance in beam.chances]
    certainty = sum(chances) / len(chances)
    trial = Trial(row, answer, list(beam.said), entropy, certainty, False, True, after, weakest=min(chances))
    return trial, steps


def fits(question: str, answer: str) -> bool:
    """Whether `answer` is of the kind that `question` asks for: nobody is called 12 May, and no day Ann Weber."""
    figure = any(character.isdigit() for character in answer)
    if _WHO.search(question):
        return not figure
    return figure or not _WHEN.search(question)


@dataclass(frozen=True)
class _Beam:
    """The beginning of an answer."""

    said: tuple[int, ...]
    chances: tuple[float, ...]
    """Log-probabilities of its tokens, that of its end too."""
    entropies: tuple[float, ...]

    @property
    def score(self) -> float:
        return sum(self.chances)

    def followed_by(self, token: int | None, chance: float, log_p: torch.Tensor) -> _Beam:
        """`token` None: it ends."""
        entropy = float(-(log_p.exp() * log_p).nan_to_num().sum())
        said = self.said if token is None else (*self.said, token)
        return _Beam(said, (*self.chances, chance), (*self.entropies, entropy))


def _read(runtime: Runtime, state: MambaState, tokens: Sequence[int], control: Control) -> torch.Tensor:
    logits = run_to_end(prefill(runtime.model, state, tokens, runtime.chunk_length, lambda: control.cancelled))
    if logits is None:
        raise Cancelled
    return logits


def _allowed(runtime: Runtime, log_p: torch.Tensor, said: Sequence[int], text: str) -> Iterator[tuple[int, float]]:
    """Of the likeliest tokens after `said`, those that go on with words of `text` or end after a whole one; each with
    its log-probability."""
    best, tokens = log_p.topk(min(LIKELIEST, log_p.shape[-1]))
    ended = False
    for chance, token in zip(best.tolist(), tokens.tolist(), strict=True):
        if token in runtime.stop_ids:
            so_far = runtime.tokenizer.decode(list(said)).strip()
            if not ended and so_far and re.search(rf"(?<!\w){re.escape(so_far)}(?!\w)", text):
                ended = True
                yield token, chance
            continue
        begun = runtime.tokenizer.decode([*said, token]).lstrip()
        if begun and re.search(rf"(?<!\w){re.escape(begun)}", text):
            yield token, chance
