"""An inquiry: whom a question is put to, whose answer to believe, and when to read again.

The states are asked in one batch (engine.answering.attempts) and their answers looked up on their pages. Where the
best is not
certain, what speaks of the question is read again with the question before it (engine.answering.reread), and where
its answer
stands nowhere it is decoded in the words of the page (engine.answering.constrained).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.answering.attempts import SLACK, Row, Trial, ask_all, choose, judged
from engine.answering.constrained import fits, quoted
from engine.answering.conversation import REPLAYED, state_after, tokens_of
from engine.answering.reread import Rereading, reread
from engine.answering.retrieval import NAMED_SECTIONS, Candidates, Start, candidates
from engine.control import Control
from engine.generation.runtime import Runtime
from engine.grounding.claims import claims
from engine.grounding.passages import SHORT_ANSWER, Passage, denies, says, speaking
from engine.library.library import Library
from engine.library.records import Turn
from engine.reading.reader import DocumentState

CERTAIN, MATCHING = 0.9, 0.75
"""An answer is certain where the model gives its words this probability and its passage speaks so much of what was
asked; others are read again."""
QUOTED, QUOTED_WEAKEST = 0.5, 0.02
"""An answer in the words of the page counts where the model gives its words this probability on average, and, unless
their passage speaks of all that is asked, none of them less than the second: step by step along the text it may be led
to words that it never thought of."""
TOLD = 0.95
"""A passage that matches the question so well should hold the answer, whatever the model says."""
REREAD_ANSWER = 100
"""Tokens kept free for the answer behind pages that are read again."""


@dataclass(frozen=True)
class Put:
    """A question as it is put to a state, behind the conversation so far."""

    runtime: Runtime
    library: Library
    request: list[int]
    conversation: list[int]
    """The tokens of the turns before."""
    short: list[int]
    """Of the last turns only: what a state that knows nothing of the conversation is fed."""

    @classmethod
    def of(cls, runtime: Runtime, library: Library, question: str, before: Sequence[Turn]) -> Put:
        prompts = runtime.tokenizer.prompts
        ask = prompts.next_question if before else prompts.question
        return cls(
            runtime,
            library,
            runtime.tokenizer.encode_request(ask(question)),
            tokens_of(runtime, library, before),
            tokens_of(runtime, library, before, REPLAYED),
        )

    def to(self, start: Start) -> Row:
        state, missing = start.state, self.conversation
        for conversation in (self.conversation, self.short):
            state, missing = state_after(self.runtime, self.library, start.state, start.prefix, conversation)
            if len(missing) <= REPLAYED:
                break
        return Row(start, state, [*missing, *self.request], conversation)


@dataclass
class Found:
    """What asking came to, before the answer is written out."""

    among: Candidates
    put: Put
    trials: list[Trial]
    best: Trial | None
    """None: not found."""
    steps: int
    """Tokens that the model was fed."""
    rereading: Rereading | None = None
    """Set where the best answer comes from pages read again."""
    again: list[Trial] = field(default_factory=list)
    quote: Trial | None = None
    contradicted: bool = False
    """A page read again speaks of more of what is asked than the sentence with the answer, and says something else."""


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
    put = Put.of(runtime, library, question, before)
    if among.absent:
        return Found(among, put, [], None, 0)
    trials, steps = ask_all(runtime, [put.to(start) for start in [among.whole, *among.sections]], control)
    trials = [_judged(library, of, trial, about) for trial in trials]
    found = Found(among, put, trials, choose(trials, about), steps)
    if rereads == "always" or (rereads == "auto" and not _certain(library, of, about, found)):
        _read_again(runtime, library, of, question, about, found, control)
    return found


def _judged(library: Library, of: DocumentState, trial: Trial, about: str) -> Trial:
    """`trial` with what its pages say; those from the page before its own, where a passage may begin."""
    start = trial.start
    pages = library.pages.of(of.document.id, first=max(1, start.first_page - 1), last=start.last_page)
    return trial if trial.refuses else judged(trial, about, ((page.number, page.text) for page in pages))


def _certain(library: Library, of: DocumentState, about: str, found: Found) -> bool:
    """Whether nothing speaks for reading again: the best answer is sure and borne out, no other candidate disagrees,
    and where identifiers have left few sections, no other passage in them speaks of the same without saying so."""
    others = {trial.text for trial in found.trials if trial.borne_out}
    if not is_sure(found.best) or len(others) > 1:
        return False
    assert found.best is not None and found.best.passage is not None
    sections = [start.section for start in found.among.sections if start.section is not None]
    if len(sections) > NAMED_SECTIONS:
        return True
    spans = {(section.first_page, section.last_page) for section in sections}
    pages = {page.number: page.text for span in spans for page in library.pages.of(of.document.id, None, *span)}
    return all(
        passage.match < found.best.passage.match - SLACK or says(found.best.text, passage.text)
        for passage in speaking(about, sorted(pages.items()))
    )


def is_sure(trial: Trial | None) -> bool:
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

    def quote_of(among: Sequence[Passage], *, refused: bool, but: str = "") -> Trial | None:
        texts = [_without(but, passage.text) if but else passage.text for passage in among]
        quote, steps = quoted(runtime, trial.row, texts, control)
        found.steps += steps
        found.quote = quote = judged(quote, about, again.pages) if quote is not None else None
        return quote if quote is not None and _counts(quote, question, refused=refused) else None

    first = found.best
    told = any(passage.names_all and passage.match >= TOLD for passage in passages)
    quote = quote_of(passages, refused=trial.refuses) if not _stands(trial) and (told or not trial.refuses) else None
    best = _settled(first, trial, quote, about, found.trials)
    against = [passage for passage in passages if best is not None and denies(best.text, passage.text)]
    if against and best is not None:  # the text itself takes it back
        kept = first if first is not None and _stands(first) else None
        if kept is not None and any(denies(kept.text, passage.text) for passage in passages):
            kept = None
        right = kept if kept is not None and _corrects(kept) else quote_of(against, refused=False, but=best.text)
        best = right or kept
    found.best = best
    found.rereading = again if best is not None and best.start is again.start else None
    found.contradicted = best is not None and _contradicted(best, passages)


def _settled(
    first: Trial | None, trial: Trial, quote: Trial | None, about: str, trials: Sequence[Trial]
) -> Trial | None:
    """Which answer to believe: the first choice, what the re-reading says, or its words along the pages."""
    if quote is not None:
        return first if first is not None and _says_more(first, quote) else quote
    if _stands(trial):
        disputed = is_sure(first) and first is not None and first.text != trial.text
        return choose([*trials, trial], about) if disputed else trial
    if is_sure(first) or (not trial.refuses and first is not None and _stands(first)):
        return first
    if trial.refuses or (claims(about) and len(trial.text.split()) <= SHORT_ANSWER):
        # Nothing bears out what is one figure or name beside another: that is no answer, however sure it sounds.
        return None
    return trial


def _without(answer: str, text: str) -> str:
    """`text` with a bar for `answer` wherever it stands."""
    written = r"\s+".join(re.escape(word) for word in answer.rstrip(".").split())
    return re.sub(rf"(?<!\w){written}(?!\w)", "|", text, flags=re.IGNORECASE)


def _contradicted(best: Trial, passages: Sequence[Passage]) -> bool:
    """Whether one of `passages` speaks of more of what is asked than that of `best`, and does not say the same."""
    if best.passage is None:
        return False
    match = best.passage.match
    return any(p.names_all and p.match > match and not says(best.text, p.text) for p in passages)


def _counts(quote: Trial, question: str, *, refused: bool) -> bool:
    """Whether words of the page are an answer: the model finds them likely, and where it would rather have said no, the
    passage speaks of all that is asked."""
    assert quote.passage is not None or not quote.borne_out
    if not quote.borne_out or quote.certainty < QUOTED or not fits(question, quote.text):
        return False
    told = quote.passage is not None and quote.passage.match >= TOLD
    return told or (not refused and quote.weakest >= QUOTED_WEAKEST)


def _says_more(first: Trial, quote: Trial) -> bool:
    """Whether the answer that was chosen at first stands in a passage that speaks of more of what is asked than that of
    `quote`, or that puts something right: what is quoted because the re-reading's own words stand nowhere gives way."""
    if not _stands(first) or first.passage is None or quote.passage is None:
        return False
    if first.passage.corrects and not quote.passage.corrects:
        return first.passage.match >= quote.passage.match - SLACK
    return first.passage.match > quote.passage.match


def _corrects(trial: Trial) -> bool:
    return trial.passage is not None and trial.passage.corrects


def _stands(trial: Trial) -> bool:
    return trial.borne_out and trial.passage is not None and trial.passage.verbatim
