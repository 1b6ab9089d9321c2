"""What is no document, or none that can be opened, is refused in a sentence or two."""

from __future__ import annotations

import os
from pathlib import Path

from engine.documents.pages import Outcome
from tests.engine.documents.reading import posix_only, read, refusal
from tests.engine.documents.samples import corpus, write_pdf


@posix_only
def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pdf")
    assert refusal(tmp_path / "pipe.pdf").kind == "not_a_file"
    assert refusal(Path("/dev/zero")).kind == "not_a_file"
    assert refusal(tmp_path).kind == "not_a_file"
    assert refusal(tmp_path / "nothing.pdf").kind == "missing"
    assert refusal(tmp_path / ("n" * 300)).kind == "no_access"


def test_what_is_neither_pdf_nor_text_is_refused_with_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "picture.dat"
    path.write_bytes(os.urandom(5000))
    error = refusal(path)
    assert error.kind == "not_text"
    assert ".jsonl" in str(error)
    (tmp_path / "empty.txt").touch()
    assert refusal(tmp_path / "empty.txt").kind == "empty"
    (tmp_path / "letter.pdf").write_text("Dear Sir,")
    assert refusal(tmp_path / "letter.pdf").kind == "not_pdf"


@posix_only
def test_a_name_that_cannot_be_shown_spoils_no_sentence(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9\nmenu.txt")
    path.write_text("soup")
    pages, outcome = read(path)
    assert pages[0].text == "soup"
    assert outcome.sentence.startswith("caf??menu.txt was read in full")


def test_a_file_of_blanks_is_told_apart_from_a_scan(tmp_path: Path) -> None:
    (tmp_path / "blanks.txt").write_text(" \n" * 5000)
    assert read(tmp_path / "blanks.txt")[1].kind == "empty"
    _, outcome = read(write_pdf(tmp_path / "blanks.pdf", ["", ""]))
    assert outcome == Outcome("no_text", "blanks.pdf has no text on its pages; check that it is the right file.", 0, 2)


def test_files_without_a_telling_name_are_read_by_what_they_hold(tmp_path: Path) -> None:
    assert read(write_pdf(tmp_path / "download", ["words"]))[0][0].text == "words"
    (tmp_path / "README").write_text("About a %PDF-1.4 file.")
    assert read(tmp_path / "README")[0][0].text == "About a %PDF-1.4 file."


def test_passwords_are_asked_for_tried_and_refused() -> None:
    path = corpus("bad", "08_enc_aes256_userpw_swordfish.pdf")
    assert refusal(path).kind == "needs_password"
    assert refusal(path, "salmon").kind == "wrong_password"
    pages, outcome = read(path, "swordfish", processes=2)
    assert outcome.kind == "text"
    assert pages[11].text.startswith("Sentinel page 12: the copper kettle")
    pages, outcome = read(corpus("bad", "08b_enc_aes256_emptyuser.pdf"), "not needed")
    assert outcome.kind == "text"
