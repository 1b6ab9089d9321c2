"""A stand-in for the model: its answers depend on the text that a state has read."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from engine.answering.attempts import Attempt, Prompt
from engine.control import Control
from engine.generation.runtime import Runtime
from engine.prompting.prompts import NOT_FOUND
from engine.session.session import Session


class ScriptedModel:
    """Answers in the model's place. The fixture `scripted_model` gives its methods to the answer pipeline."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.says: dict[str, str] = {}
        """A word that a state must have read ("whole": the document state, "again": a re-reading) -> its answer."""
        self.quote: str | None = None
        """Result of constrained decoding; None for no result."""
        self.certainty = 0.99
        self.weakest = 0.98
        self.asked: list[list[Prompt]] = []
        """The prompts of every call of `generate_attempts`."""
        self.quoted_from: list[str] = []
        """Passages given to the last constrained decoding."""

    def generate_attempts(
        self, runtime: Runtime, prompts: Sequence[Prompt], control: Control
    ) -> tuple[list[Attempt], int]:
        self.asked.append(list(prompts))
        found = [self._attempt(runtime, prompt, self._answer(prompt)) for prompt in prompts]
        return found, sum(len(prompt.tokens) for prompt in prompts)

    def decode_constrained(
        self, runtime: Runtime, prompt: Prompt, passages: Sequence[str], control: Control
    ) -> tuple[Attempt | None, int]:
        self.quoted_from = list(passages)
        return (None if self.quote is None else self._attempt(runtime, prompt, self.quote)), 1

    def _answer(self, prompt: Prompt) -> str:
        section = prompt.source.section
        if section is not None:
            return next((text for word, text in self.says.items() if word in section.text), NOT_FOUND)
        of = self.session.library.documents.all()[0]
        reading = self.session.library.readings.latest(of.id)
        assert reading is not None
        consumed = reading.tokens_read if reading.state_tokens is None else reading.state_tokens
        whole = prompt.source.prefix.n_tokens == consumed
        return self.says.get("whole" if whole else "again", NOT_FOUND)

    def _attempt(self, runtime: Runtime, prompt: Prompt, text: str) -> Attempt:
        tokens = runtime.tokenizer.encode_document(text)
        state = prompt.state.clone()
        runtime.model(torch.tensor([[*prompt.tokens, *tokens]]), state)
        return Attempt(prompt, text, tokens, 0.05, self.certainty, text == NOT_FOUND, True, state, lowest=self.weakest)
