"""Output: everything that the command line prints goes through here and is made printable. Light."""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from typing import IO

from engine.cli.text import escaped_json
from engine.errors import KnownError
from engine.wording.printable import printable

DEFAULT_WIDTH = 80
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


class OutputError(KnownError):
    """Stdout or stderr cannot be written."""


class ReaderGone(Exception):
    """The reader of our output has closed it (`| head`): there is nothing left to say. Click would end the process at a
    BrokenPipeError, before a job has saved."""


class ClosedOutput(io.TextIOBase):
    """Stands for a standard stream that was closed before the program began."""

    def write(self, text: str) -> int:
        raise OSError(errno.EBADF, "it is closed")


class Output:
    """Writes text to one stream. On a terminal lines are broken between words, never within one."""

    def __init__(self, stream: IO[str], *, required: bool = True) -> None:
        """required: whether a stream that cannot be written is an error; else what is written is lost."""
        self._stream, self._required = stream, required
        self.width = _width_of(stream)
        """Cells of a terminal's line; None for files and pipes."""
        self._column = 0
        self._word = ""
        self._gap = ""
        self._bold = False

    @property
    def is_terminal(self) -> bool:
        return self.width is not None

    def write(self, text: str) -> None:
        """Write a piece of a text; on a terminal its last word may follow with the next piece.

        Raises OutputError, and ReaderGone where the reader of a pipe is.
        """
        text = printable(text)
        if self.width is None:
            self._put(text)
        else:
            for piece in re.findall(r"\n|[^\S\n]+|\S+", text):
                self._flow(piece)
        self._put("", flush=True)

    def bold(self, text: str) -> None:
        """Write a piece of a text, in bold on a terminal. It has its words to itself."""
        if self.width is not None:
            self._flush_word()
        self._bold = True
        self.write(text)
        if self.width is not None:
            self._flush_word()
        self._bold = False

    def line(self, text: str = "") -> None:
        """Write a text on lines of its own."""
        self.end_line()
        self.write(f"{text}\n")

    def json_line(self, line: str) -> None:
        """Write a line of JSON."""
        self._put(escaped_json(line) + "\n", flush=True)

    def end_line(self) -> None:
        """Begin a new line, unless the last one has ended."""
        self._flush_word()
        if self._column:
            self._put("\n", flush=True)

    def _flow(self, piece: str) -> None:
        """Take a word, a blank or a line end; a word is complete with whatever follows it."""
        if not piece.isspace():
            self._word += piece
            return
        self._flush_word()
        if piece == "\n":
            self._gap = ""
            self._put("\n")
        else:
            self._gap = piece

    def _flush_word(self) -> None:
        if not self._word:
            return
        from rich.cells import cell_len

        assert self.width is not None
        gap, word, self._gap, self._word = self._gap, self._word, "", ""
        if self._column and self._column + len(gap) + cell_len(word) > self.width:
            self._put("\n")
            gap = ""
        column = self._column + len(gap) + cell_len(word)
        self._put(f"{gap}{_BOLD}{word}{_PLAIN}" if self._bold else gap + word)
        self._column = column

    def _put(self, text: str, flush: bool = False) -> None:
        try:
            self._stream.write(text)
            if flush:
                self._stream.flush()
        except OSError as error:
            if not self._required:
                return
            if isinstance(error, BrokenPipeError):
                raise ReaderGone from error
            raise OutputError(f"the output cannot be written: {error.strerror or error}", "output") from error
        end = text.rfind("\n")
        self._column = len(text) - end - 1 if end >= 0 else self._column + len(text)


def _width_of(stream: IO[str]) -> int | None:
    if not stream.isatty():
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or DEFAULT_WIDTH
    except (OSError, ValueError):
        return DEFAULT_WIDTH


def prepare_streams() -> None:
    """Make stdout and stderr usable: closed ones are replaced, and characters that an encoding lacks become "?"."""
    for descriptor in range(3):  # or the next file that is opened would become stdout
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = ClosedOutput()
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def discard_stdout() -> None:
    """Send what stdout still holds to nowhere, so that the interpreter does not fail once more when it ends."""
    try:
        descriptor = os.open(os.devnull, os.O_WRONLY)
        os.dup2(descriptor, sys.stdout.fileno())
        os.close(descriptor)
    except (OSError, ValueError):
        pass  # it has no descriptor: a stand-in for a closed stream, or a test's
