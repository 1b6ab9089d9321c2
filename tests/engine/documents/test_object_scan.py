"""Facts about a PDF by a search in its bytes."""

from __future__ import annotations

import zlib
from pathlib import Path

from engine.documents.formats.memory_file import MemoryFile
from engine.documents.formats.pdf.object_scan import UNKNOWN, Facts, scan
from tests.engine.documents.drawing import draw_pdf
from tests.engine.documents.in_process import pdf_lines

PLAIN = "<< /Type /Font /Subtype /TrueType /BaseFont /ABCDEF+Plain#20Sans /Encoding 13 0 R >>"
MAPPED = "<< /Type /Font /Subtype /Type0 /BaseFont /Mapped /ToUnicode 12 0 R /Encoding /Identity-H >>"
UNNAMED = "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1 1] >>"


def facts(path: Path) -> Facts:
    return scan(MemoryFile(path.read_bytes()))


def packed(objects: list[str]) -> str:
    """Return an object stream that holds `objects`."""
    offsets = [sum(len(text) + 1 for text in objects[:number]) for number in range(len(objects))]
    pairs = " ".join(f"{20 + number} {offset}" for number, offset in enumerate(offsets)) + " "
    data = zlib.compress((pairs + " ".join(objects)).encode("latin-1"), 9)
    head = f"<< /Type /ObjStm /N {len(objects)} /First {len(pairs)} /Filter /FlateDecode /Length {len(data)} >>"
    return f"{head}\nstream\n{data.decode('latin-1')}\nendstream"


def test_fonts_without_a_map_are_named_wherever_they_stand(tmp_path: Path) -> None:
    path = draw_pdf(tmp_path / "a.pdf", [[(50, 700, "Pump")]], objects=[PLAIN, MAPPED])
    assert facts(path) == (False, False, {"ABCDEF+Plain Sans"})
    path = draw_pdf(tmp_path / "b.pdf", [[(50, 700, "Pump")]], objects=[packed([MAPPED, "(text)", PLAIN, UNNAMED])])
    assert facts(path) == (False, False, {"ABCDEF+Plain Sans", ""})


def test_layers_and_portfolios_are_seen_in_object_streams(tmp_path: Path) -> None:
    path = draw_pdf(tmp_path / "a.pdf", [[(50, 700, "Pump")]], objects=[packed(["<< /OCProperties 30 0 R >>"])])
    assert facts(path)[:2] == (True, False)
    path = draw_pdf(tmp_path / "b.pdf", [[(50, 700, "Pump")]], objects=[packed(["<< /Collection << >> >>"])])
    assert facts(path)[:2] == (False, True)


def test_nothing_is_known_of_files_that_cannot_be_searched(tmp_path: Path) -> None:
    cut = packed([PLAIN]).replace("\nendstream", "")[:-9] + "\nendstream"
    for number, odd in enumerate((cut, "<< /OC#50roperties 30 0 R >>", "<< /Encrypt 1 0 R >>")):
        path = draw_pdf(tmp_path / f"{number}.pdf", [[(50, 700, "Pump")]], objects=[odd])
        assert facts(path) == UNKNOWN
    assert scan(MemoryFile(b"%PDF-1.7 without an end")) == UNKNOWN


def test_a_line_of_signs_in_a_font_with_a_map_stays_beside_another_font(tmp_path: Path) -> None:
    """A program's line of short names looks like noise; another font of the page has no map."""
    program = "(do ((t1 x (q t1)) (x nil) (t0 nil) (p y))"
    lines = [
        "The list of the names is walked through once, and each of them is taken from it as it comes.",
        program,
        "It ends where there are no more names in the list, and the value of the last of them is given.",
    ]
    unmapped = [
        "<< /Type /Font /Subtype /TrueType /BaseFont /ABCDEF+Sub /FirstChar 32 /LastChar 126"
        f" /Widths [{' '.join(['500'] * 95)}] /FontDescriptor 11 0 R >>",
        "<< /Type /FontDescriptor /FontName /ABCDEF+Sub /Flags 4 /Ascent 800 /Descent -200"
        " /FontBBox [0 -200 1000 800] /ItalicAngle 0 /CapHeight 700 /StemV 80 >>",
    ]
    words = [(50.0, 700.0 - 14 * number, line) for number, line in enumerate(lines)]
    path = draw_pdf(tmp_path / "a.pdf", [words], fonts="/F2 10 0 R", objects=unmapped)
    assert pdf_lines(path) == lines
