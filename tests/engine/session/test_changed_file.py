"""I4, I8: a file that is written to while it is read is never stored as read under the digest of other bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.control import Control
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
        with file.open("r+") as opened:  # in place: the same file to everybody who has it open
            opened.truncate(0)
            opened.write(content)

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
    original = file.read_text()
    assert len(text("Carl Jones")) == len(original)
    changed = False
    for event in session.run(Read(job_id="r", path=str(file)), Control()):
        if isinstance(event, wire.DocumentOpened):
            file.write_text(text("Carl Jones"))
            changed = True
        elif isinstance(event, wire.PrefillAdvanced) and changed and event.total_is_exact:
            file.write_text(original)
            changed = False
    if isinstance(event, wire.JobFailed):
        assert event.reason == "changed"
    for document in session.library.documents.all():
        stored = "".join(page.text for page in session.library.pages.of(document.id))
        assert document.state == "stale" or "Carl Jones" not in stored


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
