"""A folder read into a collection: each file once, errors kept, unchanged files not opened, killed without loss."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.collections import ask
from engine.collections import folder as folder_files
from engine.control import Control
from engine.errors import KnownError
from engine.library.library import Library
from engine.protocol import wire
from engine.protocol.wire import AskCollection, ReadFolder
from engine.session import folder as folder_module
from engine.session.session import Session
from engine.wording.sentences import folder_read
from tests.engine.running import of_kind, only, run, run_to_success
from tests.engine.tiny import write_pages


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "works"
    (folder / "inner").mkdir(parents=True)
    for number in range(4):
        (folder / f"bill{number}.csv").write_text(
            f"Bill,Firm,Sum (EUR)\nB-{number}1,Norden,{number + 1}0\nB-{number}2,Ost,5\n"
        )
    (folder / "inner" / "diary.txt").write_text("The roof of the mill was mended by Ada Lund in May.\n" * 3)
    (folder / "empty.txt").write_text("")
    (folder / ".hidden.txt").write_text("Nobody reads this.")
    return folder


def read(session: Session, folder: Path, **options: str) -> list[wire.Event]:
    return run_to_success(session, ReadFolder(job_id="f", path=str(folder), **options))  # type: ignore[arg-type]


def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the files that readings are asked for from now on."""
    paths: list[str] = []
    original = Session.run

    def noting(self: Session, command: wire.Command, control: Control):
        if isinstance(command, wire.Read):
            paths.append(Path(command.path).name)
        return original(self, command, control)

    monkeypatch.setattr(Session, "run", noting)
    return paths


def test_every_file_is_read_and_an_error_is_kept(session: Session, folder: Path) -> None:
    events = read(session, folder)
    finished = only(events, wire.FolderRead)
    assert (finished.collection, finished.read, finished.failed, finished.documents) == ("works", 5, 1, 5)
    (failed,) = [event for event in of_kind(events, wire.FileRead) if event.error]
    assert failed.path.endswith("empty.txt") and "is empty" in failed.error
    assert {Path(path).name for path in session.library.collections.files("works")} == {
        "bill0.csv", "bill1.csv", "bill2.csv", "bill3.csv", "diary.txt", "empty.txt"
    }  # fmt: skip


