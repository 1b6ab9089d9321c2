"""PDFs read in the test's own process, which takes a hundredth of the time of an extractor process."""

from __future__ import annotations

from pathlib import Path

from engine.documents.formats.memory_file import MemoryFile
from engine.documents.formats.pdf.pdf_file import PageText, PdfFile


def pdf_pages(path: Path) -> list[PageText]:
    """Return the cleaned pages of a PDF; running heads stay."""
    pdf = PdfFile(MemoryFile(path.read_bytes()), None)
    structure = pdf.structure(["pdfium", "pypdf"], lambda reader: None)
    readers = structure.readers
    return [pdf.page(number, readers, lambda reader: None) for number in range(1, structure.page_count + 1)]


def pdf_lines(path: Path) -> list[str]:
    """Return the lines of a PDF's first page that are not blank."""
    return [line for line in pdf_pages(path)[0].text.split("\n") if line.strip()]
