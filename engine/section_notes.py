"""The note on every section of a document: written many to a batch, streamed in order, kept in the library.

A note gets the page of every line. A finding that should be a copy gets the figures of the sentence that it copies, or
is left out where there is none, and both are counted. What a model says in its own words stays; what of the summary no
page bears out is told with it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace

from engine import section_states
from engine.control import Cancelled, Control
from engine.findings import EXACT, Passages, is_list, weights
from engine.generate import RowEnded, RowToken, Sampling, decode_batch, prefill_batch
from engine.hardware import chunk_length
from engine.library.rows import Section, SectionNote
from engine.merging import has_findings
from engine.messages import Event, SectionSummarized
from engine.prompts import NO_FINDINGS, Request
from engine.reader import DocumentState
from engine.runtime import Runtime
from engine.section_states import BATCH_ROWS
from engine.state import MambaState
from engine.store import Library
from engine.verification import unverified

SECTION_TOKENS = 300
"""Longest summary of one section."""
SHORTER = "\n\nWrite one paragraph of at most five sentences."
"""Added to a request for a paragraph. The demonstration model knows only the requests it was trained on."""


@dataclass(frozen=True)
class SummaryJob:
    """What is asked for, and who asks."""

    runtime: Runtime
    library: Library
    of: DocumentState
    control: Control
    job_id: str
    length: str
    focus: str | None

    @property
    def copies(self) -> bool:
        """Whether the model writes lists of findings word for word, and knows no other request."""
        return self.runtime.is_demo

    def request(self) -> Request:
        """Asks for the summary of what was just read."""
        return self.runtime.tokenizer.prompts.summary(self.focus)

    def encoded(self, request: Request, *, shorter: bool = False) -> list[int]:
        if shorter and self.length == "paragraph" and not self.copies:
            request = replace(request, text=request.text + SHORTER)
        return self.runtime.tokenizer.encode_request(request)

    def count(self, text: str) -> int:
        return len(self.runtime.tokenizer.encode_document(text))


@dataclass
class SectionNotes:
    """The notes on all sections, in order."""

    notes: list[SectionNote] = field(default_factory=list)
    cut: int = 0
    left_out: int = 0
    put_right: int = 0
    written: int = 0
    """Tokens."""

    @property
    def telling(self) -> list[SectionNote]:
        return [note for note in self.notes if has_findings(note.text)]


def take_notes(job: SummaryJob, sections: Sequence[Section]) -> Generator[Event, None, SectionNotes]:
    """The note on every section in order: from the library where it is there, else written now and kept."""
    request = job.request()
    reading = sections[0].reading if sections else None
    known = job.library.section_notes(job.of.document.id, job.focus or "", request.text, reading)
    saved = {note.section: note for note in known}
    written = _write_notes(job, [section for section in sections if section.id not in saved], job.encoded(request))
    found = SectionNotes()
    for section in sections:
        note = saved.get(section.id)
        if note is None:
            text, reason = next(written)
            found.written += job.count(text)
            found.cut += reason != "stop"
            note = _checked(job, section, text, reason, found)
            job.library.save_note(section.id, request.text, note.text, note.line_pages, job.focus or "")
        found.notes.append(note)
        yield SectionSummarized(
            job_id=job.job_id,
            section=section.number,
            sections=len(sections),
            heading=section.heading,
            first_page=section.first_page,
            last_page=section.last_page,
            text=note.text,
            line_pages=note.line_pages,
            saved=section.id in saved,
        )
    return found


def _checked(job: SummaryJob, section: Section, text: str, reason: str, found: SectionNotes) -> SectionNote:
    """What the model said of a section, with the page of every line. What should be a copy and is not true to the
    section's text is put right or left out, and counted in `found`."""
    pages = job.library.pages(job.of.document.id, first=section.first_page, last=section.last_page)
    passages = Passages([(page.number, page.text) for page in pages])
    lines = text.splitlines()
    if reason != "stop" and is_list(text):
        lines = lines[:-1]  # half a finding is none
    elif reason != "stop":
        lines[-1:] = [f"{line} …" for line in lines[-1:]]
    kept: list[str] = []
    line_pages: list[list[int]] = []
    left_out = found.left_out
    for line in lines:
        if job.copies and line.startswith("- "):
            right = passages.put_right(line)
            if right is None and not _is_copy(line, section, passages):
                found.left_out += 1
                continue
            found.put_right += right not in (None, line)
            line = right or line
        pages_of_line = passages.pages_of(line)
        if not pages_of_line and weights(line) and not line.rstrip().endswith(":"):
            pages_of_line = list(range(section.first_page, section.last_page + 1))
        kept.append(line)
        line_pages.append(pages_of_line)
    if found.left_out > left_out and not any(line.startswith("- ") for line in kept):
        kept, line_pages = [NO_FINDINGS], [[]]
    elif not has_findings("\n".join(kept)):
        line_pages = [[] for _ in kept]
    place = (section.id, section.number, section.heading, section.first_page, section.last_page, job.focus or "")
    return SectionNote(*place, "\n".join(kept), line_pages)


def _is_copy(line: str, section: Section, passages: Passages) -> bool:
    return not unverified(line, [section.text]) and passages.find(line)[0] >= EXACT


def _write_notes(job: SummaryJob, sections: Sequence[Section], request: Sequence[int]) -> Iterator[tuple[str, str]]:
    """What the model says of each of `sections`, in order, and why it ended; their states are kept for questions."""
    runtime = job.runtime
    states = section_states.saved(runtime, job.library, sections)
    rows = BATCH_ROWS[runtime.model.device.type]
    for first in range(0, len(sections), rows):
        batch = sections[first : first + rows]
        unread = [section for section in batch if section.id not in states]
        for read in section_states.read(runtime, job.library, job.of.document.id, unread, job.control):
            states |= read
        state = MambaState.stack([states.pop(section.id).state for section in batch])
        yield from respond(job, state, [list(request)] * len(batch), SECTION_TOKENS)


def respond(job: SummaryJob, state: MambaState, texts: Sequence[list[int]], most: int) -> Iterator[tuple[str, str]]:
    """What the model says when each row of `state` has read its own of `texts`, and why it ended: in order of rows,
    each as soon as those before it are there. Raises Cancelled."""

    def cancelled() -> bool:
        job.control.wait_while_paused()
        return job.control.cancelled

    model = job.runtime.model
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
    ended: dict[int, str] = {}
    shown = 0
    for item in decode_batch(model, state, logits, Sampling(), job.runtime.stop_ids, most, cancelled):
        match item:
            case RowToken(row, token):
                said[row].append(token)
            case RowEnded(row, reason):
                if reason == "cancelled":
                    raise Cancelled
                ended[row] = reason
        while shown in ended:
            yield job.runtime.tokenizer.decode(said[shown]).strip(), ended[shown]
            shown += 1
