"""The extractor process: reads one file as commanded on stdin and answers on stdout (`messages.py`).

It imports no torch, opens nothing but the file, starts nothing but tesseract, and ends when stdin does.
The parent (`process.py`) limits time and memory from outside; here the operating system's own limits are set.
"""

from __future__ import annotations

import io
import os
import queue
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO

from engine.documents.extraction import limits
from engine.documents.extraction.messages import (
    Answer,
    Done,
    Opened,
    OpenFile,
    Opening,
    PageRead,
    Prepare,
    Reading,
    ReadPages,
    Refused,
    decode_command,
    encode,
)
from engine.documents.formats.regular_file import RegularFile, Stamp, open_regular
from engine.documents.pages import DocumentError, DocumentKind

if TYPE_CHECKING:
    from engine.documents.formats.office.office_file import OfficeFile
    from engine.documents.formats.parts import Parts
    from engine.documents.formats.pdf.pdf_file import PdfFile
    from engine.documents.formats.text.text_file import TextFile

_CPU_SECONDS = 24 * 3600
"""CPU time limit in seconds. It ends an orphan that hangs in a reader's C code, where no other thread can run."""


class _Child:
    def __init__(self, commands: Iterable[bytes], answers: BinaryIO) -> None:
        self._commands = commands
        self._answers = answers
        self._pdf: PdfFile | None = None
        self._office: OfficeFile | None = None
        self._text: TextFile | None = None

    def run(self) -> None:
        """Carry out commands until stdin ends."""
        for line in self._commands:
            command = decode_command(line)
            if isinstance(command, OpenFile):
                self._open(command)
            elif isinstance(command, Prepare):
                _load(command.kind)
            elif self._pdf is not None:
                self._read_pdf(self._pdf, command)
            elif self._office is not None:
                self._read_office(self._office, command)
            elif self._text is not None:
                self._read_text(self._text, command)

    def _answer(self, answer: Answer) -> None:
        self._answers.write(encode(answer))
        self._answers.flush()

    def _open(self, command: OpenFile) -> None:
        try:
            descriptor, status = open_regular(os.fsdecode(command.path))
            if Stamp.of(status).identity != command.identity or status.st_size < command.size:
                self._answer(Refused("changed"))
                return
            file = RegularFile(descriptor, command.size)
            if command.kind == "pdf":
                self._open_pdf(file, command)
            elif command.kind == "office":
                self._open_office(file, command)
            else:
                self._open_text(file, command)
        except DocumentError as error:
            self._answer(Refused(error.kind, error.sentence))

    def _open_pdf(self, file: RegularFile, command: OpenFile) -> None:
        from engine.documents.formats.pdf.pdf_file import CannotOpen, PdfFile

        self._pdf = PdfFile(
            file, command.password, command.hidden_layers, _read_inner, unmapped_fonts=command.unmapped_fonts
        )
        if not command.structure:
            self._answer(Opened())
            return
        try:
            structure = self._pdf.structure(command.readers, lambda reader: self._answer(Opening(reader)))
        except CannotOpen as error:
            self._answer(Refused(error.kind))
            return
        self._answer(
            Opened(
                page_count=structure.page_count,
                readers=list(structure.readers),
                password=structure.password,
                title=structure.title,
                outline=structure.outline,
                labels={str(page): label for page, label in structure.labels.items()},
                hidden_layers=structure.hidden_layers,
                unmapped_fonts=structure.unmapped_fonts,
                notes=structure.notes,
            )
        )

    def _open_office(self, file: RegularFile, command: OpenFile) -> None:
        from engine.documents.formats.office.office_file import OfficeFile

        self._office = OfficeFile(file, command.suffix)
        self._answer(
            Opened(
                page_count=len(self._office.pages),
                readers=["office"],
                title=self._office.title,
                outline=self._office.outline,
                sha256=self._office.sha256,
                notes=self._office.notes,
            )
        )

    def _open_text(self, file: RegularFile, command: OpenFile) -> None:
        from engine.documents.formats.text.encoding import NotText
        from engine.documents.formats.text.text_file import TextFile

        try:
            self._text = TextFile(file, command.suffix)
        except NotText:
            self._answer(Refused("not_text"))
            return
        self._answer(Opened(title=self._text.title, readers=["text"], notes=self._text.notes))

    def _read_pdf(self, pdf: PdfFile, command: ReadPages) -> None:
        readers, known = command.readers, frozenset(command.known)
        assert command.last is not None
        for number in range(command.first, command.last + 1):

            def announce(reader: str, number: int = number) -> None:
                if reader != readers[0]:
                    self._answer(Reading(number, reader))

            if number in known:
                self._answer(PageRead(page=number, text=""))
                continue
            page = pdf.page(number, readers, announce)
            self._answer(
                PageRead(
                    page=number,
                    text=page.text,
                    problem=page.problem,
                    notes=page.notes,
                    certainty=page.certainty,
                    fault=page.fault,
                )
            )
        self._answer(Done(False))

    def _read_office(self, office: OfficeFile, command: ReadPages) -> None:
        assert command.last is not None
        for number in range(command.first, command.last + 1):
            page = office.pages[number - 1]
            self._answer(PageRead(page=number, text=page.text, label=page.label, notes=page.notes))
        self._answer(Done(False))

    def _read_text(self, text: TextFile, command: ReadPages) -> None:
        for number, page in enumerate(text.pages(), 1):
            if number >= command.first:
                self._answer(PageRead(page=number, text=page.text, notes=page.notes))
        self._answer(Done(True, text.sha256))


def _load(kind: DocumentKind) -> None:
    """Import the readers of PDFs; those of other kinds are used by one process only, which opens the file at once."""
    if kind == "pdf":
        from engine.documents.formats.pdf import pdf_file  # noqa: F401


def _read_inner(name: str, data: bytes) -> Parts | None:
    """Return the pages of a file within a PDF, None if it cannot be read."""
    from engine.documents.formats.office.office_file import read_inner

    return read_inner(name, data)


def _limit_process() -> None:
    """Set limits on Linux and macOS; Windows has none, there the parent's watch is the only one."""
    try:
        import resource
    except ImportError:
        return
    for name, value in (("RLIMIT_DATA", limits.PROCESS_BYTES), ("RLIMIT_CORE", 0), ("RLIMIT_CPU", _CPU_SECONDS)):
        number = getattr(resource, name, None)
        if number is None:
            continue
        hard = resource.getrlimit(number)[1]
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(number, (allowed, allowed))
        except (ValueError, OSError):
            continue  # macOS refuses some; the parent's watch remains


def _commands(stdin: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of `stdin`, read by a thread of their own, which ends the process when there are no more.

    So a child that is busy with a page notices too, on any system, that its parent has gone (killed, for one).
    """
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def listen() -> None:
        for line in stdin:
            waiting.put(line)
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        yield waiting.get()


def _take_stdout() -> BinaryIO:
    """Return stdout for the answers alone: whatever a library prints from now on goes to stderr."""
    answers = os.fdopen(os.dup(1), "wb", buffering=io.DEFAULT_BUFFER_SIZE * 8)
    os.dup2(2, 1)
    return answers


def main() -> None:
    _limit_process()
    answers = _take_stdout()
    try:
        _Child(_commands(sys.stdin.buffer), answers).run()
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    main()
