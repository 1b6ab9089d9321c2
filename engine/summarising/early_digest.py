"""Key sentences while the document is read: each section is scored as soon as its pages are saved.

The first ones come after the first checkpoint, not after the last page. Scores are saved with the section, so the
summary that follows the reading computes only those of its last sections. The document's state takes no part in it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

from engine.control import Control
from engine.generation.runtime import Runtime
from engine.library.library import Library
from engine.protocol.wire import Event, Summarize
from engine.reading.document_state import DocumentState
from engine.summarising.beside_reading import after_checkpoints
from engine.summarising.selection import Selection
from engine.summarising.selection_summary import digests, section_event
from engine.summarising.summary import selects_for


class EarlyDigest:
    """The key sentences of the sections that are read so far."""

    def __init__(self, runtime: Callable[[], Runtime], library: Library, command: Summarize, control: Control) -> None:
        """`runtime`: returns the model that reads, once it is loaded."""
        self._runtime, self._library, self._command, self._control = runtime, library, command, control
        self.shown: set[int] = set()
        """Ids of the sections whose key sentences were sent."""

    def beside(self, reading: Generator[Event, None, DocumentState]) -> Generator[Event, None, DocumentState]:
        """Yield the events of `reading` and the key sentences of the sections that each checkpoint saved.

        Returns the document state."""
        return after_checkpoints(reading, self._new_sections)

    def _new_sections(self, document: int) -> Iterator[Event]:
        runtime, command = self._runtime(), self._command
        if command.method not in ("auto", "selection"):
            return
        if command.method == "auto" and not selects_for(runtime, self._library, document):
            return
        reading = self._library.readings.latest(document, runtime.identity)
        sections = self._library.sections.of(document, reading.id if reading else None)
        new = [(place, section) for place, section in enumerate(sections) if section.id not in self.shown]
        if not new:
            return
        (first, begin), (_, end) = new[0], new[-1]
        later = [section for _, section in new]
        pages = self._library.pages.of(document, None, begin.first_page, end.last_page)
        title = self._library.documents.get(document).title
        selection = Selection(title, (command.focus or "").strip())
        for section, digest in zip(later, digests(self._library, selection, later, pages, first), strict=True):
            self._control.wait_while_paused()
            if self._control.cancelled:
                return
            self.shown.add(section.id)
            yield section_event(self._library, command.job_id, section, digest, len(sections), selection.focus)
