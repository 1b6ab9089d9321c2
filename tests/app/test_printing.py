"""Printing: the pages of a PDF, and the text of other documents as the window lays it out."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
from PySide6.QtPrintSupport import QPrinter

from tests.app.library_on_disk import write_library


def printer_to(path: Path) -> QPrinter:
    printer = QPrinter()
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(path))
    printer.setResolution(72)
    printer.setDocName("Handbook")
    return printer


def test_pages_of_a_pdf_are_printed_from_the_first_to_the_last(start, pdf, tmp_path: Path):
    driver = start(settings={"on_open": "wait"})
    driver.open(pdf)
    driver.until(lambda: driver.session.opened)
    printer = printer_to(tmp_path / "printed.pdf")
    printer.setFromTo(2, 4)
    driver.window.dialogs.print_to(printer, driver.session)
    driver.until(lambda: driver.window.toast.words)
    assert driver.window.toast.words == "Sent to the printer: Handbook"
    assert len(pypdfium2.PdfDocument(tmp_path / "printed.pdf")) == 3


def test_text_is_printed_as_it_is_shown_with_title_and_number_of_the_sheet(start, tmp_path: Path):
    path = tmp_path / "notes.md"
    path.write_text("x")
    first = "# Pumps\n\n" + "\n\n".join(f"Pump **P-{number}** failed." for number in range(90))
    texts = [first, "Second *page* with `code`"]
    write_library(tmp_path / "library.db", {str(path): texts})
    driver = start(settings={"on_open": "wait"})
    driver.open(path)
    driver.until(lambda: driver.session.opened and driver.session.document_id is not None)
    driver.window.dialogs.print_to(printer_to(tmp_path / "printed.pdf"), driver.session)
    driver.until(lambda: driver.window.toast.words)
    assert driver.window.toast.words == "Sent to the printer: Handbook"
    sheets = [sheet.get_textpage().get_text_range() for sheet in pypdfium2.PdfDocument(tmp_path / "printed.pdf")]
    whole = "".join("".join(sheets).split())
    assert len(sheets) > 1 and "#Pumps" not in whole and "**" not in whole
    assert all(f"P-{number}failed" in whole for number in range(90)) and "──page2──Secondpagewithcode" in whole
    assert "".join(sheets[0].split()).endswith("notes1")


def test_a_document_that_is_not_in_the_library_is_not_printed_and_the_reason_is_said(start, tmp_path: Path):
    path = tmp_path / "notes.txt"
    path.write_text("One line.\n")
    driver = start(settings={"on_open": "wait"})
    driver.open(path)
    driver.until(lambda: driver.session.opened)
    driver.window.dialogs.print_pages()
    assert driver.window.toast.words.startswith("Nothing of this document is in the library yet")
