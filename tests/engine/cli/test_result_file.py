"""The file that a command writes: whole or not at all, never a document, a library or a device in its place."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from engine.cli.command_line import main
from engine.cli.result_file import require_other, save
from engine.errors import KnownError


def test_a_link_stays_a_link_and_its_file_keeps_its_mode(tmp_path: Path) -> None:
    file, link = tmp_path / "file.md", tmp_path / "link.md"
    file.write_text("old")
    file.chmod(0o640)
    link.symlink_to(file)
    save(link, b"new")
    assert link.is_symlink()
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("new", 0o640)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.md", "link.md"]


def test_a_pipe_gets_the_bytes_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(reader, True)
    writer = os.open(pipe, os.O_WRONLY)  # or the reader would find the pipe's end at once
    data = b"x" * 200_000

    def read() -> None:
        with os.fdopen(reader, "rb") as file:
            got.append(file.read())

    thread = threading.Thread(target=read)
    thread.start()
    save(pipe, data)
    os.close(writer)
    thread.join(20)
    assert got == [data]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("kind", ["folder", "pipe without a reader", "link to itself", "no folder", "device"])
def test_a_target_that_takes_nothing_is_one_sentence_and_stays(kind: str, tmp_path: Path) -> None:
    target = tmp_path / "target"
    match kind:
        case "folder":
            target.mkdir()
        case "pipe without a reader":
            os.mkfifo(target)
        case "link to itself":
            target.symlink_to(target)
        case "no folder":
            target = tmp_path / "none" / "target"
        case _:
            target = Path("/dev/full")
            if not target.is_char_device():
                pytest.skip("no /dev/full")
    before = target.lstat().st_mode if target.is_symlink() or target.exists() else None
    with pytest.raises(KnownError, match="cannot be written"):
        save(target, b"x" * 100_000)
    assert before is None or target.lstat().st_mode == before


def test_neither_document_nor_library_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document, library = tmp_path / "a.csv", tmp_path / "library.db"
    document.write_text("Day,Sum\n2024-03-05,20\n")
    library.write_bytes(b"the library")
    (tmp_path / "link").symlink_to(document)
    for target in (document, tmp_path / "link", library, tmp_path / "library.db-wal"):
        with pytest.raises(KnownError, match="choose another file"):
            require_other(target, [document, tmp_path / "none"], library)
        assert main(["table", str(document), "--csv", "-o", str(target), "--library", str(library)]) == 2
    assert main(["summarize", str(document), "-o", str(document), "--library", str(library)]) == 2
    assert "choose another file" in capsys.readouterr().err
    assert document.read_text().startswith("Day") and library.read_bytes() == b"the library"
    require_other(None, [document], library)
    require_other(tmp_path / "none", [document], library)
    library.unlink()
    with pytest.raises(KnownError, match="choose another file"):
        require_other(library, [document], library)


def test_folder_that_is_not_there_is_named_before_the_work(tmp_path):
    with pytest.raises(KnownError, match="there is no folder"):
        require_other(tmp_path / "none" / "x.md", [], tmp_path / "library.db")
