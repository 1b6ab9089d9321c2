"""Files that change, grow or are replaced while they are read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.documents.extraction.extractor import open_document
from tests.engine.documents.reading import posix_only
from tests.engine.documents.samples import write_pdf


def test_a_log_that_grows_while_it_is_read_is_read_to_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "events.log"
    path.write_text("before\n" * 2000)
    with open_document(path) as document, path.open("a") as log:
        log.write("after\n" * 2000)
        log.flush()
        assert not any("after" in page.text for page in document.pages())


@posix_only
def test_a_file_that_is_replaced_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "report.pdf", ["some words"] * 40)
    with open_document(path, processes=1) as document:
        document._take_spare().close()  # type: ignore[union-attr]
        os.replace(write_pdf(tmp_path / "other.pdf", ["other words"] * 40), path)
        assert list(document.pages()) == []
    assert document.outcome is not None and document.outcome.kind == "changed"


@pytest.mark.parametrize("how", ["overwritten", "overwritten and put back", "cut short"])
def test_a_text_that_changes_while_it_is_read_is_noticed(tmp_path: Path, how: str) -> None:
    path = tmp_path / "report.txt"
    before = b"Anna Smith repaired the pump.\n" * 4000
    path.write_bytes(before)
    with open_document(path) as document:
        path.write_bytes(b"Carl Jones repaired the pump.\n" * (1000 if how == "cut short" else 4000))
        pages = list(document.pages())
        if how == "overwritten and put back":
            path.write_bytes(before)
    assert pages
    assert document.outcome is not None and document.outcome.kind == "changed"
    assert not document.outcome.is_readable


def test_a_text_that_grew_is_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "events.log"
    path.write_text("before\n" * 2000)
    with open_document(path) as document:
        with path.open("a") as log:
            log.write("after\n")
        list(document.pages())
    assert document.outcome is not None and document.outcome.kind == "text"


def test_a_pdf_that_is_written_to_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "report.pdf", ["some words"] * 4)
    with open_document(path, processes=1) as document:
        path.write_bytes(path.read_bytes().replace(b"some", b"none"))
        list(document.pages())
    assert document.outcome is not None and document.outcome.kind == "changed"
