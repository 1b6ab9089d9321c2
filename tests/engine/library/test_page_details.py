"""Lines left out of a page, remarks on it and the certainty of its recognition are kept beside its text."""

from __future__ import annotations

from engine.library.library import Library
from engine.library.reading_run import Progress
from engine.library.records import NewPage
from tests.engine.library_fakes import IDENTITY, FakeFile

PAGES = [
    NewPage(1, "one", 0, 2, removed=("Annual report", "1"), notes=("2 NUL bytes left out",)),
    NewPage(2, "two", 2, 2, certainty=0.93),
    NewPage(3, "three", 4, 2),
]


def stored(library: Library, pages: list[NewPage]) -> int:
    document = library.documents.for_file(FakeFile("/x/scan.pdf", "aa")).id
    with library.reading(document, IDENTITY) as run:
        run.finish(Progress(6, pages=pages))
    return document


def test_details_come_back_with_the_page(library: Library) -> None:
    document = stored(library, PAGES)
    found = library.pages.of(document)
    assert [(page.removed, page.notes, page.certainty) for page in found] == [
        (("Annual report", "1"), ("2 NUL bytes left out",), None),
        ((), (), 0.93),
        ((), (), None),
    ]
    assert [(span.removed, span.certainty) for span in library.pages.spans(document)] == [
        (2, None),
        (0, 0.93),
        (0, None),
    ]
    assert library.maintenance.verify().sound


def test_a_second_reading_replaces_the_details(library: Library) -> None:
    document = stored(library, PAGES)
    stored(library, [NewPage(1, "one", 0, 2, removed=("1",)), *PAGES[2:]])
    first, second, _ = library.pages.of(document)
    assert (first.removed, first.notes) == (("1",), ())
    assert second.certainty == 0.93


def test_recognised_pages_are_those_that_nothing_changed(library: Library) -> None:
    document = stored(library, [*PAGES[:2], NewPage(3, "three", 4, 2, certainty=0.8, raw="head\nthree")])
    assert [(page.number, page.raw) for page in library.pages.recognised(document)] == [(2, None), (3, "head\nthree")]
    with library._db.write() as conn:
        conn.execute("UPDATE pages SET text = 'tvo' WHERE number = 2")
    assert [page.number for page in library.pages.recognised(document)] == [3]


def test_half_a_surrogate_pair_is_no_obstacle(library: Library) -> None:
    document = stored(library, [NewPage(1, "one", 0, 2, notes=("read as \udc80",))])
    assert library.pages.of(document)[0].notes == ("read as \\udc80",)


def test_details_go_with_their_document(library: Library) -> None:
    document = stored(library, PAGES)
    library.documents.remove(document)
    assert library.pages.of(document) == []
    assert library.maintenance.verify().sound
