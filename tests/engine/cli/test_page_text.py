"""The command `text`: of one file, of a folder, as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli.command_line import main
from tests.engine.documents.drawing import draw_pdf


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "a.txt").write_text("The pump was stopped.\n")
    (folder / "b.pdf").write_bytes(b"%PDF-1.7 cut off")
    (folder / "c.md").write_bytes(b"The seal\0 was replaced.\n")
    return folder


def test_folder_gives_each_document_or_its_reason(papers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["text", str(papers)]) == 0
    out, err = capsys.readouterr()
    assert out.split("\n")[:4] == ["=== a.txt ===", "--- page 1 ---", "The pump was stopped.", "=== b.pdf ==="]
    assert "b.pdf: b.pdf is damaged or cut off" in err and "Traceback" not in err


def test_folder_as_json_names_the_file_on_every_line(papers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["text", str(papers), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["file"] for row in rows] == ["a.txt", "a.txt", "b.pdf", "c.md", "c.md"]
    assert "damaged" in rows[2]["error"] and rows[3]["notes"] == ["1 NUL byte left out"]


def test_left_out_lines_are_in_the_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = [
        [(60, 750, "Annual report of the pumping stations"), (60, 700, f"Page {name} tells of pump {name}.")]
        for name in ("one", "two", "three", "four", "five", "six")
    ]
    path = draw_pdf(tmp_path / "report.pdf", pages)
    assert main(["text", str(path), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows[1]["removed"] == ["Annual report of the pumping stations"]
    assert rows[-1]["left_out"] == {str(page): 1 for page in range(2, 7)}
    assert "on pages 2–6" in rows[-1]["sentence"]


def test_folder_without_a_document_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["text", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("error: ")
