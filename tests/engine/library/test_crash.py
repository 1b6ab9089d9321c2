"""I5 and I6: the writer may be killed at any moment, and there is only ever one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.library.database import LibraryError
from engine.library.library import Library
from engine.library.reading_run import Progress
from engine.library.records import NewPage
from tests.engine import library_fakes
from tests.engine.library_fakes import IDENTITY, FakeFile, page_tokens, read_fake_document, state_after

ROOT = Path(__file__).parents[3]
N_PAGES = 40


def start_reader(library: Path, seed: int, n_pages: int = N_PAGES) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, library_fakes.__file__, str(library), str(seed), str(n_pages)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def kill_at_a_random_moment(reader: subprocess.Popen, chance: random.Random) -> list[str]:
    """The lines that the reader said before it was killed."""
    assert reader.stdout is not None
    # Counted in commits, since a quick machine is done before any fixed time is over; the pause moves it within one.
    said = [reader.stdout.readline().strip() for _ in range(chance.randint(1, N_PAGES // 4))]
    time.sleep(chance.uniform(0, 0.01))
    reader.send_signal(signal.SIGKILL)
    said += reader.stdout.read().splitlines()
    reader.stdout.close()
    reader.wait()
    # A line cut short by the kill is no promise.
    return [line for line in said if len(line.split()) == 2 or line == "done"]


def check_nothing_lost(path: Path, said: list[str]) -> None:
    """What the dead reader said it had committed is there, whole, and all states agree with their prefixes."""
    promised = max((int(line.split()[1]) for line in said if line != "done"), default=0)
    with Library.open(path) as library:
        assert library.maintenance.verify().sound
        for document in library.documents.all():
            spans = [span for span in library.pages.spans(document.id) if span.first_token is not None]
            assert [span.number for span in spans] == list(range(1, len(spans) + 1))
            assert sum(span.n_tokens or 0 for span in spans) == document.tokens_read
            assert [section.number for section in library.sections.of(document.id)] == [span.number for span in spans]
            assert max((row.n_tokens for row in library.snapshots.of(document.id)), default=0) == document.tokens_read
            assert document.state in (None, "interrupted", "done")
        for row in library.snapshots.all():
            prefix = library.snapshots.prefix(row.id)
            assert prefix is not None and library.snapshots.load(row.id) == state_after(prefix.hash)
        if said:
            assert library.documents.all()[0].tokens_read >= promised
            assert library.documents.all()[0].state == "done" or "done" not in said


def kill_and_resume(tmp_path: Path, times: int, seed: int) -> None:
    chance = random.Random(seed)
    path, document, restarts = tmp_path / "library.db", 0, 0
    for _ in range(times):
        said = kill_at_a_random_moment(start_reader(path, document), chance)
        check_nothing_lost(path, said)
        restarts += "done" not in said
        document += "done" in said
    assert restarts > times // 4
    with Library.open(path) as survivor, Library.open(tmp_path / "undisturbed.db") as other:
        for number in range(document + 1):
            read_fake_document(survivor, number, N_PAGES, lambda _: None)
            read_fake_document(other, number, N_PAGES, lambda _: None)
        for row, twin in zip(survivor.documents.all(), other.documents.all(), strict=True):
            assert (row.path, row.pages_read, row.tokens_read, row.state) == (
                *(twin.path, twin.pages_read, twin.tokens_read),
                "done",
            )
            assert survivor.pages.of(row.id) == other.pages.of(twin.id)
            assert end_state(survivor, row.id) == end_state(other, twin.id)


def end_state(library: Library, document: int) -> bytearray | None:
    (end,) = [row.id for row in library.snapshots.of(document) if row.kind == "end"]
    return library.snapshots.load(end)


def test_killing_the_writer_at_random_moments_loses_nothing(tmp_path: Path) -> None:
    kill_and_resume(tmp_path, 16, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(10))
def test_killing_the_writer_200_times_loses_nothing(tmp_path: Path, seed: int) -> None:
    kill_and_resume(tmp_path, 20, seed=100 + seed)


def test_a_second_writer_is_refused_with_one_sentence_and_may_read(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    reader = start_reader(path, 1, 4000)
    assert reader.stdout is not None
    assert reader.stdout.readline().startswith("begin")
    try:
        with pytest.raises(LibraryError) as error:
            Library.open(path)
        assert error.value.kind == "locked"
        assert str(reader.pid) in str(error.value) and str(error.value).count(".") <= str(path).count(".") + 1
        with Library.open(path, read_only=True) as window:
            seen = {window.documents.all()[0].tokens_read for _ in range(50) if not time.sleep(0.01)}
            assert len(seen) > 1
            assert window.documents.all()[0].state == window.readings.latest(1).state == "running"
            with pytest.raises(LibraryError, match="reading only"):
                window.documents.remove(1)
    finally:
        reader.kill()
        reader.wait()
        reader.stdout.close()
    with Library.open(path, read_only=True) as window:  # nobody writes: nothing is being read
        assert window.documents.all()[0].state == window.readings.latest(1).state == "interrupted"
    with Library.open(path) as library:
        assert library.readings.unfinished()[0].tokens_read >= max(seen)


def test_a_second_writer_in_the_same_process_is_refused_too(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    with Library.open(path):
        with pytest.raises(LibraryError) as error:
            Library.open(tmp_path / "." / "library.db")
        assert error.value.kind == "locked"
    Library.open(path).close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_that_outlives_the_killed_writer_keeps_nobody_out(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    code = (
        "import os, sys, time\nfrom engine.library.library import Library\nlibrary = Library.open(sys.argv[1])\n"
        "child = os.fork()\n"
        "if child == 0:\n    time.sleep(60)\n    os._exit(0)\n"
        "print(child, flush=True)\ntime.sleep(60)"
    )
    writer = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert writer.stdout is not None
    child = int(writer.stdout.readline())
    try:
        writer.kill()
        writer.wait()
        Library.open(path).close()
    finally:
        os.kill(child, signal.SIGKILL)
        writer.stdout.close()


def test_a_page_is_in_the_document_only_with_its_progress(tmp_path: Path) -> None:
    """A commit that fails half-way leaves nothing of itself."""

    def pages_that_break():
        yield NewPage(1, "x", 0, 10)
        raise RuntimeError("the extractor died")

    with Library.open(tmp_path / "library.db") as library:
        document = library.documents.for_file(FakeFile()).id
        reading = library.reading(document, IDENTITY)
        with pytest.raises(RuntimeError):
            reading.commit(Progress(10, pages_that_break()))
        assert library.pages.of(document) == [] and library.readings.get(reading.id).tokens_read == 0
        reading.commit(Progress(len(page_tokens(0, 1))))