def test_unchanged_files_are_not_opened_again(session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read(session, folder)
    paths = opened(monkeypatch)
    read(session, folder)
    assert paths == []
    (folder / "bill1.csv").write_text("Bill,Firm,Sum (EUR)\nB-91,Norden,70\nB-92,Ost,5\n")
    (folder / "bill2.csv").unlink()
    finished = only(read(session, folder), wire.FolderRead)
    assert paths == ["bill1.csv"] and (finished.read, finished.documents) == (1, 4)


def test_the_smallest_file_can_come_first(session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pages(folder / "large.txt", 1)
    paths = opened(monkeypatch)
    read(session, folder, order="smallest")
    assert paths[0] == "empty.txt" and paths[-1] == "large.txt"


def test_a_cancelled_folder_goes_on_with_the_next_file(
    session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = Control()
    done = []
    for event in session.run(ReadFolder(job_id="f", path=str(folder)), control):
        if isinstance(event, wire.FileRead):
            done.append(Path(event.path).name)
            if len(done) == 2:
                control.cancel()
    assert isinstance(event, wire.JobCancelled)
    paths = opened(monkeypatch)
    finished = only(read(session, folder), wire.FolderRead)
    assert len(paths) == 4 and not set(paths) & set(done) and finished.documents == 5


def test_five_crashes_lose_nothing_and_read_nothing_twice(
    new_session: Callable[..., Session], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that ends between a reading and its outcome reads that file's state again from the library."""

    class Killed(BaseException):
        pass

    for number in range(5):
        session = new_session()
        calls = iter(range(99))
        original = session.library.collections.note_file

        def note(*arguments: object, calls=calls, number=number, original=original) -> None:
            if next(calls) == number % 2:
                raise Killed
            original(*arguments)

        monkeypatch.setattr(session.library.collections, "note_file", note)
        with pytest.raises(Killed):
            list(session.run(ReadFolder(job_id="f", path=str(folder)), Control()))
        session.__exit__()
    session = new_session()
    finished = only(read(session, folder), wire.FolderRead)
    assert finished.documents == 5 and finished.failed_files == 1
    assert len(session.library.documents.all()) == 5
    assert all(document.state == "done" for document in session.library.documents.all())


def test_a_watched_folder_takes_new_files(session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "POLL_SECONDS", 0.0)
    control = Control()
    looks = []
    for event in session.run(ReadFolder(job_id="f", path=str(folder), watch=True), control):
        if isinstance(event, wire.FollowWaiting):
            looks.append(session.library.collections.get("works").documents)
            if len(looks) == 1:
                (folder / "late.txt").write_text("The mill was sold in June.\n")
            else:
                control.cancel()
    assert looks == [5, 6]


def test_a_question_counts_over_all_documents(session: Session, folder: Path) -> None:
    read(session, folder)
    question = "What is the total sum of the bills with Norden?"
    answer = only(run(session, AskCollection(job_id="q", collection="works", question=question)), wire.AnswerFinished)
    assert answer.text.startswith("100 EUR") and answer.turn_id is None
    assert answer.evidence.counted is not None
    assert (answer.evidence.counted.documents, answer.evidence.counted.documents_of) == (5, 6)
    assert {row.title for row in answer.evidence.counted.rows} == {"bill0", "bill1", "bill2", "bill3"}


def test_an_answer_names_document_and_page(session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read(session, folder)
    monkeypatch.setattr(ask, "_written", lambda *_: None)
    question = "Who mended the roof of the mill?"
    answer = only(run(session, AskCollection(job_id="q", collection="works", question=question)), wire.AnswerFinished)
    assert "Ada Lund" in answer.text and "(diary, page 1)" in answer.text
    assert answer.evidence.counted is not None and answer.evidence.counted.documents_of == 5


def test_a_figure_of_the_question_is_in_the_answer(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    halls = tmp_path / "halls"
    halls.mkdir()
    for number in (2, 29, 296, 204):
        (halls / f"note{number}.txt").write_text(f"The board met. Hall {number} was rented to firm number {number}.\n")
    read(session, halls)
    monkeypatch.setattr(ask, "_written", lambda *_: None)
    for number in (2, 29):
        command = AskCollection(job_id="q", collection="halls", question=f"To whom was hall {number} rented?")
        answer = only(run(session, command), wire.AnswerFinished)
        assert f"(note{number}, page 1)" in answer.text.split("\n")[0]


def test_a_folder_that_is_missing_makes_no_collection(session: Session, tmp_path: Path) -> None:
    events = run(session, ReadFolder(job_id="f", path=str(tmp_path / "nowhere")))
    assert isinstance(events[-1], wire.JobFailed) and session.library.collections.all() == []


def test_a_link_is_not_followed(session: Session, folder: Path) -> None:
    os.symlink(folder, folder / "circle")
    assert only(read(session, folder), wire.FolderRead).documents == 5


@pytest.mark.slow
def test_five_killed_processes_lose_nothing_and_read_nothing_twice(tiny_folder: Path, tmp_path: Path) -> None:
    folder, database = tmp_path / "works", tmp_path / "library.db"
    folder.mkdir()
    for number in range(60):
        (folder / f"log{number}.txt").write_text(f"Valve {number} was opened at noon.\n" * (20 + number))
    program = [sys.executable, str(Path(__file__).parents[3] / "main.py"), "read", str(folder), "--quiet"]
    program += ["--model", str(tiny_folder), "--library", str(database), "--device", "cpu"]

    def noted() -> int:
        try:
            with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as conn:
                return int(conn.execute("SELECT count(*) FROM collection_files").fetchone()[0])
        except sqlite3.Error:
            return 0

    for _ in range(5):
        before = noted()
        with subprocess.Popen(program, stdout=subprocess.DEVNULL) as process:
            while process.poll() is None and noted() < before + 4:
                time.sleep(0.02)
            process.kill()
        assert noted() >= before
    assert subprocess.run(program, stdout=subprocess.DEVNULL, check=False).returncode == 0
    with Library.open(database) as library:
        documents = library.documents.all()
        assert len(documents) == len({document.sha256 for document in documents}) == 60
        assert all(document.state == "done" for document in documents)
        assert sorted(library.collections.documents("works")) == sorted(document.id for document in documents)
        assert {file.error for file in library.collections.files("works").values()} == {""}
        assert library.maintenance.verify().sound


def test_a_folder_that_cannot_be_listed_costs_only_itself(
    session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = folder_files._entries

    def refuse(place: str | Path):
        if Path(place).name == "inner":
            raise PermissionError(13, "Permission denied", str(place))
        return entries(place)

    monkeypatch.setattr(folder_files, "_entries", refuse)
    files = {Path(event.path).name: event.error for event in of_kind(read(session, folder), wire.FileRead)}
    assert "cannot be listed" in files["inner"] and files["bill0.csv"] == "" and "diary.txt" not in files
    assert of_kind(read(session, folder), wire.FileRead) == [], "it is tried again when it has changed"
    with pytest.raises(KnownError, match="cannot be listed"):
        folder_files.files_of(folder / "inner")


def test_files_of_other_kinds_are_named_and_known_content_is_read(session: Session, folder: Path) -> None:
    (folder / "movie.mp4").write_bytes(b"\0\0\0\x18ftypmp42")
    (folder / "inner" / "Thumbs.db").write_bytes(b"x")
    (folder / "letter.bin").write_bytes(b"{\\rtf1\\ansi The mill was sold to Ada Lund in June.}")
    events = read(session, folder)
    assert "letter.bin" in {Path(event.path).name for event in of_kind(events, wire.FileRead)}
    end = only(events, wire.FolderRead)
    assert end.others == ("movie.mp4",)
    assert "1 file is of kinds that Readthrough does not read: movie.mp4." in folder_read(end)


def test_a_question_to_a_collection_can_be_cancelled(session: Session, folder: Path) -> None:
    read(session, folder)
    for question in ("How many bills are there?", "How often is Norden mentioned?", "Who mended the roof?"):
        control = Control()
        control.cancel()
        events = list(session.run(AskCollection(job_id="q", collection="works", question=question), control))
        assert isinstance(events[-1], wire.JobCancelled) and not of_kind(events, wire.AnswerFinished)
