"""The bench of the whole path: records as files, their pages, and a run in miniature."""

from __future__ import annotations

import json

import pytest

from engine.bench import calibration, pipeline, record_file
from engine.bench.pipeline import Cell
from engine.documents.extraction.extractor import open_document
from engine.errors import KnownError
from engine.library.records import Page


def page(number: int, text: str) -> Page:
    return Page(number, None, text, None, None, None)


def test_pages_of_the_record_are_found_among_those_of_the_file():
    written = ["a" * 300 + "\n" + "b" * 300, "c " * 300, "d" * 400]
    read = [page(1, "a" * 300 + " " + "b" * 300), page(2, "c" * 300 + "\n\n" + "d" * 150), page(3, "d" * 250)]
    assert record_file.page_map(written, read) == {1: [1], 2: [2], 3: [2, 3]}
    with pytest.raises(KnownError):
        record_file.page_map(written, read[:2])


def test_of_two_pages_the_one_that_has_the_value_counts_and_both_where_it_runs_over():
    read = [page(2, "the speed was 900"), page(3, "rpm. Later it was 700 rpm.")]
    assert record_file.holding([2, 3], "700 rpm", read) == [3]
    assert record_file.holding([2, 3], "900 rpm", read) == [2, 3]


@pytest.mark.parametrize("seed", range(4))
def test_a_record_is_as_long_as_its_cell_says(seed):
    record, _ = record_file.long_record(seed, seed, 9_000, 10, 2, lambda text: len(text) // 4)
    tokens = sum(len(page + "\n\n") // 4 for page in record.pages)
    assert abs(tokens - 9_000) <= 0.03 * 9_000
    assert len(record.facts) >= 10


def test_a_record_that_cannot_be_so_long_is_refused():
    with pytest.raises(KnownError):
        record_file.long_record(0, 0, 9_000, 10, 2, lambda text: 10_000)


def test_facts_stand_on_the_pages_that_the_pdf_is_said_to_have_them_on(tmp_path):
    pytest.importorskip("fpdf")
    record, _ = record_file.long_record(3, 1, 5_000, 12, 2, lambda text: len(text) // 4)
    file = tmp_path / "record.pdf"
    became = record_file.write_pdf(record, file)
    with open_document(str(file)) as opened:
        read = {page.number: record_file.letters(page.text) for page in opened.pages()}
    assert sorted({number for pages in became.values() for number in pages}) == sorted(read)
    for fact in record.facts:
        held = "".join(read[number] for number in became[fact.page])
        assert record_file.letters(fact.value).replace("²", "2").replace("³", "3") in held


def test_a_figure_that_is_higher_for_right_answers_tells_them_apart():
    found = calibration.separation([(0.9, True), (0.8, True), (0.35, False), (0.85, False)])
    assert found["area"] == 0.75
    assert found["below"][1] == {"threshold": 0.4, "wrong": 0.5, "right": 0.0}
    assert "nothing to tell apart" in calibration.told("certainty", calibration.separation([(0.9, True)]))


@pytest.mark.parametrize("kind", ["text", "pdf"])
def test_a_run_reads_a_record_and_asks_all_sorts_of_questions_with_a_new_session(
    kind, tiny_folder, monkeypatch, tmp_path
):
    if kind == "pdf":
        pytest.importorskip("fpdf")
    monkeypatch.setattr(pipeline._Bench, "_after_restart", lambda *_: 1.0)
    monkeypatch.setattr(record_file, "PAGE_TOKENS", 2_500)  # a byte is a token here
    monkeypatch.setattr(record_file, "LENGTH", 1.0)  # and the writer reckons with longer ones
    monkeypatch.setattr(pipeline, "CELLS", (Cell(6_000, 4, 1, 2, 1, 1),))
    out = tmp_path / "out.json"
    options = ["--pdf"] if kind == "pdf" else []
    assert pipeline.main(["--model", str(tiny_folder), "--device", "cpu", "--out", str(out), *options]) == 0
    (result,) = json.loads(out.read_text())
    assert (result["records"], result["missing"]) == (1, 2)
    assert result["questions"] >= 3
    facts = f" tokens, {result['questions']} facts"
    assert result["cell"].endswith(facts + (", PDF" if kind == "pdf" else ""))
    assert result["asked_in_other_words"] == 1
    assert {"document state", "sections, by entropy", "sections, by rank", "all, by both"} <= set(result["ways"])
    assert result["right_section_asked"] == 1.0
    assert result["asking_share"] > 0
    assert all(len(wrong["pages"]) == 1 for wrong in result["wrong"] if wrong["sort"] == "fact")
