"""The `table` command: rows of a file with their pages, as text, CSV, JSON and XLSX, without a model."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from engine.cli.command_line import main

ROWS = "Day,Unit,Sum (EUR)\n2024-03-05,KT-204,20.50\n2024-04-01,KT-9,=1+1\n2024-05-09,KT-204,30\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "bills.csv"
    path.write_text(ROWS)
    return path


def run(file: Path, *arguments: str) -> int:
    return main(["table", str(file), "--library", str(file.with_name("no.db")), *arguments])


def test_csv_has_the_rows_that_meet_the_conditions(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(file, "--where", "Unit=KT-204", "--where", "date>=2024-04", "--csv") == 0
    printed = capsys.readouterr()
    rows = list(csv.reader(io.StringIO(printed.out)))
    assert rows == [
        ["Day", "Unit", "Sum (EUR)", "document", "page", "source", "confidence"],
        ["2024-05-09", "KT-204", "30", "bills", "1", "layout", "1"],
    ]
    assert "1 row from 1 page" in printed.err


def test_csv_has_no_cell_that_a_spreadsheet_computes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    formulas = ["=1+1", "+cmd|'/C calc'!A0", "-cmd|'/C calc'!A0", "@SUM(A1)", "-(A1)"]
    sound = ["-12.50", "+49 30 1234", "-5 %", "- €7", "a=b", "-"]
    path = tmp_path / "=1+1.csv"
    path.write_text("Part;Note\n" + "".join(f"p{n};{text}\n" for n, text in enumerate([*formulas, *sound])))
    assert run(path, "--csv") == 0
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert [row[1] for row in rows[1:]] == [*(f"'{text}" for text in formulas), *sound]
    assert {row[2] for row in rows[1:]} == {"'=1+1"}


def test_json_has_values_and_places(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(file, "--json", "--where", "sum>25") == 0
    (row,) = json.loads(capsys.readouterr().out)["tables"][0]["rows"]
    assert row["values"]["Sum (EUR)"] == {"kind": "amount", "value": "30 EUR", "number": 30.0, "unit": "EUR"}
    assert row["quoted"] == "2024-05-09,KT-204,30"


def test_a_workbook_holds_numbers_as_numbers_and_no_formula(file: Path) -> None:
    book = file.with_name("bills.xlsx")
    assert run(file, "--xlsx", "-o", str(book)) == 0
    rows = list(load_workbook(book).worksheets[0].iter_rows())
    assert rows[1][2].value == 20.5
    assert (rows[2][2].value, rows[2][2].data_type) == ("=1+1", "s")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--where", "nothing"], "not a condition"),
        (["--where", "Colour=red"], "no table has the column Colour"),
        (["--number", "7"], "no table 7"),
        (["--xlsx"], "-o FILE"),
    ],
)
def test_a_mistake_is_one_sentence(
    file: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(file, *arguments) == 2
    assert words in capsys.readouterr().err
