"""Tables with empty cells, columns side by side, and words at a distance, drawn in any order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.documents.drawing import Word, draw_pdf
from tests.engine.documents.in_process import pdf_lines

SPARSE: list[Word] = [
    *((50 + 100 * column, 700, text) for column, text in enumerate(("Item", "Ordered", "Received", "Open"))),
    *((50, 686, "Bolt"), (150, 686, "40"), (350, 686, "40")),
    *((50, 672, "Nut"), (250, 672, "12"), (350, 672, "0")),
    *((50, 658, "Washer"), (350, 658, "5")),
]


def test_a_value_stays_in_its_column_beside_an_empty_cell(tmp_path: Path) -> None:
    assert pdf_lines(draw_pdf(tmp_path / "a.pdf", [SPARSE])) == [
        "Item\tOrdered\tReceived\tOpen",
        "Bolt\t40\t\t40",
        "Nut\t\t12\t0",
        "Washer\t\t\t5",
    ]


def test_a_head_over_two_columns_moves_no_cell(tmp_path: Path) -> None:
    words = [*SPARSE, (190, 714, "Number of pieces"), (50, 714, "Stock")]
    assert pdf_lines(draw_pdf(tmp_path / "a.pdf", [words]))[:2] == [
        "Stock\tNumber of pieces",
        "Item\tOrdered\tReceived\tOpen",
    ]


def column(left: float, name: str, lines: int) -> list[Word]:
    return [(left, 700 - 12 * line, f"{name} line {line} says a bit about the pump hall.") for line in range(lines)]


COLUMNS = [column(40, "Alpha", 6), column(230, "Beta", 6), column(420, "Gamma", 6)]


@pytest.mark.parametrize("order", ["in rows", "last column first", "bottom up"])
def test_three_columns_are_read_one_after_the_other(order: str, tmp_path: Path) -> None:
    drawn = {
        "in rows": [word for row in zip(*COLUMNS, strict=True) for word in row],
        "last column first": [word for words in reversed(COLUMNS) for word in words],
        "bottom up": [word for words in COLUMNS for word in reversed(words)],
    }[order]
    path = draw_pdf(tmp_path / "a.pdf", [drawn], size=8)
    assert pdf_lines(path) == [text for words in COLUMNS for _, _, text in words]


def test_a_paragraph_beside_a_table_is_not_woven_into_it(tmp_path: Path) -> None:
    table: list[Word] = [
        *((50, 700, "Colony"), (110, 700, "Honey"), (170, 700, "Loss")),
        *((50, 684, "A"), (110, 684, "24"), (170, 684, "1"), (50, 668, "B"), (110, 668, "31"), (170, 668, "0")),
    ]
    prose: list[Word] = [
        (330, 695 - 12 * number, text)
        for number, text in enumerate(
            (
                "Honey is spun twice a year, in June",
                "and at the end of July; the bees are",
                "then fed with sugar water.",
            )
        )
    ]
    lines = pdf_lines(draw_pdf(tmp_path / "a.pdf", [table + prose]))
    assert lines == ["Colony\tHoney\tLoss", "A\t24\t1", "B\t31\t0", *(text for _, _, text in prose)]


def test_letters_set_one_by_one_at_one_distance_make_words(tmp_path: Path) -> None:
    words = [
        (50 + 7 * place, 700 - 20 * row, letter)
        for row, text in enumerate(("Rig of Tallinn", "Depth 310"))
        for place, letter in enumerate(text)
        if letter != " "
    ]
    assert pdf_lines(draw_pdf(tmp_path / "a.pdf", [words])) == ["Rig of Tallinn", "Depth 310"]


def test_figures_at_one_distance_stay_cells(tmp_path: Path) -> None:
    words = [(50 + 14 * place, 700 - 14 * row, str(place)) for row in range(3) for place in range(6)]
    assert [line.split() for line in pdf_lines(draw_pdf(tmp_path / "a.pdf", [words]))] == [list("012345")] * 3


def test_short_columns_whose_lines_go_on_are_text(tmp_path: Path) -> None:
    left = ["The mill was sold to a", "cooper who turned it", "into a store."]
    right = ["Its wheel now stands in", "the square before the", "church."]
    words = [(50 + 150 * side, 700 - 12 * row, text) for row, pair in enumerate(zip(left, right, strict=True))
             for side, text in enumerate(pair)]  # fmt: skip
    assert pdf_lines(draw_pdf(tmp_path / "a.pdf", [words])) == left + right


def test_narrow_columns_that_begin_at_one_place_are_cells_and_a_headings_number_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gap of 12 points, about the height of a line, is the padding of cells in many reports."""
    rows = [("W35", "South field", "183", "7.2"), ("W36", "Ridge", "93", "2.5"), ("W37", "North field", "166", "3.9")]
    table = [
        (left, 700 - 20 * number, cell)
        for number, row in enumerate(rows)
        for left, cell in zip((50, 82.5, 144, 172), row, strict=True)
    ]
    headings = [
        (left, 560 - 20 * number, text)
        for number in range(3)
        for left, text in ((50, f"1.2.{number}"), (83, "Wells of the valley"))
    ]
    # Laid out character by character, as every page is whose lines PDFium does not give surely.
    monkeypatch.setattr("engine.documents.formats.pdf.pdfium_reader.plain_text", lambda *_: None)
    lines = pdf_lines(draw_pdf(tmp_path / "a.pdf", [[*table, *headings]]))
    assert lines[:3] == ["\t".join(row) for row in rows]
    assert lines[3:] == [f"1.2.{number} Wells of the valley" for number in range(3)]
