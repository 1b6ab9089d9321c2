"""Answers: a question is put to a copy of the document state, and the answer says what it rests on."""

from __future__ import annotations

import time
from collections.abc import Iterator

from engine.control import Control
from engine.generate import Sampling
from engine.messages import AnswerDelta, AnswerFinished, Event
from engine.prompts import NOT_FOUND
from engine.reader import DocumentState
from engine.runtime import Runtime
from engine.store import Library
from engine.verification import unverified

ANSWER_TOKENS = 400
"""Longest answer; a longer one is cut, and says so."""
CUT = {"stop": "", "repetition": "; cut because it went in circles", "length": f"; cut after {ANSWER_TOKENS} tokens"}
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
) -> Iterator[Event]:
    """Ask `question` of the state in `of` (a copy of it: the document's stays as it is) and save the turn.

    `page`: the state is that of the end of this page. `parent`: the turn that the question follows; the conversation
    up to there is replayed on the state first.
    """
    started = time.monotonic()
    state = of.state.clone()
    request = _conversation(runtime, library, parent, question)
    sampling = Sampling() if seed is None else Sampling(TEMPERATURE, TOP_P, seed)
    first_token, text = 0.0, ""
    pieces = runtime.respond(state, request, ANSWER_TOKENS, control, sampling)
    while True:
        try:
            piece = next(pieces)
        except StopIteration as ended:
            reason = ended.value
            break
        first_token = first_token or time.monotonic() - started
        text += piece
        yield AnswerDelta(job_id=job_id, text=piece)
    text = text.strip()
    found = not text.startswith(NOT_FOUND.rstrip("."))
    last_page = page or of.pages
    basis = f"from the state after page {page}" if page else "from the document state"
    basis += f": all that was read, pages 1 to {last_page}" if last_page > 1 else ": all that was read, page 1"
    basis += CUT[reason]
    doubtful = unverified(text, (p.text for p in library.pages(of.document.id, last=last_page))) if found else []
    turn = library.add_turn(
        of.document.id,
        runtime.identity,
        question,
        text,
        evidence={"first_page": 1, "last_page": last_page, "basis": basis, "unverified": doubtful},
        parent=parent,
        as_of_page=page,
        seed=seed,
    )
    yield AnswerFinished(
        job_id=job_id,
        text=text,
        basis=basis,
        first_page=1,
        last_page=last_page,
        found=found,
        unverified=doubtful,
        turn_id=turn,
        seconds_to_first_token=first_token,
    )


def _conversation(runtime: Runtime, library: Library, parent: int | None, question: str) -> list[int]:
    """Token ids of the turns up to `parent`, then of `question`."""
    tokenizer, prompts = runtime.tokenizer, runtime.tokenizer.prompts
    if parent is None:
        return tokenizer.encode_request(prompts.question(question))
    ids: list[int] = []
    for index, turn in enumerate(library.path_to_root(parent)):
        ask = prompts.next_question if index else prompts.question
        ids += tokenizer.encode_request(ask(turn.question)) + tokenizer.encode_document(turn.answer)
    return ids + tokenizer.encode_request(prompts.next_question(question))
