"""Reading a folder with actors: bundles are whole, a lost actor costs nothing and leaves nothing twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.control import Control
from engine.errors import KnownError
from engine.network.state import MambaState
from engine.protocol import wire
from engine.session import cluster
from engine.session.cluster import Bundle, FileReader, read_on_cluster
from engine.session.session import Session
from tests.engine.running import only, read_document, run_to_success


class LocalActors:
    """Stands for a cluster: readers in this process, of which some are lost with the files that they hold."""

    def __init__(self, make: Callable[[], FileReader], losses: set[int]) -> None:
        self.count = 2
        self._make, self._losses = make, losses
        self.members = [make(), make()]
        self.submitted: list[str] = []
        self.most_flying = 0
        self._flying: list[tuple[int, str]] = []

    def submit(self, member: int, path: str) -> Any:
        self.submitted.append(path)
        reference = (member, path, len(self.submitted))
        self._flying.append(reference[:2])
        self.most_flying = max(self.most_flying, len(self._flying))
        return reference

    def wait(self, references: Any) -> list[Any]:
        return [next(iter(references))]

    def result(self, reference: Any) -> Bundle | None:
        member, path, number = reference
        self._flying.remove((member, path))
        return None if number in self._losses else self.members[member].read(path)

    def replace(self, member: int) -> None:
        self._flying = [pair for pair in self._flying if pair[0] != member]
        self.members[member] = self._make()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "works"
    folder.mkdir()
    for number in range(6):
        (folder / f"log{number}.txt").write_text(f"Valve {number} was opened at noon.\n" * (20 + number))
    (folder / "empty.txt").write_text("")
    return folder


@pytest.fixture
def make(tiny_folder: Path) -> Iterator[Callable[[], FileReader]]:
    made: list[FileReader] = []

    def new() -> FileReader:
        made.append(FileReader(str(tiny_folder), "cpu", "fp32"))
        return made[-1]

    yield new
    for reader in made:
        reader.close()


def read(session: Session, folder: Path, actors: Any) -> list[wire.Event]:
    command = wire.ReadFolder(job_id="f", path=str(folder), cluster="auto")
    return list(read_on_cluster(session.library, command, actors, Control()))


def test_a_bundle_leaves_what_a_reading_leaves(
    session: Session, new_session: Callable[..., Session], folder: Path, make: Callable[[], FileReader]
) -> None:
    file = folder / "log3.txt"
    cluster.store_bundle(session.library, make().read(str(file)))
    other = new_session("other.db")
    read_document(other, file)
    left, right = (each.library for each in (session, other))
    assert left.pages.of(1) == right.pages.of(1)
    states = [lib.snapshots.load(next(s.id for s in lib.snapshots.of(1) if s.kind == "end")) for lib in (left, right)]
    first, second = (MambaState.from_bytes(bytes(data)) for data in states if data is not None)
    assert first.ssm.equal(second.ssm) and first.conv.equal(second.conv)
    again = run_to_success(session, wire.Read(job_id="r", path=str(file)))
    assert not any(isinstance(event, wire.PrefillAdvanced) for event in again)


@pytest.mark.parametrize("losses", [set(), {1}, {2, 5}])
def test_lost_actors_leave_nothing_twice_and_nothing_out(
    session: Session, folder: Path, make: Callable[[], FileReader], losses: set[int]
) -> None:
    actors = LocalActors(make, losses)
    events = read(session, folder, actors)
    finished = only(events, wire.FolderRead)
    assert (finished.read, finished.failed, finished.documents) == (6, 1, 6)
    told = [event.path for event in events if isinstance(event, wire.FileRead)]
    assert len(told) == len(set(told)) == 7
    assert actors.most_flying <= 4
    assert all(document.state == "done" for document in session.library.documents.all())
    assert only(read(session, folder, LocalActors(make, set())), wire.FolderRead).read == 0


def test_a_file_that_ends_three_actors_is_given_up(
    session: Session, folder: Path, make: Callable[[], FileReader]
) -> None:
    for path in folder.iterdir():
        if path.name != "log0.txt":
            path.unlink()
    finished = only(read(session, folder, LocalActors(make, {1, 2, 3})), wire.FolderRead)
    assert (finished.read, finished.failed) == (0, 1)


def test_few_bytes_are_in_flight(
    session: Session, folder: Path, make: Callable[[], FileReader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "MOST_BYTES", 1)
    actors = LocalActors(make, set())
    read(session, folder, actors)
    assert actors.most_flying <= 2  # the empty file beside another


def test_without_ray_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda _: None)
    with pytest.raises(KnownError, match="install"):
        cluster.Actors("auto", 1, None, "cpu", "fp32")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_ray_actor_killed_while_it_reads(session: Session, tiny_folder: Path, folder: Path) -> None:
    pytest.importorskip("ray")
    actors = cluster.Actors("auto", 2, tiny_folder, "cpu", "fp32")
    try:
        command = wire.ReadFolder(job_id="f", path=str(folder), cluster="auto")
        victim = actors.result(actors.members[0].process.remote())
        events: list[wire.Event] = []
        for event in read_on_cluster(session.library, command, actors, Control()):
            events.append(event)
            if len(events) == 2:
                os.kill(int(str(victim)), signal.SIGKILL)
        finished = only(events, wire.FolderRead)
        assert (finished.read, finished.failed, finished.documents) == (6, 1, 6)
    finally:
        actors.close()
