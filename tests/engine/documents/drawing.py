"""PDFs drawn operator by operator, so that a test decides where and in which order each word stands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

Word = tuple[float, float, str]
"""x, y, text."""


def draw_pdf(
    path: Path,
    pages: Sequence[str | Sequence[Word]],
    *,
    size: float = 10,
    catalog: str = "",
    page: str = "",
    resources: str = "",
    fonts: str = "",
    objects: Sequence[str] = (),
) -> Path:
    """Write a PDF in Helvetica. A page is a list of words, or a content stream. `objects` are numbered from 10."""
    kids = [100 + 2 * number for number in range(len(pages))]
    numbered: dict[int, bytes] = {
        1: f"<< /Type /Catalog /Pages 2 0 R {catalog} >>".encode(),
        2: f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] >>".encode(),
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        **{10 + number: text.encode("latin-1") for number, text in enumerate(objects)},
    }
    for kid, content in zip(kids, pages, strict=True):
        stream = (content if isinstance(content, str) else shown(content, size)).encode("cp1252")
        numbered[kid] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {kid + 1} 0 R {page}"
            f" /Resources << /Font << /F1 3 0 R {fonts} >> {resources} >> >>"
        ).encode()
        numbered[kid + 1] = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream)
    out = b"%PDF-1.7\n"
    offsets = {}
    for number, body in sorted(numbered.items()):
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start, last = len(out), max(numbered)
    out += b"xref\n0 %d\n" % (last + 1)
    for number in range(last + 1):
        is_used = number in offsets
        out += b"%010d %05d %c \n" % (offsets.get(number, 0), 0 if is_used else 65535, b"fn"[is_used])
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (last + 1, start)
    path.write_bytes(out)
    return path


def shown(words: Sequence[Word], size: float = 10) -> str:
    """Return a content stream that shows each word by an operator of its own."""
    return "\n".join(f"BT /F1 {size} Tf {x} {y} Td ({escaped(text)}) Tj ET" for x, y, text in words)


def escaped(text: str) -> str:
    """Return `text` as it stands between the parentheses of a PDF string."""
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def unicode_font(first: int, ascent: int = 800, descent: int = -200) -> list[str]:
    """Return objects, numbered from `first`, of a font that shows the characters of UTF-16 strings."""
    cmap = (
        "/CIDInit /ProcSet findresource begin begincmap /CMapType 2 def\n1 begincodespacerange <0000> <ffff>\n"
        "endcodespacerange\n1 beginbfrange <0000> <ffff> <0000> endbfrange\nendcmap end"
    )
    return [
        f"<< /Type /Font /Subtype /Type0 /BaseFont /Shown /Encoding /Identity-H /DescendantFonts [{first + 1} 0 R]"
        f" /ToUnicode {first + 3} 0 R >>",
        f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Shown /DW 600 /FontDescriptor {first + 2} 0 R"
        " /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>",
        f"<< /Type /FontDescriptor /FontName /Shown /Flags 4 /Ascent {ascent} /Descent {descent}"
        " /FontBBox [0 -200 1000 800] /ItalicAngle 0 /CapHeight 700 /StemV 80 >>",
        f"<< /Length {len(cmap)} >>\nstream\n{cmap}\nendstream",
    ]


def in_unicode(words: Sequence[Word], size: float = 10) -> str:
    """Return a content stream that shows words in the font /F2, made by `unicode_font`."""
    return "\n".join(f"BT /F2 {size} Tf {x} {y} Td <{text.encode('utf-16-be').hex()}> Tj ET" for x, y, text in words)
