"""Facts of one collection that the window shows: documents, errors, the reading in progress, the answers; no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.library.collections import Collection
from engine.protocol import wire as m
from engine.protocol.evidence import Evidence


@dataclass
class Reply:
    """A question to a collection and its answer."""

    question: str
    job: object | None = None
    """The job that asks it."""
    text: str = ""
    evidence: Evidence | None = None
    problem: str = ""

    @property
    def done(self) -> bool:
        """Return whether it was answered, or failed."""
        return bool(self.problem) or self.evidence is not None


@dataclass
class CollectionFacts:
    """A collection: what the library holds of it, and what happens to it now."""

    name: str
    documents: Sequence[int] = ()
    """Ids of its documents."""
    folders: Sequence[str] = ()
    errors: Sequence[tuple[str, str]] = ()
    """(path, why it could not be read)"""
    reading: bool = False
    waiting: bool = False
    """The reading has not begun yet."""
    paused: bool = False
    held: Sequence[str] = ()
    """Folders whose reading is paused."""
    number: int = 0
    """Files that this reading has finished."""
    files: int = 0
    """Files that this reading has to read; 0 while that is not known."""
    before: int = 0
    """Files that it had finished before it was paused."""
    trouble: str = ""
    """Why the last reading ended early; "" where it did not."""
    replies: list[Reply] = field(default_factory=list)
    """Newest first."""

    @property
    def fraction(self) -> float:
        """Return the share of the files in hand that are read, 0 to 1; 1 while none is read."""
        return self.number / self.files if self.reading and self.files else 1.0 - self.reading

    def take_row(self, row: Collection, documents: Sequence[int], errors: Sequence[tuple[str, str]]) -> None:
        """Take what the library holds."""
        self.documents, self.folders, self.errors = documents, row.folders, errors

    def apply(self, event: m.Event) -> None:
        """Take an event of the reading."""
        match event:
            case m.JobStarted():
                self.waiting = False
            case m.FileRead():
                self.number, self.files = self.before + event.number, self.before + event.files
            case m.FolderRead():
                self.number = self.files

    def begin(self) -> None:
        """Note that a reading was asked for, or that a paused one goes on."""
        self.before = self.number if self.paused else 0
        if not self.paused:
            self.number = self.files = 0
        self.reading = self.waiting = True
        self.paused, self.held, self.trouble = False, (), ""

    def end(self, trouble: str = "") -> None:
        """Note that the reading has ended."""
        self.reading = self.waiting = self.paused = False
        self.held = ()
        self.trouble = trouble
