"""A stand-in for the model's words: what is said depends on the text that a state has read."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from engine.answering.attempts import Row, Trial
from engine.control import Control
from engine.generation.runtime import Runtime
from engine.prompting.prompts import NOT_FOUND
from engine.session.session import Session


class ScriptedModel:
    """Answers in the model's place. Give `ask_all` and `quoted` to the answer pipeline; see the fixture
    `scripted_model`."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.says: dict[str, str] = {}
        """A word that a state must have read ("whole": the document state, "again": a re-reading) -> its answer."""
        self.quote: str | None = None
        """Result of constrained decoding; None for no result."""
        self.certainty = 0.99
        self.weakest = 0.98
        self.asked: list[list[Row]] = []
        """The prompts of every call of `ask_all`."""
        self.quoted_from: list[str] = []
        """Passages given to the last constrained decoding."""

    def ask_all(self, runtime: Runtime, rows: Sequence[Row], control: Control) -> tuple[list[Trial], int]:
        self.asked.append(list(rows))
        found = [self._trial(runtime, row, self._answer(row)) for row in rows]
        return found, sum(len(row.tokens) for row in rows)

    def quoted(self, runtime: Runtime, row: Row, passages: Sequence[str], control: Control) -> tuple[Trial | None, int]:
        self.quoted_from = list(passages)
        return (None if self.quote is None else self._trial(runtime, row, self.quote)), 1

    def _answer(self, row: Row) -> str:
        section = row.start.section
        if section is not None:
            return next((text for word, text in self.says.items() if word in section.text), NOT_FOUND)
        of = self.session.library.documents.all()[0]
        reading = self.session.library.readings.latest(of.id)
        assert reading is not None
        whole = row.start.prefix.n_tokens == reading.tokens_read
        return self.says.get("whole" if whole else "again", NOT_FOUND)

    def _trial(self, runtime: Runtime, row: Row, text: str) -> Trial:
        said = runtime.tokenizer.encode_document(text)
        state = row.state.clone()
        runtime.model(torch.tensor([[*row.tokens, *said]]), state)
        return Trial(row, text, said, 0.05, self.certainty, text == NOT_FOUND, True, state, weakest=self.weakest)
