"""Where an answer should come from: the document state, or the section that is most certain of it.

One state of fixed size holds a few facts well and many badly; the remedy of arXiv 2505.07793 is to read sections apart
and to let that one answer which is most certain. Here the full-text index puts sections forward, their states are read
once and saved, and all candidates are asked in one batch. A candidate that says the answer is not there is out.
First come those with a page that holds what both the question and the answer name, then those whose answer stands on
their pages at all; among equals the lowest entropy over the answer's first tokens wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from engine.control import Cancelled, Control
from engine.generate import prefill_batch
from engine.hardware import chunk_length
from engine.library.prefix import Prefix, PrefixHasher
from engine.library.rows import NewSnapshot, Section
from engine.prompts import NOT_FOUND, page_text
from engine.reader import DocumentState
from engine.resume import longest_state
from engine.runtime import Runtime
from engine.state import MambaState
from engine.store import Library
from engine.verification import claims, supporting_page, unverified

SECTIONS = 8
"""Sections asked at most."""
LOOK_AHEAD = 24
"""Tokens of each candidate's answer that are looked at."""
READING_SECONDS = 20.0
"""Time that reading sections for one question may take at the document's own speed; saved ones cost nothing."""


@dataclass(frozen=True)
class Start:
    """A state to ask, and what it rests on."""

    state: MambaState
    """One row that has consumed its text and no question. Not to be advanced: clone it."""
    prefix: Prefix | None
    """Exactly what it has consumed, where it is known."""
    first_page: int
    last_page: int
    basis: str
    heading: str = ""
    """Of the section."""
    page: int | None = None
    """The page that holds what the answer and the question name, where one does."""


def whole_document(of: DocumentState) -> Start:
    """The document state as the only candidate."""
    pages = f"pages 1 to {of.pages}" if of.pages > 1 else "page 1"
    state = "the document state" if of.complete else f"the state after page {of.pages}"
    return Start(of.state, None, 1, of.pages, f"from {state}: all that was read, {pages}")


def best_start(
    runtime: Runtime,
    library: Library,
    of: DocumentState,
    question: str,
    before: str,
    request: Sequence[int],
    control: Control,
) -> Start:
    """The candidate to answer `request` from: the token ids of `question`, after a conversation whose questions were
    `before`.

    A document inside the trained context is asked of its own state alone. Raises Cancelled.
    """
    whole = whole_document(of)
    context = runtime.trained_context
    if context is not None and of.tokens <= context:
        return whole
    starts = [whole, *_section_starts(runtime, library, of, f"{before} {question}", control)]
    if len(starts) == 1:
        return whole
    trials = _try(runtime, MambaState.stack([start.state for start in starts]), request, control)
    answering = []
    for start, (text, entropy) in zip(starts, trials, strict=True):
        if says_not_found(text):
            continue
        pages = library.pages(of.document.id, first=start.first_page, last=start.last_page)
        page = supporting_page(question, text, ((p.number, p.text) for p in pages))
        if page is None and start is whole and claims(question):
            continue  # an overfull state says something of anything; alone, without a page that bears it out, it is no
        doubtful = page is None and (not claims(text) or bool(unverified(text, (p.text for p in pages))))
        if page is not None:
            by_state = f"from the document state; page {page} bears it out"
            start = replace(start, page=page, basis=by_state if start is whole else _basis(page, page, start.heading))
        answering.append((page is None, doubtful, entropy, start))
    if answering:
        return min(answering, key=lambda candidate: candidate[:3])[3]
    nearest = starts[1]
    where = _pages(nearest.first_page, nearest.last_page)
    basis = f"neither the document state nor the {len(starts) - 1} sections nearest to it hold it; nearest: {where}"
    return replace(nearest, basis=basis)


def says_not_found(answer: str) -> bool:
    """Whether an answer is the model's own "Not in this document."."""
    return answer.strip().startswith(NOT_FOUND.rstrip("."))


