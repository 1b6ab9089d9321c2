"""Rows that no record can hold are damage, told in one sentence; changed figures count as not measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.library.database import LibraryError
from engine.library.library import Library
from tests.engine.library.make_released import fill
from tests.engine.library_fakes import IDENTITY


@pytest.fixture
def filled(library: Library) -> Library:
    fill(library)
    return library


def change(library: Library, statement: str) -> None:
    with library._db.write() as conn:
        conn.execute(statement)


DAMAGED: dict[str, Callable[[Library], Any]] = {
    "UPDATE retentions SET figures = 'x'": lambda library: library.retention.of(1),
    "UPDATE retentions SET figures = '{\"tokens\": 1}'": lambda library: library.retention.of(1),
    "UPDATE ledgers SET entries = '{'": lambda library: library.entities.of(1),
    "UPDATE ledgers SET entries = '[7]'": lambda library: library.entities.of(1),
    "UPDATE turns SET tokens = x'010203'": lambda library: library.turns.tokens(1, IDENTITY),
    "UPDATE section_notes SET line_pages = '['": lambda library: library.section_summaries.of(1),
    "UPDATE pages SET text = CAST(x'fffe' AS TEXT)": lambda library: library.pages.of(1),
    "UPDATE documents SET title = CAST(x'fffe' AS TEXT)": lambda library: library.documents.all(),
}


@pytest.mark.parametrize("statement", DAMAGED)
def test_a_row_that_no_record_can_hold_is_damage(filled: Library, statement: str) -> None:
    DAMAGED[statement](filled)
    change(filled, statement)
    with pytest.raises(LibraryError, match="damaged") as error:
        DAMAGED[statement](filled)
    assert error.value.kind == "damaged"
    assert str(error.value).count(". ") == 0, "one sentence"


def test_an_answer_without_readable_evidence_is_shown_without_and_verify_names_it(filled: Library) -> None:
    for table in ("turns", "summaries"):
        change(filled, f"UPDATE {table} SET evidence = '['")
    assert (filled.turns.get(1).answer, filled.turns.get(1).evidence) == ("Ann Weber", None)
    assert filled.summaries.of(1)[0].text == "All is well."
    problems = " ".join(filled.maintenance.verify().problems)
    assert "turns" in problems and "summaries" in problems


def test_decay_sums_that_were_changed_count_as_not_measured(filled: Library) -> None:
    reading = filled.readings.latest(1)
    (first, *_) = filled.snapshots.of(1)
    assert reading is not None
    assert len(filled.retention.decay_at_sections(reading.id)) == 3 and filled.retention.decay_at_snapshot(first.id)
    for table in ("section_meters", "snapshot_meters"):
        change(filled, f"UPDATE {table} SET data = x'00'")
    assert filled.retention.decay_at_sections(reading.id) == {}
    assert filled.retention.decay_at_snapshot(first.id) is None


def test_turns_that_follow_each_other_in_a_circle_end(filled: Library) -> None:
    change(filled, "UPDATE turns SET parent = id WHERE id = 2")
    assert len(filled.turns.path(2)) < 20_000


def test_a_library_in_memory_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Library.in_memory() as library:
        fill(library)
        assert [document.pages_read for document in library.documents.all()] == [3, 3]
        assert library.turns.of(library.documents.all()[0].id)
        assert not library.read_only
    assert list(tmp_path.iterdir()) == []
