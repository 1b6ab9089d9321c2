"""Turns and summaries."""

from __future__ import annotations

import pytest

from engine.library import documents, reading_run, snapshots, turns
from engine.library.database import LibraryError
from engine.library.library import Library
from engine.library.records import NewSummary, NewTurn
from engine.protocol.evidence import Evidence, SummaryBasis
from tests.engine.library_fakes import IDENTITY, OTHER, FakeFile, quiet, read_fake_document, snapshot

SOURCE = Evidence(kind="section", first_page=1, last_page=1)
BASIS = SummaryBasis(made_from="sections", first_page=1, last_page=2, sections=1)


def test_turns_are_a_tree(library: Library) -> None:
    document = library.documents.for_file(FakeFile()).id
    first = library.turns.add(document, IDENTITY, NewTurn("Who?", "Ann.", SOURCE, seed=3, as_of_page=7))
    second = library.turns.add(document, IDENTITY, NewTurn("When?", "In May.", parent=first))
    branch = library.turns.add(document, IDENTITY, NewTurn("Why?", "Rust.", parent=first))
    third = library.turns.add(document, IDENTITY, NewTurn("Where?", "Here.", parent=second))
    assert [turn.id for turn in library.turns.path(third)] == [first, second, third]
    assert [turn.id for turn in library.turns.children(document, first)] == [second, branch]
    assert [turn.id for turn in library.turns.children(document)] == [first]
    turn = library.turns.get(first)
    assert (turn.evidence, turn.seed, turn.as_of_page, turn.parent, turn.kept) == (SOURCE, 3, 7, None, False)
    library.turns.remove(second)
    assert [turn.id for turn in library.turns.of(document)] == [first, branch]
    with pytest.raises(LibraryError, match="no longer"):
        library.turns.path(third)


def test_a_removed_branch_takes_its_states_with_it_unless_another_turn_has_them(library: Library) -> None:
    document = library.documents.for_file(FakeFile()).id
    shared, own = snapshot([1, 2], "turn"), snapshot([1, 3], "turn")
    first = library.turns.add(document, IDENTITY, NewTurn("q", "a", snapshot=shared))
    second = library.turns.add(document, IDENTITY, NewTurn("q", "a", snapshot=shared))
    third = library.turns.add(document, IDENTITY, NewTurn("r", "b", parent=second, snapshot=own))
    assert library.turns.get(first).snapshot == library.turns.get(second).snapshot != library.turns.get(third).snapshot
    library.turns.remove(second)
    assert [row.id for row in library.snapshots.all()] == [library.turns.get(first).snapshot]


def test_keeping_a_turn_pins_its_state(library: Library) -> None:
    document = library.documents.for_file(FakeFile()).id
    turn = library.turns.add(document, IDENTITY, NewTurn("q", "a", snapshot=snapshot([1], "turn")))
    for kept in (True, False):
        library.turns.keep(turn, kept)
        assert library.turns.get(turn).kept is kept
        assert library.snapshots.all()[0].pinned is kept


def test_a_turn_cannot_follow_one_of_another_document(library: Library) -> None:
    one = library.documents.for_file(FakeFile("/x/1", "1")).id
    two = library.documents.for_file(FakeFile("/x/2", "2")).id
    turn = library.turns.add(one, IDENTITY, NewTurn("q", "a"))
    for parent in (turn, turn + 1):
        with pytest.raises(LibraryError):
            library.turns.add(two, IDENTITY, NewTurn("q", "a", parent=parent))
    assert library.turns.of(two) == []


def test_summaries_come_newest_first(library: Library) -> None:
    document = library.documents.for_file(FakeFile()).id
    library.summaries.add(document, IDENTITY, NewSummary("state", "Old.", 10))
    library.summaries.add(document, OTHER, NewSummary("sections", "New.", 20, "pumps", BASIS))
    new, old = library.summaries.of(document)
    assert (new.text, new.method, new.focus, new.basis, new.n_tokens, new.model) == (
        "New.",
        "sections",
        "pumps",
        BASIS,
        20,
        "a model in bf16",
    )
    assert (old.text, old.focus, old.basis) == ("Old.", "", None)


def test_a_clock_that_goes_backwards_changes_no_order(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(10_000_000, 0, -1000))
    for module in (documents, turns, reading_run, snapshots):
        monkeypatch.setattr(module.time, "time", lambda: float(next(now)))
    ids = [library.documents.for_file(FakeFile(f"/x/{name}", name)).id for name in "abc"]
    assert [row.id for row in library.documents.all()] == ids[::-1]
    added = [library.turns.add(ids[0], IDENTITY, NewTurn("q", "a")) for _ in range(3)]
    assert [turn.id for turn in library.turns.of(ids[0])] == added
    library._limits.quota = 250
    saved = [library.snapshots.save(ids[0], snapshot([n], data=bytes(100))) for n in range(4)]
    assert [row.id for row in library.snapshots.all()] == saved[2:]
    begun = [library.reading(ids[0], identity).id for identity in (IDENTITY, OTHER)]
    assert [reading.id for reading in library.readings.of(ids[0])] == begun[::-1]
    assert read_fake_document(library, 3, 5, quiet) > 0
