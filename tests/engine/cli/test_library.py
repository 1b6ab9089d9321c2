"""`library`: its actions, and libraries that cannot be used."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from engine.cli.command_line import main
from engine.library import schema
from engine.library.library import Library
from tests.engine.cli.common import ROOT, is_one_error_line, library_file
from tests.engine.tiny import write_pages


def test_the_library_commands_tell_what_is_there(call, tmp_path):
    call("read", write_pages(tmp_path / "log.txt", 2))
    status, out, _ = call("library", "list")
    assert status == 0
    assert "log" in out
    status, out, _ = call("library", "list", "--json")
    assert json.loads(out)["state"] == "done"
    assert "whole document" in call("library", "show", "1")[1]
    assert "all sound" in call("library", "verify")[1]
    assert call("library", "export", "1")[1].startswith("# log")
    assert "Removed log" in call("library", "remove", "log.txt")[1]
    assert call("library", "compact")[0] == 0
    assert "empty" in call("library", "list")[1]


def test_backup_and_export_name_what_is_wrong_with_their_file(call, tmp_path):
    call("read", write_pages(tmp_path / "log.txt", 1))
    assert call("library", "backup", tmp_path / "copy.db")[0] == 0
    for arguments, words in (
        (["library", "backup", tmp_path / "copy.db"], "choose another name"),
        (["library", "export", "1", "-o", tmp_path / "report.xls"], "choose .md, .docx, .pdf, .odt or .json"),
    ):
        status, _, err = call(*arguments)
        assert status == 2 and words in err and is_one_error_line(err)
    assert not (tmp_path / "report.xls").exists()


def make_newer(path: Path) -> None:
    conn = sqlite3.connect(path)
    conn.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('readthrough', 'm900_later', '')"
    )
    conn.commit()
    conn.close()


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def overwrite(path: Path) -> None:
    path.write_bytes(b"These are my notes, not a database. " * 200)


@pytest.mark.parametrize(
    ("spoil", "words"), [(make_newer, "newer version"), (cut_off, "damaged"), (overwrite, "not a Readthrough library")]
)
def test_a_library_that_cannot_be_used_is_one_line_and_left_alone(call, tmp_path, spoil, words):
    file = write_pages(tmp_path / "log.txt", 1)
    call("read", file)
    spoil(library_file(tmp_path))
    before = library_file(tmp_path).read_bytes()
    for arguments in (["read", file], ["ask", file, "What?"], ["library", "list"], ["library", "verify"]):
        status, out, err = call(*arguments)
        assert (status, out) == (2, ""), arguments
        assert is_one_error_line(err), err
        assert words in err
    assert library_file(tmp_path).read_bytes() == before


def test_a_library_of_an_older_version_is_brought_up_to_date_by_looking_at_it(tmp_path, capsys, monkeypatch):
    with monkeypatch.context() as earlier:
        earlier.setattr(schema, "STEPS", schema.STEPS[:-1])
        Library.open(library_file(tmp_path)).close()
    for _ in range(2):
        assert main(["library", "list", "--library", str(library_file(tmp_path))]) == 0
        assert "empty" in capsys.readouterr().out
    with Library.open(library_file(tmp_path), read_only=True):
        pass


def test_two_programs_at_once_are_one_line_and_the_second_may_still_look(call, tmp_path):
    file = write_pages(tmp_path / "log.txt", 1)
    call("read", file)
    with Library.open(library_file(tmp_path)):
        for arguments in (["read", file], ["ask", file, "What?"], ["library", "compact"]):
            status, _, err = call(*arguments)
            assert status == 2
            assert is_one_error_line(err)
            assert "another Readthrough" in err and str(os.getpid()) in err
        assert call("library", "list")[0] == 0
        assert call("library", "export", "1")[0] == 0


@pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")
def test_a_library_that_may_not_be_written_is_one_line_and_can_be_looked_at(call, tmp_path, capsys):
    file = write_pages(tmp_path / "log.txt", 1)
    call("read", file)
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copy(library_file(tmp_path), folder)
        Path(path).chmod(0o444)
        Path(folder).chmod(0o555)
        with without_rights():
            assert main(["library", "list", "--library", path]) == 0
            assert "log" in capsys.readouterr().out
            assert main(["read", str(file), "--library", path]) == 2
        assert is_one_error_line(capsys.readouterr().err)
        Path(folder).chmod(0o755)


@contextlib.contextmanager
def without_rights():
    """As nobody, where the tests run as root, who may write everywhere."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_flipped_bit_is_found_by_verify_and_the_document_is_read_again(call, tmp_path):
    file = write_pages(tmp_path / "log.txt", 2)
    call("read", file)
    conn = sqlite3.connect(library_file(tmp_path))
    for (snapshot,) in conn.execute("SELECT id FROM snapshots").fetchall():
        with conn.blobopen("snapshot_blobs", "data", snapshot) as blob:
            blob[len(blob) // 2] ^= 1
    conn.commit()
    conn.close()
    status, out, err = call("library", "verify")
    assert (status, err) == (2, "")
    assert out.count("\n") == 1 and "damaged and is deleted" in out
    assert "all sound" in call("library", "verify")[1]
    status, out, _ = call("read", file)
    assert status == 0
    assert "read before" not in out and "log.txt was read in full" in out


def test_title_outside_the_encoding_of_stdout_is_printed_with_question_marks(call, tmp_path):
    call("read", write_pages(tmp_path / "東京.txt", 1))
    command = [sys.executable, str(ROOT / "main.py"), "library", "list", "--library", str(tmp_path / "library.db")]
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    done = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=True)
    assert b"1  ??" in done.stdout


def test_a_title_and_tags_are_given_shown_and_taken_back(call, tmp_path):
    call("read", write_pages(tmp_path / "log.txt", 1))
    assert call("library", "rename", "log.txt", "Boiler", "log")[1] == "log is now called Boiler log.\n"
    assert call("library", "tag", "Boiler log", "work", "2026")[1] == "Boiler log has the tags 2026, work.\n"
    assert "Boiler log [2026, work]" in call("library", "list")[1]
    assert call("library", "tag", "1")[1] == "Boiler log has no tags.\n"
    assert json.loads(call("library", "rename", "1", "--json")[1]) == {"renamed": 1, "title": "log"}


@pytest.mark.parametrize(("suffix", "head"), [(".md", b"# log"), (".docx", b"PK"), (".json", b"{"), (".pdf", b"%PDF")])
def test_export_writes_the_format_of_the_suffix(call, tmp_path, suffix, head):
    call("summarize", write_pages(tmp_path / "log.txt", 1))
    target = tmp_path / f"out{suffix}"
    options = ["--library", str(library_file(tmp_path))]

    def layout(suffix: str, markdown: str, title: str) -> bytes:
        return f"%PDF {title} {markdown[:5]}".encode()

    assert main(["library", "export", "1", "-o", str(target), *options], layout=layout) == 0
    assert target.read_bytes().startswith(head)


def test_export_without_a_layout_names_the_formats_that_work(call, tmp_path):
    call("read", write_pages(tmp_path / "log.txt", 1))
    status, out, err = call("library", "export", "1", "-o", tmp_path / "out.pdf")
    assert (status, out) == (2, "") and is_one_error_line(err) and ".docx" in err
    assert not (tmp_path / "out.pdf").exists()
