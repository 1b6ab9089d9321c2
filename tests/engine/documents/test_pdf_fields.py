"""Values of form fields and typed-on notes, on pages turned by any right angle."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.documents.drawing import Word, draw_pdf, escaped
from tests.engine.documents.in_process import pdf_lines, pdf_pages

WIDTH, HEIGHT = 612, 792
FORM = "/AcroForm << /Fields [{fields}] /DA (/F1 10 Tf 0 g) >>"


def turned(words: list[Word], turn: int) -> str:
    """Return a content stream whose words stand at their places once the page is turned."""
    matrices = {0: "1 0 0 1 {x} {y}", 90: "0 1 -1 0 {v} {x}", 180: "-1 0 0 -1 {u} {w}", 270: "0 -1 1 0 {y} {z}"}
    shown = []
    for x, y, text in words:
        matrix = matrices[turn].format(x=x, y=y, u=WIDTH - x, v=WIDTH - y, w=HEIGHT - y, z=HEIGHT - x)
        shown.append(f"BT /F1 10 Tf {matrix} Tm ({escaped(text)}) Tj ET")
    return "\n".join(shown)


def box(left: int, low: int, right: int, high: int, turn: int) -> str:
    """Return the rectangle of an annotation that stands at a place once the page is turned."""
    return {
        0: f"{left} {low} {right} {high}",
        90: f"{WIDTH - high} {left} {WIDTH - low} {right}",
        180: f"{WIDTH - right} {HEIGHT - high} {WIDTH - left} {HEIGHT - low}",
        270: f"{low} {HEIGHT - right} {high} {HEIGHT - left}",
    }[turn]


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_note_stands_between_the_lines_of_a_turned_page(turn: int, tmp_path: Path) -> None:
    note = (
        f"<< /Type /Annot /Subtype /FreeText /Rect [{box(50, 280, 300, 320, turn)}]"
        " /Contents (Checked twice:\\nreplace the seal) /DA (/F1 10 Tf 0 g) >>"
    )
    words: list[Word] = [(50, 340, "The first line of the page."), (50, 260, "The last line of the page.")]
    path = draw_pdf(tmp_path / "a.pdf", [turned(words, turn)], page=f"/Rotate {turn} /Annots [10 0 R]", objects=[note])
    assert pdf_lines(path) == [words[0][2], "Checked twice:", "replace the seal", words[1][2]]


def field(entries: str, rectangle: str) -> str:
    return f"<< {entries} /Subtype /Widget /Rect [{rectangle}] /Type /Annot /P 100 0 R >>"


def test_values_of_lists_combs_and_lines(tmp_path: Path) -> None:
    objects = [
        field(
            "/FT /Ch /T (cities) /Ff 2097152 /Opt [(Riga) (Oslo) (Bern)] /V [(Riga) (Bern)] /I [0 2]", "150 640 300 680"
        ),
        field("/FT /Tx /T (memo) /Ff 4096 /V (The pump stood\\rfor three hours.)", "150 580 300 620"),
        field("/FT /Tx /T (day) /Ff 16777216 /MaxLen 8 /V (20240503)", "150 550 300 565"),
        field("/FT /Tx /T (secret) /Ff 8192 /V (hunter2)", "150 520 300 535"),
        field("/FT /Tx /T (unseen) /F 2 /V (unseen value)", "150 500 300 515"),
        field("/FT /Ch /T (rank) /Ff 131072 /Opt [(Low) (High)] /V (High)", "150 470 300 485"),
    ]
    words: list[Word] = [
        (50, 668, "Cities"),
        (50, 608, "Memo"),
        (50, 553, "Day"),
        (50, 523, "Secret"),
        (50, 473, "Rank"),
    ]
    fields = " ".join(f"{10 + number} 0 R" for number in range(len(objects)))
    path = draw_pdf(
        tmp_path / "a.pdf", [words], catalog=FORM.format(fields=fields), page=f"/Annots [{fields}]", objects=objects
    )
    assert pdf_lines(path) == [
        *("Cities\tRiga", "Bern", "Memo\tThe pump stood", "for three hours.", "Day\t20240503", "Secret", "Rank\tHigh")
    ]


def test_rich_notes_are_read_and_notes_of_hidden_layers_are_not(tmp_path: Path) -> None:
    objects = [
        "<< /Type /OCG /Name (draft) >>",
        "<< /Type /Annot /Subtype /FreeText /Rect [50 600 200 620] /OC 10 0 R /Contents (hidden) /DA (/F1 10 Tf) >>",
        "<< /Type /Annot /Subtype /FreeText /Rect [50 570 250 590] /RC (<body><p>Rich: 3 &amp; 4</p></body>)"
        " /DA (/F1 10 Tf 0 g) >>",
    ]
    layers = "/OCProperties << /OCGs [10 0 R] /D << /OFF [10 0 R] >> >>"
    path = draw_pdf(
        tmp_path / "a.pdf", [[(50, 640, "Head")]], catalog=layers, page="/Annots [11 0 R 12 0 R]", objects=objects
    )
    assert pdf_lines(path) == ["Head", "Rich: 3 & 4"]


def test_values_of_an_xfa_form_that_asks_to_wait_are_read(tmp_path: Path) -> None:
    data = (
        '<xfa:datasets xmlns:xfa="http://www.xfa.org/schema/xfa-data/1.0/"><xfa:data><form>'
        "<name>Ottoline Graves</name><sum>48200</sum></form></xfa:data></xfa:datasets>"
    )
    stream = f"<< /Length {len(data)} >>\nstream\n{data}\nendstream"
    path = draw_pdf(
        tmp_path / "a.pdf",
        [[(50, 700, "Please wait..."), (50, 680, "If this message is not replaced, get Adobe Reader.")]],
        catalog="/AcroForm << /Fields [] /XFA [(datasets) 10 0 R] >>",
        objects=[stream],
    )
    (page,) = pdf_pages(path)
    assert page.text.split("\n") == ["name\tOttoline Graves", "sum\t48200"]
    assert "only Adobe Reader" in page.notes[0]
