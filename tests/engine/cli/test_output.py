"""Output: lines are broken between words on a terminal, and streams that cannot be written end in one sentence."""

from __future__ import annotations

import io
import os

import pytest

from engine.cli import output
from engine.cli.command_line import main
from engine.cli.output import ClosedOutput, Output, OutputError, ReaderGone
from engine.cli.progress import short_progress_line
from engine.protocol.wire import PrefillAdvanced
from tests.app.library_on_disk import write_library


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


def _write_bold(out: Output) -> None:
    out.write("“Repaired on ")
    out.bold("3 March 2023")
    out.write(" by Ann.”\n")


def test_bold_words_are_bold_on_a_terminal(terminal) -> None:
    _write_bold(Output(terminal))
    assert terminal.getvalue() == "“Repaired on \x1b[1m3\x1b[0m \x1b[1mMarch\x1b[0m\n\x1b[1m2023\x1b[0m by Ann.”\n"


def test_bold_words_are_plain_in_a_pipe() -> None:
    stream = io.StringIO()
    _write_bold(Output(stream))
    assert stream.getvalue() == "“Repaired on 3 March 2023 by Ann.”\n"


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


def test_library_list_in_a_narrow_terminal_has_two_lines_a_document(monkeypatch, tmp_path, capsys) -> None:
    write_library(tmp_path / "library.db", {"/files/minutes of the meeting of the board.pdf": ["One."] * 3})
    monkeypatch.setattr(output, "_width_of", lambda stream: 40)
    assert main(["library", "list", "--library", str(tmp_path / "library.db")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "1  minutes of the meeting of the board"
    assert " ".join(lines[1:]).split(" · ")[0].split() == ["3", "pages"] and max(map(len, lines)) <= 40


def test_library_list_cuts_titles_and_nothing_else_at_80_columns(monkeypatch, tmp_path, capsys) -> None:
    write_library(tmp_path / "library.db", {"/files/minutes of the meeting of the whole board.pdf": ["One."] * 3})
    monkeypatch.setattr(output, "_width_of", lambda stream: 75)
    assert main(["library", "list", "--library", str(tmp_path / "library.db")]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header.split() == ["title", "pages", "tokens", "state", "saved", "states", "model"]
    assert row.startswith("1  minutes of the meeting") and row.count("…") == 1 and max(len(header), len(row)) <= 75


def test_list_of_models_fits_into_80_columns(monkeypatch, capsys) -> None:
    monkeypatch.setattr(output, "_width_of", lambda stream: 80)
    assert main(["models", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "  falcon3-mamba-7b-instruct" in lines and "  demo" in lines


def test_errors_are_broken_between_words(monkeypatch, capsys) -> None:
    monkeypatch.setattr(output, "_width_of", lambda stream: 40)
    assert main(["library", "burn"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) > 2 and max(map(len, lines)) <= 40


def test_progress_in_a_narrow_terminal_has_page_and_time_left() -> None:
    event = PrefillAdvanced(
        tokens=5_000, page=7, page_count=196, total_tokens=210_000, total_is_exact=False, tokens_per_second=700.0,
        seconds_left=290.0, resident_bytes=0,
    )  # fmt: skip
    assert short_progress_line(event) == "page 7 of 196 · 4:50 left"
