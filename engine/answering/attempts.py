"""Attempts: one question answered from many states in one batch, each answer grounded on the pages of its state."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

import torch

from engine.answering.retrieval import Source
from engine.answering.support import supporting_passages
from engine.answering.text_end import before_stop
from engine.control import Cancelled, Control
from engine.generation.generate import prefill_batch
from engine.generation.runtime import Runtime
from engine.generators import run_to_end
from engine.grounding.claims import claims
from engine.grounding.passages import Passage, supporting_passage
from engine.grounding.support import unsupported
from engine.network.state import MambaState
from engine.profile.profile import AnswerRules


@dataclass(frozen=True)
class Prompt:
    """A question prepared for one source."""

    source: Source
    state: MambaState
    """State after the source's text and the saved part of the conversation. Must not be advanced."""
    tokens: list[int]
    """Token ids still to be fed: the rest of the conversation and the question."""
    conversation: list[int] = field(default_factory=list)
    """All tokens between the source's text and the question."""
    question: str = ""


@dataclass(frozen=True)
class Attempt:
    """The beginning of one source's answer."""

    prompt: Prompt
    text: str
    tokens: list[int]
    """Generated token ids."""
    entropy: float
    """Mean over its tokens, nats."""
    certainty: float
    """Mean probability of its tokens."""
    refuses: bool
    """True when the answer says that the document does not hold it."""
    ended: bool
    """The answer is complete."""
    state: MambaState | None = None
    """State after the prompt and `tokens`, one row; None for a refusal whose words are not shown."""
    logits: torch.Tensor | None = None
    """Logits [1, vocab_size] after `tokens`, for the next token of the answer."""
    passage: Passage | None = None
    """The passage that supports it best; see `ground`."""
    doubtful: bool = False
    """True when no part of the answer could be looked up, or when a part of it is on none of its pages."""
    lowest: float = 1.0
    """Lowest probability of one of its tokens, the end included."""
    unclear: bool = False
    """True when the answer both refuses and states something else, or only says no: the probe decides."""
    supported: bool = False
    """`passage` supports the answer; see `ground`."""

    @property
    def source(self) -> Source:
        return self.prompt.source

    @property
    def quoted(self) -> bool:
        """Return whether a passage on its pages contains the answer word for word."""
        return self.supported and self.passage is not None and self.passage.verbatim

    @property
    def match(self) -> float:
        """Share of the question that its passage contains, 0 to 1."""
        return self.passage.match if self.passage is not None else 0.0

    @property
    def corrects(self) -> bool:
        """Return whether its passage announces a correction."""
        return self.passage is not None and self.passage.corrects


@dataclass
class _Row:
    """The answer of one prompt while the batch is decoded."""

    prompt: Prompt
    tokens: list[int] = field(default_factory=list)
    entropies: list[float] = field(default_factory=list)
    probabilities: list[float] = field(default_factory=list)


def generate_attempts(runtime: Runtime, prompts: Sequence[Prompt], control: Control) -> tuple[list[Attempt], int]:
    """Decode the beginning of each prompt's answer greedily, all in one batch. Raise Cancelled.

    Return the attempts in order, and the number of tokens that the model was fed.
    """
    batch = _Batch(runtime, control, [_Row(prompt) for prompt in prompts])
    steps = batch.prefill()
    for _ in range(runtime.profile.answers.look_ahead):
        if _cancelled(control):
            raise Cancelled
        chosen = batch.choose()
        if not batch.going:
            break
        steps += batch.advance(chosen)
    return batch.finish(), steps


