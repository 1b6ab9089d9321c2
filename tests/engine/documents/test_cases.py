"""Kinds of files that went wrong at 0.1.0, each with the right text. Other tests make inputs of the same kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.documents.extraction.extractor import open_document
from engine.documents.pages import DocumentError, Outcome, Page
from tests.engine.documents.samples import CORPUS

CASES = CORPUS.parent / "cases"


def read(folder: str, name: str) -> tuple[list[Page], Outcome]:
    path = next(iter(CASES.glob(f"{folder}-*/{name}")), None)
    if path is None:
        pytest.skip(f"the case is not here: {name}")
    with open_document(path) as document:
        pages = list(document.pages())
    assert document.outcome is not None
    return pages, document.outcome


def lines(folder: str, name: str) -> list[str]:
    pages, _ = read(folder, name)
    return "\n".join(page.text for page in pages).split("\n")


TURNED = [
    "Night shift, 2 August 2024",
    "The oil stock was checked.",
    "A check of valve V-639 gave 2.1 bar for the outlet pressure",
    "Valve V-331 was inspected on 3 August 2024",
    "Conveyor C-165 was repaired on 1 August 2024",
    "Turbine T-970 cost 12,000 euros to repair",
    "Pump P-412 was replaced on 9 August 2024",
    "The old files were put away",
]
EXACT = {
    ("01", "cells_wide.pdf"): [
        "Layoffs by month, plants, people and districts",
        "March\t58\t2,839\t38\t0\t5\t14",
        "April\t71\t6,102\t13\t2\t8\t19",
        "May\t41\t2,940\t21\t1\t3\t10",
    ],
    ("02", "impact_rotated.pdf"): TURNED,
    ("02", "impact_upright.pdf"): TURNED,
    ("05", "form_filled.pdf"): [
        "Name of the reporter:\tMarta Quill",
        "Date of the report:\t14 March 2024",
        "What is wrong:\tpump P-204 leaking at the seal",
    ],
    ("06", "freetext.pdf"): [
        "Incident report for the north pumping station, drawn up by the shift.",
        "The valve was inspected and found in order before the shift began.",
        "Approved on condition: replace seal by 2 May",
    ],
    ("09", "h_empty_cells.html"): [
        "Unit\tStopped\tRestarted\tCost",
        "P-204\t3 May\t\t120",
        "P-205\t\t9 May\t48",
        "P-206\t\t10 May",
    ],
    ("10", "h_gdoc.html"): ["Item\tPrice\tDue", "Seal kit\t120.50\t3 May", "Relay\t\t9 May"],
    ("10", "h_table_p.html"): ["Part\tCount", "Seal\t12", "Relay\t7"],
    ("16", "h_cond.html"): ["Before", "", "1.", "", "Middle P-204", "", "After P-205"],
    ("17", "md_base64.md"): ["# Report", "", "![pic]()", "", "Unit P-204 was stopped on 3 May."],
    ("18", "labels_then_values.pdf"): ["Patient\tIvo Brandt", "Dose\t5 mg", "Ward\tWard 7", "Next visit\t9 June"],
    ("18", "table_column_major.pdf"): [
        "Date\tItem\tAmount",
        "3 May\tSeal kit\t120.50",
        "9 May\tRelay\t48.75",
        "12 May\tLabour\t310.00",
    ],
    ("20", "overstrike.txt"): [
        "NAME",
        "    pumpctl - start and stop a pump",
        "",
        "OPTIONS",
        "    --stop  stop the pump",
        "    FILE  the file to read",
    ],
    ("24", "ocg_off.pdf"): ["Incident report for the north pumping station, drawn up by the shift."],
    ("29", "shadow_glyph_size1.pdf"): [f"Statement total {number}" for number in range(4711, 4717)],
    ("33", "h_buttons.html"): ["Name", "Dose 5 mg Save Ward 7"],
    ("34", "ocr_spaced_1.8.pdf"): [
        "Invoice 138588 of the Metropolis Tower",
        "Paid on 12 March 2024 by North Drive Limited",
        "Meter reading 16220 at the gate",
    ],
}


@pytest.mark.parametrize(("case", "right"), EXACT.items(), ids=lambda value: value[1] if len(value) == 2 else "")
def test_case_has_the_right_lines(case: tuple[str, str], right: list[str]) -> None:
    assert lines(*case) == right


HELD = {
    ("03", "record_number_pages.pdf"): [f"{number}" for number in range(1001, 1007)],
    ("03", "run_seq_amount.pdf"): [f"{number}" for number in range(5001, 5009)],
    ("03", "run_us_dates.pdf"): [f"Shift report 1/{day}/2024" for day in range(1, 9)],
    ("07", "enc_csv_few_cp1250.csv"): ["41;Łukasz Wiśniewski;120,00", "42;Żaneta Dąbrowska;99,00"],
    ("07", "enc_cz_cp1250.txt"): [
        "Příliš žluťoučký kůň úpěl ďábelské ódy. Čerpadlo bylo opraveno dne 3. května, cena 120 korun, "
        "řidič Jiří Šťastný."
    ],
    ("07", "enc_pl_cp1250.txt"): [
        "Zażółć gęślą jaźń. Łódź, dnia 3 maja. Pompa została naprawiona przez Józefa Śliwę, koszt 120 złotych. "
        "Świetnie działa, żadnych usterek."
    ],
    ("11", "ansi.log"): ["2024-05-01 10:00:01 ERROR unit P-201 pressure 1.5 bar"],
    ("12", "nul.log"): ["2024-05-01 start", "2024-05-02 unit P-204 stopped"],
    ("19", "escaped.jsonl"): ['{"id": 0, "name": "Zoë Müller", "city": "Łódź", "note": "Ventil geprüft"}'],
    ("23", "late_cp1251.log"): [
        "Насос остановлен третьего мая и отремонтирован. Стоимость работ сто двадцать рублей. Мастер Иванов."
    ],
    ("30", "h_nbsp.html"): ["E=mc^2, H2O, 10^6 cells^1"],
}


@pytest.mark.parametrize(
    ("case", "right"), HELD.items(), ids=lambda value: value[1] if isinstance(value, tuple) else ""
)
def test_case_holds_the_lines(case: tuple[str, str], right: list[str]) -> None:
    found = lines(*case)
    assert [line for line in right if line not in found] == []


def test_results_stay_on_every_certificate() -> None:
    pages, _ = read("04", "result_lines.pdf")
    assert [page.text.split("\n")[-1] in ("Passed", "Failed") for page in pages] == [True] * 8


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("cjk_90ms_v.pdf", ("会議の記録:ポンプは五月三日に止めた", "部品は百二十円で交換した")),
        ("gbk_d_all.pdf", ("会议记录:水泵于五月三日停机检修", "密封圈更换,费用一百二十元")),
    ],
)
def test_chinese_and_japanese_come_in_reading_order(name: str, right: tuple[str, str]) -> None:
    text = "".join(lines("15", name))
    assert 0 < text.index(right[0]) < text.index(right[1])


def test_json_escaped_and_unescaped_are_the_same_text() -> None:
    assert lines("19", "escaped.jsonl") == lines("19", "unescaped.jsonl")


@pytest.mark.parametrize(
    ("folder", "name", "kind"),
    [
        ("08", "garbled_font.pdf", "unreadable_fonts"),
        ("25", "xfa_dynamic.pdf", "placeholder"),
        ("26", "pubsec.pdf", "needs_certificate"),
    ],
)
def test_case_that_cannot_be_read_is_named(folder: str, name: str, kind: str) -> None:
    try:
        _, outcome = read(folder, name)
    except DocumentError as error:
        assert error.kind == kind
    else:
        assert outcome.kind == kind
        assert outcome.pages_read == 0


def test_left_out_parts_are_told() -> None:
    assert "4,096 NUL bytes left out" in read("12", "nul.log")[1].sentence
    assert "1 picture written into the text (42 KB) left out" in read("17", "md_base64.md")[1].sentence


def test_every_case_of_extraction_has_a_test() -> None:
    if not CASES.exists():
        pytest.skip("the cases are not here")
    folders = (*range(1, 13), *range(15, 21), *range(23, 27), 29, 30, 33, 34)
    files = {path.name for folder in folders for path in CASES.glob(f"{folder:02d}-*/*") if path.name != "README"}
    text = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in sorted(files) if name not in text] == []
