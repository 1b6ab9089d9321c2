"""Scans and pages with unusable fonts are read from their picture."""

from __future__ import annotations

import io
from pathlib import Path

import pypdfium2
import pytest
from fpdf import FPDF

from engine.documents.extraction.extractor import open_document
from tests.engine.documents.drawing import Word, draw_pdf

pytestmark = [pytest.mark.usefixtures("recognition"), pytest.mark.timeout(300)]

LINES = [
    "The harbour master kept a ledger of all ships in the year 1911,",
    "and wrote down what they carried: 12 bales of wool, 340 sacks of rye.",
    "On 3 May the pump P-204 was repaired for 1,250 euros.",
]


def scanned(path: Path, drawn: Path) -> Path:
    """Write the pages of a PDF as pictures into another."""
    scan = FPDF(unit="pt", format=(612, 792))
    for page in pypdfium2.PdfDocument(drawn):
        picture = io.BytesIO()
        page.render(scale=150 / 72).to_pil().convert("RGB").save(picture, "JPEG", quality=80)
        scan.add_page()
        scan.image(picture, 0, 0, 612, 792)
    scan.output(str(path))
    return path


def test_a_scan_is_read_line_by_line_with_its_certainty(tmp_path: Path) -> None:
    words: list[Word] = [(60, 700 - 16 * number, line) for number, line in enumerate(LINES)]
    path = scanned(tmp_path / "scan.pdf", draw_pdf(tmp_path / "drawn.pdf", [words, []]))
    with open_document(path, processes=1) as document:
        pages = list(document.pages())
    assert pages[0].text == "\n".join(LINES)
    assert pages[0].certainty is not None and pages[0].certainty > 0.9
    assert document.outcome is not None
    assert "Page 1 was read by text recognition (OCR), with a certainty of 9" in document.outcome.sentence


@pytest.mark.parametrize("turn", [90, pytest.param(180, marks=pytest.mark.slow)])
def test_a_scan_that_lies_on_its_side_or_head_is_read(turn: int, tmp_path: Path) -> None:
    words: list[Word] = [(60, 700 - 16 * number, line) for number, line in enumerate(LINES)]
    path = scanned(tmp_path / "scan.pdf", draw_pdf(tmp_path / "drawn.pdf", [words], page=f"/Rotate {turn}"))
    with open_document(path, processes=1) as document:
        (page,) = document.pages()
    assert page.text == "\n".join(LINES)


def test_letters_of_an_unusable_font_are_read_from_the_picture(tmp_path: Path) -> None:
    shifted = ["".join(chr(ord(letter) - 29) for letter in line * 2).replace("\x03", "") for line in LINES]
    words = [(60, 700 - 16 * number, line) for number, line in enumerate(shifted)]
    with open_document(draw_pdf(tmp_path / "drawn.pdf", [words]), processes=1) as document:
        page = next(document.pages())
    assert page.certainty is not None, "the letters that the font gives are noise"
