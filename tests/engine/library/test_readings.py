"""Readings: progress, growth, edits, several models."""

from __future__ import annotations

import pytest

from engine.library.database import LibraryError
from engine.library.library import Library
from engine.library.prefix import PrefixHasher
from engine.library.reading_run import Progress
from engine.library.records import NewPage, NewSection
from tests.engine.library_fakes import IDENTITY, OTHER, FakeFile, quiet, read_fake_document, snapshot


def test_progress_shows_in_the_document_and_the_pages(library: Library) -> None:
    document = library.documents.for_file(FakeFile(page_count=3))
    reading = library.reading(document.id, IDENTITY)
    reading.commit(Progress(30, [NewPage(1, "one", 10, 20), NewPage(2, "", 30, 0, "no text", label="ii")], seconds=2.0))
    row = library.documents.get(document.id)
    assert (row.pages_read, row.pages_with_problem, row.n_pages, row.tokens_read) == (2, 1, 3, 30)
    assert (row.state, row.model) == ("running", "a model")
    reading.finish(Progress(50, [NewPage(3, "three", 30, 20)], seconds=2.0), note="2 of 3 pages had text.")
    found = library.readings.get(reading.id)
    assert (found.state, found.pages_read, found.tokens_read, found.speed) == ("done", 3, 50, 12.5)
    assert found.note == "2 of 3 pages had text."
    assert [
        (page.number, page.label, page.text, page.first_token) for page in library.pages.of(document.id, first=2)
    ] == [
        (2, "ii", "", 30),
        (3, None, "three", 30),
    ]
    assert [(span.number, span.n_tokens, span.problem) for span in library.pages.spans(document.id)] == [
        (1, 20, None),
        (2, 0, "no text"),
        (3, 20, None),
    ]


def test_appended_pages_cost_only_their_own_tokens(library: Library) -> None:
    read_fake_document(library, 7, 40, quiet)
    before = library.documents.all()[0]
    added = read_fake_document(library, 7, 42, quiet)
    after = library.documents.all()[0]
    assert after.pages_read == 42
    assert added == after.tokens_read - before.tokens_read
    reading = library.readings.latest(after.id)
    assert reading is not None and reading.tokens_saved == before.tokens_read
    assert read_fake_document(library, 7, 42, quiet) == 0


def test_going_back_takes_later_pages_and_sections_back(library: Library) -> None:
    document = library.documents.for_file(FakeFile())
    reading = library.reading(document.id, IDENTITY)
    pages = [NewPage(n, f"page {n}", 10 * (n - 1), 10) for n in range(1, 6)]
    sections = [NewSection(n, "", f"page {n}", n, n, 10 * (n - 1), 10) for n in range(1, 6)]
    reading.commit(Progress(50, pages, sections))
    run = library.reading(document.id, IDENTITY, 25)
    again = library.readings.get(run.id)
    assert (again.id, again.state, again.pages_read, again.tokens_read) == (reading.id, "running", 2, 25)
    assert [section.number for section in library.sections.of(document.id)] == [1, 2]
    assert [hit.section.number for hit in library.search.sections(document.id, "page")] == [1, 2]


def test_after_an_edit_the_states_of_the_old_content_go_when_the_new_is_read(library: Library) -> None:
    document = library.documents.for_file(FakeFile(sha256="aa"))
    old, new = list(range(100)), [*range(50), *range(500, 540)]
    reading = library.reading(document.id, IDENTITY)
    for end in (20, 40, 60, 80):
        reading.commit(Progress(end, snapshot=snapshot(old[:end])))
    reading.finish(Progress(100, snapshot=snapshot(old, "end")))
    library.documents.for_file(FakeFile(sha256="bb"))
    hasher = PrefixHasher(IDENTITY)
    hasher.feed(new)
    found = library.snapshots.longest(hasher)
    assert found is not None and found.n_tokens == 40
    library.reading(document.id, IDENTITY, 40)
    reading.commit(Progress(60, snapshot=snapshot(new[:60])))
    assert len(library.snapshots.all()) == 6
    reading.finish(Progress(90, snapshot=snapshot(new, "end")))
    assert [(row.n_tokens, row.kind) for row in library.snapshots.of(document.id)] == [
        (20, "checkpoint"),
        (40, "checkpoint"),
        (60, "checkpoint"),
        (90, "end"),
    ]


def test_pages_beyond_the_end_of_a_shorter_file_go(library: Library) -> None:
    document = library.documents.for_file(FakeFile())
    reading = library.reading(document.id, IDENTITY)
    reading.finish(Progress(30, [NewPage(n, "x", 10 * n - 10, 10) for n in (1, 2, 3)]), n_pages=3)
    library.reading(document.id, IDENTITY, 10)
    reading.finish(Progress(20, [NewPage(2, "y", 10, 10)]), n_pages=2)
    assert [page.text for page in library.pages.of(document.id)] == ["x", "y"]
    assert library.documents.get(document.id).pages_read == 2


def test_two_models_read_one_document_each_with_its_own_positions(library: Library) -> None:
    document = library.documents.for_file(FakeFile())
    for identity, length in ((IDENTITY, 10), (OTHER, 13)):
        reading = library.reading(document.id, identity)
        reading.finish(Progress(length, [NewPage(1, "x", 0, length)]))
    assert [reading.model for reading in library.readings.of(document.id)] == ["a model in bf16", "a model"]
    first = library.readings.latest(document.id, IDENTITY)
    assert first is not None
    assert library.pages.of(document.id)[0].n_tokens == 13
    assert library.pages.of(document.id, first.id)[0].n_tokens == 10


def test_a_judgement_of_a_text_holds_for_its_model_until_the_document_is_read_anew(library: Library) -> None:
    document = library.documents.for_file(FakeFile("/x/a", "aa")).id
    for identity in (IDENTITY, OTHER):
        library.reading(document, identity)
        assert library.readings.familiar(document, identity) is None
    library.readings.save_familiar(document, IDENTITY, False)
    assert (library.readings.familiar(document, IDENTITY), library.readings.familiar(document, OTHER)) == (False, None)
    library.reading(document, IDENTITY, 5)
    assert library.readings.familiar(document, IDENTITY) is False
    library.reading(document, IDENTITY)
    assert library.readings.familiar(document, IDENTITY) is None


def test_progress_that_contradicts_itself_is_refused_and_leaves_nothing(library: Library) -> None:
    document = library.documents.for_file(FakeFile())
    reading = library.reading(document.id, IDENTITY)
    reading.commit(Progress(20, [NewPage(1, "x", 0, 20)]))
    page = NewPage(2, "y", 20, 10)
    for tokens, more in (
        (10, {}),
        (25, {"pages": [page]}),
        (30, {"pages": [page], "snapshot": snapshot(list(range(31)))}),
        (30, {"pages": [page], "snapshot": snapshot(list(range(30)), identity=OTHER)}),
        (30, {"pages": [page], "sections": [NewSection(1, "", "", 1, 2, 0, 31)]}),
    ):
        with pytest.raises(ValueError):
            reading.commit(Progress(tokens, **more))
    assert [page.number for page in library.pages.of(document.id)] == [1]
    assert library.snapshots.all() == [] and library.readings.get(reading.id).tokens_read == 20


def test_a_reading_of_a_removed_document_ends_with_a_sentence(library: Library) -> None:
    document = library.documents.for_file(FakeFile())
    reading = library.reading(document.id, IDENTITY)
    library.documents.remove(document.id)
    with pytest.raises(LibraryError, match="removed") as error:
        reading.commit(Progress(10))
    assert error.value.kind == "gone"
