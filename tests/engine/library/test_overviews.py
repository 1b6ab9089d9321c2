"""Kept overviews: by their version, replaced, gone with their document."""

from __future__ import annotations

from pathlib import Path

from engine.library.library import Library
from tests.engine.library_fakes import read_fake_document


def test_an_overview_is_kept_by_its_version(tmp_path: Path):
    with Library.open(tmp_path / "library.db") as library:
        read_fake_document(library, 1, 3, lambda _: None)
        lines = [("3 pages.", []), ("“Überblick \ud800.”", [2])]
        library.overviews.save(1, "a", lines)
        (head, second) = library.overviews.of(1, "a") or []
        assert head == ("3 pages.", []) and second[1] == [2] and second[0].startswith("“Überblick")
        assert library.overviews.of(1, "b") is None
        library.overviews.save(1, "b", lines[:1])
        assert library.overviews.of(1, "a") is None and library.overviews.of(1, "b") == lines[:1]
        library.overviews.save(99, "a", lines)
        assert library.overviews.of(99, "a") is None
        library.documents.remove(1)
        assert library.overviews.of(1, "b") is None
