"""Saved bookmarks of a document: replaced with its content, gone with it."""

from __future__ import annotations

from pathlib import Path

from engine.library.library import Library
from tests.engine.library_fakes import read_fake_document


def test_bookmarks_are_kept_in_order_and_replaced(tmp_path: Path):
    with Library.open(tmp_path / "library.db") as library:
        read_fake_document(library, 1, 3, lambda _: None)
        assert library.outlines.of(1) == []
        library.outlines.save(1, [("Überblick", 1, 1), ("\ud800 torn", 2, 2)])
        (first, second) = library.outlines.of(1)
        assert first == ("Überblick", 1, 1) and second[1:] == (2, 2)
        library.outlines.save(1, [])
        assert library.outlines.of(1) == []
        library.outlines.save(1, [("A", 1, 1)])
        library.outlines.save(99, [("nobody's", 1, 1)])
        library.documents.remove(1)
        assert library.outlines.of(1) == []
