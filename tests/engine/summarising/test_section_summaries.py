"""Notes on sections, ledgers, meters and retention in the library: kept with what they are of, and gone with it."""

from __future__ import annotations

from dataclasses import replace

from engine.library.library import Library
from engine.library.prefix import hash_tokens
from engine.library.reading_run import Progress
from engine.library.records import Ledger, LedgerEntry, NewPage, NewSection, NewSnapshot, Retention
from tests.engine.library_fakes import IDENTITY, OTHER, FakeFile

SECTIONS = [NewSection(n, f"Part {n}", f"Text {n}.", n, n, (n - 1) * 10, 10) for n in (1, 2, 3)]


def read(library: Library, sections=SECTIONS, start: int = 0, identity=IDENTITY, file=None) -> tuple[int, int]:
    """A document of three sections, ten tokens each: (document, reading)."""
    document = library.documents.for_file(file or FakeFile()).id
    reading = library.reading(document, identity, start)
    pages = [NewPage(s.number, s.text, s.first_token, s.n_tokens) for s in sections]
    reading.finish(Progress(30, pages, sections))
    return document, reading.id


def rows(library: Library, document: int) -> list[int]:
    return [section.id for section in library.sections.of(document)]


def test_notes_come_in_order_the_latest_of_each_section_and_by_focus(library):
    document, _ = read(library)
    first, second, third = rows(library, document)
    library.section_summaries.save(third, "Summarise.", "Third.", [[3]])
    library.section_summaries.save(first, "Summarise.", "First.", [[1], []])
    library.section_summaries.save(first, "Summarise briefly.", "1.", [[1]])
    library.section_summaries.save(second, "About pumps.", "A pump.", [[2]], focus="pumps")
    assert [(n.number, n.text, n.line_pages) for n in library.section_summaries.of(document)] == [
        (1, "1.", [[1]]),
        (3, "Third.", [[3]]),
    ]
    assert [n.text for n in library.section_summaries.of(document, request="Summarise.")] == ["First.", "Third."]
    (about,) = library.section_summaries.of(document, focus="pumps")
    assert (about.section, about.heading, about.focus, about.text) == (second, "Part 2", "pumps", "A pump.")


def test_a_note_written_again_replaces_the_earlier_one(library):
    document, _ = read(library)
    section = rows(library, document)[0]
    library.section_summaries.save(section, "Summarise.", "Before.", [])
    library.section_summaries.save(section, "Summarise.", "After.", [[1]])
    assert [note.text for note in library.section_summaries.of(document, request="Summarise.")] == ["After."]


def test_notes_of_one_model_are_not_those_of_another(library):
    document, reading = read(library)
    library.section_summaries.save(rows(library, document)[0], "Summarise.", "One.", [])
    read(library, identity=OTHER)
    assert library.section_summaries.of(document) == []
    assert [note.text for note in library.section_summaries.of(document, reading=reading)] == ["One."]


def test_a_reading_that_goes_on_keeps_the_notes_of_sections_that_are_as_they_were(library):
    document, _ = read(library)
    for number, section in enumerate(rows(library, document), 1):
        library.section_summaries.save(section, "Summarise.", f"Note {number}.", [])
    edited = [SECTIONS[0], replace(SECTIONS[1], text="Another text."), SECTIONS[2]]
    read(library, edited, start=30)
    assert [note.text for note in library.section_summaries.of(document)] == ["Note 1.", "Note 3."]


def test_what_lies_beyond_the_point_where_a_reading_goes_on_loses_its_notes(library):
    document, reading = read(library)
    for section in rows(library, document):
        library.section_summaries.save(section, "Summarise.", "Note.", [])
    library.reading(document, IDENTITY, 15)
    assert [note.number for note in library.section_summaries.of(document, reading=reading)] == [1]


def test_a_note_on_a_section_that_is_gone_is_not_kept(library):
    document, _ = read(library)
    library.section_summaries.save(10_000, "Summarise.", "Nothing.", [])
    assert library.section_summaries.of(document) == []


def test_a_ledger_lasts_as_long_as_its_file_is_the_same(library):
    document, _ = read(library)
    ledger = Ledger([LedgerEntry("amount", "48,200 €", "48200 EUR", 2, [3, 9])], 4, 3)
    library.entities.save(document, ledger)
    assert library.entities.of(document) == ledger
    grown = library.documents.for_file(FakeFile(sha256="f" * 64))
    assert grown.id == document
    assert library.entities.of(document) is None


def test_meters_stay_with_their_state_and_their_section(library):
    measured = [replace(section, decay=bytes([section.number])) for section in SECTIONS]
    document, reading = read(library, measured)
    assert library.retention.decay_at_sections(reading) == {10: b"\1", 20: b"\2", 30: b"\3"}
    state = NewSnapshot("checkpoint", hash_tokens(IDENTITY, range(30)), b"state", "fp32", decay=b"so far")
    saved = library.snapshots.save(document, state)
    assert library.retention.decay_at_snapshot(saved) == b"so far"
    library.snapshots.drop(saved)
    assert library.retention.decay_at_snapshot(saved) is None


def test_the_retention_of_a_reading_is_told_once_it_has_ended(library):
    document, reading = read(library)
    found = Retention(30, [1, 2, 3], [1, 2, 3], [0.1, 0.5, 1.0], 0)
    library.retention.save(reading, found)
    assert library.retention.of(document) == found == library.retention.of(document, reading)
    library.reading(document, IDENTITY, 10)
    assert library.retention.of(document) is None


def test_a_document_takes_all_of_it_along_when_it_goes(library):
    document, reading = read(library)
    library.section_summaries.save(rows(library, document)[0], "Summarise.", "Note.", [])
    library.entities.save(document, Ledger([], 0, "nothing"))
    library.retention.save(reading, Retention(30, [], [], [], 0))
    library.documents.remove(document)
    assert library.maintenance.verify().sound
    with library._db.read() as conn:
        for table in ("section_notes", "ledgers", "retentions", "section_meters", "snapshot_meters"):
            assert conn.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
