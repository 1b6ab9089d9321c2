"""A reading that takes long is asked about at a terminal: all of it, the first pages, or not."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.cli import jobs
from engine.cli.options import Options
from engine.control import Control
from engine.network.config import FalconMambaConfig
from engine.protocol import wire
from engine.protocol.wire import Ask, Command, Event, Read
from tests.engine.cli.common import ROOT

READ = Read(job_id="j", path="book.txt")
LONG = wire.ReadingEstimated(job_id="j", tokens=90_000, model="m", precision="int4", seconds=3_000.0)


class Seen:
    """A view that keeps the events."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def show(self, event: Event) -> None:
        self.events.append(event)

    def close(self) -> None:
        pass


def reading(control: Control) -> Iterator[Event]:
    """Yield the events of reading ten pages, until the job is cancelled."""
    yield LONG
    for page in range(1, 11):
        if control.cancelled:
            yield wire.JobCancelled(job_id="j")
            return
        yield wire.PrefillAdvanced(
            job_id="j",
            tokens=100 * page,
            page=page,
            page_count=10,
            total_tokens=1_000,
            total_is_exact=True,
            tokens_per_second=10.0,
            seconds_left=None,
            resident_bytes=0,
        )
    yield wire.JobFinished(job_id="j")


def asked(monkeypatch: pytest.MonkeyPatch, typed: str, command: Command = READ) -> tuple[int, str, Seen]:
    """Answer the question with `typed`; return the exit status, what was asked and the events shown."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    err, seen, control = Terminal(), Seen(), Control()
    monkeypatch.setattr(jobs, "sys", SimpleNamespace(stdin=Terminal(typed), stderr=err))
    status = jobs._show(seen, command, reading(control), control, Options())  # type: ignore[arg-type]
    return status, err.getvalue(), seen


def pages(seen: Seen) -> int:
    return sum(isinstance(event, wire.PrefillAdvanced) for event in seen.events)


def test_yes_reads_all(monkeypatch: pytest.MonkeyPatch) -> None:
    status, question, seen = asked(monkeypatch, "\n")
    assert (status, pages(seen)) == (0, 10) and question.count("Read it all?") == 1


@pytest.mark.parametrize("typed", ["n\n", "No\n", ""])
def test_no_reads_nothing(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    status, _, seen = asked(monkeypatch, typed)
    assert status != 0 and pages(seen) == 0


def test_a_number_reads_that_many_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    status, question, seen = asked(monkeypatch, "3\n")
    assert "number of pages" in question and status != 0
    assert pages(seen) == 4  # the event of page 4 is where it stops


def test_what_is_no_answer_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    status, question, seen = asked(monkeypatch, "maybe\n0\ny\n")
    assert (status, pages(seen)) == (0, 10) and question.count("Read it all?") == 3


def test_a_question_about_a_file_reads_all_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    command = Ask(job_id="j", path="book.txt", question="Who?")
    _, question, seen = asked(monkeypatch, "5\nn\n", command)
    assert "number of pages" not in question and pages(seen) == 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_the_command_asks_at_a_terminal(tiny_folder: Path, tmp_path: Path) -> None:
    import pty

    from engine.models.speed import multiplied

    config = FalconMambaConfig.from_folder(tiny_folder)
    cache = tmp_path / "cache" / "Readthrough"
    cache.mkdir(parents=True)
    (cache / "speed.json").write_text(json.dumps({f"cpu fp32 {multiplied(config)}": [multiplied(config), 5.0]}))
    book = tmp_path / "book.txt"
    book.write_text("The pump ran. " * 2_000)
    terminal, theirs = pty.openpty()
    command = [sys.executable, str(ROOT / "main.py"), "read", str(book), "--model", str(tiny_folder), "--device", "cpu"]
    command += ["--library", str(tmp_path / "library.db")]
    process = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
        close_fds=True,
    )
    os.close(theirs)
    shown, until = b"", time.monotonic() + 120
    try:
        while b"Read it all?" not in shown and time.monotonic() < until:
            shown += os.read(terminal, 4_096)
        os.write(terminal, b"n\n")
        assert process.wait(60) == 130
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
    assert b"Read it all?" in shown
