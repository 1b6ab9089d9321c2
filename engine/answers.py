"""Answers: a question is put to the candidate that knows best, and the answer says what it rests on."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from engine.candidates import best_start, says_not_found
from engine.control import Control
from engine.generate import Sampling
from engine.messages import AnswerDelta, AnswerFinished, Event
from engine.reader import DocumentState
from engine.rows import Turn
from engine.runtime import Runtime
from engine.store import Library
from engine.verification import unconfirmed

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
    """Ask `question` of the document in `of`, from its own state or the section that knows best, and save the turn.

    All states are copied first: the document's stays as it is. `page`: `of` stands at the end of this page. `parent`:
    the turn that the question follows; the conversation up to there is replayed on the chosen state.
    """
    started = time.monotonic()
    before = library.path_to_root(parent) if parent is not None else []
    request = _conversation(runtime, before, question)
    start = best_start(runtime, library, of, question, " ".join(t.question for t in before), request, control)
    state = start.state.clone()
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
    found = not says_not_found(text)
    first_page, last_page = (start.page, start.page) if start.page else (start.first_page, start.last_page)
    basis = (f"page {start.page}, " if start.page else "") + start.basis + CUT[reason]
    pages = [(p.number, p.text) for p in library.pages(of.document.id, first=first_page, last=last_page)]
    doubtful = unconfirmed(question, text, pages) if found else []
    turn = library.add_turn(
        of.document.id,
        runtime.identity,
        question,
        text,
        evidence={"first_page": first_page, "last_page": last_page, "basis": basis, "unverified": doubtful},
        parent=parent,
        as_of_page=page,
        seed=seed,
    )
    yield AnswerFinished(
        job_id=job_id,
        text=text,
        basis=basis,
        first_page=first_page,
        last_page=last_page,
        found=found,
        unverified=doubtful,
        turn_id=turn,
        seconds_to_first_token=first_token,
    )


def _conversation(runtime: Runtime, before: Sequence[Turn], question: str) -> list[int]:
    """Token ids of the turns in `before`, then of `question`."""
    tokenizer, prompts = runtime.tokenizer, runtime.tokenizer.prompts
    ids: list[int] = []
    for index, turn in enumerate(before):
        ask = prompts.next_question if index else prompts.question
        ids += tokenizer.encode_request(ask(turn.question)) + tokenizer.encode_document(turn.answer)
    ask = prompts.next_question if before else prompts.question
    return ids + tokenizer.encode_request(ask(question))
