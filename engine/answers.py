"""Answers: a question is put to the candidate that knows best, and the answer says what it rests on."""

from __future__ import annotations

import time
from collections.abc import Iterator

from engine import turn_states
from engine.candidates import best_start, says_not_found
from engine.control import Control
from engine.generate import Sampling
from engine.messages import AnswerDelta, AnswerFinished, Event
from engine.reader import DocumentState
from engine.runtime import Runtime
from engine.store import Library
from engine.verification import claims, unconfirmed

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
    the turn that the question follows, by its saved state where that goes on from the chosen one.
    """
    started = time.monotonic()
    before = library.path_to_root(parent) if parent is not None else []
    conversation = turn_states.tokens_of(runtime, library, before)
    prompts = runtime.tokenizer.prompts
    ask = prompts.next_question if before else prompts.question
    request = runtime.tokenizer.encode_request(ask(question))
    asked_before = " ".join(turn.question for turn in before)
    # "And when?" is about what the turn before named.
    about = question if claims(question) or not before else f"{before[-1].question} {question}"
    start = best_start(runtime, library, of, about, asked_before, [*conversation, *request], control)
    prefix = start.prefix or of.prefix
    state, missing = turn_states.state_after(runtime, library, start.state, prefix, conversation)
    sampling = Sampling() if seed is None else Sampling(TEMPERATURE, TOP_P, seed)
    first_token, text, said = 0.0, "", list[int]()
    pieces = runtime.respond(state, [*missing, *request], ANSWER_TOKENS, control, sampling, said)
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
    basis = start.basis + CUT[reason]
    # From the page before on: a passage may begin there.
    pages = [(p.number, p.text) for p in library.pages(of.document.id, first=max(1, first_page - 1), last=last_page)]
    doubtful = unconfirmed(about, text, pages) if found else []
    turn = turn_states.save_turn(
        runtime,
        library,
        of.document.id,
        state,
        prefix,
        conversation,
        [*request, *said],
        question=question,
        answer=text,
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
