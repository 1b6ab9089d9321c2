"""The extractor process: reads one file as it is told on stdin, answers on stdout, one JSON object a line.

Told                                              Answers
{"do": "open", "path", "size", "identity",        {"event": "opening", "reader"} before each reader that is tried
 "kind", "password", "readers", "structure"}      {"event": "opened", ...} or {"event": "refused", "kind", "detail"}
{"do": "read", "first", "last", "readers"}        per page {"event": "reading", "page", "reader"} when a second reader
                                                  starts, then {"event": "page", "page", "text", "problem"};
                                                  after the last {"event": "done", "end"}

It imports no torch, opens nothing but the file, starts nothing, and ends when stdin does.
The parent (`process.py`) watches time and memory from outside; what can be limited from inside is limited here.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from engine.documents.extraction import limits
from engine.documents.formats.regular_file import RegularFile, identity, open_regular
from engine.documents.pages import DocumentError

_CPU_SECONDS = 24 * 3600
"""Only for an orphan that hangs in a reader's C code, where no other thread can run."""


class _Child:
    def __init__(self, commands: Iterable[bytes], answers: BinaryIO) -> None:
        self._commands = commands
        self._answers = answers
        self._pdf: Any = None
        self._text: Any = None

    def run(self) -> None:
        for line in self._commands:
            command = json.loads(line)
            if command["do"] == "open":
                self._open(command)
            elif self._pdf is not None:
                self._read_pdf(command)
            else:
                self._read_text(command)

    def _answer(self, event: str, **content: Any) -> None:
        message = json.dumps({"event": event, **content}, ensure_ascii=False, separators=(",", ":"))
        self._answers.write(message.encode("utf-8", "replace") + b"\n")
        self._answers.flush()

    def _open(self, command: dict[str, Any]) -> None:
        try:
            descriptor, status = open_regular(command["path"])
            if list(identity(status)) != command["identity"] or status.st_size < command["size"]:
                self._answer("refused", kind="changed", detail="")
                return
        except DocumentError as error:
            self._answer("refused", kind=error.kind, detail=error.sentence)
            return
        file = RegularFile(descriptor, command["size"])
        if command["kind"] == "pdf":
            self._open_pdf(file, command)
        else:
            self._open_text(file, command)

    def _open_pdf(self, file: RegularFile, command: dict[str, Any]) -> None:
        from engine.documents.formats.pdf import CannotOpen, PdfFile

        self._pdf = PdfFile(file, command["password"])
        if not command["structure"]:
            self._answer("opened")
            return
        try:
            structure = self._pdf.structure(command["readers"], lambda reader: self._answer("opening", reader=reader))
        except CannotOpen as error:
            self._answer("refused", kind=error.kind, detail="")
            return
        self._answer(
            "opened",
            page_count=structure.page_count,
            readers=structure.readers,
            password=structure.password,
            title=structure.title,
            outline=structure.outline,
            labels=structure.labels,
        )

    def _open_text(self, file: RegularFile, command: dict[str, Any]) -> None:
        from engine.documents.formats.text import NotText, TextFile

        try:
            self._text = TextFile(file, command["suffix"])
        except NotText:
            self._answer("refused", kind="not_text", detail="")
            return
        self._answer("opened", title=self._text.title)

    def _read_pdf(self, command: dict[str, Any]) -> None:
        readers = command["readers"]
        for number in range(command["first"], command["last"] + 1):

            def announce(reader: str, number: int = number) -> None:
                if reader != readers[0]:
                    self._answer("reading", page=number, reader=reader)

            page = self._pdf.page(number, readers, announce)
            self._answer("page", page=number, text=page.text, problem=page.problem)
        self._answer("done", end=False)

    def _read_text(self, command: dict[str, Any]) -> None:
        for number, text in enumerate(self._text.pages(), 1):
            if number >= command["first"]:
                self._answer("page", page=number, text=text, problem=None)
        self._answer("done", end=True)


def _limit_process() -> None:
    """On Linux and macOS; Windows has no such limits, there the parent's watch is all there is."""
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
    """The lines of `stdin`, read by a thread of their own, which ends the process when there are no more.

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
    """stdout for the answers alone: whatever a library prints from now on goes to stderr."""
    answers = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
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
