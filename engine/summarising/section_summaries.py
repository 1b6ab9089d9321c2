"""The note on every section of a document: written many to a batch, streamed in order, kept in the library.

A note gets the page of every line. A finding that should be a copy gets the figures of the sentence that it copies, or
is left out where there is none, and both are counted. What a model says in its own words stays; what of the summary no
page bears out is told with it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from engine.control import Cancelled, Control
from engine.generation.generate import SequenceEnded, SequenceToken, decode_batch, prefill_batch
from engine.generation.runtime import Runtime
from engine.generation.sampling import Sampling
from engine.generators import run_to_end
from engine.grounding.attribution import EXACT, PageIndex, weights
from engine.grounding.lines import is_list, union
from engine.grounding.support import unsupported
from engine.library.library import Library
from engine.library.records import Page, Section, SectionNote
from engine.network.memory import chunk_length
from engine.network.state import MambaState
from engine.prompting.prompts import NO_FINDINGS, Request, page_text
from engine.protocol.wire import Event, SectionSummarized
from engine.reading import section_states
from engine.reading.document_state import DocumentState
from engine.reading.section_states import BATCH_ROWS
from engine.summarising.reduce import has_findings

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
        return self.runtime.profile.summaries.copied_lists

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
    known = job.library.section_summaries.of(job.of.document.id, job.focus or "", request.text, reading)
    saved = {note.section: note for note in known}
    written = _write_notes(job, [section for section in sections if section.id not in saved], job.encoded(request))
    found = SectionNotes()
    for section in sections:
        note = saved.get(section.id)
        if note is None:
            text, cut = next(written)
            found.written += job.count(text)
            found.cut += cut
            note = _checked(job, section, text, found)
            job.library.section_summaries.save(section.id, request.text, note.text, note.line_pages, job.focus or "")
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


def _checked(job: SummaryJob, section: Section, text: str, found: SectionNotes) -> SectionNote:
    """What the model said of a section, with the page of every line. What should be a copy and is not true to the
    section's text is put right or left out, and counted in `found`."""
    passages = PageIndex([(page.number, page.text) for page in _pages(job, section.first_page, section.last_page)])
    kept: list[str] = []
    line_pages: list[list[int]] = []
    left_out = found.left_out
    for line in text.splitlines():
        if job.copies and line.startswith("- "):
            right = passages.corrected(line)
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


def _is_copy(line: str, section: Section, passages: PageIndex) -> bool:
    return not unsupported(line, [section.text]) and passages.find(line)[0] >= EXACT


def _write_notes(job: SummaryJob, sections: Sequence[Section], request: Sequence[int]) -> Iterator[tuple[str, bool]]:
    """What the model says of each of `sections`, in order, and whether any of it was cut.

    A section is asked of its own state, which is kept for questions too. One that takes up more than half of the
    trained context is read in parts, by pages: the more a state has read, the more findings it passes over.
    """
    units = [(section, part) for section in sections for part in _parts(job, section)]
    answers = _answers(job, units, request)
    for _, group in groupby(units, key=lambda unit: unit[0].id):
        parts = [next(answers) for _ in group]
        telling = [text for text, _ in parts if has_findings(text)]
        yield union(telling) if len(parts) > 1 and telling else parts[0][0], any(cut for _, cut in parts)


Part = tuple[int, int] | None
"""The first and the last of the pages that a part of a section has; None for a whole section."""


def _parts(job: SummaryJob, section: Section) -> list[Part]:
    context = job.runtime.trained_context
    if context is None or section.n_tokens <= context // 2:
        return [None]
    pages = [page for page in _pages(job, section.first_page, section.last_page) if page.text]
    if "\n\n".join(page.text for page in pages) != section.text:
        return [None]  # it begins or ends within a page
    parts: list[Part] = []
    tokens = 0
    for page in pages:
        size = page.n_tokens if page.n_tokens is not None else job.count(page_text(page.text))
        last = parts[-1] if parts else None
        if last is not None and tokens + size <= context // 2:
            parts[-1], tokens = (last[0], page.number), tokens + size
        else:
            parts.append((page.number, page.number))
            tokens = size
    return parts if len(parts) > 1 else [None]


def _answers(
    job: SummaryJob, units: Sequence[tuple[Section, Part]], request: Sequence[int]
) -> Iterator[tuple[str, bool]]:
    """What the model says of each unit, in order, and whether it was cut; what was cut ends where a line does."""
    runtime = job.runtime
    rows = BATCH_ROWS[runtime.model.device.type]
    for whole, run in groupby(units, key=lambda unit: unit[1] is None):
        waiting = list(run)
        for first in range(0, len(waiting), rows):
            batch = waiting[first : first + rows]
            if whole:
                state = _states(job, [section for section, _ in batch])
                texts = [list(request)] * len(batch)
            else:
                state = runtime.model.new_state(len(batch))
                texts = [[*_ids(job, part), *request] for _, part in batch if part]
            for text, reason in respond(job, state, texts, SECTION_TOKENS):
                yield _whole_lines(text) if reason != "stop" else text, reason != "stop"


def _states(job: SummaryJob, sections: Sequence[Section]) -> MambaState:
    """The states of `sections` as the rows of one."""
    states = section_states.saved(job.runtime, job.library, sections)
    unread = [section for section in sections if section.id not in states]
    for read in section_states.read(job.runtime, job.library, job.of.document.id, unread, job.control):
        states |= read
    return MambaState.stack([states[section.id].state for section in sections])


def _ids(job: SummaryJob, part: tuple[int, int]) -> list[int]:
    """What is read of a part of a section."""
    tokenizer = job.runtime.tokenizer
    text = "\n\n".join(page.text for page in _pages(job, *part) if page.text)
    return [*tokenizer.document_prefix, *tokenizer.encode_document(page_text(text))]


def _pages(job: SummaryJob, first: int, last: int) -> list[Page]:
    return job.library.pages.of(job.of.document.id, first=first, last=last)


def _whole_lines(text: str) -> str:
    """A text that was cut, to the end of what it says: half a finding is none."""
    lines = text.splitlines()
    return "\n".join(lines[:-1]) if is_list(text) else f"{text} …"


def respond(job: SummaryJob, state: MambaState, texts: Sequence[list[int]], most: int) -> Iterator[tuple[str, str]]:
    """What the model says when each row of `state` has read its own of `texts`, and why it ended: in order of rows,
    each as soon as those before it are there. Raises Cancelled."""

    def cancelled() -> bool:
        job.control.wait_while_paused()
        return job.control.cancelled

    model = job.runtime.model
    length = chunk_length(model.config, model.device, model.dtype, batch_size=len(texts))
    logits = run_to_end(prefill_batch(model, state, texts, length, cancelled))
    if logits is None:
        raise Cancelled
    said: list[list[int]] = [[] for _ in texts]
    ended: dict[int, str] = {}
    shown = 0
    for item in decode_batch(model, state, logits, Sampling(), job.runtime.stop_ids, most, cancelled):
        match item:
            case SequenceToken(row, token):
                said[row].append(token)
            case SequenceEnded(row, reason):
                if reason == "cancelled":
                    raise Cancelled
                ended[row] = reason
        while shown in ended:
            yield job.runtime.tokenizer.decode(said[shown]).strip(), ended[shown]
            shown += 1
