"""ZIP archives: each file's pages under its name, a reason for each that is not read, bounds on hostile ones."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from engine.documents.extraction.extractor import open_document
from engine.documents.formats.office import package
from engine.documents.formats.office.office_file import read_parts
from engine.documents.pages import DocumentError
from tests.engine.documents.drawing import draw_pdf


def zipped(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def test_files_follow_each_other_with_their_names_and_reasons(tmp_path: Path) -> None:
    pdf = draw_pdf(tmp_path / "drawn.pdf", [[(60, 700, "Pump P-204 was stopped on 3 May.")]]).read_bytes()
    path = tmp_path / "papers.zip"
    path.write_bytes(
        zipped(
            {
                "b/report.pdf": pdf,
                "a.txt": b"The seal was replaced on 4 May.\n",
                "b/photo.jpg": b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8,
                "b/cut.pdf": pdf[:60],
                "c.zip": zipped({"inner.md": b"# Shift book\n\nAll was quiet.\n"}),
                "__MACOSX/a.txt": b"nothing",
            }
        )
    )
    with open_document(path) as document:
        pages = list(document.pages())
    assert [(page.label, page.text) for page in pages] == [
        ("a.txt", "The seal was replaced on 4 May."),
        ("b/report.pdf: page 1", "Pump P-204 was stopped on 3 May."),
        ("c.zip: inner.md", "# Shift book\n\nAll was quiet."),
    ]
    assert [entry.title for entry in document.info.outline][:2] == ["a.txt", "b/report.pdf"]
    assert document.outcome is not None
    assert "Not read: b/cut.pdf (damaged), b/photo.jpg (not text)" in document.outcome.sentence


def test_archive_without_a_document_names_its_files() -> None:
    with pytest.raises(DocumentError) as error:
        read_parts(zipped({"photo.jpg": b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8}), ".zip")
    assert "photo.jpg (not text)" in error.value.sentence


def test_archives_within_archives_end() -> None:
    data = b"deep\n"
    for level in range(8):
        data = zipped({f"{level}.zip" if level else "deep.txt": data, "beside.txt": f"level {level}\n".encode()})
    parts = read_parts(data, ".zip")
    assert "level 7" in parts.pages[-1].text + parts.pages[0].text
    assert not any("deep" in page.text for page in parts.pages)
    assert any("too deep" in note for note in parts.notes)


def test_file_that_unpacks_to_too_much_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MOST_BYTES", 100_000)
    parts = read_parts(zipped({"a-bomb.txt": b"0" * 5_000_000, "b.txt": b"The pump was stopped.\n"}), ".zip")
    assert [page.text for page in parts.pages] == ["The pump was stopped."]
    assert "a-bomb.txt (too big" in parts.notes[0]


def test_too_many_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MOST_FILES", 3)
    with pytest.raises(DocumentError) as error:
        read_parts(zipped({f"{number}.txt": b"x" for number in range(4)}), ".zip")
    assert error.value.kind == "too_big"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_each_of_two_files_of_one_name_is_read() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "The pump was stopped.\n")
        archive.writestr("a.txt", "The valve was opened.\n")
    text = "".join(page.text for page in read_parts(buffer.getvalue(), ".zip").pages)
    assert "pump" in text and "valve" in text
