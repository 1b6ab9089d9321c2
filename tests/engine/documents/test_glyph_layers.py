"""Chinese, Japanese and Korean drawn character by character in fonts that are not in the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.documents.drawing import Word, draw_pdf, in_unicode, unicode_font
from tests.engine.documents.in_process import pdf_lines

FIRST, SECOND = "点検記録ポンプは五月三日に停止した", "部品を百二十円で交換し水を抜いた"


def columns(texts: list[str], *, backwards: bool = False) -> list[Word]:
    """Return the characters of vertical columns, the first one on the right."""
    words = [[(500 - 20 * place, 700 - 11 * step, letter) for step, letter in enumerate(text)]
             for place, text in enumerate(texts)]  # fmt: skip
    return [word for column in (reversed(words) if backwards else words) for word in column]


@pytest.mark.parametrize(
    ("words", "right"),
    [
        (columns([FIRST, SECOND]), [FIRST + SECOND]),
        (columns([FIRST, SECOND], backwards=True), [FIRST + SECOND]),
        (columns(["会議は10時に始まりP-204を止めた。"]), ["会議は10時に始まりP-204を止めた。"]),
        ([(50 + 16 * step, 700, letter) for step, letter in enumerate("水泵停机检修")], ["水泵停机检修"]),
        ([(50 + 11 * step, 700, letter) for step, letter in enumerate("펌프는목요일에")], ["펌프는목요일에"]),
        ([(50, 700, "水泵P-204于5月3日停机,费用120元。")], ["水泵P-204于5月3日停机,费用120元。"]),
    ],
    ids=["vertical", "last column first", "figures in a column", "set apart", "Korean", "one line"],
)
def test_no_character_is_lost(words: list[Word], right: list[str], tmp_path: Path) -> None:
    path = draw_pdf(tmp_path / "a.pdf", [in_unicode(words)], fonts="/F2 10 0 R", objects=unicode_font(10))
    assert pdf_lines(path) == right


def test_both_letters_of_a_ligature_are_read(tmp_path: Path) -> None:
    words: list[Word] = [(50, 700, "The ﬁrst oﬃcer on the cliﬀ"), (300, 690, "beside")]
    path = draw_pdf(tmp_path / "a.pdf", [in_unicode(words)], fonts="/F2 10 0 R", objects=unicode_font(10))
    assert "The first officer on the cliff" in pdf_lines(path)[0]


def test_a_figure_alone_in_a_cell_is_not_lost(tmp_path: Path) -> None:
    rows = [("部品", "在庫", "単価"), ("弁", "4", "350"), ("管", "27", "8")]
    words = [(x, 700 - 20 * y, cell) for y, row in enumerate(rows) for x, cell in zip((50, 200, 350), row, strict=True)]
    path = draw_pdf(tmp_path / "a.pdf", [in_unicode(words)], fonts="/F2 10 0 R", objects=unicode_font(10))
    assert [tuple(line.split("\t")) for line in pdf_lines(path)] == rows
