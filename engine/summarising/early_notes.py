"""Notes on the sections of a long document while it is read: each is summarised as soon as its state is saved.

The first ones come after the first checkpoint. Where the states of all sections have no room beside each other, a
summary that began after the reading would have to read some of them again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

from msgspec.structs import replace

from engine.control import Cancelled, Control
from engine.generation.runtime import Runtime
from engine.library.library import Library
from engine.library.prefix import PrefixHasher
from engine.protocol.wire import Event, SectionSummarized, Summarize
from engine.reading.context import Context
from engine.reading.document_state import DocumentState
from engine.summarising.beside_reading import after_checkpoints
from engine.summarising.job import SummaryJob
from engine.summarising.section_summaries import summarize_sections
from engine.summarising.summary import selects_for


class EarlyNotes:
    """The notes on the sections that are read so far."""

    def __init__(self, runtime: Callable[[], Runtime], library: Library, command: Summarize, control: Control) -> None:
        """`runtime`: returns the model that reads, once it is loaded."""
        self._runtime, self._library, self._command, self._control = runtime, library, command, control
        self.shown: set[int] = set()
        """Ids of the sections whose notes were sent."""

    def beside(self, reading: Generator[Event, None, DocumentState]) -> Generator[Event, None, DocumentState]:
        """Yield the events of `reading` and the notes on the sections that each checkpoint saved.

        Returns the document state."""
        return after_checkpoints(reading, self._new_notes)

    def _new_notes(self, document: int) -> Iterator[Event]:
        runtime, library, command = self._runtime(), self._library, self._command
        if command.method not in ("auto", "sections") or selects_for(runtime, library, document):
            return
        reading = library.readings.latest(document, runtime.identity)
        if reading is None or reading.state_tokens is None:
            return  # not read by sections
        sections = library.sections.of(document, reading.id)
        new = [section for section in sections if section.snapshot is not None and section.id not in self.shown]
        if not new:
            return
        of = DocumentState(
            library.documents.get(document),
            runtime.model.new_state(),
            new[-1].last_page,
            reading.tokens_read,
            PrefixHasher(runtime.identity).at(),
            complete=False,
        )
        focus = (command.focus or "").strip() or None
        job = SummaryJob(Context(runtime, library, of, self._control, command.job_id), command.length, focus)
        try:
            for event in summarize_sections(job, new):
                if isinstance(event, SectionSummarized):
                    self.shown.update(section.id for section in new if section.number == event.section)
                    event = replace(event, sections=len(sections))
                yield event
        except Cancelled:
            return  # the reading ends at its next chunk, and saves what it has read
