"""Content of switched-off layers is not read: by a layer, by a membership of several, in forms."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.documents.extraction.extractor import open_document
from tests.engine.documents.drawing import draw_pdf

LAYERS = "/OCProperties << /OCGs [10 0 R 11 0 R] /D << /OFF [10 0 R] >> >>"
OFF, ON = "<< /Type /OCG /Name (off) >>", "<< /Type /OCG /Name (on) >>"


def read(path: Path) -> tuple[list[str], str]:
    with open_document(path, processes=1) as document:
        (page,) = document.pages()
    assert document.outcome is not None
    return page.text.split("\n"), document.outcome.sentence


def member(entries: str) -> str:
    return f"<< /Type /OCMD {entries} >>"


@pytest.mark.parametrize(
    ("membership", "is_shown"),
    [
        ("/OCGs [10 0 R 11 0 R] /P /AnyOn", True),
        ("/OCGs [10 0 R 11 0 R] /P /AllOn", False),
        ("/OCGs [10 0 R 11 0 R] /P /AllOff", False),
        ("/OCGs 10 0 R /P /AnyOff", True),
        ("/OCGs 10 0 R", False),
        ("/VE [/Not 11 0 R]", False),
        ("/VE [/Or 10 0 R [/Not 10 0 R]]", True),
        ("/VE [/And 10 0 R 11 0 R]", False),
    ],
)
def test_membership(membership: str, is_shown: bool, tmp_path: Path) -> None:
    content = (
        "BT /F1 10 Tf 50 700 Td (The pump was stopped.) Tj ET\n"
        "/OC /M BDC BT /F1 10 Tf 50 680 Td (The seal was replaced.) Tj ET EMC"
    )
    resources = "/Properties << /M 12 0 R >>"
    path = draw_pdf(
        tmp_path / "a.pdf", [content], catalog=LAYERS, resources=resources, objects=[OFF, ON, member(membership)]
    )
    lines, sentence = read(path)
    assert lines == ["The pump was stopped.", *(["The seal was replaced."] if is_shown else [])]
    assert "layers that are switched off are not read: off" in sentence.lower()


def test_form_of_a_layer(tmp_path: Path) -> None:
    def form(y: int, text: str, layer: int) -> str:
        stream = f"BT /F1 10 Tf 50 {y} Td ({text}) Tj ET"
        return (
            f"<< /Type /XObject /Subtype /Form /BBox [0 0 612 792] /OC {layer} 0 R"
            f" /Resources << /Font << /F1 3 0 R >> >> /Length {len(stream)} >>\nstream\n{stream}\nendstream"
        )

    objects = [OFF, ON, form(700, "of the layer that is off", 10), form(680, "of the layer that is on", 11)]
    resources = "/XObject << /X1 12 0 R /X2 13 0 R >>"
    path = draw_pdf(tmp_path / "a.pdf", ["/X1 Do /X2 Do"], catalog=LAYERS, resources=resources, objects=objects)
    assert read(path)[0] == ["of the layer that is on"]
