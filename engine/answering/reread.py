"""Re-reading: the pages about the question, read again with the question before and after them.

A state of fixed size keeps more of the information that it was asked for: reading again with the question first gains
recurrent models about ten points (Arora et al., arXiv 2407.05483). A few pages in document order also decide between
two sections that disagree, because a correction then follows the sentence that it corrects.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from engine.answering.attempts import Attempt
from engine.answering.retrieval import Retrieved, Source
from engine.control import Cancelled
from engine.generation.generate import prefill
from engine.grounding.passages import Passage, matching_passages
from engine.library.prefix import PrefixHasher
from engine.prompting.prompts import page_text
from engine.reading.context import Context

PAGES = 6
"""Most pages that are read again."""
AROUND = 300
"""Characters read before and after each passage about the question, to the ends of their lines: the fewer facts between
question and answer, the surer the answer."""
LONGEST = 2_400
"""Characters of a page that are read again, but for the rest of the lines at both ends."""
TOKENS = 2_048
"""Tokens of a re-reading where the trained context is unknown."""
LEAST = 800
"""Tokens that may be read again however slow the machine is: about the longest excerpt of one page."""
LOOKED_AT = 12
"""Number of sections whose pages are searched."""


@dataclass(frozen=True)
class Rereading:
    """Pages read again, and the state that has consumed them."""

    source: Source
    pages: list[tuple[int, str]]
    """Number and the text that was read, in order."""
    steps: int
    """Tokens that the model was fed."""


def reread(
    context: Context, question: str, topic: str, retrieved: Retrieved, attempts: Sequence[Attempt], room: int
) -> Rereading | None:
    """Read again the text about `topic` in the retrieved sections and on the pages that `attempts` are based on.

    `room` is the number of tokens that will follow within the trained context. Return None when no page is about the
    topic. Raise Cancelled.
    """
    runtime = context.runtime
    opening = runtime.tokenizer.reread_prefix(question)
    left = min((context.trained_context or TOKENS) - room - len(opening), _affordable(context))
    chosen = _fitting(context, evidence_pages(context, topic, retrieved, attempts), left)
    if not chosen:
        return None
    ids = list(opening)
    for _, text in chosen:
        ids += runtime.tokenizer.encode_document(page_text(text))
    state = runtime.model.new_state()
    for _ in prefill(runtime.model, state, ids, runtime.chunk_length, context.cancelled):
        pass
    if context.control.cancelled:
        raise Cancelled
    hasher = PrefixHasher(runtime.identity)
    hasher.feed(ids)
    return Rereading(Source(state, hasher.at(), chosen[0][0], chosen[-1][0]), chosen, len(ids))


def _affordable(context: Context) -> int:
    """Return the tokens that may be read again in the time that the profile allows, at the document's own speed."""
    seconds = context.runtime.profile.answers.rereading_seconds
    reading = context.library.readings.latest(context.document_id, context.runtime.identity)
    if seconds is None or reading is None:
        return sys.maxsize
    return max(LEAST, int(seconds * reading.speed))


def evidence_pages(
    context: Context, topic: str, retrieved: Retrieved, attempts: Sequence[Attempt]
) -> list[tuple[int, str]]:
    """Return the (page, text) to read again, best first: the passages of answers, then those about `topic`."""
    supporting = [a.passage for a in attempts if a.supported and a.passage is not None][:LOOKED_AT]
    sections = [a.source.section for a in attempts if not a.refuses and a.source.section is not None]
    spans = {(s.first_page, s.last_page) for s in [*sections, *retrieved.ranked][:LOOKED_AT]}
    spans |= {(passage.page, passage.page) for passage in supporting}
    pages = {page.number: page.text for first, last in spans for page in context.pages(first, last)}
    about = matching_passages(topic, sorted(pages.items()))
    matches = {passage.page: max(p.match for p in about if p.page == passage.page) for passage in about}
    order = sorted(matches, key=lambda number: (-matches[number], number))
    chosen = list(dict.fromkeys([*(passage.page for passage in supporting[:2]), *order]))
    # The passages of answers come first: they may match the question too little to be found by it.
    telling = [*supporting, *sorted(about, key=lambda passage: -passage.match)]
    return [(number, _excerpt(pages[number], [p for p in telling if p.page == number])) for number in chosen]


def _excerpt(text: str, passages: Sequence[Passage]) -> str:
    """Return `text` around each of `passages`, in order and in whole lines; the beginning of `text` without passages.

    When space is short, the first passages are left out last.
    """
    pieces: list[tuple[int, int]] = []
    for passage in passages:
        piece = _lines(text, passage.start - AROUND, passage.end + AROUND)
        merged = _merged([*pieces, piece])
        if pieces and sum(end - start for start, end in merged) > LONGEST:
            continue
        pieces = merged
    return "\n".join(text[start:end] for start, end in pieces or [_lines(text, 0, LONGEST)])


def _lines(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the start of the line at `start` and the end of the line at `end`."""
    start = text.rfind("\n", 0, max(0, start)) + 1
    stop = text.find("\n", max(0, end - 1)) if end < len(text) else -1
    return start, stop if stop >= 0 else len(text)


def _merged(pieces: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the spans in order, with those that meet joined."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(pieces):
        if joined and start <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _fitting(context: Context, pages: Sequence[tuple[int, str]], room: int) -> list[tuple[int, str]]:
    """Return those of `pages`, best first, that fit into `room` tokens, in document order."""
    taken: list[tuple[int, str]] = []
    for number, text in pages:
        size = len(context.runtime.tokenizer.encode_document(page_text(text)))
        if size <= room and len(taken) < PAGES:
            taken.append((number, text))
            room -= size
    return sorted(taken)
