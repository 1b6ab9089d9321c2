"""Answers: a question is put to the candidates that may know, and the answer says what it rests on.

What an inquiry (engine.answering.pipeline) found is written out, streamed, and stored with its evidence, so that a
conversation
opened again shows the same marks.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence

from engine.answering import conversation
from engine.answering.attempts import Trial
from engine.answering.evidence import evidence_of, nearest
from engine.answering.pipeline import find
from engine.answering.retrieval import subject
from engine.control import Cancelled, Control
from engine.errors import KnownError
from engine.generation.generate import decode, prefill
from engine.generation.runtime import Runtime, as_text
from engine.generation.sampling import Sampling
from engine.generation.stopping import EndReason
from engine.generation.text_stream import TextStream
from engine.generators import Kept
from engine.library.library import Library
from engine.network.state import MambaState
from engine.prompting.prompts import NOT_FOUND
from engine.protocol.vocabulary import REREADS, Reread
from engine.protocol.wire import AnswerDelta, AnswerFinished, Event
from engine.reading.reader import DocumentState

ANSWER_TOKENS = 400
"""Longest answer; a longer one is cut, and says so."""
TEMPERATURE, TOP_P = 0.7, 0.9
"""For an answer asked again with a seed: close to the likeliest, yet another."""


def answer(
    runtime: Runtime,
    library: Library,
    of: DocumentState,
    question: str,
    control: Control,
    job_id: str,
    *,
    page: int | None = None,
    parent: int | None = None,
    seed: int | None = None,
    rereads: Reread = "auto",
) -> Iterator[Event]:
    """Ask `question` of the document in `of`, from the state that knows best, and save the turn.

    All states are copied first: the document's stays as it is. `page`: `of` stands at the end of this page. `parent`:
    the turn that the question follows, by its saved state where that goes on from the chosen one. `rereads`: one of
    REREADS; KnownError otherwise.
    """
    if rereads not in REREADS:
        raise KnownError(f"rereading must be one of {', '.join(REREADS)}, not {rereads!r}")
    started = time.monotonic()
    before = library.turns.path(parent) if parent is not None else []
    about = subject(question, before)
    found = find(runtime, library, of, question, about, before, control, rereads)
    row = found.best.row if found.best is not None else found.put.to(nearest(found))
    said: list[int] = []
    if found.best is not None and seed is None:
        assert found.best.state is not None
        state = found.best.state
        pieces = _go_on(runtime, found.best, control, said)
    else:
        state = row.state.clone()
        if found.best is None:
            pieces = _not_found(runtime, state, row.tokens, control, said)
        else:
            sampling = Sampling(TEMPERATURE, TOP_P, seed or 0)
            pieces = runtime.respond(state, row.tokens, ANSWER_TOKENS, control, sampling, said)
    text, first_token = "", 0.0
    kept = Kept(pieces)
    for piece in kept:
        first_token = first_token or time.monotonic() - started
        text += piece
        yield AnswerDelta(job_id=job_id, text=piece)
    text = text.strip()
    evidence = evidence_of(library, of, found, about, text, kept.value, page)
    turn = conversation.save_turn(
        runtime,
        library,
        of.document.id,
        state if found.rereading is None else None,
        row.start.prefix,
        row.conversation,
        [*found.put.request, *said],
        question=question,
        answer=text,
        evidence=evidence,
        parent=parent,
        as_of_page=page,
        seed=seed,
    )
    yield AnswerFinished(job_id=job_id, text=text, evidence=evidence, turn_id=turn, seconds_to_first_token=first_token)


def _go_on(runtime: Runtime, trial: Trial, control: Control, said: list[int]) -> Generator[str, None, EndReason]:
    """Stream the answer that `trial` began, and what follows; `trial.state` is advanced. See `Runtime.respond`."""
    assert trial.state is not None

    def cancelled() -> bool:
        control.wait_while_paused()
        return control.cancelled

    stream = TextStream(runtime.tokenizer)
    for token in trial.said:
        said.append(token)
        if piece := stream.add(token):
            yield piece
    if trial.logits is None:
        if rest := stream.flush():
            yield rest
        return "stop"
    left = ANSWER_TOKENS - len(said)
    tokens = decode(runtime.model, trial.state, trial.logits, Sampling(), runtime.stop_ids, left, cancelled)
    reason = yield from as_text(tokens, stream, said)
    if reason == "cancelled":
        raise Cancelled
    return reason


def _not_found(
    runtime: Runtime, state: MambaState, request: Sequence[int], control: Control, said: list[int]
) -> Generator[str, None, EndReason]:
    """The model's own words for it, fed to `state` behind `request`, so that a follow-up can go on from there."""
    yield NOT_FOUND
    said += runtime.tokenizer.encode_document(NOT_FOUND)
    for _ in prefill(runtime.model, state, [*request, *said], runtime.chunk_length, lambda: control.cancelled):
        control.wait_while_paused()
    if control.cancelled:
        raise Cancelled
    return "stop"
