"""The library's files belong to their owner alone, and nothing of a removed document stays in them."""

from __future__ import annotations

import lzma
import os
import stat
from pathlib import Path

import pytest

from engine.library.database import LibraryError
from engine.library.library import Library
from engine.library.reading_run import Progress
from engine.library.records import NewPage, NewSection, NewTurn
from tests.engine.library_fakes import IDENTITY, FakeFile

pytestmark = pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")


def test_files_and_new_folders_are_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folders" / "library.db"
    before = os.umask(0o022)
    try:
        with Library.open(path) as library:
            library.documents.for_file(FakeFile())
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert {"library.db", "library.db-wal", "library.db-shm", "library.db.lock"} <= modes.keys()
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700


def test_backup_is_private(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library.db") as library:
        library.maintenance.backup(tmp_path / "copy.db")
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600


def test_no_word_of_a_removed_document_stays(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    with Library.open(path) as library:
        for number in range(3):
            document = library.documents.for_file(FakeFile(f"/x/{number}", str(number))).id
            for batch in range(4):  # several segments of the index
                text = f"zyxandrian quoxlbert {number} {batch} 冷却塔 " + "word " * 300
                run = library.reading(document, IDENTITY)
                run.finish(Progress(9, [NewPage(1, text, 0, 9)], [NewSection(1, "vexotrinol", text, 1, 1, 0, 9)]))
            library.turns.add(document, IDENTITY, NewTurn("Who is zyxandrian?", "quoxlbert"))
        for document_row in library.documents.all():
            library.documents.remove(document_row.id)
        library.maintenance.compact()
    data = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for word in (b"zyxandrian", b"quoxlbert", b"vexotrinol", "冷却".encode()):
        assert word not in data, word


def test_no_word_stays_in_the_copy_from_before_an_update(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    path.write_bytes(lzma.decompress((Path(__file__).parent / "released" / "0.1.0.db.xz").read_bytes()))
    with Library.open(path) as library:
        assert path.with_name("library.db.before-update").exists()
        for document in library.documents.all():
            library.documents.remove(document.id)
        library.maintenance.compact()
    data = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for word in (b"Ann Weber", b"inspected", "安娜".encode(), b"report.pdf"):
        assert word not in data, word


@pytest.mark.parametrize("link", [os.symlink, os.link], ids=["symbolic", "hard"])
def test_a_second_name_of_a_library_has_the_same_writer(tmp_path: Path, link, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "folder"
    folder.mkdir()
    with Library.open(tmp_path / "library.db"):
        link(tmp_path / "library.db", folder / "other.db")
        with pytest.raises(LibraryError, match="writing") as error:
            Library.open(folder / "other.db")
        assert error.value.kind == "locked"
    Library.open(folder / "other.db").close()
