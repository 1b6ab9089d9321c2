"""A fault of the layout code costs no page: PDFium's text is taken, the page says so, and the log has the traceback."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

from engine.documents.extraction.extractor import open_document
from tests.engine.documents.drawing import Word, draw_pdf

COMMAND = (sys.executable, "-m", "tests.engine.documents.faulty_child")


def test_fault_of_the_layout_is_told_and_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    words: list[Word] = [(60, 700, "Pump P-204 was stopped on 3 May."), (60, 680, "The seal was replaced.")]
    path = draw_pdf(tmp_path / "drawn.pdf", [words])
    with caplog.at_level(logging.WARNING), open_document(path, processes=1, command=COMMAND) as document:
        (page,) = document.pages()
    assert page.text == "Pump P-204 was stopped on 3 May.\nThe seal was replaced."
    assert page.notes == (
        "its lines could not be put in reading order; they stand in the order in which they were drawn",
    )
    assert document.outcome is not None and "Page 1: its lines could not be put in reading order" in (
        document.outcome.sentence
    )
    assert "IndexError: a fault of the layout code" in caplog.text
