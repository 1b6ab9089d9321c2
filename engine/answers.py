"""Answers: a question is put to the candidates that may know, and the answer says what it rests on.

In order: the states are asked in one batch (engine.trials), the best answer is looked up on its pages, and where it is
not certain those pages are read again with the question before them (engine.reread). What was found out about the
answer is stored with the turn, so that a conversation opened again shows the same marks.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine import turn_states
from engine.candidates import NAMED_SECTIONS, Candidates, Start, candidates, subject
from engine.control import Cancelled, Control
from engine.errors import KnownError
from engine.generate import EndReason, Sampling, TextStream, decode, prefill
from engine.library.rows import Turn
from engine.messages import AnswerDelta, AnswerFinished, Event
from engine.passages import SHORT_ANSWER, Passage, speaking, supporting_passage, unconfirmed
from engine.prompts import NOT_FOUND
from engine.quoting import fits, quoted
from engine.reader import DocumentState
from engine.reread import Rereading, reread
from engine.retention import caveat
from engine.runtime import Runtime
from engine.state import MambaState
from engine.store import Library
from engine.trials import SLACK, Row, Trial, ask_all, choose, judged, says_not_found
from engine.verification import claims, unverified

ANSWER_TOKENS = 400
"""Longest answer; a longer one is cut, and says so."""
CUT = {"stop": "", "repetition": "; cut because it went in circles", "length": f"; cut after {ANSWER_TOKENS} tokens"}
TEMPERATURE, TOP_P = 0.7, 0.9
"""For an answer asked again with a seed: close to the likeliest, yet another."""
CERTAIN, MATCHING = 0.9, 0.75
"""An answer is certain where the model gives its words this probability and its passage speaks so much of what was
asked; others are read again."""
QUOTED = 0.5
"""An answer in the words of the page counts where the model gives its words this probability."""
TOLD = 0.95
"""A passage that matches the question so well should hold the answer, whatever the model says."""
REREAD_ANSWER = 100
"""Tokens kept free for the answer behind pages that are read again."""
NEAREST = 3
"""Sections named where nothing was found."""

REREADS = ("auto", "always", "never")


@dataclass(frozen=True)
class _Put:
    """A question as it is put to a state, behind the conversation so far."""

    runtime: Runtime
    library: Library
    request: list[int]
    conversation: list[int]
    """The tokens of the turns before."""
    short: list[int]
    """Of the last turns only: what a state that knows nothing of the conversation is fed."""

    @classmethod
    def of(cls, runtime: Runtime, library: Library, question: str, before: Sequence[Turn]) -> _Put:
        prompts = runtime.tokenizer.prompts
        ask = prompts.next_question if before else prompts.question
        return cls(
            runtime,
            library,
            runtime.tokenizer.encode_request(ask(question)),
            turn_states.tokens_of(runtime, library, before),
            turn_states.tokens_of(runtime, library, before, turn_states.REPLAYED),
        )

    def to(self, start: Start) -> Row:
        state, missing = start.state, self.conversation
        for conversation in (self.conversation, self.short):
            state, missing = turn_states.state_after(
                self.runtime, self.library, start.state, start.prefix, conversation
            )
            if len(missing) <= turn_states.REPLAYED:
                break
        return Row(start, state, [*missing, *self.request], conversation)


@dataclass
class Found:
    """What asking came to, before the answer is written out."""

    among: Candidates
    put: _Put
    trials: list[Trial]
    best: Trial | None
    """None: not found."""
    steps: int
    """Tokens that the model was fed."""
    rereading: Rereading | None = None
    """Set where the best answer comes from pages read again."""
    again: list[Trial] = field(default_factory=list)
    quote: Trial | None = None


def find(
    runtime: Runtime,
    library: Library,
    of: DocumentState,
    question: str,
    about: str,
    before: Sequence[Turn],
    control: Control,
    rereads: str = "auto",
) -> Found:
    """The candidate to answer `question` from, after the conversation `before`.

    `about`: the question with what it leans on. Raises Cancelled.
    """
    among = candidates(runtime, library, of, about, control)
    put = _Put.of(runtime, library, question, before)
    if among.absent:
        return Found(among, put, [], None, 0)
    trials, steps = ask_all(runtime, [put.to(start) for start in [among.whole, *among.sections]], control)
    trials = [_judged(library, of, trial, about) for trial in trials]
    found = Found(among, put, trials, choose(trials, about), steps)
    if rereads == "always" or (rereads == "auto" and not _certain(library, of, about, found)):
        _read_again(runtime, library, of, question, about, found, control)
    return found


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
    rereads: str = "auto",
) -> Iterator[Event]:
    """Ask `question` of the document in `of`, from the state that knows best, and save the turn.

    All states are copied first: the document's stays as it is. `page`: `of` stands at the end of this page. `parent`:
    the turn that the question follows, by its saved state where that goes on from the chosen one. `rereads`: one of
    REREADS; KnownError otherwise.
    """
    if rereads not in REREADS:
        raise KnownError(f"there is no way of reading again called {rereads!r}; there are {', '.join(REREADS)}")
    started = time.monotonic()
    before = library.path_to_root(parent) if parent is not None else []
    about = subject(question, before)
    found = find(runtime, library, of, question, about, before, control, rereads)
    row = found.best.row if found.best is not None else found.put.to(_nearest(found))
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
    told = _told(library, of, found, about, text, CUT[reason])
    turn = turn_states.save_turn(
        runtime,
        library,
        of.document.id,
        state,
        row.start.prefix,
        row.conversation,
        [*found.put.request, *said],
        question=question,
        answer=text,
        evidence=told | {"steps": found.steps},
        parent=parent,
        as_of_page=page,
        seed=seed,
    )
    yield AnswerFinished(
        job_id=job_id, text=text, turn_id=turn, seconds_to_first_token=first_token, token_steps=found.steps, **told
    )


def _judged(library: Library, of: DocumentState, trial: Trial, about: str) -> Trial:
    """`trial` with what its pages say; those from the page before its own, where a passage may begin."""
    start = trial.start
    pages = library.pages(of.document.id, first=max(1, start.first_page - 1), last=start.last_page)
    return trial if trial.refuses else judged(trial, about, ((page.number, page.text) for page in pages))


def _certain(library: Library, of: DocumentState, about: str, found: Found) -> bool:
    """Whether nothing speaks for reading again: the best answer is sure and borne out, no other candidate disagrees,
    and where identifiers have left few sections, no other passage in them speaks of the same without saying so."""
    others = {trial.text for trial in found.trials if trial.borne_out}
    if not _is_sure(found.best) or len(others) > 1:
        return False
    assert found.best is not None and found.best.passage is not None
    sections = [start.section for start in found.among.sections if start.section is not None]
    if len(sections) > NAMED_SECTIONS:
        return True
    spans = {(section.first_page, section.last_page) for section in sections}
    pages = {page.number: page.text for span in spans for page in library.pages(of.document.id, None, *span)}
    return all(
        passage.match < found.best.passage.match - SLACK or not unverified(found.best.text, [passage.text])
        for passage in speaking(about, sorted(pages.items()))
    )


def _is_sure(trial: Trial | None) -> bool:
    """Whether a passage that speaks of what is asked holds the answer word for word, and the model is certain of it."""
    if trial is None or trial.passage is None or not trial.borne_out or not trial.passage.verbatim:
        return False
    return trial.certainty >= CERTAIN and trial.passage.match >= MATCHING


def _read_again(
    runtime: Runtime,
    library: Library,
    of: DocumentState,
    question: str,
    about: str,
    found: Found,
    control: Control,
) -> None:
    """Let the pages that speak of `about`, read again, decide; noted in `found`."""
    room = len(found.put.short) + len(found.put.request) + REREAD_ANSWER
    again = reread(runtime, library, of, question, about, found.among, found.trials, room, control)
    if again is None:
        return
    trials, steps = ask_all(runtime, [found.put.to(again.start)], control)
    found.steps += again.steps + steps
    trial = judged(trials[0], about, again.pages)
    found.again = [trial]
    passages = speaking(about, again.pages)
    told = any(passage.names_all and passage.match >= TOLD for passage in passages)
    if not _stands(trial) and (told or not trial.refuses):
        quote, steps = quoted(runtime, trial.row, [passage.text for passage in passages], control)
        found.steps += steps
        found.quote = quote = judged(quote, about, again.pages) if quote is not None else None
        if quote is not None and _counts(quote, question, refused=trial.refuses):
            trial = quote
    if _stands(trial):
        against = found.best is not None and _is_sure(found.best) and found.best.text != trial.text
        best = choose([*found.trials, trial], about) if against else trial
        found.best, found.rereading = best, again if best is trial else None
    elif _is_sure(found.best) or (not trial.refuses and found.best is not None and _stands(found.best)):
        return
    elif trial.refuses or (claims(about) and len(trial.text.split()) <= SHORT_ANSWER):
        # Nothing bears out what is one figure or name beside another: that is no answer, however sure it sounds.
        found.best = None
    else:
        found.best, found.rereading = trial, again


def _counts(quote: Trial, question: str, *, refused: bool) -> bool:
    """Whether words of the page are an answer: the model finds them likely, and where it would rather have said no, the
    passage speaks of all that is asked."""
    assert quote.passage is not None or not quote.borne_out
    if not quote.borne_out or quote.certainty < QUOTED or not fits(question, quote.text):
        return False
    return not refused or (quote.passage is not None and quote.passage.match >= TOLD)


def _stands(trial: Trial) -> bool:
    return trial.borne_out and trial.passage is not None and trial.passage.verbatim


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
    reason: EndReason = "stop"
    if trial.logits is not None:
        left = ANSWER_TOKENS - len(said)
        tokens = decode(runtime.model, trial.state, trial.logits, Sampling(), runtime.stop_ids, left, cancelled)
        while True:
            try:
                token = next(tokens)
            except StopIteration as ended:
                reason = ended.value
                break
            said.append(token)
            if piece := stream.add(token):
                yield piece
    if rest := stream.flush():
        yield rest
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


def _nearest(found: Found) -> Start:
    return found.among.sections[0] if found.among.sections else found.among.whole


def _told(library: Library, of: DocumentState, found: Found, about: str, text: str, cut: str) -> dict[str, Any]:
    """What is told of an answer and stored with its turn: pages, the sentence, what is not confirmed, how certain."""
    best, among = found.best, found.among
    if best is None or says_not_found(text):
        nearest = [section.first_page for section in among.searched[:NEAREST]]
        start = _nearest(found)
        spans = _listed([_pages(s.first_page, s.last_page) for s in among.searched[:NEAREST]])
        if among.absent:
            basis = f"{_listed(among.absent)} {'stand' if len(among.absent) > 1 else 'stands'} nowhere in what was read"
        elif among.sections:
            basis = f"neither the document state nor the {len(among.sections)} sections asked hold it"
        else:
            basis = "the document state does not hold it"
        basis += f"; nearest: {spans}" if spans else ""
        return {
            "found": False,
            "basis": basis,
            "first_page": start.first_page,
            "last_page": start.last_page,
            "unverified": [],
            "nearest": nearest,
        }
    start = best.start
    first, last = start.first_page, start.last_page
    pages = [(page.number, page.text) for page in library.pages(of.document.id, first=max(1, first - 1), last=last)]
    if found.rereading is not None:
        read = {number for number, _ in found.rereading.pages}
        pages = [(p.number, p.text) for p in library.pages(of.document.id) if p.number in read]
    passage = supporting_passage(about, text, pages)
    borne_out = passage is not None and passage.names_all
    where: dict[str, Any] = {}
    if passage is not None and borne_out:
        where = {"page": passage.page, "sentence": passage.text, "start": passage.start, "end": passage.end}
        first = last = passage.page
    return {
        "found": True,
        "basis": _basis(of, found, passage if borne_out else None) + cut,
        "first_page": first,
        "last_page": last,
        "unverified": unconfirmed(about, text, passage, (page for _, page in pages)),
        "certainty": round(best.certainty, 4),
        "reread": found.rereading is not None,
        "warning": _sentence(caveat(of.retention)) if found.rereading is None and start.section is None else "",
        **where,
    }


def _basis(of: DocumentState, found: Found, passage: Passage | None) -> str:
    """What the best answer rests on, in words."""
    assert found.best is not None
    start = found.best.start
    if found.rereading is not None:
        again = _listed_pages([number for number, _ in found.rereading.pages])
        return f"from page {passage.page}; read again: {again}" if passage else f"from {again}, read again"
    if start.section is None:
        if passage is not None:
            return f"from the document state; page {passage.page} bears it out"
        state = "the document state" if of.complete else f"the state after page {of.pages}"
        return f"from {state}: all that was read, {'pages 1 to ' if of.pages > 1 else 'page '}{of.pages}"
    where = f"page {passage.page}" if passage else _pages(start.first_page, start.last_page)
    return f"from {where}" + (f" ({start.heading})" if start.heading else "")


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _listed_pages(numbers: Sequence[int]) -> str:
    return ("pages " if len(numbers) > 1 else "page ") + _listed([str(number) for number in numbers])


def _listed(items: Sequence[str]) -> str:
    return ", ".join(items[:-1]) + (" and " if len(items) > 1 else "") + items[-1] if items else ""


def _pages(first: int, last: int) -> str:
    return f"page {first}" if first == last else f"pages {first} to {last}"
