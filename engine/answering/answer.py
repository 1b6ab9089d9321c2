"""Answers: the result of the pipeline, written out, streamed, and stored with its evidence.

A conversation opened again shows the same evidence.
"""

from __future__ import annotations

import time
from collections.abc import Generator

from engine.answering.attempts import Attempt, Prompt
from engine.answering.conversation import save_turn
from engine.answering.evidence import evidence_of, nearest
from engine.answering.pipeline import Generated, Result, Wanted, answering
from engine.answering.quoted_answer import quote_answer
from engine.answering.text_end import until_end
from engine.control import Cancelled
from engine.errors import KnownError
from engine.generation.generate import decode, prefill
from engine.generation.runtime import as_text
from engine.generation.sampling import Sampling
from engine.generation.stopping import EndReason
from engine.generation.text_stream import TextStream
from engine.generators import Kept
from engine.library.records import NewTurn
from engine.network.state import MambaState
from engine.prompting.prompts import NOT_FOUND
from engine.protocol.vocabulary import REREADS
from engine.protocol.wire import AnswerDelta, AnswerFinished, Ask, Event
from engine.reading.context import Context
from engine.summarising.summary import selects


def answer(context: Context, ask: Ask, page: int | None = None) -> Generator[Event | Wanted, Generated | None, None]:
    """Answer the question of `ask`, stream the answer and save the turn. Raise KnownError or Cancelled. Wanted items
    are requests; see engine.answering.pipeline.

    All states are copied first, so the document's state does not change. `page` is the page at whose end the document
    state answers.
    """
    if ask.reread not in REREADS:
        raise KnownError(f"rereading must be one of {', '.join(REREADS)}, not {ask.reread!r}")
    if selects(context):
        yield from quote_answer(context, ask, page)
        return
    started = time.monotonic()
    turns = context.library.turns.path(ask.parent) if ask.parent is not None else []
    result = yield from answering(context, ask.question, turns, ask.reread)
    text, first_token = "", 0.0
    writing = _Writing(context, result, ask.seed)
    pieces = Kept(writing.pieces())
    for piece in pieces:
        first_token = first_token or time.monotonic() - started
        text += piece
        yield AnswerDelta(job_id=context.job_id, text=piece)
    text = text.strip()
    evidence = evidence_of(context, result, text, pieces.value, page)
    turn = NewTurn(
        ask.question,
        text,
        evidence,
        parent=ask.parent,
        as_of_page=page,
        seed=ask.seed,
        tokens=[*result.conversation.request, *writing.tokens],
    )
    saved = save_turn(context, writing.prompt, writing.state if result.rereading is None else None, turn)
    yield AnswerFinished(
        job_id=context.job_id, text=text, evidence=evidence, turn_id=saved, seconds_to_first_token=first_token
    )


class _Writing:
    """An answer while it is written out."""

    def __init__(self, context: Context, result: Result, seed: int | None) -> None:
        self._context = context
        self._shown = result.best if result.best is not None else result.refusal
        """The attempt to show; None for a refusal that no source was asked for or whose words are not shown."""
        self._seed = seed if result.best is not None else None
        self.prompt: Prompt = (
            self._shown.prompt if self._shown is not None else result.conversation.prompt(context, nearest(result))
        )
        """The prompt that is answered."""
        self.state: MambaState = (
            self._shown.state
            if self._shown is not None and self._shown.state is not None and self._seed is None
            else self.prompt.state.clone()
        )
        """State of the answer. When `pieces` ends, it has consumed the prompt and `tokens`."""
        self.tokens: list[int] = []
        """Token ids generated so far."""

    def pieces(self) -> Generator[str, None, EndReason]:
        """Stream the text of the answer; return why it ended. Raise Cancelled."""
        stops = self._context.runtime.profile.answers.stop_strings
        if self._shown is None:
            return self._refusal()
        return until_end(self._continued(self._shown) if self._seed is None else self._drawn(self._seed), stops)

    def _drawn(self, seed: int) -> Generator[str, None, EndReason]:
        """Stream an answer that is drawn with `seed`."""
        runtime, rules = self._context.runtime, self._context.runtime.profile.answers
        sampling = Sampling(rules.temperature, rules.top_p, seed)
        control = self._context.control
        return runtime.respond(self.state, self.prompt.tokens, rules.longest, control, sampling, self.tokens)

    def _continued(self, attempt: Attempt) -> Generator[str, None, EndReason]:
        """Stream the text of `attempt` and its continuation."""
        context, runtime = self._context, self._context.runtime
        stream = TextStream(runtime.tokenizer)
        for token in attempt.tokens:
            self.tokens.append(token)
            if piece := stream.add(token):
                yield piece
        if attempt.logits is None:
            if rest := stream.flush():
                yield rest
            return "stop"
        left = runtime.profile.answers.longest - len(self.tokens)
        tokens = decode(
            runtime.model, self.state, attempt.logits, Sampling(), runtime.stop_ids, left, context.cancelled,
            self._near(attempt),
        )  # fmt: skip
        reason = yield from as_text(tokens, stream, self.tokens)
        if reason == "cancelled":
            raise Cancelled
        return reason

    def _near(self, attempt: Attempt) -> list[int]:
        """Return the tokens of the page that supports `attempt` and of its neighbours, from which answers copy."""
        if attempt.passage is None:
            return []
        context, page = self._context, attempt.passage.page
        pages = context.pages(max(1, page - 1), min(page + 1, context.document.pages))
        return context.runtime.tokenizer.encode_document("\n".join(near.text for near in pages))

    def _refusal(self) -> Generator[str, None, EndReason]:
        """Stream the model's words for a refusal, and feed them to the state so that a follow-up continues there."""
        context, runtime = self._context, self._context.runtime
        refusal = runtime.profile.answers.refusal or NOT_FOUND
        yield refusal
        self.tokens += runtime.tokenizer.encode_document(refusal)
        ids = [*self.prompt.tokens, *self.tokens]
        for _ in prefill(runtime.model, self.state, ids, runtime.chunk_length, context.cancelled):
            pass
        context.raise_if_cancelled()
        return "stop"
