"""PDF text in scripts beyond Latin, and in fonts that give false heights or maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.documents.cleaning.characters import clean_pdf_page
from engine.documents.extraction.extractor import open_document
from engine.documents.formats.pdf.right_to_left import in_logical_order, letters_of_marks
from tests.engine.documents.drawing import Word, draw_pdf, in_unicode, unicode_font


def page_lines(path: Path) -> list[str]:
    with open_document(path, processes=1) as document:
        (page,) = document.pages()
    return page.text.split("\n")


def drawn(path: Path, content: str, **font: int) -> Path:
    return draw_pdf(path, [content], objects=unicode_font(10, **font), fonts="/F2 10 0 R")


def test_hebrew_name_in_an_english_page_is_read_from_right_to_left(tmp_path: Path) -> None:
    shown = "\u05d4\u05e9\u05de"  # as it is seen: the last letter first
    words: list[Word] = [
        (50, 700, "The letter of 3 May 1980 was signed by the director of the institute,"),
        (50, 680, "Professor"),
        (110, 680, shown),
        (150, 680, "of Haifa, and by two members of the board of the institute."),
    ]
    lines = page_lines(drawn(tmp_path / "a.pdf", in_unicode(words)))
    assert "\u05de\u05e9\u05d4" in lines[1] and lines[1].startswith("Professor")


def test_hebrew_table_keeps_label_before_value(tmp_path: Path) -> None:
    rows = [("\u05ea\u05d0\u05e8\u05d9\u05da", "03/05/2024"), ("\u05e1\u05db\u05d5\u05dd", "47.500")]
    words: list[Word] = []
    for number, (label, value) in enumerate(rows):
        words += [(400, 700 - 30 * number, label[::-1]), (100, 700 - 30 * number, value)]
    lines = page_lines(drawn(tmp_path / "a.pdf", in_unicode(words)))
    assert lines == [f"{label}\t{value}" for label, value in rows]


@pytest.mark.parametrize(
    ("seen", "read"),
    [
        ("3 May 1980", "3 May 1980"),
        ("signed by \u05d4\u05e9\u05de, clerk", "signed by \u05de\u05e9\u05d4, clerk"),
        ("(12%) \u05dd\u05d5\u05db\u05e1", "\u05e1\u05db\u05d5\u05dd (12%)"),
        ("1403/10/04\t\u05da\u05d9\u05e8\u05d0\u05ea", "\u05ea\u05d0\u05e8\u05d9\u05da\t1403/10/04"),
    ],
)
def test_logical_order(seen: str, read: str) -> None:
    assert in_logical_order(seen) == read


def test_cells_of_a_font_that_claims_to_be_five_times_as_high(tmp_path: Path) -> None:
    words: list[Word] = []
    for row, cells in enumerate((("E1", "QM", "A"), ("E2", "A", "B"), ("E3", "QM", "C"), ("E4", "B", "D"))):
        words += [(70 + 30 * column, 700 - 15 * row, cell) for column, cell in enumerate(cells)]
    path = drawn(tmp_path / "a.pdf", in_unicode(words), ascent=3200, descent=-2400)
    assert page_lines(path) == ["E1\tQM\tA", "E2\tA\tB", "E3\tQM\tC", "E4\tB\tD"]


def test_mathematical_letters_are_one_character_each(tmp_path: Path) -> None:
    words: list[Word] = [(50, 700, "Let \U0001d44e be odd."), (300, 700, "Then"), (50, 670, "it ends.")]
    assert "Let a be odd." in "\n".join(page_lines(drawn(tmp_path / "a.pdf", in_unicode(words))))


def test_lines_mirrored_sideways_follow_each_other_downwards(tmp_path: Path) -> None:
    lines = ["The first line of the page.", "The second line of the page.", "The third line of the page."]
    content = "\n".join(
        f"BT /F1 10 Tf -1 0 0 1 500 {700 - 20 * number} Tm ({line}) Tj ET" for number, line in enumerate(lines)
    )
    assert page_lines(draw_pdf(tmp_path / "a.pdf", [content])) == lines


def test_cyrillic_whose_bytes_were_mapped_as_korean() -> None:
    raw = "Инвентарный номер 12"
    broken = "".join(letter.encode().decode("utf-16-be") if ord(letter) > 127 else letter for letter in raw)
    assert clean_pdf_page(broken) == raw
    korean = "회의는 오월 삼일에 열렸다 킜킰"
    assert clean_pdf_page(korean) == korean


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("关 于 红 军 作 战 的 原 则 12", "关于红军作战的原则 12"),
        ("会议 记录 三月", "会议 记录 三月"),
    ],
)
def test_chinese_set_apart_is_joined(text: str, clean: str) -> None:
    assert clean_pdf_page(text) == clean


def test_marks_belong_to_the_letters_that_they_stand_over() -> None:
    """Shadda over meem, which is drawn before ain, meem, alef and noon."""
    code = np.array([0x651, 0x639, 0x645, 0x627, 0x646])
    start, end = np.array([516.9, 523.5, 516.6, 513.0, 504.2]), np.array([521.7, 530.8, 523.7, 516.8, 513.0])
    assert letters_of_marks(code, start, end) == [(0, 2)]


def test_a_sign_of_percent_follows_its_figure() -> None:
    assert in_logical_order("%12 \u0645\u0627\u0639") == "\u0639\u0627\u0645 12%"
    assert in_logical_order("\u0645\u0627\u0639 12%") == "12% \u0639\u0627\u0645", "no letter stands before it"
    assert in_logical_order("\u05dd\u05d9\u05de 12%") == "12% \u05de\u05d9\u05dd"
