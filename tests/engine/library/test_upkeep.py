"""The file as a whole: removal, compaction, readers beside a writer, its place."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.library.database import LibraryError
from engine.library.library import Library, library_path
from engine.library.records import NewSummary, NewTurn
from tests.engine.library_fakes import IDENTITY, FakeFile, quiet, read_fake_document, snapshot, state_after


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
    assert library.maintenance.file_size() == before - given_back < 500_000 < before
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
