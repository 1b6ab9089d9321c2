"""I5 with the real processes: readers, workers and extractors killed at random, then verified, resumed, compared."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.control import Control
from engine.library import checkpoint_policy
from engine.library.library import Library
from engine.network.state import MambaState
from engine.protocol import wire
from engine.protocol.wire import Read
from engine.session.session import open_session
from tests.engine.session import killed_worker
from tests.engine.tiny import write_pages

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")

INTERVAL = killed_worker.SAVE_TOKENS
CHUNK = 512
"""Tokens the tiny model reads at once: what may be read beyond an interval before it is saved."""


@dataclass(frozen=True)
class Finished:
    """All that a reading leaves, to be compared bit for bit."""

    state: bytes
    pages: list[Any]
    sections: list[Any]
    section_states: list[bytes | None]


class Worker:
    """A process of its own, forked from a server that has imported everything already: a worker, or with `file` the
    command line that reads it."""

    def __init__(self, model: Path, library: Path, file: Path | None = None) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([killed_worker.__name__])
        commands, self._commands = os.pipe()
        self._events, events = os.pipe()
        arguments = (str(model), str(library), _Passed(commands), _Passed(events), file and str(file))
        self.process = context.Process(target=killed_worker.serve, args=arguments)
        self.process.start()
        os.close(commands)
        os.close(events)

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def read(self, file: Path) -> None:
        line = wire.encode(Read(job_id="r", path=str(file))) + "\n"
        with contextlib.suppress(BrokenPipeError):
            os.write(self._commands, line.encode())

    def events(self) -> Iterator[Any]:
        """Those to come; a line that the kill cut short is none."""
        with os.fdopen(self._events, closefd=False) as lines:
            for line in lines:
                if line.endswith("\n"):
                    yield wire.decode_event(line)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        self.kill()
        self.process.join()
        self.process.close()
        os.close(self._commands)
        os.close(self._events)


class _Passed:
    """A file descriptor that a forked worker is to have under whatever number it gets there."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def __reduce__(self) -> Any:
        from multiprocessing.reduction import DupFd

        return _received, (DupFd(self.descriptor),)


def _received(descriptor: Any) -> int:
    return descriptor.detach()


@pytest.fixture
def small_interval(monkeypatch):
    monkeypatch.setattr(checkpoint_policy, "SAVE_TOKENS", INTERVAL)


def left_by_a_reading(library: Library) -> Finished:
    (document,) = library.documents.all()
    assert document.state == "done"
    (end,) = [row for row in library.snapshots.of(document.id) if row.kind == "end"]
    data = library.snapshots.load(end.id)
    assert data is not None
    pages = [(p.number, p.text, p.problem, p.first_token, p.n_tokens) for p in library.pages.of(document.id)]
    sections = library.sections.of(document.id)
    states = library.sections.load_states(sections)
    return Finished(
        bytes(data),
        pages,
        [(s.number, s.heading, s.text, s.first_token, s.n_tokens) for s in sections],
        [bytes(states[s.id][0]) if s.id in states else None for s in sections],
    )


def undisturbed(model: Path, file: Path, library: Path) -> Finished:
    with open_session(model, library, "cpu", "fp32") as session:
        events = list(session.run(Read(job_id="r", path=str(file)), Control()))
        assert isinstance(events[-1], wire.JobFinished), events[-1]
        return left_by_a_reading(session.library)


def check_nothing_lost(path: Path, promised: int) -> int:
    """The library that a killed worker left is sound; returns the document's tokens that it holds."""
    with Library.open(path) as library:
        assert library.maintenance.verify().sound
        for document in library.documents.all():
            spans = [span for span in library.pages.spans(document.id) if span.first_token is not None]
            assert [span.number for span in spans] == list(range(1, len(spans) + 1))
            assert document.state in ("interrupted", "done", None)
        held = 0
        for row in library.snapshots.all():
            data = library.snapshots.load(row.id)
            assert data is not None and MambaState.from_bytes(bytes(data)).n_tokens.tolist() == [row.n_tokens]
            held = max(held, row.n_tokens)
        assert held >= promised
        return held


