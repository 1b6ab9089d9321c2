"""Re-reading: the pages that speak of what is asked, read again with the question before them and after them.

A state of fixed size keeps what it is looking for: reading again with the question first gains recurrent models about
ten points (Arora et al., arXiv 2407.05483). A few pages in document order also settle what two sections disagree on,
for a correction then stands behind what it corrects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.candidates import Candidates, Start
from engine.control import Cancelled, Control
from engine.generate import prefill
from engine.library.prefix import PrefixHasher
from engine.library.rows import Page
from engine.passages import matches
from engine.prompts import page_text
from engine.reader import DocumentState
from engine.runtime import Runtime
from engine.store import Library
from engine.trials import Trial

PAGES = 4
"""Pages read again at most: the fewer facts between question and answer, the surer the answer."""
TOKENS = 2_048
"""Tokens of a re-reading where the checkpoint does not say what it was trained on."""
NEAR = 0.6
"""A page is read again that matches the question this much as well as the best one."""
LOOKED_AT = 12
"""Sections whose pages are looked through."""


@dataclass(frozen=True)
class Rereading:
    """Pages read again, and the state that has consumed them."""

    start: Start
    pages: list[Page]
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
    for page in chosen:
        ids += tokenizer.encode_document(page_text(page.text))
    state = runtime.model.new_state()
    for _ in prefill(runtime.model, state, ids, runtime.chunk_length, lambda: control.cancelled):
        control.wait_while_paused()
    if control.cancelled:
        raise Cancelled
    hasher = PrefixHasher(runtime.identity)
    hasher.feed(ids)
    return Rereading(Start(state, hasher.at(), chosen[0].number, chosen[-1].number), chosen, len(ids))


def evidence_pages(
    library: Library, of: DocumentState, about: str, among: Candidates, trials: Sequence[Trial]
) -> list[Page]:
    """The pages to read again, the best first: those that answers rest on, then those that speak of `about`."""
    resting = [trial.passage.page for trial in trials if trial.borne_out and trial.passage is not None]
    sections = [trial.start.section for trial in trials if not trial.refuses and trial.start.section is not None]
    spans = {(s.first_page, s.last_page) for s in [*sections, *among.searched][:LOOKED_AT]}
    pages = {page.number: page for first, last in spans for page in library.pages(of.document.id, None, first, last)}
    for number in resting:
        if number not in pages:
            pages |= {page.number: page for page in library.pages(of.document.id, None, number, number)}
    scores = matches(about, ((number, page.text) for number, page in sorted(pages.items())))
    best = max(scores.values(), default=0.0)
    near = [number for number, score in scores.items() if score > 0 and score >= NEAR * best]
    order = sorted(near, key=lambda number: (-scores[number], number))
    return [pages[number] for number in dict.fromkeys([*resting[:2], *order])]


def _fitting(runtime: Runtime, pages: Sequence[Page], room: int) -> list[Page]:
    """Of `pages`, best first, those that fit into `room` tokens, in document order."""
    taken: list[Page] = []
    for page in pages:
        size = len(runtime.tokenizer.encode_document(page_text(page.text)))
        if size <= room and len(taken) < PAGES:
            taken.append(page)
            room -= size
    return sorted(taken, key=lambda page: page.number)
