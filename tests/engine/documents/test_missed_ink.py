"""Text on a recognised page that lies in no line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pypdfium2
import pytest

from engine.documents.formats.pdf.missed_ink import missed_pieces
from tests.engine.documents.drawing import Word, draw_pdf

pytest.importorskip("cv2")
SCALE = 2.0
WORDS: list[Word] = [
    (60, 700, "January"),
    (160, 700, "41"),
    (60, 680, "February"),
    (160, 680, "36"),
    (60, 660, "March"),
]


def picture(path: Path, words: list[Word], more: str = "") -> np.ndarray:
    """Return a page with a ruled line, the words and a drawing, at two pixels a point."""
    shown = "".join(f"BT /F1 10 Tf {x} {y} Td ({text}) Tj ET " for x, y, text in words)
    drawn = draw_pdf(path / "a.pdf", [f"60 710 m 300 710 l S 140 640 m 140 720 l S {shown} {more}"])
    page = pypdfium2.PdfDocument(drawn)[0]
    return page.render(scale=SCALE, rev_byteorder=True).to_numpy()[:, :, :3].copy()


def box(x: float, y: float, text: str) -> np.ndarray:
    left, right, top, bottom = x - 1, x + 6 * len(text) + 1, 792 - y - 9, 792 - y + 4
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float32) * SCALE


def test_a_figure_beside_the_lines_is_found_and_rules_are_not(tmp_path: Path) -> None:
    boxes = [box(*word) for word in WORDS]
    (piece,) = missed_pieces(picture(tmp_path, [*WORDS, (160, 660, "52")]), boxes)
    left, top = piece.min(axis=0) / SCALE
    right, bottom = piece.max(axis=0) / SCALE
    assert 150 < left < 161 and 170 < right < 180
    assert 792 - 672 < top < 792 - 666 and 792 - 661 < bottom < 792 - 655


def test_nothing_is_found_on_a_page_whose_lines_hold_it_all_or_in_a_drawing(tmp_path: Path) -> None:
    boxes = [box(*word) for word in WORDS]
    assert missed_pieces(picture(tmp_path, WORDS), boxes) == []
    spots = " ".join(f"{60 + 40 * (n % 10)} {300 + 30 * (n // 10)} 6 9 re f" for n in range(60))
    assert missed_pieces(picture(tmp_path, WORDS, spots), boxes) == []
