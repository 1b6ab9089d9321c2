"""A file, and how to have it open in an extractor process."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from engine.documents.extraction import limits
from engine.documents.extraction.process import Extractor, ExtractorLost
from engine.documents.formats.regular_file import shown_name
from engine.documents.outcomes import as_outcome, refusal
from engine.documents.pages import DocumentError, ProblemKind


@dataclass
class Source:
    """The file, and how to open it in a new extractor."""

    path: Path
    kind: Literal["pdf", "text"]
    size: int
    identity: tuple[int, int]
    password: str | None
    command: Sequence[str]
    closed: threading.Event = field(default_factory=threading.Event)
    """Set when the document is closed: no more extractors."""

    @property
    def name(self) -> str:
        """The file's name as a sentence can hold it."""
        return shown_name(self.path)

    def open(self) -> tuple[Extractor, dict[str, Any]]:
        """A process with the file open in it and the file's structure. Raises DocumentError.

        A reader that is lost over the file is left out in the next attempt.
        """
        readers = ["pypdf", "pdfium"] if self.kind == "pdf" else ["text"]
        lost_for: ProblemKind = "crashed"
        while readers:
            extractor = Extractor(self.command)
            reader = readers[0]
            try:
                self.tell(extractor, readers, structure=True)
                while (message := extractor.receive(limits.OPEN_SECONDS / 2)).get("event") == "opening":
                    reader = str(message.get("reader"))
                if message.get("event") == "opened":
                    if message.get("password"):
                        self.password = message["password"]
                    return extractor, message
                extractor.close()
                raise self.refused(message)
            except ExtractorLost as lost:
                lost_for = lost.kind
            except BaseException:
                extractor.close()
                raise
            extractor.close()
            readers = [name for name in readers if name != reader]
        raise refusal(as_outcome(lost_for), self.name)

    def reopen(self) -> Extractor:
        """Another process, told to open the file; its first message says whether it could."""
        extractor = Extractor(self.command)
        self.tell(extractor, [], structure=False)
        return extractor

    def tell(self, extractor: Extractor, readers: list[str], structure: bool) -> None:
        extractor.send(
            {
                "do": "open",
                "path": str(self.path),
                "size": self.size,
                "identity": self.identity,
                "kind": self.kind,
                "suffix": self.path.suffix.lower(),
                "password": self.password,
                "readers": readers,
                "structure": structure,
            }
        )

    def refused(self, message: dict[str, Any]) -> DocumentError:
        """What a child's refusal to open the file means to the user."""
        if message.get("event") != "refused":
            return refusal("damaged", self.name)
        kind, detail = message["kind"], message.get("detail")
        return DocumentError(kind, detail) if detail else refusal(kind, self.name)
