"""The library in everyday use: documents, readings, states, search, turns, upkeep."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.library import documents, reading_run, snapshots, turns
from engine.library.database import LibraryError
from engine.library.library import Library, library_path
from engine.library.prefix import PrefixHasher, hash_tokens
from engine.library.reading_run import Progress
from engine.library.records import NewPage, NewSection, NewSnapshot, NewSummary, NewTurn
from engine.protocol.evidence import Evidence, SummaryBasis
from tests.engine.library_fakes import IDENTITY, OTHER, FakeFile, read_fake_document, state_after

SOURCE = Evidence(kind="section", first_page=1, last_page=1)
BASIS = SummaryBasis(made_from="sections", first_page=1, last_page=2, sections=1)


def snapshot(tokens: list[int], kind="checkpoint", data: bytes = b"state", dtype: str = "bf16", **more) -> NewSnapshot:
    return NewSnapshot(kind, hash_tokens(more.pop("identity", IDENTITY), tokens), data, dtype, **more)


def quiet(_: str) -> None: ...


# Documents


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


# Readings


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


# States


def test_a_state_comes_back_bit_for_bit_with_its_prefix(library: Library) -> None:
    document = library.documents.for_file(FakeFile())
    new = snapshot(list(range(700)), "end", os.urandom(9_000_001), "fp32")
    saved = library.snapshots.save(document.id, new)
    assert library.snapshots.load(saved) == new.data
    assert library.snapshots.prefix(saved) == new.prefix
    assert library.snapshots.load(saved + 1) is None and library.snapshots.prefix(saved + 1) is None


def test_saving_a_prefix_again_keeps_one_state_the_more_precise_and_the_stronger_kind(library: Library) -> None:
    document = library.documents.for_file(FakeFile())
    first = library.snapshots.save(document.id, snapshot([1, 2], "checkpoint", b"bf16", "bf16"))
    assert library.snapshots.save(document.id, snapshot([1, 2], "end", b"fp32fp32", "fp32")) == first
    assert library.snapshots.save(document.id, snapshot([1, 2], "checkpoint", b"bf16", "bf16", pinned=True)) == first
    (row,) = library.snapshots.all()
    assert (row.kind, row.dtype, row.size, row.pinned) == ("end", "fp32", 8, True)
    assert library.snapshots.load(first) == b"fp32fp32"


def test_saving_the_same_state_again_writes_no_blob(library: Library) -> None:
    document = library.documents.for_file(FakeFile())
    new = snapshot([1, 2], "end", os.urandom(2_000_000), "fp32")
    saved = library.snapshots.save(document.id, new)
    steps: list[str] = []
    with library._db.read() as conn:
        conn.set_trace_callback(steps.append)
        assert library.snapshots.save(document.id, new) == saved
        conn.set_trace_callback(None)
    assert not any("snapshot_blobs" in step for step in steps)


def test_reach_counts_documents_that_share_a_page_without_reading_all_pages(library: Library) -> None:
    for name in ("one", "two"):
        document = library.documents.for_file(FakeFile(f"/x/{name}", name))
        reading = library.reading(document.id, IDENTITY)
        length = 5 if name == "one" else 9
        pages = [NewPage(1, f"page of {name}", 0, length)]
        reading.finish(Progress(length, pages, snapshot=snapshot([1] * length, "end")))
    assert library.snapshots.reach(document.id, IDENTITY, 1, "unknown") == 9
    assert library.snapshots.reach(1, IDENTITY, 1, "unknown") == 5
    assert library.snapshots.reach(1, IDENTITY, 1, "page of two") == 9
    assert library.snapshots.reach(1, IDENTITY, 2, "page of two") == 5
    assert library.snapshots.reach(1, OTHER, 1, "page of two") == library.snapshots.reach(99, IDENTITY, 1, "") == 0
    steps: list[str] = []
    with library._db.read() as conn:
        conn.set_trace_callback(steps.append)
        library.snapshots.reach(1, IDENTITY, 1, "page of two")
        conn.set_trace_callback(None)
        plan = [row[-1] for row in conn.execute("EXPLAIN QUERY PLAN " + steps[-1])]
    assert not any(step.startswith(("SCAN p", "SCAN pages")) for step in plan)


def test_a_document_is_known_by_its_content(library: Library) -> None:
    document = library.documents.for_file(FakeFile(sha256="aa"))
    assert library.documents.with_content("aa") == document
    assert library.documents.with_content("bb") is None


def test_a_new_end_makes_the_old_one_a_checkpoint(library: Library) -> None:
    document = library.documents.for_file(FakeFile())
    for identity, end in ((IDENTITY, 5), (OTHER, 5), (IDENTITY, 8)):
        library.snapshots.save(document.id, snapshot(list(range(end)), "end", identity=identity))
    assert [(row.n_tokens, row.kind) for row in library.snapshots.all()] == [(5, "checkpoint"), (5, "end"), (8, "end")]


def test_the_policy_keeps_its_number_of_checkpoints(tmp_path: Path) -> None:
    with Library.open(tmp_path / "l.db", max_checkpoints=5) as library:
        document = library.documents.for_file(FakeFile())
        reading = library.reading(document.id, IDENTITY)
        for end in range(1, 40):
            reading.commit(Progress(end, snapshot=snapshot(list(range(end)))))
        positions = [row.n_tokens for row in library.snapshots.all()]
    assert len(positions) == 5 and positions[-2:] == [38, 39]


def test_the_quota_drops_old_checkpoints_but_no_end_no_kept_turn_and_not_where_a_reading_stands(tmp_path: Path) -> None:
    with Library.open(tmp_path / "l.db", quota=600) as library:
        done = library.documents.for_file(FakeFile("/x/done", "aa"))
        reading = library.reading(done.id, IDENTITY)
        reading.commit(Progress(1, snapshot=snapshot([1], data=bytes(100))))
        reading.finish(Progress(2, snapshot=snapshot([1, 2], "end", bytes(100))))
        kept = library.turns.add(
            done.id, IDENTITY, NewTurn("q", "a", snapshot=snapshot([1, 2, 3], "turn", bytes(100)), kept=True)
        )
        other = library.turns.add(
            done.id, IDENTITY, NewTurn("r", "b", snapshot=snapshot([1, 2, 4], "turn", bytes(100)))
        )
        running = library.documents.for_file(FakeFile("/x/running", "bb"))
        reading = library.reading(running.id, IDENTITY)
        for end in range(1, 6):
            reading.commit(Progress(end, snapshot=snapshot([9] * end, data=bytes(100))))
        kinds = [(row.document, row.kind, row.n_tokens) for row in library.snapshots.all()]
        assert kinds == [
            (done.id, "end", 2),
            (done.id, "turn", 3),
            (done.id, "turn", 3),
            (running.id, "checkpoint", 3),
            (running.id, "checkpoint", 4),
            (running.id, "checkpoint", 5),
        ]
        library._limits.quota = 100
        reading.commit(Progress(6, snapshot=snapshot([9] * 6, data=bytes(100))))
        assert [(row.kind, row.n_tokens) for row in library.snapshots.all()] == [
            ("end", 2),
            ("turn", 3),
            ("checkpoint", 6),
        ]
        assert library.turns.get(kept).snapshot is not None and library.turns.get(other).snapshot is None


def test_a_loaded_checkpoint_is_dropped_after_the_others(tmp_path: Path) -> None:
    with Library.open(tmp_path / "l.db", quota=300) as library:
        document = library.documents.for_file(FakeFile())
        ids = [library.snapshots.save(document.id, snapshot([n], data=bytes(100))) for n in range(3)]
        library.snapshots.load(ids[0])
        library.snapshots.save(document.id, snapshot([9], data=bytes(100)))
        assert ids[0] in {row.id for row in library.snapshots.all()}
        assert ids[1] not in {row.id for row in library.snapshots.all()}


# Search


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


# Turns and summaries


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


# Upkeep


def test_removing_a_document_removes_all_of_it_and_compacting_gives_the_space_back(library: Library) -> None:
    secret = b"A secret that must not stay in the file. " * 20
    kept = library.documents.for_file(FakeFile("/x/kept", "00")).id
    library.snapshots.save(kept, snapshot([5], "end", b"kept"))
    read_fake_document(library, 5, 30, quiet)
    document = library.documents.all()[0].id
    library.summaries.add(document, IDENTITY, NewSummary("state", secret.decode(), 1))
    library.turns.add(document, IDENTITY, NewTurn("q", "a", snapshot=snapshot([1], "turn", secret * 50)))
    library.documents.remove(document)
    before = library.maintenance.file_size()
    assert secret[:40] not in library.path.read_bytes()
    assert [row.id for row in library.documents.all()] == [kept]
    assert len(library.snapshots.all()) == 1 and library.pages.of(document) == [] and library.turns.of(document) == []
    given_back = library.maintenance.compact()
    assert library.maintenance.file_size() == before - given_back < 300_000 < before
    assert library.maintenance.verify().sound
    with pytest.raises(LibraryError):
        library.documents.remove(document)


def test_compacting_gives_back_many_pages_at_a_time(library: Library) -> None:
    document = library.documents.for_file(FakeFile()).id
    library.snapshots.drop(library.snapshots.save(document, snapshot([1], data=bytes(20_000_000))))
    steps: list[str] = []
    with library._db.read() as conn:
        conn.set_trace_callback(steps.append)
        assert library.maintenance.compact() > 20_000_000
        conn.set_trace_callback(None)
    assert sum("incremental_vacuum" in step for step in steps) <= 5


def test_space_that_was_freed_is_used_again(library: Library) -> None:
    document = library.documents.for_file(FakeFile()).id
    sizes = []
    for n in range(12):
        saved = library.snapshots.save(document, snapshot([n], data=os.urandom(400_000)))
        library.snapshots.drop(saved)
        sizes.append(library.path.stat().st_size)
    assert max(sizes) < 1_500_000


def test_a_window_reads_while_the_worker_writes_and_learns_of_news(library: Library) -> None:
    library.documents.for_file(FakeFile())
    with Library.open(library.path, read_only=True) as window:
        version = window.maintenance.data_version()
        assert window.maintenance.data_version() == version
        read_fake_document(library, 5, 3, quiet)
        assert window.maintenance.data_version() != version
        assert window.documents.all() == library.documents.all()
        found = window.snapshots.all()[-1]
        prefix = window.snapshots.prefix(found.id)
        assert prefix is not None and window.snapshots.load(found.id) == state_after(prefix.hash)
        assert window.maintenance.verify().sound


def test_verify_reports_its_progress(library: Library) -> None:
    read_fake_document(library, 5, 3, quiet)
    seen: list[tuple[int, int]] = []
    assert library.maintenance.verify(lambda checked, total: seen.append((checked, total))).checked == len(seen)
    assert seen[0][0] == 0 and seen[-1] == (len(seen) - 1, len(seen))


# Where it is, and what it costs to import


def test_the_location_is_the_given_path_then_the_environment_then_the_users_data_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("READTHROUGH_LIBRARY", str(tmp_path / "environment.db"))
    assert library_path(tmp_path / "given.db") == tmp_path / "given.db"
    assert library_path() == tmp_path / "environment.db"
    monkeypatch.delenv("READTHROUGH_LIBRARY")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert library_path().name == "library.db"
    assert "Readthrough" in str(library_path())


def test_importing_the_library_brings_no_model_and_no_qt_along() -> None:
    code = (
        "import sys, engine.library.library, engine.library.export;"
        "heavy = {'torch', 'transformers', 'triton', 'numba', 'PySide6'};"
        "print(sorted({*heavy, 'sqlite_utils'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
