"""A thousand generated records as one collection: counts, lists and totals are exact, each within five seconds."""

from __future__ import annotations

import time

import pytest

from engine.bench.generated_collection import COUNTED, REFUSED, SAID, Known, generated
from engine.library.library import Library
from engine.records.reply import reply
from tests.engine.library_fakes import FakeFile
from tests.engine.records.filled import add_pages


def fill(library: Library, count: int) -> Known:
    """Put generated records into `library` without a model."""
    known = Known()
    for number, (name, text) in enumerate(generated(count, known)):
        file = FakeFile(f"/documents/{name}", f"{number:064x}", name.rpartition(".")[0], "text")
        add_pages(library, library.documents.for_file(file), [text])
    return known


@pytest.mark.slow
def test_questions_to_a_thousand_records(library: Library) -> None:
    known = fill(library, 1000)
    documents = library.documents.all()
    reply(library, documents, "How many faults are there?", len(documents))  # makes the records
    for question, answer in [*COUNTED, *SAID]:
        started = time.monotonic()
        made = reply(library, documents, question, len(documents))
        assert time.monotonic() - started < 5, question
        assert made is not None, question
        text, evidence = made
        assert evidence.counted is not None
        if (question, answer) in COUNTED:
            assert evidence.counted.total == answer(known), (question, text.splitlines()[0])
        else:
            assert answer(known) in text.splitlines()[0], (question, text.splitlines()[0])
        assert all(row.page == 1 and row.text for row in evidence.counted.rows)
    for question in REFUSED:
        assert reply(library, documents, question, len(documents)) is None
