from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.documents.cleaning.characters import (
    clean_characters,
    clean_pdf_page,
    clean_text_page,
    clean_title,
    join_hyphens,
)
from engine.documents.cleaning.titles import given_title

ANYTHING = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("ﬁnd the oﬃce", "find the office"),
        ("ＡＢＣ１２３ ｱｲｳ", "ABC123 アイウ"),
        ("non\u00a0breaking\u2003space", "non breaking space"),
        ("nul\x00 bell\x07 delete\x7f", "nul bell delete"),
        ("lone\ud800 surrogate\udfff", "lone surrogate"),
        ("non\ufdd0char\uffff\U0001fffe", "nonchar"),
        ("our\ue0d0 own\ue0d1 marks\ue0d2", "our own marks"),
        ("zero\u200bwidth\ufeff back\u202ewards", "zerowidth backwards"),
        ("soft\u00adhyphen", "softhyphen"),
        ("a\r\nb\rc\u2028d\x0ce", "a\nb\nc\nd\ne"),
        ("1½ tablets, ¾ full, ⅓", "1 1/2 tablets, 3/4 full, 1/3"),
        ("10² m², x², 2023¹", "10^2 m2, x2, 2023^1"),
        ("´quoted´ and ¨", "´quoted´ and ¨"),
        ("e\u0301te\u0301", "été"),
        ("Протокол № 7, Acme™", "Протокол № 7, Acme™"),
    ],
)
def test_characters_are_folded_without_changing_a_figure(raw: str, clean: str) -> None:
    assert clean_characters(raw) == clean


@given(ANYTHING)
def test_cleaned_text_can_be_stored_tokenised_and_cleaned_again(text: str) -> None:
    clean = clean_characters(text)
    clean.encode("utf-8")
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in clean if c not in "\n\t")
    assert not any(c in clean for c in "\ue0d0\ue0d1\ue0d2\ufffe\uffff\ufeff")
    assert clean_characters(clean) == clean


@pytest.mark.parametrize(
    ("raw", "joined"),
    [
        ("was re\x02corded here", "was recorded here"),
        ("a well-\nknown e-\nmail", "a well-known e-mail"),
        ("an up-to-\ndate list, dpkg-\nreconfigure", "an up-to-date list, dpkg-reconfigure"),
        ("a twenty-\nyear lease of a co-\noperative", "a twenty-year lease of a co-operative"),
        ("in munici-\npality of hyper-\nspace", "in municipality of hyperspace"),
        ("was re\ufffecorded here", "was recorded here"),
        ("was re-\ncorded here", "was recorded here"),
        ("was re\u00ad\ncorded here", "was recorded here"),
        ("исполь\x02зоваться", "использоваться"),
        ("исполь-\nзоваться", "использоваться"),
        ("use apt\x02get, that is apt-get", "use apt-get, that is apt-get"),
        ("Jean\x02Pierre", "Jean-Pierre"),
        ("from 1990\x02\r\n1995", "from 1990-1995"),
        ("from 1990-\n1995", "from 1990-\n1995"),
        ("ends in a hy\x02", "ends in a hy-"),
        ("- a list\n- of things", "- a list\n- of things"),
        ("a dash -\nthen more", "a dash -\nthen more"),
    ],
)
def test_words_broken_at_line_ends_are_joined(raw: str, joined: str) -> None:
    assert join_hyphens(raw) == joined


def test_full_lines_of_japanese_are_joined_in_the_middle_of_a_word() -> None:
    text = "概要\nこのマニュアルはシェルコマンド例を通してシステム管理の多\n"
    text += "くの局面を説明します。\n次の段落はここから始まります。"
    assert clean_pdf_page(text) == (
        "概要\nこのマニュアルはシェルコマンド例を通してシステム管理の多くの局面を説明します。\n次の段落はここから始まります。"
    )


def test_a_text_file_keeps_its_hyphens_and_indentation() -> None:
    assert clean_text_page("\n  key: re-\n    corded\t \n\n") == "  key: re-\n    corded"


def test_blank_lines_are_thinned_out() -> None:
    assert clean_pdf_page("\r\na\r\n\r\n\r\n\r\n\r\n\r\nb  \r\n") == "a\n\n\nb"


def test_a_title_is_one_short_line() -> None:
    assert clean_title("  The\r\n Long\x00 Title ", 8) == "The Long"


def test_rows_of_a_chinese_table_are_not_joined() -> None:
    rows = "名称\t单位\t数量\t说明\n钢管\t米\t40\t已到货\n水泵\t台\t3\t未到货"
    assert clean_pdf_page(rows) == rows


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("Bash Reference Manual", "Bash Reference Manual"),
        ("Microsoft Word - Annual report", "Annual report"),
        ("Microsoft Word - report_v3.doc", ""),
        ("untitled", ""),
        ("PowerPoint Presentation", ""),
        ("88300 162..177", ""),
        ("1984 was", "1984 was"),
        ("中文手册", "中文手册"),
        ("thesis.dvi", ""),
    ],
)
def test_a_title_that_a_program_left_is_none(title: str, kept: str) -> None:
    assert given_title(title) == kept


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Fees and dues............12", "Fees and dues ............ 12"),
        ("The harbour. . . . . . 7", "The harbour . . . . . . 7"),
        ("Wait.... there is more... of it.", "Wait.... there is more... of it."),
    ],
)
def test_leader_dots_stand_apart_from_words(raw: str, clean: str) -> None:
    assert clean_pdf_page(raw) == clean