def _section_starts(runtime: Runtime, library: Library, of: DocumentState, query: str, control: Control) -> list[Start]:
    """The sections that the search puts forward, best first, each with its state: saved before, or read now."""
    reading = library.reading_for(of.document.id, runtime.identity)
    if reading is None:
        return []
    hits = library.search_sections(of.document.id, query, limit=2 * SECTIONS, reading=reading.id)
    sections = [hit.section for hit in hits if hit.section.last_page <= of.pages][:SECTIONS]
    texts = {s.id: _tokens(runtime, s) for s in sections}
    prefixes: dict[int, Prefix] = {}
    states: dict[int, MambaState] = {}
    for section in sections:
        hasher = PrefixHasher(runtime.identity)
        hasher.feed(texts[section.id])
        prefixes[section.id] = hasher.at()
        found = longest_state(library, hasher, runtime.model.device)
        if found is not None and found[0] == len(texts[section.id]):
            states[section.id] = found[1]
    allowed = READING_SECONDS * reading.speed
    unread = []
    for section in sections:
        if section.id not in states:
            allowed -= len(texts[section.id])
            if allowed >= 0:
                unread.append(section)
    if unread:
        rows = _read(runtime, [texts[s.id] for s in unread], control)
        for index, section in enumerate(unread):
            states[section.id] = rows.select([index])
            # bf16: a section's state is only ever asked, never read on from, so it is rounded once.
            data = states[section.id].to_bytes(torch.bfloat16)
            library.save_snapshot(of.document.id, NewSnapshot("section", prefixes[section.id], data, "bf16"))
    return [
        Start(
            states[s.id],
            prefixes[s.id],
            s.first_page,
            s.last_page,
            _basis(s.first_page, s.last_page, s.heading),
            s.heading,
        )
        for s in sections
        if s.id in states
    ]


def _tokens(runtime: Runtime, section: Section) -> list[int]:
    tokenizer = runtime.tokenizer
    return [*tokenizer.document_prefix, *tokenizer.encode_document(page_text(section.text))]


def _read(runtime: Runtime, texts: Sequence[list[int]], control: Control) -> MambaState:
    model = runtime.model
    state = model.new_state(len(texts))
    length = chunk_length(model.config, model.device, model.dtype, batch_size=len(texts))
    for _ in prefill_batch(model, state, texts, length, lambda: control.cancelled):
        control.wait_while_paused()
    if control.cancelled:
        raise Cancelled
    return state


def _try(runtime: Runtime, state: MambaState, request: Sequence[int], control: Control) -> list[tuple[str, float]]:
    """For each row of `state` (advanced) the beginning of its answer and the mean entropy of its tokens, in nats."""
    model, rows = runtime.model, state.batch_size
    asked = torch.tensor([list(request)] * rows)
    for chunk in asked.split(runtime.chunk_length, dim=1):
        _stop_if_cancelled(control)
        logits = model(chunk, state)
    said: list[list[int]] = [[] for _ in range(rows)]
    entropies: list[list[float]] = [[] for _ in range(rows)]
    running = set(range(rows))
    for _ in range(LOOK_AHEAD):
        _stop_if_cancelled(control)
        log_p = torch.log_softmax(logits, dim=-1)
        entropy: list[float] = (-(log_p.exp() * log_p).sum(dim=-1)).tolist()
        tokens = logits.argmax(dim=-1)
        for row, token in enumerate(tokens.tolist()):
            if row in running:
                entropies[row].append(entropy[row])
                if token in runtime.stop_ids:
                    running.discard(row)
                else:
                    said[row].append(token)
        if not running:
            break
        logits = model(tokens[:, None], state)  # rows that have ended go along: fewer shapes, no harm
    texts = [runtime.tokenizer.decode(ids) for ids in said]
    # An answer that goes on beyond what was looked at may stand there with half a word.
    texts = [text.rpartition(" ")[0] or text if row in running else text for row, text in enumerate(texts)]
    return [(text, sum(found) / len(found)) for text, found in zip(texts, entropies, strict=True)]


def _stop_if_cancelled(control: Control) -> None:
    control.wait_while_paused()
    if control.cancelled:
        raise Cancelled


def _basis(first: int, last: int, heading: str) -> str:
    return f"from {_pages(first, last)}" + (f" ({heading})" if heading else "")


def _pages(first: int, last: int) -> str:
    return f"page {first}" if first == last else f"pages {first} to {last}"
