"""Documents of a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.documents import folder
from engine.documents.folder import documents_in, with_folders
from engine.errors import KnownError


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    root = tmp_path / "papers"
    for name in ("b.txt", "a.md", "year/c.csv", "year/.hidden.txt", ".git/config.txt", "photo.jpg", "~$draft.docx"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("The pump was stopped.\n")
    (root / "scan").write_bytes(b"%PDF-1.7\n")
    (root / "year" / "link.txt").symlink_to(root / "b.txt")
    return root


def test_documents_come_in_order_and_others_are_named(papers: Path) -> None:
    found = documents_in(papers)
    assert [path.relative_to(papers).as_posix() for path in found.documents] == ["a.md", "b.txt", "scan", "year/c.csv"]
    assert found.note == "1 file is of kinds that Readthrough does not read: photo.jpg."


def test_folders_stand_for_their_documents(papers: Path, tmp_path: Path) -> None:
    file = tmp_path / "one.txt"
    file.touch()
    files, notes = with_folders([file, papers / "year"])
    assert [path.name for path in files] == ["one.txt", "c.csv"] and notes == []


def test_folder_without_documents_and_with_too_many(
    papers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KnownError, match="no document that can be read"):
        documents_in(_empty(tmp_path))
    monkeypatch.setattr(folder, "MOST_FILES", 2)
    with pytest.raises(KnownError, match="more than 2 documents"):
        documents_in(papers)


def _empty(tmp_path: Path) -> Path:
    path = tmp_path / "empty"
    path.mkdir()
    return path
