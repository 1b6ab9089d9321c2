"""Rows that an instruct model adds: the dated events of the running text, which no layout says.

The model is asked of each section's state for lines "date | event | amount". A line is kept only where a sentence of
the section holds most of its words and the section all of its figures and names; the row then carries that sentence,
the model's name as its source, and the share of its words that the sentence holds as its confidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from engine.control import Cancelled
from engine.errors import KnownError
from engine.grounding.attribution import HELD, share_held, weights
from engine.grounding.languages import language_of
from engine.grounding.sentences import units
from engine.grounding.support import unsupported
from engine.library.records import Section
from engine.library.typed_records import RecordCell, RecordRow, RecordTable
from engine.network.state import MambaState
from engine.prompting.prompts import Request
from engine.reading import section_states
from engine.reading.context import Context
from engine.reading.section_states import BATCH_ROWS
from engine.records.cells import Writing, typed
from engine.records.store import LONGEST_QUOTE
from engine.summarising.job import SummaryJob, generate_batch

COLUMNS = ("Date", "Event", "Amount")
CAPTION = "Events"
MOST_TOKENS = 400
"""Tokens of the reply to one section."""
_MOST_CONFIDENCE = 0.9
_LINE = re.compile(r"[\s\-*•]*(?P<date>[^|]*)\|(?P<event>[^|]+)(?:\|(?P<amount>[^|]*))?\|?\s*")
_HEAD = re.compile(r"\W*(?:date|datum)\W*", re.IGNORECASE)


def add_rows(context: Context) -> int:
    """Ask the model for rows of every section and store them; rows that it added before are replaced. Return their
    number. Raises KnownError where the model does not write rows, and Cancelled."""
    wording = context.runtime.profile.wording.rows
    if not wording:
        raise KnownError("this model does not write rows; name an instruct model with --model", "model")
    reading = context.library.readings.latest(context.document_id, context.runtime.identity)
    sections = context.library.sections.of(context.document_id, reading.id if reading else None)
    rows: list[RecordRow] = []
    for section, reply in _replies(context, sections, wording):
        rows += rows_of(context, section, reply)
    source = context.runtime.name
    table = RecordTable("list", CAPTION, COLUMNS, True, 0, rows)
    context.library.typed_records.replace_rows_of(context.document_id, source, table)
    return len(rows)


def rows_of(context: Context, section: Section, reply: str) -> list[RecordRow]:
    """Return the rows of a reply about one section that its text supports."""
    source = context.runtime.name
    sentences = [
        (page.number, unit.start, unit.end, page.text[unit.start : unit.end])
        for page in context.pages(section.first_page, section.last_page)
        for unit in units(page.text)
    ]
    language = language_of(section.text)
    found = []
    for line in reply.splitlines():
        cells = _cells(line)
        if cells is None:
            continue
        said = " ".join(filter(None, cells))
        wanted = weights(said, language)
        shares = [share_held(wanted, weights(text, language)) for *_, text in sentences]
        share = max(shares, default=0.0)
        if share < HELD or unsupported(said, [section.text]):
            continue
        number, start, end, text = sentences[shares.index(share)]
        writing = Writing.of(cells)
        typed_cells = [typed(cell, writing) for cell in cells]
        stored = [RecordCell(cell.kind, cell.text, cell.value, cell.number, cell.unit) for cell in typed_cells]
        sure = round(min(share, _MOST_CONFIDENCE), 2)
        found.append(RecordRow(number, start, end, text[:LONGEST_QUOTE], stored, sure, source))
    return found


def _cells(line: str) -> tuple[str, str, str] | None:
    """Return date, event and amount of a line of a reply; None for a line of any other form."""
    found = _LINE.fullmatch(line)
    if found is None or _HEAD.fullmatch(found["date"]) or not re.search(r"[^\W_]", found["event"]):
        return None
    cells = [" ".join((found[name] or "").split()).strip("*") for name in ("date", "event", "amount")]
    blank = [cell if re.search(r"[^\W_]", cell) else "" for cell in cells]
    return blank[0], blank[1], blank[2]


def _replies(context: Context, sections: Sequence[Section], wording: str) -> Iterator[tuple[Section, str]]:
    """Yield each section with the model's reply, a batch at a time. Raises Cancelled."""
    runtime = context.runtime
    job = SummaryJob(context, "page", None)
    request = runtime.tokenizer.encode_request(Request("", wording, runtime.tokenizer.prompts.after_user))
    size = BATCH_ROWS[runtime.model.device.type]
    for first in range(0, len(sections), size):
        if context.control.cancelled:
            raise Cancelled
        batch = sections[first : first + size]
        states = section_states.saved(runtime, context.library, batch)
        unread = [section for section in batch if section.id not in states]
        for read in section_states.read(runtime, context.library, context.document_id, unread, context.control):
            states |= read
        state = MambaState.stack([states[section.id].state for section in batch])
        replies = generate_batch(job, state, [list(request)] * len(batch), MOST_TOKENS)
        for section, (text, reason) in zip(batch, replies, strict=True):
            # Half a line of a reply that was cut may say something false.
            yield section, text if reason == "stop" else "\n".join(text.splitlines()[:-1])
