"""A file to be read, and the way to open it in an extractor process."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.documents.extraction import limits
from engine.documents.extraction.messages import Answer, Opened, OpenFile, Opening, Prepare, Refused
from engine.documents.extraction.process import Extractor, ExtractorLost
from engine.documents.formats.regular_file import Stamp, shown_name
from engine.documents.outcomes import as_outcome, refusal
from engine.documents.pages import DocumentError, DocumentKind, ProblemKind

READERS: dict[DocumentKind, tuple[str, ...]] = {"pdf": ("pdfium", "pypdf"), "text": ("text",), "office": ("office",)}


@dataclass
class Source:
    """The file: its path, its kind, and its size and stamp at opening."""

    path: Path
    kind: DocumentKind
    stamp: Stamp
    password: str | None
    command: Sequence[str]
    sha256: str = ""
    """SHA-256 of the bytes at opening, in hexadecimal; empty until they are hashed."""
    hidden_layers: list[str] = field(default_factory=list)
    """Switched-off layers of a PDF, known once it is open."""
    unmapped_fonts: list[str] | None = None
    """Fonts of a PDF that may have no map to characters, once it is open; None if unknown."""
    prepared: list[Extractor] = field(default_factory=list)
    """Processes that load their readers while another one opens the file."""
    closed: threading.Event = field(default_factory=threading.Event)
    """Set when the document is closed: no more extractors."""

    @property
    def name(self) -> str:
        """Return the file's name in printable form."""
        return shown_name(self.path)

    def is_changed(self) -> bool:
        """Return whether the file was written to, cut or replaced since it was opened. A text may grow."""
        try:
            now = Stamp.of(os.stat(self.path))
        except OSError:
            return False  # deleted: what is open can still be read
        if now.identity != self.stamp.identity or now.size < self.stamp.size:
            return True
        return self.kind != "text" and now != self.stamp

    def prepare(self) -> None:
        """Start a process that loads its readers, for `reopen` to take."""
        extractor = Extractor(self.command)
        extractor.send(Prepare(self.kind))
        self.prepared.append(extractor)

    def discard_prepared(self) -> None:
        """End the processes that nobody has taken."""
        while self.prepared:
            self.prepared.pop().close()

    def open(self) -> tuple[Extractor, Opened]:
        """Start a process, open the file in it and return both with the file's structure. Raises DocumentError.

        A kill from outside blames nobody, up to `limits.KILLS`; after a crash the same readers try once more. A reader
        that hung, took too much memory or crashed twice is left out in the next attempt.
        """
        readers = list(READERS[self.kind])
        lost_for: ProblemKind = "crashed"
        crashed: set[str] = set()
        kills = 0
        while readers:
            extractor = Extractor(self.command)
            reader = readers[0]
            try:
                self._send_open(extractor, readers, structure=True)
                while isinstance(message := extractor.receive(limits.OPEN_SECONDS / 2), Opening):
                    reader = message.reader
                if isinstance(message, Opened):
                    self.password = message.password or self.password
                    self.hidden_layers = message.hidden_layers
                    self.unmapped_fonts = message.unmapped_fonts
                    return extractor, message
                extractor.close()
                raise self.refused(message)
            except ExtractorLost as lost:
                lost_for = lost.kind
                kills += lost.killed
                if lost.killed and kills <= limits.KILLS:
                    continue
            except BaseException:
                extractor.close()
                raise
            extractor.close()
            if lost_for == "crashed" and reader not in crashed:
                crashed.add(reader)
            else:
                readers = [name for name in readers if name != reader]
        raise refusal(as_outcome(lost_for), self.name)

    def reopen(self) -> Extractor:
        """Tell another process to open the file; its first answer says whether it could."""
        extractor = self.prepared.pop() if self.prepared else Extractor(self.command)
        self._send_open(extractor, [], structure=False)
        return extractor

    def refused(self, message: Answer) -> DocumentError:
        """Return the error for a child's refusal to open the file."""
        if not isinstance(message, Refused):
            return refusal("damaged", self.name)
        if not message.detail:
            return refusal(message.kind, self.name)
        return DocumentError(message.kind, message.detail.replace("{name}", self.name))

    def _send_open(self, extractor: Extractor, readers: list[str], structure: bool) -> None:
        extractor.send(
            OpenFile(
                path=os.fsencode(self.path),
                size=self.stamp.size,
                identity=self.stamp.identity,
                kind=self.kind,
                suffix=self.path.suffix.lower(),
                password=self.password,
                readers=readers,
                structure=structure,
                hidden_layers=self.hidden_layers,
                unmapped_fonts=self.unmapped_fonts,
            )
        )
