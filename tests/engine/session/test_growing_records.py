"""Rows are in the library while the document is still being read."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from engine.library.library import Library
from engine.library.reading_run import Progress
from engine.library.records import NewPage
from engine.protocol.wire import CheckpointSaved, Event, PrefillAdvanced, ReadingResumed
from engine.session import growing_records
from engine.session.growing_records import records_while_reading
from tests.engine.library_fakes import IDENTITY, FakeFile

PAGES = 8


def reading(library: Library) -> Generator[Event, None, Any]:
    """A reading of bills, a page and a checkpoint at a time."""
    document = library.documents.for_file(FakeFile("/documents/bills.csv", "a" * 64, "bills", "text"))
    yield ReadingResumed(job_id="r", document_id=document.id, tokens=0, page=1)
    with library.reading(document.id, IDENTITY) as run:
        for number in range(1, PAGES + 1):
            text = ("Bill,Sum\n" if number == 1 else "") + f"B-{number}1,10\nB-{number}2,20"
            run.commit(Progress(10 * number, [NewPage(number, text, 10 * number - 10, 10)]))
            yield CheckpointSaved(job_id="r", snapshot_id=number, tokens=10 * number, page=number, kind="checkpoint")
            yield PrefillAdvanced(
                job_id="r", tokens=10 * number, page=number, page_count=PAGES, total_tokens=80, total_is_exact=True,
                tokens_per_second=1.0, seconds_left=1.0, resident_bytes=0,
            )  # fmt: skip
        run.finish(Progress(10 * PAGES), n_pages=PAGES)
    return "the state"


def test_rows_are_there_while_pages_are_still_read(library: Library, monkeypatch) -> None:
    searched: list[int] = []
    original = growing_records.ensure_records

    def noting(library: Library, document: Any) -> bool:
        searched.append(document.pages_read)
        return original(library, document)

    monkeypatch.setattr(growing_records, "ensure_records", noting)
    rows: list[int] = []
    running = records_while_reading(reading(library), library)
    try:
        while True:
            if isinstance(next(running), PrefillAdvanced):
                rows.append(sum(table.n_rows for table in library.typed_records.tables([1])))
    except StopIteration as end:
        assert end.value == "the state"
    assert rows[0] == 2 and rows[-1] == 2 * PAGES and rows == sorted(rows)
    assert searched == [1, 2, 4, 8]
