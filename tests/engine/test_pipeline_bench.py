"""The bench of the whole path: pages of the file against those of the record, and a run in miniature."""

from __future__ import annotations

import json

import pytest

from engine.bench import pipeline
from engine.bench.pipeline import Cell
from engine.errors import KnownError
from engine.library.rows import Page


def page(number: int, text: str) -> Page:
    return Page(number, None, text, None, None, None)


def test_pages_of_the_record_are_found_among_those_of_the_file():
    written = ["a" * 300 + "\n" + "b" * 300, "c " * 300, "d" * 400]
    read = [page(1, "a" * 300 + " " + "b" * 300), page(2, "c" * 300 + "\n\n" + "d" * 150), page(3, "d" * 250)]
    assert pipeline._page_map(written, read) == {1: [1], 2: [2], 3: [2, 3]}
    with pytest.raises(KnownError):
        pipeline._page_map(written, read[:2])


def test_a_run_reads_a_record_and_asks_all_sorts_of_questions_with_a_new_session(tiny_folder, monkeypatch, tmp_path):
    monkeypatch.setattr(pipeline._Bench, "_after_restart", lambda *_: 1.0)
    monkeypatch.setattr(pipeline, "PAGE_TOKENS", 2_500)  # a byte is a token here
    monkeypatch.setattr(pipeline, "CELLS", (Cell(6_000, 4, 1, 2, 1, 1),))
    out = tmp_path / "out.json"
    assert pipeline.main(["--model", str(tiny_folder), "--device", "cpu", "--out", str(out)]) == 0
    (result,) = json.loads(out.read_text())
    assert (result["records"], result["missing"]) == (1, 2)
    assert result["questions"] >= 3
    assert result["asked_in_other_words"] == 1
    assert {"document state", "sections, by entropy", "sections, by rank", "all, by both"} <= set(result["ways"])
    assert result["right_section_asked"] == 1.0
    assert result["asking_share"] > 0
    assert all(len(wrong["pages"]) == 1 for wrong in result["wrong"] if wrong["sort"] == "fact")
