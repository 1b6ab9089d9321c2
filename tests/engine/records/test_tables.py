"""Tables of files of every format: every row is found, under its column heads, on its page."""

from __future__ import annotations

import csv
import json
import random
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from fpdf import FPDF
from openpyxl import Workbook

from engine.documents.extraction.extractor import open_document
from engine.records.extract import Extraction, extract
from engine.records.labelled import labelled_tables
from engine.records.lines import Line

HEADS = ("Date", "Unit", "Finding", "Cost (EUR)")
Rows = list[tuple[str, ...]]
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def rows_of(seed: int, count: int = 24) -> Rows:
    """Rows with a date, an identifier, a text and a sum; none of their words are those of the rules."""
    draw = random.Random(seed)
    findings = ("worn gasket", "loose clamp", "dry bearing", "blocked strainer", "cracked sight glass")
    return [
        (
            f"20{draw.randrange(18, 26)}-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02}",
            f"{draw.choice('KQVX')}{draw.choice('KT')}-{draw.randrange(100, 999)}",
            draw.choice(findings),
            f"{draw.randrange(40, 9000)}.{draw.randrange(10, 99)}",
        )
        for _ in range(count)
    ]


def extracted(path: Path) -> Extraction:
    with open_document(path) as document:
        return extract(str(path), [(page.number, page.text) for page in document.pages()])


def found_rows(path: Path) -> tuple[list[str], Rows]:
    """The columns and rows of the largest table of a file."""
    table = max(extracted(path).tables, key=lambda table: len(table.rows))
    return table.columns, [row.cells for row in table.rows]


def write_csv(path: Path, rows: Rows) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([HEADS, *rows, ("Total", "", "", "1.00")])


def write_semicolons(path: Path, rows: Rows) -> None:
    lines = [";".join(f'"{cell}"' for cell in row) for row in [HEADS, *rows]]
    path.write_text("Inspections of the year\n" + "\n".join(lines) + "\n")


def write_tsv(path: Path, rows: Rows) -> None:
    path.write_text("\n".join("\t".join(row) for row in [HEADS, *rows]))


def write_jsonl(path: Path, rows: Rows) -> None:
    path.write_text("".join(json.dumps(dict(zip(HEADS, row, strict=True))) + "\n" for row in rows))


def write_json(path: Path, rows: Rows) -> None:
    records = [dict(zip(HEADS, row, strict=True)) for row in rows]
    path.write_text(json.dumps({"site": "north", "records": records}, indent=1))


def write_html(path: Path, rows: Rows) -> None:
    lines = ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
    head = "".join(f"<th>{name}</th>" for name in HEADS)
    table = "".join(f"<tr>{line}</tr>" for line in [head, *lines])
    path.write_text(f"<h1>Round</h1><p>Checked.</p><table>{table}</table><p>Signed by the foreman.</p>")


def write_markdown(path: Path, rows: Rows) -> None:
    lines = [" | ".join(row) for row in [HEADS, ("---",) * 4, *rows]]
    path.write_text("# Round\n\n" + "".join(f"| {line} |\n" for line in lines) + "\nThat was all.\n")


def write_docx(path: Path, rows: Rows) -> None:
    def cell(text: str) -> str:
        return f"<w:tc><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>"

    lines = ["<w:tr>" + "".join(map(cell, row)) + "</w:tr>" for row in [HEADS, *rows]]
    body = f"<w:p><w:r><w:t>Findings</w:t></w:r></w:p><w:tbl>{''.join(lines)}</w:tbl>"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", f"<w:document {W}><w:body>{body}</w:body></w:document>")


def write_xlsx(path: Path, rows: Rows) -> None:
    book = Workbook()
    assert book.active is not None
    for row in [HEADS, *rows]:
        book.active.append(row)
    book.save(path)


