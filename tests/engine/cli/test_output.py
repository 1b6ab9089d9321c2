"""Output: lines are broken between words on a terminal, and streams that cannot be written end in one sentence."""

from __future__ import annotations

import io
import os

import pytest

from engine.cli import output
from engine.cli.output import ClosedOutput, Output, OutputError, ReaderGone


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch) -> Terminal:
    monkeypatch.setattr(output, "_width_of", lambda stream: 20)
    return Terminal()


def test_words_are_not_broken_on_a_terminal(terminal) -> None:
    out = Output(terminal)
    for piece in ("The bea", "ring of pump P-204 fai", "led on 3 March.\nNext"):
        out.write(piece)
    out.end_line()
    assert terminal.getvalue() == "The bearing of pump\nP-204 failed on 3\nMarch.\nNext\n"


def test_word_longer_than_the_line_stays_whole(terminal) -> None:
    out = Output(terminal)
    out.line("see https://example.org/a/very/long/address here")
    assert terminal.getvalue() == "see\nhttps://example.org/a/very/long/address\nhere\n"


def test_pipe_gets_lines_as_they_are() -> None:
    stream = io.StringIO()
    out = Output(stream)
    out.write("word " * 100)
    out.end_line()
    out.end_line()
    assert stream.getvalue() == "word " * 100 + "\n"


def test_escape_codes_do_not_reach_the_stream() -> None:
    stream = io.StringIO()
    Output(stream).write("\x1b[2Jcleared\x07\n")
    assert stream.getvalue() == "�[2Jcleared�\n"


def test_closed_stream_is_one_sentence() -> None:
    with pytest.raises(OutputError, match="cannot be written: it is closed"):
        Output(ClosedOutput()).write("x")  # type: ignore[arg-type]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device that is always full")
def test_full_disk_is_one_sentence() -> None:
    full = open("/dev/full", "w")  # noqa: SIM115
    with pytest.raises(OutputError, match="No space left"):
        Output(full).write("x")
    with pytest.raises(OSError, match="No space left"):
        full.close()  # which writes what is left once more


def test_reader_that_is_gone_is_told_apart() -> None:
    here, there = os.pipe()
    os.close(here)
    stream = os.fdopen(there, "w")
    with pytest.raises(ReaderGone):
        Output(stream).write("x")
    with pytest.raises(BrokenPipeError):
        stream.close()
