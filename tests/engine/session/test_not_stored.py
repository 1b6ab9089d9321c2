"""With `store` false nothing of a document reaches a disk, and questions can follow each other all the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PdfWriter

from engine.protocol import wire
from engine.protocol.wire import Ask, ListDocuments, Read, Summarize
from tests.engine.documents.samples import write_pdf
from tests.engine.running import ask, of_kind, only, run, run_to_success

WORDS = "The zyxandrian of the quoxlbert is vexotrinol."


@pytest.fixture
def file(build_document) -> Path:
    return build_document(WORDS, "Nothing else.")


def bytes_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_nothing_is_written_and_questions_follow(session, file, tmp_path) -> None:
    first = ask(session, file, "What is the zyxandrian of it?", store=False)
    second = ask(session, file, "And of the quoxlbert?", store=False, parent=first.turn_id)
    assert second.turn_id is not None and first.turn_id is not None and second.turn_id > first.turn_id
    run_to_success(session, Summarize(job_id="s", path=str(file), store=False))
    file.unlink()
    assert not of_kind(run(session, ListDocuments(job_id="l")), wire.DocumentListed)
    session.__exit__()
    data = bytes_below(tmp_path)
    for word in ("zyxandrian", "quoxlbert", "vexotrinol"):
        assert word.encode() not in data, word


def test_a_second_question_does_not_read_again(session, file) -> None:
    ask(session, file, "What?", store=False)
    events = run_to_success(session, Ask(job_id="q", path=str(file), question="Who?", store=False))
    assert not of_kind(events, wire.PrefillAdvanced)


def test_numbers_are_never_those_of_a_stored_document(session, file, tmp_path, build_document) -> None:
    other = build_document("Another record.", name="other.txt")
    stored = only(run_to_success(session, Read(job_id="r", path=str(other))), wire.ReadingFinished)
    kept = ask(session, other, "What?")
    hidden = only(run_to_success(session, Read(job_id="r", path=str(file), store=False)), wire.ReadingFinished)
    turn = ask(session, file, "What?", store=False)
    assert hidden.document_id > stored.document_id + (1 << 29)
    assert turn.turn_id is not None and kept.turn_id is not None and turn.turn_id > kept.turn_id + (1 << 29)
    (document,) = session.library.documents.all()
    assert document.title == "other"


def test_an_encrypted_file_says_that_its_text_is_stored_unless_it_is_not(session, tmp_path) -> None:
    writer = PdfWriter(clone_from=write_pdf(tmp_path / "open.pdf", ["some words of a page"] * 2))
    writer.encrypt("key", algorithm="AES-256")
    path = tmp_path / "secret.pdf"
    writer.write(path)
    notices = {
        store: [
            notice.kind
            for notice in of_kind(
                run(session, Read(job_id="r", path=str(path), password="key", store=store)), wire.Notice
            )
        ]
        for store in (False, True)
    }
    assert "stored_decrypted" not in notices[False]
    assert "stored_decrypted" in notices[True]
