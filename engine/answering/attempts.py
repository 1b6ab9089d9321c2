"""Trials: a question put to many states in one batch, and which of their answers to believe.

A state that says the answer is not there is out. First come those with a passage that holds both what was asked and
what was answered; among equals the one that is surest of its first tokens (lowest entropy, arXiv 2505.07793).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import torch

from engine.answering.retrieval import Start
from engine.control import Cancelled, Control
from engine.generation.generate import prefill_batch
from engine.generation.runtime import Runtime
from engine.generators import run_to_end
from engine.grounding.claims import claims, unverified
from engine.grounding.passages import Passage, supporting_passage
from engine.network.state import MambaState
from engine.prompting.prompts import NOT_FOUND

LOOK_AHEAD = 24
"""Tokens of each candidate's answer that are looked at."""
SLACK = 0.15
"""A correction may match the question so much less than what it corrects."""

By = Literal["both", "entropy", "rank"]
"""What decides between candidates: the words on the page and then entropy, entropy alone, or the search's rank."""


@dataclass(frozen=True)
class Row:
    """A candidate as it is asked."""

    start: Start
    state: MambaState
    """Has consumed the start's text and as much of the conversation as was saved. Not advanced."""
    tokens: list[int]
    """What it is fed: the rest of the conversation and the question."""
    conversation: list[int] = field(default_factory=list)
    """All that stands between the start's text and the question."""


@dataclass(frozen=True)
class Trial:
    """What one candidate began to answer."""

    row: Row
    text: str
    said: list[int]
    """Tokens of it."""
    entropy: float
    """Mean over its tokens, in nats."""
    certainty: float
    """Mean probability of its tokens."""
    refuses: bool
    """It says that the answer is not in the document."""
    ended: bool
    """All of the answer is there."""
    state: MambaState | None = None
    """After the request and `said`, one row; None where it refuses."""
    logits: torch.Tensor | None = None
    """[1, vocab_size] after `said`, where it goes on."""
    passage: Passage | None = None
    """Where a page bears the answer out; see `judged`."""
    doubtful: bool = False
    """Nothing in it could be looked up, or something stands on none of its pages."""
    weakest: float = 1.0
    """The lowest probability of one of its tokens, that of its end among them."""

    @property
    def start(self) -> Start:
        return self.row.start

    @property
    def borne_out(self) -> bool:
        """A passage names all that the question names and holds the answer."""
        return self.passage is not None and self.passage.names_all


def says_not_found(answer: str) -> bool:
    """Whether an answer is the model's own "Not in this document."."""
    return answer.strip().startswith(NOT_FOUND.rstrip("."))


def ask_all(runtime: Runtime, rows: Sequence[Row], control: Control) -> tuple[list[Trial], int]:
    """Ask all `rows` at once, greedily; the trials, and the tokens that were fed for them. Raises Cancelled."""
    model = runtime.model
    live = MambaState.stack([row.state for row in rows])
    reading = prefill_batch(model, live, [row.tokens for row in rows], runtime.chunk_length, lambda: _stopped(control))
    last = run_to_end(reading)
    if last is None:
        raise Cancelled
    logits = last
    steps = sum(len(row.tokens) for row in rows)
    said: list[list[int]] = [[] for _ in rows]
    entropies: list[list[float]] = [[] for _ in rows]
    chances: list[list[float]] = [[] for _ in rows]
    done: dict[int, Trial] = {}
    places = list(range(len(rows)))  # the rows still in `live`

    def finish(row: int, place: int, *, ended: bool) -> None:
        text = runtime.tokenizer.decode(said[row])
        if not ended:
            text = text.rpartition(" ")[0] or text  # the last word may be half a word
        refuses = says_not_found(text)
        done[row] = Trial(
            rows[row],
            text.strip(),
            said[row],
            sum(entropies[row]) / len(entropies[row]),
            sum(chances[row]) / len(chances[row]),
            refuses,
            ended,
            None if refuses else live.select([place]),
            None if ended else logits[place : place + 1],
            weakest=min(chances[row]),
        )

    for _ in range(LOOK_AHEAD):
        if _stopped(control):
            raise Cancelled
        log_p = torch.log_softmax(logits.float(), dim=-1)
        entropy: list[float] = (-(log_p.exp() * log_p).nan_to_num().sum(dim=-1)).tolist()
        best, tokens = log_p.max(dim=-1)
        for place, row in enumerate(places):
            if row in done:
                continue
            entropies[row].append(entropy[place])
            chances[row].append(math.exp(best[place].item()))
            token = int(tokens[place])
            if token in runtime.stop_ids:
                finish(row, place, ended=True)
            else:
                said[row].append(token)
                if says_not_found(runtime.tokenizer.decode(said[row])):
                    finish(row, place, ended=True)
        going = [place for place, row in enumerate(places) if row not in done]
        if not going:
            break
        if 2 * len(going) <= len(places):
            live, places, tokens = live.select(going), [places[place] for place in going], tokens[going]
        logits = model(tokens[:, None].cpu(), live)  # rows that have ended go along for a while: no harm
        steps += len(places)
    for place, row in enumerate(places):
        if row not in done:
            finish(row, place, ended=False)
    return [done[row] for row in range(len(rows))], steps


def judged(trial: Trial, about: str, pages: Iterable[tuple[int, str]]) -> Trial:
    """`trial` with what its own pages (number, text) say of its answer to `about`."""
    if trial.refuses:
        return trial
    pages = list(pages)
    passage = supporting_passage(about, trial.text, pages)
    doubtful = passage is None and (not claims(trial.text) or bool(unverified(trial.text, (text for _, text in pages))))
    return replace(trial, passage=passage, doubtful=doubtful)


def choose(trials: Sequence[Trial], about: str, by: By = "both") -> Trial | None:
    """The trial (judged) to believe; None where every one says no, or says what nothing bears out."""
    answering = [trial for trial in trials if not trial.refuses]
    if by == "rank":
        return min(answering, key=lambda trial: trial.start.rank or math.inf, default=None)
    if by == "entropy":
        return min(answering, key=lambda trial: trial.entropy, default=None)
    named = bool(claims(about))
    # An overfull state says something of anything; alone, without a page that bears it out, it is no answer.
    answering = [trial for trial in answering if trial.start.section or trial.borne_out or not named]
    best = min(answering, key=_order, default=None)
    return best if best is None or not best.borne_out else _latest(best, answering)


def _order(trial: Trial) -> tuple[bool, bool, bool, float]:
    passage = trial.passage
    match = passage.match if passage is not None else 0.0
    return not trial.borne_out, not (passage and passage.verbatim), trial.doubtful, trial.entropy - match


def _latest(best: Trial, answering: Sequence[Trial]) -> Trial:
    """`best`, or what a later passage says that puts its answer right."""
    assert best.passage is not None
    later = [
        trial
        for trial in answering
        if trial.borne_out
        and trial.passage is not None
        and trial.passage.corrects
        and trial.passage.verbatim
        and trial.passage.page >= best.passage.page
        and trial.passage.match >= best.passage.match - SLACK
        and trial.text != best.text
    ]
    if best.passage.corrects:
        later = [trial for trial in later if trial.passage is not None and trial.passage.page > best.passage.page]
    return max(later, key=lambda trial: (trial.passage.page if trial.passage else 0, -trial.entropy), default=best)


def _stopped(control: Control) -> bool:
    control.wait_while_paused()
    return control.cancelled
