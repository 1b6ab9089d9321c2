"""Summaries: from the document state at once, or section by section and then merged."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

from engine.control import Cancelled, Control
from engine.generate import RowEnded, RowToken, Sampling, decode_batch, prefill_batch
from engine.hardware import chunk_length
from engine.library.rows import Section
from engine.messages import Event, Notice, SectionSummarized, SummaryDelta, SummaryFinished
from engine.prompts import NO_FINDINGS, page_text
from engine.reader import DocumentState
from engine.runtime import Runtime
from engine.store import Library
from engine.verification import unverified

SUMMARY_TOKENS = 500
"""Longest summary of a document or a merge; a longer one is cut, and says so."""
SECTION_TOKENS = 200
"""Longest summary of one section."""
BATCH_ROWS = {"cpu": 8, "cuda": 32}
"""Sections summarised side by side: enough rows to keep the matrix products busy."""
CUT = {"stop": "", "repetition": "; cut because it went in circles", "length": f"; cut after {SUMMARY_TOKENS} tokens"}
"""How a text ended, for its basis."""
MERGE_CONTEXT = 2048
"""Tokens that a merge may read, where the checkpoint does not say what it was trained on."""


@dataclass(frozen=True)
class _Summary:
    """What one way of summarising came to."""

    text: str
    basis: str
    tokens: int


def summarize(
    runtime: Runtime,
    library: Library,
    of: DocumentState,
    method: str,
    control: Control,
    job_id: str,
    focus: str | None = None,
) -> Iterator[Event]:
    """Summarise a document that has been read, by `method` (auto, state or sections), and save the summary.

    auto: from the document state where the document lies inside the model's trained context, else by sections.
    """
    sections = library.sections(of.document.id)
    if method == "auto":
        context = runtime.trained_context
        method = "state" if len(sections) <= 1 or (context is not None and of.tokens <= context) else "sections"
    started = time.monotonic()
    if method == "state":
        made = yield from _from_state(runtime, of, control, job_id, focus)
    else:
        made = yield from _from_sections(runtime, sections, control, job_id, focus)
    library.save_summary(
        of.document.id, runtime.identity, method, made.text, of.tokens, focus or "", {"basis": made.basis}
    )
    seconds = max(time.monotonic() - started, 1e-9)
    yield SummaryFinished(
        job_id=job_id, text=made.text, method=method, basis=made.basis, tokens_per_second=made.tokens / seconds
    )


def _from_state(
    runtime: Runtime, of: DocumentState, control: Control, job_id: str, focus: str | None
) -> Generator[Event, None, _Summary]:
    request = runtime.tokenizer.encode_request(runtime.tokenizer.prompts.summary(focus))
    text, cut = yield from _stream(runtime, of, request, control, job_id)
    pages = f"all {of.pages} pages" if of.pages > 1 else "the one page"
    return _Summary(text, f"from the document state, after {pages}{cut}", _count(runtime, text))


def _stream(
    runtime: Runtime, of: DocumentState, request: Sequence[int], control: Control, job_id: str
) -> Generator[Event, None, tuple[str, str]]:
    """Stream what the model says to `request`; the whole text, and words for how it was cut, if it was."""
    text = ""
    pieces = runtime.respond(of.state.clone(), request, SUMMARY_TOKENS, control)
    while True:
        try:
            piece = next(pieces)
        except StopIteration as ended:
            return text.strip(), {"stop": "", "repetition": "; cut because it went in circles"}.get(
                ended.value, "; cut"
            )
        text += piece
        yield SummaryDelta(job_id=job_id, text=piece)


def _from_sections(
    runtime: Runtime, sections: Sequence[Section], control: Control, job_id: str, focus: str | None
) -> Generator[Event, None, _Summary]:
    request = runtime.tokenizer.encode_request(runtime.tokenizer.prompts.summary(focus))
    prefix = runtime.tokenizer.document_prefix
    rows = BATCH_ROWS[runtime.model.device.type]
    notes: list[str] = []
    for first in range(0, len(sections), rows):
        batch = sections[first : first + rows]
        texts = [[*prefix, *runtime.tokenizer.encode_document(page_text(s.text)), *request] for s in batch]
        for offset, note in _respond_batch(runtime, texts, SECTION_TOKENS, control):
            section = batch[offset]
            notes.append(note)
            yield SectionSummarized(
                job_id=job_id,
                section=section.number,
                sections=len(sections),
                heading=section.heading,
                first_page=section.first_page,
                last_page=section.last_page,
                text=note,
            )
    tokens = sum(_count(runtime, note) for note in notes)
    basis = f"of {len(sections)} sections read one by one"
    if len(notes) == 1:
        return _Summary(notes[0], basis, tokens)
    text, levels = yield from _merge(runtime, notes, control, job_id)
    steps = {0: "", 1: " and merged once"}.get(levels, f" and merged in {levels} steps")
    return _Summary(text, basis + steps, tokens + _count(runtime, text))


def _merge(
    runtime: Runtime, notes: list[str], control: Control, job_id: str
) -> Generator[Event, None, tuple[str, int]]:
    """Merge notes in groups that stay inside the trained context until one text is left; it, and the levels it took."""
    tokenizer = runtime.tokenizer
    request = tokenizer.encode_request(tokenizer.prompts.merge())
    context = runtime.trained_context or MERGE_CONTEXT
    room = max(context - len(tokenizer.merge_prefix) - len(request) - SUMMARY_TOKENS, SUMMARY_TOKENS)
    notes = [note for note in notes if note and note != NO_FINDINGS] or [NO_FINDINGS]
    levels = 0
    while len(notes) > 1:
        groups = _groups(notes, [len(tokenizer.encode_document(page_text(note))) for note in notes], room)
        if len(groups) == len(notes):
            yield Notice(job_id=job_id, text="The section summaries are too long to be merged into one; all follow.")
            break
        texts = [
            [
                *tokenizer.merge_prefix,
                *(i for note in group for i in tokenizer.encode_document(page_text(note))),
                *request,
            ]
            for group in groups
        ]
        rows = BATCH_ROWS[runtime.model.device.type]
        merged: list[str] = []
        for first in range(0, len(texts), rows):
            batch = texts[first : first + rows]
            merged += [text for _, text in _respond_batch(runtime, batch, SUMMARY_TOKENS, control)]
        # A merge that names what none of its notes does has made something up: the notes themselves are kept instead.
        notes = [
            _union(group) if not text or _invents(text, group) else text
            for group, text in zip(groups, merged, strict=True)
        ]
        levels += 1
    text = _union(notes)
    yield SummaryDelta(job_id=job_id, text=text)
    return text, levels


def _invents(merged: str, notes: Sequence[str]) -> bool:
    """Whether a merge names what none of its notes names or, where all notes are lists, has an item that none has."""
    if unverified(merged, notes):
        return True
    items = [_items(note) for note in notes]
    return all(items) and not _items(merged) <= set().union(*items)


def _items(text: str) -> set[str]:
    return {line.strip() for line in text.splitlines() if line.startswith("- ")}


def _union(notes: Sequence[str]) -> str:
    """The lines of all notes in order, each once."""
    return "\n".join(dict.fromkeys(line for note in notes for line in note.splitlines()))


def _groups(notes: Sequence[str], sizes: Sequence[int], room: int) -> list[list[str]]:
    """Consecutive notes, `sizes` tokens each, together while they fit into `room` tokens."""
    groups: list[list[str]] = []
    filled = 0
    for note, size in zip(notes, sizes, strict=True):
        if groups and filled + size <= room:
            groups[-1].append(note)
            filled += size
        else:
            groups.append([note])
            filled = size
    return groups


def _respond_batch(
    runtime: Runtime, texts: Sequence[list[int]], max_tokens: int, control: Control
) -> Iterator[tuple[int, str]]:
    """What the model says after each of `texts`, (row, text) in order of rows, each as soon as those before it are."""

    def cancelled() -> bool:
        control.wait_while_paused()
        return control.cancelled

    model = runtime.model
    state = model.new_state(len(texts))
    length = chunk_length(model.config, model.device, model.dtype, batch_size=len(texts))
    reading = prefill_batch(model, state, texts, length, cancelled)
    while True:
        try:
            next(reading)
        except StopIteration as done:
            logits = done.value
            break
    if logits is None:
        raise Cancelled
    said: list[list[int]] = [[] for _ in texts]
    ended: set[int] = set()
    shown = 0
    for item in decode_batch(model, state, logits, Sampling(), runtime.stop_ids, max_tokens, cancelled):
        match item:
            case RowToken(row, token):
                said[row].append(token)
            case RowEnded(row, reason):
                if reason == "cancelled":
                    raise Cancelled
                ended.add(row)
        while shown in ended:
            yield shown, runtime.tokenizer.decode(said[shown]).strip()
            shown += 1


def _count(runtime: Runtime, text: str) -> int:
    return len(runtime.tokenizer.encode_document(text))
