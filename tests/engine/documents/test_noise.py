"""Fonts without a map to characters: their codes are not fed, and honest text beside them is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.documents.cleaning.noise import is_moved, is_noise
from tests.engine.documents.drawing import draw_pdf
from tests.engine.documents.in_process import pdf_pages

TEXT = [
    "The pump was stopped on the third of May and the seal was",
    "replaced by the night shift because it had been leaking for days",
]
Name = Callable[[int, str], str]


def drawn(path: Path, lines: list[str], name: Name | None, shift: int = 0, more: str = "") -> Path:
    """Draw lines in a subset font whose codes are numbers of drawings: named by `name`, or moved by `shift`."""
    letters = sorted(set("".join(lines)) - {" "})
    codes = {letter: 33 + number if name else ord(letter) + shift for number, letter in enumerate(letters)}
    codes[" "] = 32 if name else 32 + shift
    names = " ".join(name(number, letter) for number, letter in enumerate(letters)) if name else ""
    encoding = f"/Encoding << /Type /Encoding /Differences [33 {names}] >>" if name else ""
    shown = " ".join(f"<{''.join(f'{codes[letter]:02x}' for letter in line)}> Tj T*" for line in lines)
    objects = [
        "<< /Type /Font /Subtype /TrueType /BaseFont /ABCDEF+Sub /FirstChar 32 /LastChar 126"
        f" /Widths [{' '.join(['500'] * 95)}] {encoding} /FontDescriptor 11 0 R >>",
        "<< /Type /FontDescriptor /FontName /ABCDEF+Sub /Flags 4 /Ascent 800 /Descent -200"
        " /FontBBox [0 -200 1000 800] /ItalicAngle 0 /CapHeight 700 /StemV 80 >>",
    ]
    content = f"BT /F2 10 Tf 50 700 Td 14 TL {shown} ET {more}"
    return draw_pdf(path, [content], fonts="/F2 10 0 R", objects=objects)


@pytest.mark.parametrize(
    ("name", "shift"),
    [(lambda number, _: f"/g{number + 20}", 0), (lambda _, letter: f"/G{ord(letter):02X}", 0), (None, 3), (None, 1)],
    ids=["numbers", "hexadecimal", "moved by 3", "moved by 1"],
)
def test_codes_are_not_fed(name: Name | None, shift: int, tmp_path: Path) -> None:
    (page,) = pdf_pages(drawn(tmp_path / "a.pdf", TEXT, name, shift))
    assert (page.text, page.problem) == ("", "unreadable_fonts")


def test_a_line_of_codes_is_left_out_and_told(tmp_path: Path) -> None:
    honest = [f"Honest line {number} of the page says what it says." for number in range(8)]
    more = " ".join(f"BT /F1 10 Tf 50 {600 - 14 * number} Td ({line}) Tj ET" for number, line in enumerate(honest))
    (page,) = pdf_pages(drawn(tmp_path / "a.pdf", TEXT[:1], lambda number, _: f"/g{number}", more=more))
    assert page.text.split("\n") == honest
    assert page.notes == ["a line is left out, whose font does not say which characters it shows"]


@pytest.mark.parametrize(
    "line",
    [
        "Total 12.50 (3) 7% $40",
        "Die Pumpe P-204 steht",
        "14/05/2024 08:30 ok",
        "Насос остановлен",
        "停机 P-204",
        "10 kV",
    ],
)
def test_honest_lines_are_no_noise(line: str) -> None:
    assert not is_noise(line)
    assert not is_moved(line)
