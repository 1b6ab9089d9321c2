"""Documents become pages, in order, whatever reads them."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.documents.extraction.extractor import open_document
from engine.documents.pages import DocumentError, Outcome, Page
from tests.engine.documents.reading import read
from tests.engine.documents.samples import corpus, write_pdf

ROOT = Path(__file__).parents[3]


def test_a_pdf_becomes_pages_in_order(tmp_path: Path) -> None:
    texts = [f"Page words {n}\nand a line of {n}" for n in range(1, 71)]
    path = write_pdf(tmp_path / "report.pdf", texts)
    with open_document(path, processes=2) as document:
        assert (document.info.kind, document.info.page_count, document.info.title) == ("pdf", 70, "report")
        pages = list(document.pages())
    assert [page.text for page in pages] == texts
    assert [page.number for page in pages] == list(range(1, 71))
    assert document.outcome == Outcome("text", "report.pdf was read in full: 70 pages with text.", 70, 70)


def test_the_number_of_processes_and_the_first_page_change_no_text() -> None:
    path = corpus("long", "bashref.pdf")
    one, _ = read(path, processes=1)
    two, _ = read(path, processes=2)
    assert one == two
    with open_document(path, processes=2) as document:
        assert list(document.pages(first=120)) == one[119:]


def test_pages_come_before_the_document_is_read_through() -> None:
    with open_document(corpus("long", "axiom-bookvol5.pdf")) as document:
        started = time.monotonic()
        next(document.pages())
        assert time.monotonic() - started < 2


def test_outline_labels_and_title_come_from_the_file() -> None:
    with open_document(corpus("long", "debian-reference.en.pdf")) as document:
        assert document.info.title == "Debian Reference"
        assert len(document.info.outline) == 451
        entry = next(entry for entry in document.info.outline if entry.title == "The root shell prompt")
        pages = document.pages(first=5)
        assert next(pages).label == "iv"
        page = next(page for page in pages if page.number == entry.page)
        assert "1.1.4 The root shell prompt" in page.text
        assert "The root shell prompt can be made available" in page.text or "You can" in page.text


def test_text_files_become_pages_too(tmp_path: Path) -> None:
    path = tmp_path / "events.log"
    path.write_text("".join(f"12:{n % 60:02d} event {n} happened\n" for n in range(1000)))
    pages, outcome = read(path)
    assert "\n".join(page.text for page in pages) + "\n" == path.read_text()
    assert outcome.kind == "text"
    with open_document(path) as document:
        assert document.info.page_count is None
        assert list(document.pages(first=3)) == pages[2:]


REPRESENTATIVE = [
    ("bad", "01_truncated_half.pdf", "damaged"),
    ("bad", "03_png_renamed.pdf", "not_pdf"),
    ("bad", "04_cyclic_pages_self.pdf", "damaged"),
    ("bad", "06e_page_tree_depth_5000.pdf", "damaged"),
    ("bad", "07d_leading_junk_2KB.pdf", "text"),
    ("bad", "09_nul_surrogates_ligatures.pdf", "text"),
    ("bad", "10_invalid_utf8.txt", "text"),
    ("bad", "10g_binary_as.txt", "not_text"),
    ("bad", "12_images_only_5p.pdf", "no_text"),
    ("bad", "12b_mixed_text_scan_blank.pdf", "partial"),
    ("bad", "12c_one_page_corrupt_stream.pdf", "partial"),
    ("bad", "13_deep_array_in_content_200k.pdf", "text"),
    ("bad", "20_size_1e9.pdf", "text"),
    ("odd", "bug894572.pdf", "unreadable_fonts"),
    ("odd", "noembed-sjis.pdf", "text"),
]


@pytest.mark.parametrize(("folder", "name", "kind"), REPRESENTATIVE, ids=lambda value: value)
def test_a_difficult_file_ends_in_text_or_one_sentence(folder: str, name: str, kind: str) -> None:
    path = corpus(folder, name)
    try:
        pages, outcome = read(path)
    except DocumentError as error:
        assert error.kind == kind
    else:
        assert outcome.kind == kind
        assert any(page.text for page in pages) == outcome.is_readable


def test_pages_that_were_not_read_are_named() -> None:
    pages, outcome = read(corpus("bad", "12b_mixed_text_scan_blank.pdf"))
    assert [number for number, _ in outcome.problems] == [2, 4, 8]
    assert outcome.sentence == (
        "12b_mixed_text_scan_blank.pdf was read, but not all of it; left out: pages 2, 4, 8 (a picture without text)."
    )
    assert pages[5] == Page(6, "")  # blank, and so read
    _, outcome = read(corpus("bad", "12c_one_page_corrupt_stream.pdf"))
    assert outcome.problems == ((3, "its content is damaged"),)


def test_a_flate_bomb_costs_no_more_than_its_limit() -> None:
    _, outcome = read(corpus("bad", "05_flate_bomb_1GB.pdf"))
    assert outcome.kind == "too_big"


def test_the_readers_stay_out_of_the_parent() -> None:
    program = "import sys, engine.documents.extraction.extractor as e; print([m for m in ('torch', 'pypdf', 'pypdfium2', 'transformers') if m in sys.modules])"  # noqa: E501
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == b"[]"
