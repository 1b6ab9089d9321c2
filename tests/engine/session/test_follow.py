"""Growth: an appended file costs what was appended, by count; a log is followed while it grows."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from engine.control import Control
from engine.library import checkpoint_policy
from engine.library.library import Library
from engine.library.prefix import PrefixHasher
from engine.library.reading_run import Progress
from engine.library.records import NewSnapshot, Rounding
from engine.protocol import wire
from engine.protocol.wire import Read
from engine.session.follow import follow
from engine.session.session import Session
from tests.engine.library_fakes import IDENTITY, FakeFile
from tests.engine.running import of_kind, only, read_document, run_to_success
from tests.engine.tiny import write_pages

ROOT = Path(__file__).resolve().parents[3]


def write_pdf(path: Path, texts: list[str]) -> None:
    fpdf = pytest.importorskip("fpdf")
    pdf = fpdf.FPDF()
    pdf.set_font("Helvetica", size=10)
    for text in texts:
        pdf.add_page()
        pdf.multi_cell(0, 5, text)
    pdf.output(str(path))


def page(number: int, what: str = "entry") -> str:
    facts = [(number * 37 + line * 11) % 997 for line in range(1, 4)]
    return f"On day {number} the {what} gave " + ", ".join(f"{fact} units" for fact in facts) + "."


def tokens_of_pages(events) -> dict[int, int]:
    return {event.page: event.n_tokens for event in events if isinstance(event, wire.PageExtracted)}


def test_20_pages_after_400_cost_those_20_and_no_more(session, tmp_path):
    file = tmp_path / "report.pdf"
    pages = [page(number) for number in range(1, 421)]
    write_pdf(file, pages[:400])
    before = read_document(session, file)
    write_pdf(file, pages)
    grown = run_to_success(session, Read(job_id="r", path=str(file)))
    after = only(grown, wire.ReadingFinished)
    new = sum(tokens for number, tokens in tokens_of_pages(grown).items() if number > 400)
    assert (before.pages, after.pages) == (400, 420)
    assert after.tokens - after.tokens_reused == new == after.tokens - before.tokens


def test_a_growing_record_is_read_again_from_the_beginning_of_its_last_page_at_most(session, tmp_path):
    file = write_pages(tmp_path / "log.txt", 12)
    first = tokens_of_pages(run_to_success(session, Read(job_id="r", path=str(file))))
    for _ in range(3):
        with file.open("a") as log:
            log.write("A later line about gauge 9, which gave 71 units.\n")
        grown = run_to_success(session, Read(job_id="r", path=str(file)))
        after = only(grown, wire.ReadingFinished)
        now = tokens_of_pages(grown)
        # The pages before the last one are as they were, and none of their tokens is fed again.
        unchanged = sum(tokens for number, tokens in first.items() if number < len(first))
        assert after.tokens_reused == unchanged
        assert after.tokens - after.tokens_reused == sum(now.values()) - unchanged


def test_a_change_in_the_middle_goes_back_to_the_last_checkpoint_before_it(session, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint_policy, "SAVE_TOKENS", 1000)
    file = tmp_path / "report.pdf"
    pages = [page(number) for number in range(1, 81)]
    write_pdf(file, pages)
    tokens = tokens_of_pages(run_to_success(session, Read(job_id="r", path=str(file))))
    prefix = len(session.runtime.tokenizer.document_prefix)
    (document,) = session.library.documents.all()
    checkpoints = [
        row.n_tokens - prefix for row in session.library.snapshots.of(document.id) if row.kind == "checkpoint"
    ]
    pages[49] = page(50, "corrected entry")
    write_pdf(file, pages)
    events = run_to_success(session, Read(job_id="r", path=str(file)))
    after = only(events, wire.ReadingFinished)
    assert [event.kind for event in of_kind(events, wire.Notice)] == ["rounded_checkpoint"]
    ends = [row for row in session.library.snapshots.of(after.document_id) if row.kind == "end"]
    assert [row.exact for row in ends] == [False], "what follows a rounded checkpoint is not called exact"
    unchanged = sum(tokens[number] for number in range(1, 50))
    assert after.tokens_reused == max(checkpoint for checkpoint in checkpoints if checkpoint <= unchanged) > 0


def test_checkpoints_are_rounded_but_the_newest_and_the_end_are_exact(session, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint_policy, "SAVE_TOKENS", 1000)
    file = write_pages(tmp_path / "log.txt", 6)
    run_to_success(session, Read(job_id="r", path=str(file)))
    rows = session.library.snapshots.all()
    checkpoints = [row for row in rows if row.kind == "checkpoint"]
    assert len(checkpoints) > 3
    assert [row.dtype for row in checkpoints] == ["int8"] * (len(checkpoints) - 1) + ["fp32"]
    assert [row.dtype for row in rows if row.kind == "end"] == ["fp32"]
    assert max(row.size for row in checkpoints[:-1]) < checkpoints[-1].size
    assert session.library.maintenance.verify().sound


def test_a_damaged_checkpoint_is_not_made_to_look_sound_when_it_is_rounded(tmp_path):
    hasher = PrefixHasher(IDENTITY)
    with Library.open(tmp_path / "fakes.db") as library:
        reading = library.reading(
            library.documents.for_file(FakeFile()).id, IDENTITY, rounding=Rounding("int8", lambda data: data[:500])
        )
        for number in (1, 2, 3):
            hasher.feed([number])
            checkpoint = NewSnapshot("checkpoint", hasher.at(), bytes([number]) * 1000, "fp32")
            saved = reading.commit(Progress(number, snapshot=checkpoint))
            if number == 2:
                conn = sqlite3.connect(tmp_path / "fakes.db")
                with conn, conn.blobopen("snapshot_blobs", "data", saved) as blob:
                    blob[10] ^= 1
                conn.close()
        assert [row.dtype for row in library.snapshots.all()] == ["int8", "fp32", "fp32"]
        assert [row.n_tokens for row in library.maintenance.verify().damaged] == [2]


class Followed:
    """A file followed in a thread; its events as they come."""

    def __init__(self, session: Session, file: Path) -> None:
        self.control = Control()
        self.events: list[wire.Event] = []
        self._thread = threading.Thread(target=self._run, args=(session, file))
        self._thread.start()

    def _run(self, session: Session, file: Path) -> None:
        for event in follow(session, Read(job_id="f", path=str(file)), self.control, poll_seconds=0.05):
            self.events.append(event)

    def of(self, kind) -> list:
        return [event for event in list(self.events) if isinstance(event, kind)]

    def wait_for(self, readings: int) -> wire.ReadingFinished:
        end = time.monotonic() + 30
        while len(self.of(wire.ReadingFinished)) < readings and time.monotonic() < end and self._thread.is_alive():
            time.sleep(0.02)
        assert len(self.of(wire.ReadingFinished)) == readings, self.events[-3:]
        return self.of(wire.ReadingFinished)[-1]

    def wait_until_it_waits(self, times: int) -> None:
        """Until the file's end has been reached, and all that is read ahead after it, `times` times."""
        end = time.monotonic() + 30
        while len(self.of(wire.FollowWaiting)) < times and time.monotonic() < end and self._thread.is_alive():
            time.sleep(0.02)
        assert len(self.of(wire.FollowWaiting)) == times

    def stop(self) -> None:
        self.control.cancel()
        self._thread.join(timeout=20)
        assert not self._thread.is_alive()


