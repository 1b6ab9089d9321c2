"""Re-reading: the pages that speak of what is asked, read again with the question before them and after them.

A state of fixed size keeps what it is looking for: reading again with the question first gains recurrent models about
ten points (Arora et al., arXiv 2407.05483). A few pages in document order also settle what two sections disagree on,
for a correction then stands behind what it corrects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.answering.attempts import Trial
from engine.answering.retrieval import Candidates, Start
from engine.control import Cancelled, Control
from engine.generation.generate import prefill
from engine.generation.runtime import Runtime
from engine.grounding.passages import Passage, speaking
from engine.library.library import Library
from engine.library.prefix import PrefixHasher
from engine.prompting.prompts import page_text
from engine.reading.reader import DocumentState

PAGES = 6
"""Pages read again at most."""
AROUND = 300
"""Characters read again before and after what speaks of the question, to the ends of their lines: the fewer facts
between question and answer, the surer the answer."""
LONGEST = 2_400
"""Characters of a page read again at most, but for the rest of the lines at both ends."""
TOKENS = 2_048
"""Tokens of a re-reading where the checkpoint does not say what it was trained on."""
LOOKED_AT = 12
"""Sections whose pages are looked through."""


@dataclass(frozen=True)
class Rereading:
    """Pages read again, and the state that has consumed them."""

    start: Start
    pages: list[tuple[int, str]]
    """Number and what was read of it, in order."""
    steps: int
    """Tokens that were fed for it."""


def reread(
    runtime: Runtime,
    library: Library,
    of: DocumentState,
    question: str,
    about: str,
    among: Candidates,
    trials: Sequence[Trial],
    room: int,
    control: Control,
) -> Rereading | None:
    """Read again what speaks of `about` in the sections of `among` and on the pages that `trials` rest on.

    `room`: tokens that will follow within the trained context. None where no page speaks of it. Raises Cancelled.
    """
    tokenizer = runtime.tokenizer
    context = runtime.trained_context or TOKENS
    opening = tokenizer.reread_prefix(question)
    chosen = _fitting(runtime, evidence_pages(library, of, about, among, trials), context - room - len(opening))
    if not chosen:
        return None
    ids = list(opening)
    for _, text in chosen:
        ids += tokenizer.encode_document(page_text(text))
    state = runtime.model.new_state()
    for _ in prefill(runtime.model, state, ids, runtime.chunk_length, lambda: control.cancelled):
        control.wait_while_paused()
    if control.cancelled:
        raise Cancelled
    hasher = PrefixHasher(runtime.identity)
    hasher.feed(ids)
    return Rereading(Start(state, hasher.at(), chosen[0][0], chosen[-1][0]), chosen, len(ids))


def evidence_pages(
    library: Library, of: DocumentState, about: str, among: Candidates, trials: Sequence[Trial]
) -> list[tuple[int, str]]:
    """What to read again, (page, text), the best first: what answers rest on, then what speaks of `about`."""
    resting = [trial.passage for trial in trials if trial.borne_out and trial.passage is not None][:LOOKED_AT]
    sections = [trial.start.section for trial in trials if not trial.refuses and trial.start.section is not None]
    spans = {(s.first_page, s.last_page) for s in [*sections, *among.searched][:LOOKED_AT]}
    spans |= {(passage.page, passage.page) for passage in resting}
    pages = {
        page.number: page.text for first, last in spans for page in library.pages.of(of.document.id, None, first, last)
    }
    found = speaking(about, sorted(pages.items()))
    scores = {passage.page: max(p.match for p in found if p.page == passage.page) for passage in found}
    order = sorted(scores, key=lambda number: (-scores[number], number))
    chosen = list(dict.fromkeys([*(passage.page for passage in resting[:2]), *order]))
    # What an answer rests on comes first, for it may match the question too little to be found by it.
    telling = [*resting, *sorted(found, key=lambda passage: -passage.match)]
    return [(number, _excerpt(pages[number], [p for p in telling if p.page == number])) for number in chosen]


def _excerpt(text: str, passages: Sequence[Passage]) -> str:
    """`text` around each of `passages`, the first ones first, put in order and from line to line; its beginning
    without any."""
    pieces: list[tuple[int, int]] = []
    for passage in passages:
        piece = _lines(text, passage.start - AROUND, passage.end + AROUND)
        merged = _merged([*pieces, piece])
        if pieces and sum(end - start for start, end in merged) > LONGEST:
            continue
        pieces = merged
    return "\n".join(text[start:end] for start, end in pieces or [_lines(text, 0, LONGEST)])


def _lines(text: str, start: int, end: int) -> tuple[int, int]:
    """From the beginning of the line at `start` to the end of that at `end`."""
    start = text.rfind("\n", 0, max(0, start)) + 1
    stop = text.find("\n", max(0, end - 1)) if end < len(text) else -1
    return start, stop if stop >= 0 else len(text)


def _merged(pieces: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same places in order, those that meet as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(pieces):
        if joined and start <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _fitting(runtime: Runtime, pages: Sequence[tuple[int, str]], room: int) -> list[tuple[int, str]]:
    """Of `pages`, best first, those that fit into `room` tokens, in document order."""
    taken: list[tuple[int, str]] = []
    for number, text in pages:
        size = len(runtime.tokenizer.encode_document(page_text(text)))
        if size <= room and len(taken) < PAGES:
            taken.append((number, text))
            room -= size
    return sorted(taken)
