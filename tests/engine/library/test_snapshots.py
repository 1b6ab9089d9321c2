"""Saved states: bits, prefixes, the stronger of two, thinning and the quota."""

from __future__ import annotations

import os
from pathlib import Path

from engine.library.library import Library
from engine.library.reading_run import Progress
from engine.library.records import NewPage, NewTurn
from tests.engine.library_fakes import IDENTITY, OTHER, FakeFile, snapshot


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


def test_freed_are_the_states_that_can_be_made_again(library: Library) -> None:
    ids = []
    for name in ("aa", "bb"):
        document = library.documents.for_file(FakeFile(f"/x/{name}", name)).id
        run = library.reading(document, IDENTITY)
        run.commit(Progress(2, snapshot=snapshot([len(ids), 2], data=b"c" * 100)))
        run.finish(Progress(4, snapshot=snapshot([len(ids), 2, 3, 4], "end")))
        ids.append(document)
    assert library.snapshots.free(ids[0]) == (1, 100)
    assert [[state.kind for state in library.snapshots.of(one)] for one in ids] == [["end"], ["checkpoint", "end"]]
    assert library.snapshots.free() == (1, 100)
    assert [state.kind for state in library.snapshots.all()] == ["end", "end"]