def write_pdf(path: Path, rows: Sequence[Sequence[str]], heads: Sequence[str] = HEADS, repeat: bool = True) -> None:
    pdf = FPDF()
    pdf.set_font("Helvetica", size=10)
    pdf.add_page()
    pdf.cell(text="Findings of the round", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(8)
    with pdf.table(first_row_as_headings=repeat) as table:
        for cells in [heads, *rows]:
            line = table.row()
            for text in cells:
                line.cell(text)
    pdf.output(str(path))


def write_wide_pdf(path: Path, rows: Rows) -> None:
    """Cells at fixed places without rules, over two pages, the heads on the first one only."""
    pdf = FPDF()
    pdf.set_font("Times", size=11)
    pdf.add_page()
    for row in [HEADS, *rows]:
        for text, width in zip(row, (35, 30, 70, 30), strict=True):
            pdf.cell(width, 14, text)
        pdf.ln(14)
    pdf.output(str(path))


def write_labels(path: Path, rows: Rows) -> None:
    blocks = ["\n".join(f"{name}: {cell}" for name, cell in zip(HEADS, row, strict=True)) for row in rows]
    path.write_text("Findings\n\n" + "\n\n".join(blocks) + "\n")


WRITERS: list[tuple[str, Callable[[Path, Rows], None]]] = [
    ("a.csv", write_csv),
    ("b.csv", write_semicolons),
    ("a.tsv", write_tsv),
    ("a.jsonl", write_jsonl),
    ("a.json", write_json),
    ("a.html", write_html),
    ("a.md", write_markdown),
    ("a.docx", write_docx),
    ("a.xlsx", write_xlsx),
    ("a.pdf", write_pdf),
    ("b.pdf", write_wide_pdf),
    ("a.txt", write_labels),
]


@pytest.mark.parametrize(("name", "write"), WRITERS, ids=[name for name, _ in WRITERS])
def test_every_row_of_a_table_is_found_under_its_heads(tmp_path: Path, name: str, write: Callable[[Path, Rows], None]):
    rows = rows_of(len(name) + ord(name[0]), 40)
    write(tmp_path / name, rows)
    columns, found = found_rows(tmp_path / name)
    assert [head.replace(" (EUR)", "") for head in columns] == [head.replace(" (EUR)", "") for head in HEADS]
    assert found == rows


def test_cells_are_typed_and_the_head_gives_the_unit(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('Day,Unit,Sum (EUR)\n3 March 2024,KT-204,"1.234,50"\n12.4.2024,KT-9,-\n')
    (table,) = extracted(path).tables
    first, second = table.typed_rows()
    assert [(cell.kind, cell.value) for cell in first[:2]] == [("date", "2024-03-03"), ("identifier", "kt-204")]
    assert (first[2].kind, first[2].number, first[2].unit) == ("amount", 1234.5, "EUR")
    assert (second[0].value, second[2].kind) == ("2024-04-12", "empty")


def test_a_date_or_a_number_that_can_be_read_in_two_ways_has_no_value(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Day,Load\n3/4/2024,1.250\n5/6/2024,2.750\n")
    (table,) = extracted(path).tables
    assert {cell.kind for row in table.typed_rows() for cell in row} == {"unclear"}
    path.write_text("Day,Load\n3/4/2024,1.250\n25/6/2024,2.75\n")
    (table,) = extracted(path).tables
    assert [[cell.value for cell in row] for row in table.typed_rows()] == [
        ["2024-04-03", "1.25"],
        ["2024-06-25", "2.75"],
    ]


def test_a_row_with_an_empty_cell_keeps_its_columns(tmp_path: Path) -> None:
    rows = [list(row) for row in rows_of(5, 12)]
    for number in (2, 7):
        rows[number][3] = ""
    write_pdf(tmp_path / "a.pdf", rows)
    assert found_rows(tmp_path / "a.pdf")[1] == [tuple(row) for row in rows]


def test_a_row_that_sums_up_is_no_row(tmp_path: Path) -> None:
    rows = rows_of(6, 10)
    write_html(tmp_path / "a.html", [*rows, ("Grand total", "", "", "99.00")])
    assert found_rows(tmp_path / "a.html")[1] == rows


def test_only_a_plain_total_is_a_sum(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Part,Size\nTotal length of hose,12\nTotal,12\nClamp,3\nTotal cost (EUR),4\nSubtotal:,4\n")
    (table,) = extracted(path).tables
    assert [row.cells[0] for row in table.rows] == ["Total length of hose", "Clamp"]


def test_a_table_goes_on_behind_a_wrapped_cell() -> None:
    text = "Part\tUse\tSize\nclamp\tholds the hose and\t3\nthe strainer\ngasket\tseals\t12\nvalve\tshuts\t4"
    (table,) = extract("a.pdf", [(1, text)]).tables
    assert table.columns == ["Part", "Use", "Size"]
    assert [row.cells[0] for row in table.rows] == ["clamp", "gasket", "valve"]
    assert table.unread == 1


def test_a_row_between_the_lines_of_its_wrapped_cell_is_kept() -> None:
    text = (
        "Tool\tSize\tPurpose\nchecks the words of all\nspell\t12\nlanguages that it knows\nless\t40\tshows pages\n"
        "compares two files by\ndiff\t31\ntheir lines\ncat\t9\tprints\nTable 4: Tools\n"
    )
    (table,) = extract("a.pdf", [(1, text)]).tables
    assert table.columns == ["Tool", "Size", "Purpose"] and table.caption == "Table 4: Tools"
    assert [row.cells[0] for row in table.rows] == ["spell", "less", "diff", "cat"]
    assert table.rows[2].cells[2] == "compares two files by their lines" and table.rows[2].confidence < 0.8


def test_a_first_cell_on_the_line_above_is_the_row_s() -> None:
    text = "Tool\tSize\tUse\nspell\t12\twords\na-very-long-name\n\t40\tpages\ndiff\t31\tlines\n"
    (table,) = extract("a.pdf", [(1, text)]).tables
    assert [row.cells for row in table.rows][1] == ("a-very-long-name", "40", "pages") and len(table.rows) == 3


def test_a_head_of_several_lines_is_one() -> None:
    text = (
        "\t\tcre\t\nMask\tFile\t\tUse\n\t\tated\n0022\t644\t755\town\n0002\t664\t775\tgroup\n0077\t600\t700\tsecret\n"
    )
    (table,) = extract("a.pdf", [(1, text)]).tables
    assert table.columns == ["Mask", "File", "cre ated", "Use"] and len(table.rows) == 3


def test_lists_and_logs_are_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(
        "The store was checked.\n\nMissing parts:\n- clamp KT-204: 3 pieces\n- gasket KT-9: 12 pieces\n\n"
        "06:10 The hatch was shut.\n06:40 The hatch was opened.\n07:05 The shift ended.\n"
    )
    tables = {table.form: table for table in extracted(path).tables}
    assert [row.cells for row in tables["list"].rows] == [("clamp KT-204", "3 pieces"), ("gasket KT-9", "12 pieces")]
    assert tables["list"].columns == ["Item", "Missing parts"]
    assert [row.cells[0] for row in tables["log"].rows] == ["06:10", "06:40", "07:05"]


def test_prose_and_contents_are_no_tables(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(
        "1 Introduction . . . . . . . . 4\n2 Use . . . . . . . . . . . 9\n\n"
        "The pump ran. Note: it was loud.\nIt was shut down at noon and nobody came.\n"
    )
    assert extracted(path).tables == []


def test_each_row_names_its_page(tmp_path: Path) -> None:
    rows = rows_of(9, 60)
    write_wide_pdf(tmp_path / "a.pdf", rows)
    table = max(extracted(tmp_path / "a.pdf").tables, key=lambda table: len(table.rows))
    assert [row.cells for row in table.rows] == rows
    assert sorted({row.page for row in table.rows}) == [1, 2, 3, 4]


@pytest.mark.parametrize("heads", ["a,b", "a,b,c,d,e", ""])
def test_a_first_line_of_other_cells_than_the_rows_costs_none(tmp_path: Path, heads: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"{heads}\n" + "".join(f"x{number},7,{number}\n" for number in range(9)))
    (table,) = extracted(path).tables
    assert len(table.columns) == 3 and all(len(row.cells) == 3 for row in table.rows)
    assert [row.cells[2] for row in table.rows[-9:]] == [str(number) for number in range(9)]


def test_very_many_columns_are_read_whatever_was_read_before() -> None:
    before = csv.field_size_limit(131_072)
    line = ",".join(f"c{number % 7}" for number in range(50_000))
    found = extract("rows.csv", [(1, f"{line}\n{line}\n")])
    csv.field_size_limit(before)
    assert found.tables and all(len(row.cells) == len(table.columns) for table in found.tables for row in table.rows)


def test_clauses_of_a_contract_are_no_rows():
    clauses = [
        "a. Pay: The employer pays 54,000 dollars in the first year, on its regular pay day. It may raise this at any "
        "time by a letter.",
        "b. Leave: The employee has two weeks of leave in each year of the term. Leave that is not taken in the year "
        "is lost to the employee.",
        "c. End: Either party may end this agreement by a notice of thirty days to the other. The notice must be in "
        "writing and be signed.",
    ]
    items = ["a. Pay: 54,000", "b. Leave: two weeks", "c. Notice: thirty days"]
    for lines, count in ((clauses, 0), (items, 1)):
        found = labelled_tables([Line(1, number, text) for number, text in enumerate(lines)], set())
        assert len(found) == count
