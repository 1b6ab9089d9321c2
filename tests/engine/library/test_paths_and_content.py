"""Documents go by content: several names for one, one name for several in turn, turns with their content."""

from __future__ import annotations

from pathlib import Path

from engine.library.library import Library
from engine.library.records import NewSummary, NewTurn
from engine.protocol.wire import Read
from engine.session.session import Session
from tests.engine.library_fakes import IDENTITY, FakeFile
from tests.engine.running import ask, read_document, run


def test_every_name_of_a_content_finds_its_document(session: Session, build_document, tmp_path: Path) -> None:
    first = build_document("Pump P-120 ran at 900 rpm.", name="a.log")
    second = tmp_path / "b.log"
    second.write_bytes(first.read_bytes())
    assert read_document(session, first).outcome.startswith("a.log was read")
    assert read_document(session, second).outcome.startswith("b.log was read")
    (document,) = session.library.documents.all()
    assert document.paths == [str(second), str(first)]
    for name in (first, second, "a.log", "b.log"):
        found = session.library.documents.find(name)
        assert found is not None and found.id == document.id


def test_other_content_under_a_name_is_another_document(session: Session, build_document) -> None:
    file = build_document("Pump P-120 was repaired by Anna Smith.", name="report.txt")
    asked = ask(session, file, "Who repaired the pump?")
    build_document("Minutes of the choir. Carl Jones sang.", name="report.txt")
    read_document(session, file)
    new, old = session.library.documents.all()
    assert session.library.turns.of(new.id) == []
    assert [turn.id for turn in session.library.turns.of(old.id)] == [asked.turn_id]
    assert (new.replaced, old.replaced is None, old.paths) == (None, False, [])
    found = session.library.documents.find(file)
    assert found is not None and found.id == new.id
    failed = run(session, Read(job_id="r", path=str(file)))[-1]
    assert failed.job_id == "r"


def test_rotated_log_keeps_the_days_before(session: Session, build_document, tmp_path: Path) -> None:
    file = build_document("Monday: pump P-1 ran.", "Monday evening.", name="app.log")
    read_document(session, file)
    (monday,) = session.library.documents.all()
    rotated = tmp_path / "app.log.1"
    file.rename(rotated)
    build_document("Tuesday: pump P-2 ran.", name="app.log")
    read_document(session, file)
    assert "Monday" in session.library.pages.of(monday.id)[0].text
    assert session.library.sections.of(monday.id)
    assert read_document(session, rotated).tokens_reused > 0
    again = session.library.documents.get(monday.id)
    assert (again.path, again.paths, again.replaced) == (str(rotated), [str(rotated)], None)


def test_grown_file_keeps_its_turns_and_marks_them(session: Session, build_document) -> None:
    file = build_document("Pump P-120 ran at 900 rpm.", name="app.log")
    asked = ask(session, file, "How fast?")
    with file.open("a") as opened:
        opened.write("It stopped at noon.\n" * 50)
    read_document(session, file)
    (document,) = session.library.documents.all()
    turn = session.library.turns.get(asked.turn_id)
    assert (turn.document, turn.current, turn.sha256 == document.sha256) == (document.id, False, False)


def test_same_file_name_in_two_folders_is_ambiguous(library: Library) -> None:
    for folder, digest in (("/a", "aa"), ("/b", "bb")):
        library.documents.for_file(FakeFile(f"{folder}/report.pdf", digest, "Microsoft Word - Document1"))
    assert [document.path for document in library.documents.find_all("report.pdf")] == [
        "/b/report.pdf",
        "/a/report.pdf",
    ]
    assert len(library.documents.find_all("Microsoft Word - Document1")) == 2
    assert [document.path for document in library.documents.find_all("/a/report.pdf")] == ["/a/report.pdf"]


def test_a_turn_and_a_summary_name_their_content(library: Library) -> None:
    document = library.documents.for_file(FakeFile(sha256="aa")).id
    turn = library.turns.add(document, IDENTITY, NewTurn("q", "a"))
    library.summaries.add(document, IDENTITY, NewSummary("state", "s", 1))
    library.documents.for_file(FakeFile(sha256="bb"))
    assert (library.turns.get(turn).sha256, library.turns.get(turn).current) == ("aa", False)
    assert [(summary.sha256, summary.current) for summary in library.summaries.of(document)] == [("aa", False)]