def kill_while_reading(model: Path, file: Path, library: Path, chance: random.Random) -> tuple[int, int, bool]:
    """Start a worker or reader on `file`, kill it at a random moment: (tokens resumed, tokens held, whether done)."""
    is_reader = chance.random() < 0.4
    worker = Worker(model, library, file if is_reader else None)
    resumed = advanced = promised = 0
    done = False
    try:
        if not is_reader:
            worker.read(file)
        if chance.random() < 0.25:  # while it starts, opens, extracts
            time.sleep(chance.uniform(0, 1.0))
            worker.kill()
        for event in worker.events():
            match event:
                case wire.ReadingResumed():
                    resumed = event.tokens
                    patience = chance.randrange(30)
                case wire.PrefillAdvanced():
                    advanced = event.tokens
                    patience -= 1
                    if patience == 0:
                        time.sleep(chance.uniform(0, 0.03))
                        worker.kill()
                case wire.CheckpointSaved():
                    promised = event.tokens
                    if chance.random() < 0.1:
                        worker.kill()
                case wire.JobFinished():
                    done = True
                    worker.kill()
                case wire.JobFailed():
                    raise AssertionError(event)
    finally:
        worker.close()
    held = check_nothing_lost(library, promised)
    # Whatever was read beyond what is held is all that will be read again.
    assert advanced - held <= INTERVAL + CHUNK
    return resumed, held, done


def kill_and_resume(model: Path, folder: Path, kills: int, seed: int) -> int:
    """Kill readings of many documents `kills` times before their end; returns how many were finished and compared."""
    chance = random.Random(seed)
    documents = killed = 0
    while killed < kills:
        documents += 1
        file = write_pages(folder / f"{documents}.txt", chance.randint(3, 7), words=chance.randint(40, 70))
        library, done, held = folder / f"{documents}.db", False, 0
        while not done:
            resumed, now_held, done = kill_while_reading(model, file, library, chance)
            assert resumed == 0 or resumed <= held
            assert now_held >= held
            held = now_held
            killed += not done
        with Library.open(library) as survivor:
            left = left_by_a_reading(survivor)
        assert left == undisturbed(model, file, folder / f"{documents}-undisturbed.db")
    return documents


def test_a_worker_killed_at_random_moments_loses_one_interval_at_most(tiny_folder, tmp_path, small_interval):
    assert kill_and_resume(tiny_folder, tmp_path, 6, seed=1) >= 1


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_200_kills_over_many_documents_lose_nothing(tiny_folder, tmp_path, small_interval):
    assert kill_and_resume(tiny_folder, tmp_path, 200, seed=2) > 10


def extractors_of(pid: int) -> list[psutil.Process]:
    found = []
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                if any("engine.documents" in part for part in child.cmdline()):
                    found.append(child)
    return found


def kill_an_extractor(model: Path, file: Path, library: Path, chance: random.Random) -> bool:
    """Read `file` and kill one of the extractors at a random moment; whether one was hit."""
    worker, hit = Worker(model, library), False
    try:
        worker.read(file)
        end = time.monotonic() + 20
        while not (children := extractors_of(worker.pid)) and time.monotonic() < end:
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.3))
        with contextlib.suppress(psutil.NoSuchProcess, IndexError):
            chance.choice(extractors_of(worker.pid) or children).kill()
            hit = True
        for event in worker.events():
            if isinstance(event, wire.TERMINAL):
                # A file whose extractor dies while it is being opened may be refused, in a sentence.
                assert isinstance(event, wire.JobFinished) or event.kind == "known", event
                break
    finally:
        worker.close()
    return hit


def kill_extractors(model: Path, folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    file = write_pages(folder / "log.txt", 6)
    expected = undisturbed(model, file, folder / "undisturbed.db")
    hits = number = 0
    while number < kills or (not hits and number < 10 * kills):  # one that is done before its moment cannot be hit
        library = folder / f"{number}.db"
        hits += kill_an_extractor(model, file, library, chance)
        check_nothing_lost(library, 0)
        assert undisturbed(model, file, library) == expected
        number += 1
    assert hits


def test_an_extractor_killed_at_a_random_moment_changes_nothing_that_is_read(tiny_folder, tmp_path, small_interval):
    kill_extractors(tiny_folder, tmp_path, 3, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_many_killed_extractors_change_nothing_that_is_read(tiny_folder, tmp_path, small_interval):
    kill_extractors(tiny_folder, tmp_path, 30, seed=2)
