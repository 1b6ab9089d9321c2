"""Bars that the recogniser takes for letters are told from them by the picture of the line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pypdfium2
import pytest

from engine.documents.formats.pdf.bars import with_bars
from tests.engine.documents.drawing import draw_pdf, escaped

pytest.importorskip("cv2")
COURIER, HELVETICA = "Courier", "Helvetica"


def line(path: Path, text: str, font: str, dots: int) -> np.ndarray:
    """Return the picture of a line set in 10 points that begins 10 points from the left edge."""
    content = f"BT /F2 10 Tf 10 50 Td ({escaped(text)}) Tj ET"
    drawn = draw_pdf(
        path / "a.pdf",
        [content],
        fonts="/F2 10 0 R",
        page="/CropBox [0 44 400 62]",
        objects=[f"<< /Type /Font /Subtype /Type1 /BaseFont /{font} /Encoding /WinAnsiEncoding >>"],
    )
    page = pypdfium2.PdfDocument(drawn)[0]
    return page.render(scale=dots / 72, rev_byteorder=True).to_numpy()[:, :, :3].copy()


def centres(text: str, dots: int) -> list[float]:
    """Return the middles of the characters of a line in Courier, whose characters are six points wide."""
    return [(10 + 6 * place + 3) * dots / 72 for place, letter in enumerate(text) if letter != " "]


@pytest.mark.parametrize("dots", [130, 200, 300])
@pytest.mark.parametrize(
    ("shown", "read"),
    [
        ("<71 (|npEqKey| |quiet| NIL)", "<71 (InpEqKeyl lquiet| NIL)"),
        ("(setq |Index| (list 11 |a|))", "(setq lIndexl (list 11 Ial))"),
    ],
)
def test_bars_are_put_where_they_are_drawn(shown: str, read: str, dots: int, tmp_path: Path) -> None:
    assert with_bars(read, centres(shown, dots), line(tmp_path, shown, COURIER, dots)) == shown


@pytest.mark.parametrize("font", [COURIER, HELVETICA])
@pytest.mark.parametrize("text", ["Illegal Index: all 11 lines [1] (l) !", "I will quit jolly early, said Ill"])
def test_letters_and_figures_stay(text: str, font: str, tmp_path: Path) -> None:
    assert with_bars(text, centres(text, 150), line(tmp_path, text, font, 150)) == text
