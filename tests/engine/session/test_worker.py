"""The worker process over its pipes: commands in, events out, no orphan."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.library.library import Library
from engine.protocol import wire
from engine.protocol.wire import (
    Ask,
    AskCollection,
    Cancel,
    Command,
    EditCollection,
    ListDocuments,
    Pause,
    Read,
    ReadFolder,
    Resume,
    Shutdown,
)
from tests.engine.tiny import write_pages

ROOT = Path(__file__).resolve().parents[3]


class RunningWorker:
    """A worker process and its pipes."""

    def __init__(self, model: Path, library: Path) -> None:
        self.model = model
        command = [sys.executable, str(ROOT / "main.py"), "worker", "--model", str(model), "--library", str(library)]
        self.process = subprocess.Popen(
            [*command, "--device", "cpu"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None and not pipe.closed:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def send(self, *commands: Command) -> None:
        assert self.process.stdin is not None
        for command in commands:
            self.process.stdin.write(wire.encode(command) + "\n")
        self.process.stdin.flush()

    def events(self) -> Iterator[wire.Message]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            yield wire.decode_event(line)

    def until(self, wanted: Callable[[Any], bool]) -> list[Any]:
        seen = []
        for event in self.events():
            seen.append(event)
            if wanted(event):
                return seen
        raise AssertionError(f"the worker ended after {[type(event).__name__ for event in seen]}")

    def end_of(self, job_id: str) -> list[Any]:
        return self.until(lambda event: event.job_id == job_id and isinstance(event, wire.TERMINAL))


@pytest.fixture
def worker(tiny_folder, tmp_path):
    running = RunningWorker(tiny_folder, tmp_path / "library.db")
    yield running
    running.close()


@pytest.fixture
def long_file(tmp_path) -> Path:
    return write_pages(tmp_path / "long.txt", 40)


def advanced(event) -> bool:
    return isinstance(event, wire.PrefillAdvanced)


def test_it_introduces_itself_with_its_protocol_version(worker):
    started = next(worker.events())
    assert isinstance(started, wire.WorkerStarted)
    assert (started.protocol_version, started.pid) == (wire.PROTOCOL_VERSION, worker.process.pid)


def test_jobs_are_done_in_turn_and_each_ends_once(worker, tmp_path):
    file = write_pages(tmp_path / "log.txt", 1)
    worker.send(
        Read(job_id="a", path=str(file)), Read(job_id="b", path=str(tmp_path / "no")), ListDocuments(job_id="c")
    )
    events = worker.end_of("c")
    ends = [event for event in events if isinstance(event, wire.TERMINAL)]
    assert [(end.job_id, type(end).__name__) for end in ends] == [
        ("a", "JobFinished"),
        ("b", "JobFailed"),
        ("c", "JobFinished"),
    ]
    assert any(isinstance(event, wire.DocumentListed) for event in events)


def test_a_question_interrupts_a_reading_which_then_goes_on(worker, long_file):
    worker.send(Read(job_id="r", path=str(long_file)))
    worker.until(advanced)
    worker.send(Ask(job_id="q", path=str(long_file), question="What so far?"))
    before = worker.end_of("q")
    assert not any(isinstance(event, wire.ReadingFinished) for event in before)
    assert isinstance(worker.end_of("r")[-1], wire.JobFinished)


def test_a_cancel_is_felt_within_a_second(worker, long_file):
    worker.send(Read(job_id="r", path=str(long_file)))
    worker.until(advanced)
    worker.send(Cancel(job_id="r"))
    sent = time.monotonic()
    assert isinstance(worker.end_of("r")[-1], wire.JobCancelled)
    assert time.monotonic() - sent < 5  # a second on a machine that does nothing else


def test_a_job_that_waits_can_be_cancelled_before_it_starts(worker, long_file, tmp_path):
    other = write_pages(tmp_path / "other.txt", 1)
    worker.send(Read(job_id="r", path=str(long_file)), Read(job_id="w", path=str(other)), Cancel(job_id="w"))
    worker.until(advanced)
    worker.send(Cancel(job_id="r"))
    events = worker.end_of("w")
    assert isinstance(events[-1], wire.JobCancelled)


def test_a_paused_job_holds_until_it_is_resumed(worker, long_file):
    worker.send(Read(job_id="r", path=str(long_file)))
    worker.until(advanced)
    worker.send(Pause(job_id="r"))
    worker.until(lambda event: isinstance(event, wire.JobPaused))
    worker.send(Resume(job_id="r"))
    worker.until(lambda event: isinstance(event, wire.JobResumed))
    assert isinstance(worker.end_of("r")[-1], wire.JobFinished)


def test_the_end_of_input_ends_it_with_what_was_read_saved(worker, long_file, tiny_folder, tmp_path):
    worker.send(Read(job_id="r", path=str(long_file)))
    worker.until(advanced)
    worker.process.stdin.close()
    assert worker.process.wait(timeout=20) == 0
    second = RunningWorker(tiny_folder, tmp_path / "library.db")
    second.send(Read(job_id="r", path=str(long_file)))
    resumed = second.until(lambda event: isinstance(event, wire.ReadingResumed))[-1]
    second.close()
    assert resumed.tokens > 0


def test_shutdown_ends_it(worker):
    next(worker.events())
    worker.send(Shutdown())
    assert worker.process.wait(timeout=10) == 0


def test_what_is_no_command_is_said_and_survived(worker):
    worker.process.stdin.write('hello\n{"type": "Explode"}\n\n')
    worker.send(ListDocuments(job_id="l"))
    events = worker.end_of("l")
    assert sum(isinstance(event, wire.Notice) for event in events) == 2


def test_a_stray_print_does_not_reach_the_events(tiny_folder, tmp_path):
    code = (
        "import sys, engine.session.session as s; from engine.session.worker import run_worker\n"
        "old = s.Session.run\n"
        "def run(self, command, control):\n"
        "    print('stray'); import os; os.write(1, b'low\\n')\n"
        "    yield from old(self, command, control)\n"
        "s.Session.run = run\n"
        f"sys.exit(run_worker(None, __import__('pathlib').Path({str(tmp_path / 'library.db')!r}), 'cpu', 'fp32'))"
    )
    command = json.dumps({"type": "ListDocuments", "job_id": "l"}) + "\n"
    done = subprocess.run(
        [sys.executable, "-c", code], input=command, capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert [type(wire.decode_event(line)).__name__ for line in done.stdout.splitlines()] == [
        "WorkerStarted",
        "JobStarted",
        "JobFinished",
    ]
    assert "stray" in done.stderr
    assert "low" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_a_killed_worker_costs_at_most_what_was_read_since_the_last_checkpoint(
    worker, long_file, tiny_folder, tmp_path
):
    worker.send(Read(job_id="r", path=str(long_file)))
    saved = worker.until(lambda event: isinstance(event, wire.CheckpointSaved))[-1]
    worker.process.send_signal(signal.SIGKILL)
    worker.process.wait(timeout=10)
    second = RunningWorker(tiny_folder, tmp_path / "library.db")
    second.send(Read(job_id="r", path=str(long_file)))
    resumed = second.until(lambda event: isinstance(event, wire.ReadingResumed))[-1]
    assert resumed.tokens >= saved.tokens
    assert isinstance(second.end_of("r")[-1], wire.JobFinished)
    second.close()


def test_between_two_files_of_a_folder_other_jobs_run(worker, tmp_path):
    folder = tmp_path / "works"
    folder.mkdir()
    for number in range(6):
        write_pages(folder / f"log{number}.txt", number + 1)
    other = write_pages(tmp_path / "other.txt", 1)
    worker.send(
        ReadFolder(job_id="f", path=str(folder), collection="works", order="smallest"),
        Read(job_id="r", path=str(other)),
        AskCollection(job_id="q", collection="works", question="Which gauge?"),
        EditCollection(job_id="e", collection="mine", add=[1]),
    )
    events = worker.end_of("f")
    finished = [event.job_id for event in events if isinstance(event, wire.TERMINAL)]
    assert sorted(finished) == ["e", "f", "q", "r"] and finished[-1] == "f"
    worker.send(ReadFolder(job_id="again", path=str(folder), collection="works"))
    read = next(event for event in worker.end_of("again") if isinstance(event, wire.FolderRead))
    assert (read.read, read.documents) == (0, 6)


def test_a_followed_file_is_one_job_beside_which_others_run(worker, tmp_path):
    file = write_pages(tmp_path / "log.txt", 1)
    worker.send(Read(job_id="f", path=str(file), follow=True))
    first = worker.until(lambda event: isinstance(event, wire.FollowWaiting))
    worker.send(Ask(job_id="q", path=str(file), question="Which gauge?"))
    assert isinstance(worker.end_of("q")[-1], wire.JobFinished)
    with file.open("a") as log:
        log.write("A later line about gauge 9.\n")
    grown = worker.until(lambda event: isinstance(event, wire.FollowWaiting))
    sizes = [event.tokens for event in first + grown if isinstance(event, wire.ReadingFinished)]
    assert sizes[-1] > sizes[0]
    worker.send(Pause(job_id="f"), Resume(job_id="f"), Cancel(job_id="f"))
    rest = worker.end_of("f")
    assert isinstance(rest[-1], wire.JobCancelled)
    started = [event for event in first + grown + rest if isinstance(event, wire.JobStarted)]
    assert [event.job_id for event in started] == ["f"]


def test_a_worker_that_follows_ends_with_its_input(worker, tmp_path):
    file = write_pages(tmp_path / "log.txt", 1)
    worker.send(Read(job_id="f", path=str(file), follow=True))
    worker.until(lambda event: isinstance(event, wire.FollowWaiting))
    assert worker.process.stdin is not None
    worker.process.stdin.close()
    assert isinstance(worker.end_of("f")[-1], wire.JobCancelled)
    assert worker.process.wait(timeout=10) == 0


def test_a_signal_ends_the_worker_as_the_end_of_input_does(worker, long_file, tmp_path):
    """SIGTERM and SIGHUP save what was read, and every job gets its terminal event."""
    for number in [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]:
        running = RunningWorker(worker.model, tmp_path / f"{number}.db")
        try:
            running.send(Read(job_id="r", path=str(long_file)), Read(job_id="waits", path=str(long_file)))
            running.until(lambda event: isinstance(event, wire.PrefillAdvanced) and event.tokens > 2_000)
            running.process.send_signal(number)
            events = list(running.events())
            ends = [(event.job_id, type(event)) for event in events if isinstance(event, wire.TERMINAL)]
            assert sorted(ends) == [("r", wire.JobCancelled), ("waits", wire.JobCancelled)]
            assert running.process.wait(20) == 0
        finally:
            running.close()
        with Library.open(tmp_path / f"{number}.db", read_only=True) as library:
            (document,) = library.documents.all()
            assert document.state == "stopped"
            assert document.tokens_read > 2_000


def test_while_a_reading_is_paused_questions_are_answered(worker, long_file, tmp_path):
    done = write_pages(tmp_path / "done.txt", 1)
    worker.send(Read(job_id="d", path=str(done)))
    worker.end_of("d")
    worker.send(Read(job_id="r", path=str(long_file)))
    worker.until(lambda event: isinstance(event, wire.PrefillAdvanced))
    worker.send(Pause(job_id="r"))
    worker.until(lambda event: isinstance(event, wire.JobPaused))
    worker.send(Ask(job_id="q", path=str(done), question="What?"), ListDocuments(job_id="l"))
    seen = worker.end_of("q") + worker.end_of("l")
    assert not any(event.job_id == "r" and isinstance(event, wire.TERMINAL) for event in seen)
    worker.send(Ask(job_id="q2", path=str(long_file), question="What so far?"))
    worker.end_of("q2")
    worker.send(Resume(job_id="r"))
    (end,) = [event for event in worker.end_of("r") if event.job_id == "r" and isinstance(event, wire.TERMINAL)]
    assert isinstance(end, wire.JobFinished)


def test_a_client_that_never_reads_does_not_keep_the_worker(worker, long_file):
    worker.send(Read(job_id="r", path=str(long_file)), *(ListDocuments(job_id=f"l{n}") for n in range(3_000)))
    time.sleep(2)
    worker.process.stdin.close()
    assert worker.process.wait(60) == 0


def test_what_follows_a_line_that_is_too_long_is_no_command(worker):
    worker.process.stdin.write("x" * (wire.MAX_LINE + 5) + wire.encode(ListDocuments(job_id="in it")) + "\n")
    worker.send(ListDocuments(job_id="after"))
    assert not any(event.job_id == "in it" for event in worker.end_of("after"))
