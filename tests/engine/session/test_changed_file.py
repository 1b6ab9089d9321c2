"""I4, I8: a file that is written to while it is read is never stored as read under the digest of other bytes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.control import Control
from engine.documents.extraction.extractor import open_document
from engine.protocol import wire
from engine.protocol.wire import Read
from engine.reading import file_digest
from engine.session.session import Session
from tests.engine.running import of_kind, only, read_document, run


def text(word: str, lines: int = 400) -> str:
    return "".join(f"Line {number}: the pump was inspected by {word}, who found nothing.\n" for number in range(lines))


def read_while(session: Session, file: Path, change: Callable[[], None]) -> list[wire.Event]:
    """Read `file`; call `change` when it has been opened."""
    events = []
    for event in session.run(Read(job_id="r", path=str(file)), Control()):
        events.append(event)
        if isinstance(event, wire.DocumentOpened):
            change()
    return events


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "record.txt"
    file.write_text(text("Anna Smith"))
    return file


@pytest.mark.parametrize("content", [text("Carl Jones"), text("Anna Smith", 180)], ids=["overwritten", "truncated"])
def test_changed_file_is_refused_and_read_again(session: Session, file: Path, content: str) -> None:
    original = file.read_text()

    def change() -> None:
        os.truncate(file, 0)
        write_in_place(file, content)

    failed = read_while(session, file, change)[-1]
    assert isinstance(failed, wire.JobFailed)
    assert (failed.kind, failed.reason) == ("known", "changed")
    file.write_text(original)
    (document,) = session.library.documents.all()
    assert document.state == "stale"
    finished = read_document(session, file)
    assert finished.pages == finished.pages_read > 1
    (document,) = session.library.documents.all()
    stored = "".join(page.text for page in session.library.pages.of(document.id))
    assert "Carl Jones" not in stored
    assert stored.count("Anna Smith") == 400


def test_file_put_back_before_the_end_is_refused(session: Session, file: Path) -> None:
    """Size and time are those of the opening again when the last page has come: only the hash tells."""
    original, status = file.read_text(), file.stat()
    assert len(text("Carl Jones")) == len(original)
    read: list[str] = []
    for event in session.run(Read(job_id="r", path=str(file)), Control()):
        if isinstance(event, wire.DocumentOpened):
            write_in_place(file, text("Carl Jones"))
        elif isinstance(event, wire.PrefillAdvanced) and event.total_is_exact and not read:
            read = [page.text for page in session.library.pages.of(1)] or ["not saved yet"]
            write_in_place(file, original)
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert read, "the file was put back"
    assert isinstance(event, wire.JobFailed), event
    assert (event.kind, event.reason) == ("known", "changed")
    assert [document.state for document in session.library.documents.all()] == ["stale"]
    read_document(session, file)
    stored = "".join(page.text for page in session.library.pages.of(1))
    assert (stored.count("Anna Smith"), stored.count("Carl Jones")) == (400, 0)


def test_pages_of_a_file_put_back_are_known_to_be_of_two_contents(file: Path) -> None:
    """The extractor has given pages of the other content, and says so at the end."""
    original, status = file.read_text(), file.stat()
    with open_document(file) as document:
        write_in_place(file, text("Carl Jones"))
        pages = [page.text for page in document.pages()]
        write_in_place(file, original)
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert "Carl Jones" in "".join(pages)
    assert document.outcome is not None and document.outcome.kind == "changed"


def write_in_place(file: Path, content: str) -> None:
    """Write into the same file, as everybody has it open who reads it."""
    with file.open("r+") as opened:
        opened.write(content)


def test_file_that_grows_meanwhile_is_read_as_it_was(session: Session, file: Path) -> None:
    def change() -> None:
        with file.open("a") as opened:
            opened.write(text("Bob Miller", 20))

    events = read_while(session, file, change)
    assert isinstance(events[-1], wire.JobFinished), events[-1]
    (document,) = session.library.documents.all()
    assert "Bob Miller" not in "".join(page.text for page in session.library.pages.of(document.id))
    assert document.state == "done"


def test_huge_file_is_refused_before_it_is_hashed(session: Session, tmp_path: Path, monkeypatch) -> None:
    huge = tmp_path / "huge.log"
    with huge.open("wb") as opened:
        opened.truncate(70 << 30)  # sparse
    monkeypatch.setattr(file_digest.RegularFile, "readinto", lambda *_: pytest.fail("it was read"))
    failed = run(session, Read(job_id="r", path=str(huge)))[-1]
    assert isinstance(failed, wire.JobFailed)
    assert failed.reason == "too_big"


def test_hashing_is_cancelled(session: Session, tmp_path: Path) -> None:
    large = tmp_path / "large.log"
    with large.open("wb") as opened:
        opened.truncate(1 << 30)
    control = Control()
    control.cancel()
    events = run(session, Read(job_id="r", path=str(large)), control)
    assert isinstance(events[-1], wire.JobCancelled)
    assert not of_kind(events, wire.DocumentOpened)


def test_sections_of_another_cut_do_not_stay(session: Session, tmp_path: Path) -> None:
    """The same text under other headings: the reading resumes at its end, its sections are cut anew."""
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    first.write_text(text("Anna Smith", 60))
    second.write_text(first.read_text())
    read_document(session, first)
    (document,) = session.library.documents.all()
    with session.library.reading(document.id, session.runtime.identity) as earlier:
        from engine.library.reading_run import Progress
        from engine.library.records import NewSection

        cut = [NewSection(n, f"Chapter {n}", f"Words {n}.", 1, 1, n, 1) for n in range(1, 20)]
        earlier.commit(Progress(30, sections=cut))
    finished = only(run(session, Read(job_id="r", path=str(second))), wire.ReadingFinished)
    sections = session.library.sections.of(document.id)
    assert finished.sections == len(sections)
    assert not any(section.heading.startswith("Chapter") for section in sections)
