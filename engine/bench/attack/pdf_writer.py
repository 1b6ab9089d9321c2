"""PDF files made of given objects: sound ones, and ones that no writer would make."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


class PdfWriter:
    """Objects of a PDF, numbered in the order in which they are added."""

    def __init__(self) -> None:
        self.objects: list[bytes] = []

    def reserve(self) -> int:
        """Return the number of an object to be set later."""
        self.objects.append(b"null")
        return len(self.objects)

    def add(self, content: bytes | str) -> int:
        """Add an object and return its number."""
        self.objects.append(_bytes(content))
        return len(self.objects)

    def set(self, number: int, content: bytes | str) -> None:
        """Set a reserved object."""
        self.objects[number - 1] = _bytes(content)

    def stream(self, data: bytes, entries: str = "", *, compress: bool = False, length: int | None = None) -> int:
        """Add a stream; `length` instead of the true one."""
        if compress:
            data, entries = zlib.compress(data, 9), entries + " /Filter /FlateDecode"
        header = f"<< {entries} /Length {len(data) if length is None else length} >>"
        return self.add(header.encode("latin-1") + b"\nstream\n" + data + b"\nendstream")

    def to_bytes(self, root: int, trailer: str = "") -> bytes:
        """Return the file."""
        data, places = bytearray(HEADER), []
        for number, content in enumerate(self.objects, 1):
            places.append(len(data))
            data += b"%d 0 obj\n" % number + content + b"\nendobj\n"
        start = len(data)
        data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
        data += b"".join(b"%010d 00000 n \n" % place for place in places)
        size = len(places) + 1
        data += f"trailer\n<< /Size {size} /Root {root} 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode("latin-1")
        return bytes(data)


def _bytes(content: bytes | str) -> bytes:
    return content.encode("latin-1") if isinstance(content, str) else content


def shown(lines: Sequence[str]) -> bytes:
    """Return a content stream that shows lines."""
    parts = ["BT /F1 10 Tf 50 780 Td 12 TL"]
    for line in lines:
        escaped = line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        parts.append(f"({escaped}) Tj T*")
    return "\n".join([*parts, "ET"]).encode("latin-1", "replace")


def document(
    pages: Sequence[Sequence[str]],
    outline: Sequence[tuple[str, int]] = (),
    catalog: str = "",
    page: str = "",
) -> PdfWriter:
    """Return a sound document of lines, its catalog as the last object. `outline`: (title, page number).

    `catalog`, `page`: more entries of the catalog, and of every page.
    """
    pdf = PdfWriter()
    tree = pdf.reserve()
    font = pdf.add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    kids = []
    for lines in pages:
        content = pdf.stream(shown(lines))
        kids.append(
            pdf.add(
                f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 595 842] /Contents {content} 0 R"
                f" /Resources << /Font << /F1 {font} 0 R >> >> {page} >>"
            )
        )
    pdf.set(tree, f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] >>")
    entries = ""
    if outline:
        top = pdf.reserve()
        items = [pdf.reserve() for _ in outline]
        for index, (title, number) in enumerate(outline):
            following = f"/Next {items[index + 1]} 0 R" if index + 1 < len(items) else ""
            before = f"/Prev {items[index - 1]} 0 R" if index else ""
            where = f"/Dest [{kids[number - 1]} 0 R /Fit]"
            pdf.set(items[index], f"<< /Title ({title}) /Parent {top} 0 R {following} {before} {where} >>")
        pdf.set(top, f"<< /Type /Outlines /First {items[0]} 0 R /Last {items[-1]} 0 R /Count {len(items)} >>")
        entries = f"/Outlines {top} 0 R"
    pdf.add(f"<< /Type /Catalog /Pages {tree} 0 R {entries} {catalog} >>")
    return pdf


def write(path: Path, pdf: PdfWriter, info: str = "") -> Path:
    """Write a document whose last object is its catalog."""
    path.write_bytes(finished(pdf, info))
    return path


def finished(pdf: PdfWriter, info: str = "") -> bytes:
    """Return a document whose last object is its catalog. `info`: entries of its information dictionary."""
    root = len(pdf.objects)
    trailer = f"/Info {pdf.add(f'<< {info} >>')} 0 R" if info else ""
    return pdf.to_bytes(root, trailer)


def write_record(path: Path, pages: int, seed: int = 3) -> Path:
    """Write a record of `pages` pages with an outline entry every third page."""
    texts = [
        [f"Week {number} of the record", ""]
        + [
            f"On day {number} gauge {number * seed + line} was at {(number * 31 + line * 17) % 997} units."
            for line in range(50)
        ]
        for number in range(1, pages + 1)
    ]
    outline = [(f"Week {number} of the record", number) for number in range(1, pages + 1, 3)]
    return write(path, document(texts, outline), "/Title (A record)")