@pytest.fixture
def followed(session, tmp_path):
    file = write_pages(tmp_path / "log.txt", 2)
    running = Followed(session, file)
    yield running, file
    running.stop()


def test_a_followed_log_is_read_as_it_grows_and_costs_nothing_while_it_does_not(followed):
    running, file = followed
    first = running.wait_for(1)
    os.utime(file)  # touched, not changed
    time.sleep(0.3)
    assert len(running.of(wire.ReadingFinished)) == 1
    with file.open("a") as log:
        log.write("A later line about gauge 9.\n")
    second = running.wait_for(2)
    assert second.tokens > first.tokens and second.tokens_reused > 0
    assert not running.of(wire.Notice)
    running.wait_until_it_waits(2)
    running.stop()
    assert isinstance(running.events[-1], wire.JobCancelled)
    assert len(running.of(wire.JobStarted)) == 1
    assert len(running.of(wire.TERMINAL)) == 1


def test_a_log_that_is_cut_short_or_replaced_is_read_anew_and_that_is_said(followed):
    running, file = followed
    running.wait_for(1)
    file.write_text("")  # cut short: waited for
    time.sleep(0.2)
    file.write_text("A new beginning: gauge 4 gave 12 units.\n")
    finished = running.wait_for(2)
    assert finished.tokens_reused == 0
    assert running.of(wire.Notice)[-1] == wire.Notice(job_id="f", kind="file_replaced", detail="log.txt")
    file.rename(file.with_suffix(".1"))  # rotated: not there for a moment
    time.sleep(0.2)
    file.write_text("Once more: gauge 5 gave 13 units.\n" * 3)
    running.wait_for(3)
    assert len(running.of(wire.Notice)) == 2
    assert not running.of(wire.JobFailed)


def test_a_file_that_was_never_there_is_a_mistake_to_follow(session, tmp_path):
    events = list(follow(session, Read(job_id="f", path=str(tmp_path / "no.log")), Control()))
    assert isinstance(events[-1], wire.JobFailed)


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_ctrl_c_ends_following_with_everything_saved(tiny_folder, tmp_path):
    file = write_pages(tmp_path / "log.txt", 1)
    command = [sys.executable, str(ROOT / "main.py"), "read", str(file), "--follow", "--device", "cpu"]
    command += ["--model", str(tiny_folder), "--library", str(tmp_path / "library.db")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert "read in full" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err and "saved" in err
