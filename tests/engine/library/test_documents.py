"""Documents: known by content and by path, found by name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.library.database import LibraryError
from engine.library.library import Library
from engine.library.reading_run import Progress
from tests.engine.library_fakes import IDENTITY, FakeFile, snapshot


def test_the_same_content_under_another_name_is_the_same_document(library: Library, tmp_path: Path) -> None:
    here, copy = tmp_path / "a.pdf", tmp_path / "b.pdf"
    here.touch()
    first = library.documents.for_file(FakeFile(here, "aa", "Annual report"))
    assert library.documents.for_file(FakeFile(copy, "aa", "Annual report")).id == first.id
    assert library.documents.get(first.id).path == str(here)
    here.unlink()
    assert library.documents.for_file(FakeFile(copy, "aa")).path == str(copy)
    assert len(library.documents.all()) == 1


def test_a_known_path_with_other_content_is_the_same_document_and_its_readings_are_stale(library: Library) -> None:
    first = library.documents.for_file(FakeFile("/x/log.txt", "aa", size=10, kind="text"))
    reading = library.reading(first.id, IDENTITY)
    reading.finish(Progress(5, snapshot=snapshot([1, 2, 3, 4, 5], "end")))
    assert library.documents.for_file(FakeFile("/x/log.txt", "aa")).state == "done"
    grown = library.documents.for_file(FakeFile("/x/log.txt", "bb", size=20, kind="text"))
    assert (grown.id, grown.sha256, grown.size, grown.state) == (first.id, "bb", 20, "stale")
    assert [unfinished.id for unfinished in library.readings.unfinished()] == [reading.id]


def test_a_file_that_turns_into_another_known_document_is_that_document(library: Library) -> None:
    one = library.documents.for_file(FakeFile("/x/one", "aa"))
    two = library.documents.for_file(FakeFile("/x/two", "bb"))
    assert library.documents.for_file(FakeFile("/x/one", "bb")).id == two.id
    assert library.documents.for_file(FakeFile("/x/one", "aa")).id == one.id


def test_a_document_is_found_by_id_path_file_name_or_title(library: Library) -> None:
    found = library.documents.for_file(FakeFile("/x/report.pdf", "aa", "Annual report"))
    for name in (str(found.id), "/x/report.pdf", "report.pdf", "Annual report", Path("/x/report.pdf")):
        match = library.documents.find(name)
        assert match is not None and match.id == found.id
    assert library.documents.find("something else") is None


def test_a_file_name_that_is_not_unicode_is_no_obstacle(library: Library) -> None:
    name = os.fsdecode(b"/x/caf\xe9.pdf")
    first = library.documents.for_file(FakeFile(name, "aa"))
    assert library.documents.for_file(FakeFile(name, "bb")).id == first.id
    found = library.documents.find(name)
    assert found is not None and found.id == first.id


# Titles and tags


def test_a_given_title_outlives_the_files_own_until_it_is_taken_back(library: Library, tmp_path: Path) -> None:
    here = tmp_path / "a.pdf"
    document = library.documents.for_file(FakeFile(here, "aa", "Microsoft Word - draft"))
    library.documents.rename(document.id, "  Annual\nreport ")
    library.documents.for_file(FakeFile(here, "bb", "Microsoft Word - draft 2"))
    named = library.documents.get(document.id)
    assert (named.title, named.renamed) == ("Annual report", True)
    assert library.documents.find("Annual report") == named
    library.documents.rename(document.id, " ")
    back = library.documents.get(document.id)
    assert (back.title, back.renamed) == ("Microsoft Word - draft 2", False)


def test_tags_are_replaced_as_a_whole_and_go_with_their_document(library: Library) -> None:
    document = library.documents.for_file(FakeFile("/x/a.pdf", "aa"))
    library.documents.set_tags(document.id, ["work", " tax  2025 ", "work", " "])
    assert library.documents.get(document.id).tags == ["tax 2025", "work"]
    library.documents.set_tags(document.id, ["work"])
    assert library.documents.all()[0].tags == ["work"]
    library.documents.remove(document.id)
    with pytest.raises(LibraryError):
        library.documents.set_tags(document.id, ["work"])


def test_a_document_whose_file_became_another_is_shown_at_its_copy(library: Library, tmp_path: Path) -> None:
    file, copy = tmp_path / "report.txt", tmp_path / "copy.txt"
    for path in (file, copy):
        path.write_text("x")
    first = library.documents.for_file(FakeFile(file, "a" * 64))
    library.documents.for_file(FakeFile(copy, "a" * 64))
    second = library.documents.for_file(FakeFile(file, "b" * 64), lambda _: False)
    assert second.id != first.id and second.path == str(file)
    assert library.documents.get(first.id).path == str(copy) and library.documents.get(first.id).replaced is None
