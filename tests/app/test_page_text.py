"""A sentence is found on its page whatever the order in which the page keeps its letters."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest

from app.pages import page_text
from tests.app.conftest import make_pdf

HEBREW = "\u05d4\u05dc\u05d7\u05e5 \u05d1\u05de\u05e9\u05d0\u05d1\u05d4 P-835 \u05d4\u05d9\u05d4 42 \u05d1\u05e8"
ARABIC = "\u0636\u063a\u0637 \u0627\u0644\u0645\u0636\u062e\u0629 27 \u0628\u0627\u0631"


@pytest.mark.parametrize("sentence", [HEBREW, ARABIC, "Pressure 27 bar"], ids=["hebrew", "arabic", "english"])
def test_a_sentence_is_found_in_either_order_of_its_letters(sentence: str, tmp_path: Path, qapp) -> None:
    path = make_pdf(tmp_path / "scripts.pdf", 1, lambda page: f"Before it\n{sentence}\nBehind it")
    page = pypdfium2.PdfDocument(path)[0]
    text = page.get_textpage()
    run = page_text.find_run(text, sentence)
    assert run is not None
    stretch = text.get_text_range(*run)
    assert "Before" not in stretch and "Behind" not in stretch
    assert sum(letter.isalnum() for letter in stretch) == sum(letter.isalnum() for letter in sentence)


def test_part_of_a_right_to_left_sentence_is_found(tmp_path: Path, qapp) -> None:
    path = make_pdf(tmp_path / "scripts.pdf", 1, lambda page: HEBREW)
    page = pypdfium2.PdfDocument(path)[0]
    text = page.get_textpage()
    start = HEBREW.index("P-835")
    run = page_text.find_part(text, HEBREW, start, start + len("P-835"))
    assert run is not None
    assert {letter for letter in text.get_text_range(*run) if letter.isalnum()} == set("P835")


def test_words_that_are_scattered_over_the_page_are_no_sentence(tmp_path: Path, qapp) -> None:
    words = "The valve\nof the second pump in the\nold hall on the hill failed in\nspring and\nit was replaced"
    path = make_pdf(tmp_path / "words.pdf", 1, lambda page: words)
    page = pypdfium2.PdfDocument(path)[0]
    assert page_text.find_run(page.get_textpage(), "valve failed replaced") is None