class _Batch:
    """The rows that are decoded together; those that have ended are left out once half of them have."""

    def __init__(self, runtime: Runtime, control: Control, rows: list[_Row]) -> None:
        self._runtime, self._control, self._rows = runtime, control, rows
        self._state = MambaState.stack([row.prompt.state for row in rows])
        self._logits = torch.empty(0)
        self._places = list(range(len(rows)))
        """Row number of each row of the state."""
        self._done: dict[int, Attempt] = {}

    @property
    def going(self) -> list[int]:
        """Rows of the state whose answers have not ended."""
        return [place for place, row in enumerate(self._places) if row not in self._done]

    def prefill(self) -> int:
        """Feed the prompts; return the number of their tokens."""
        texts = [row.prompt.tokens for row in self._rows]
        runtime = self._runtime
        reading = prefill_batch(
            runtime.model, self._state, texts, runtime.chunk_length, lambda: _cancelled(self._control)
        )
        logits = run_to_end(reading)
        if logits is None:
            raise Cancelled
        self._logits = logits
        return sum(map(len, texts))

    def choose(self) -> torch.Tensor:
        """Take the argmax of every row and end the rows that are complete; return the token of every row."""
        log_p = torch.log_softmax(self._logits.float(), dim=-1)
        entropies: list[float] = (-(log_p.exp() * log_p).nan_to_num().sum(dim=-1)).tolist()
        best, tokens = log_p.max(dim=-1)
        for place in self.going:
            row = self._rows[self._places[place]]
            row.entropies.append(entropies[place])
            row.probabilities.append(math.exp(best[place].item()))
            token = int(tokens[place])
            if token in self._runtime.stop_ids:
                self._end(place, ended=True)
                continue
            row.tokens.append(token)
            if self._is_complete(row):
                self._end(place, ended=True)
        return tokens

    def _is_complete(self, row: _Row) -> bool:
        """Return whether an answer is complete without a stop token."""
        rules = self._runtime.profile.answers
        if not rules.refusal_ends and not rules.stop_strings:
            return False
        text = self._runtime.tokenizer.decode(row.tokens)
        if before_stop(text, rules.stop_strings) is not None:
            return True
        return rules.refusal_ends and rules.judge(text, row.prompt.question) == "refuses"

    def advance(self, tokens: torch.Tensor) -> int:
        """Feed `tokens`, one a row; return their number."""
        going = self.going
        if 2 * len(going) <= len(self._places):
            self._state = self._state.select(going)
            self._places, tokens = [self._places[place] for place in going], tokens[going]
        self._logits = self._runtime.model(tokens[:, None].cpu(), self._state)
        return len(self._places)

    def finish(self) -> list[Attempt]:
        """End all rows that go on; return the attempts in the order of the prompts."""
        for place in self.going:
            self._end(place, ended=False)
        return [self._done[row] for row in range(len(self._rows))]

    def _end(self, place: int, *, ended: bool) -> None:
        row = self._rows[self._places[place]]
        rules = self._runtime.profile.answers
        text = self._runtime.tokenizer.decode(row.tokens)
        if not ended:
            text = text.rpartition(" ")[0] or text  # the last word may be half a word
        kept = before_stop(text, rules.stop_strings)
        text = (text if kept is None else kept).strip()
        verdict = rules.judge(text, row.prompt.question)
        self._done[self._places[place]] = Attempt(
            row.prompt,
            text,
            row.tokens,
            entropy=sum(row.entropies) / len(row.entropies),
            certainty=sum(row.probabilities) / len(row.probabilities),
            refuses=verdict in ("refuses", "denies"),
            ended=ended,
            state=None if verdict == "refuses" and rules.refusal is not None else self._state.select([place]),
            logits=None if ended else self._logits[place : place + 1],
            lowest=min(row.probabilities),
            unclear=verdict in ("unclear", "denies"),
        )


def ground(attempt: Attempt, topic: str, pages: Iterable[tuple[int, str]], rules: AnswerRules) -> Attempt:
    """Return `attempt` with the passage of `pages` (number, text) that supports it as an answer about `topic`."""
    if attempt.refuses:
        return attempt
    pages = list(pages)
    if not rules.verbatim:
        found = supporting_passages(topic, attempt.text, pages)
        return replace(attempt, passage=found[0] if found else None, supported=bool(found), doubtful=not found)
    passage = supporting_passage(topic, attempt.text, pages)
    doubtful = passage is None and _is_doubtful(attempt.text, [text for _, text in pages])
    supported = passage is not None and passage.names_all
    return replace(attempt, passage=passage, supported=supported, doubtful=doubtful)


def _is_doubtful(answer: str, texts: Collection[str]) -> bool:
    return not claims(answer) or bool(unsupported(answer, texts))


def _cancelled(control: Control) -> bool:
    control.wait_while_paused()
    return control.cancelled
