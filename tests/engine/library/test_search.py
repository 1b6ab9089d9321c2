"""Full-text search in the sections of a document."""

from __future__ import annotations

import pytest

from engine.library.library import Library
from engine.library.reading_run import Progress
from engine.library.records import NewSection
from tests.engine.library_fakes import IDENTITY, FakeFile


def test_search_finds_words_by_their_stem_and_prefers_headings(library: Library) -> None:
    document = library.documents.for_file(FakeFile())
    reading = library.reading(document.id, IDENTITY)
    texts = [("Pumps", "The valve was inspected."), ("Valves", "Nothing here."), ("Café", "Münchner Straße")]
    reading.commit(Progress(30, sections=[NewSection(n, *text, n, n, n, 1) for n, text in enumerate(texts, 1)]))

    def numbers(query: str, **more) -> list[int]:
        return [hit.section.number for hit in library.search.sections(document.id, query, **more)]

    assert numbers("inspecting") == [1]
    assert numbers("valve") == [2, 1]
    assert numbers("valve", limit=1) == [2]
    assert numbers("munchner cafe") == [3]
    assert numbers("absent") == []
    hits = library.search.sections(document.id, "valve")
    assert hits[0].score >= hits[1].score


@pytest.mark.parametrize(
    "query",
    ["", '"', "a AND", "NOT", "NEAR(a b)", "heading:x", "x*", "(", "-", "'; DROP", "^a", "\0", "🙂", "a" * 9999],
)
def test_any_text_is_a_valid_search(library: Library, query: str) -> None:
    document = library.documents.for_file(FakeFile())
    reading = library.reading(document.id, IDENTITY)
    reading.commit(Progress(9, sections=[NewSection(1, "x", "not near and", 1, 1, 0, 9)]))
    assert len(library.search.sections(document.id, query)) <= 1


def test_search_stays_within_the_document(library: Library) -> None:
    for name in ("a", "b"):
        document = library.documents.for_file(FakeFile(f"/x/{name}", name))
        reading = library.reading(document.id, IDENTITY)
        reading.commit(Progress(9, sections=[NewSection(1, name, "word", 1, 1, 0, 9)]))
    assert [hit.section.heading for hit in library.search.sections(document.id, "word")] == ["b"]
