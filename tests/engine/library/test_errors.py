"""What can go wrong with the file: one sentence each, and nothing lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.library import database, schema
from engine.library.database import LibraryError
from engine.library.library import Library
from engine.library.migrations.version_0_1 import APPLICATION_ID
from engine.library.prefix import PrefixHasher, hash_tokens
from engine.library.reading_run import Progress
from engine.library.records import NewPage, NewSnapshot
from tests.engine.library_fakes import IDENTITY, FakeFile, page_tokens, read_fake_document, state_after

QUIET = lambda _: None  # noqa: E731


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A library with one document of ten pages, closed."""
    path = tmp_path / "library.db"
    with Library.open(path) as library:
        read_fake_document(library, 1, 10, QUIET)
    return path


def refused(path: Path, kind: str, read_only: bool | None = None) -> None:
    """Opening says one sentence of this kind, whether for reading or for writing."""
    for mode in (False, True) if read_only is None else (read_only,):
        with pytest.raises(LibraryError) as error:
            Library.open(path, read_only=mode, busy_seconds=0.2)
        assert error.value.kind == kind
        sentence = str(error.value)
        assert sentence.endswith(".") and "\n" not in sentence and str(path) in sentence


def wanted(seed: int = 1, n_pages: int = 10) -> PrefixHasher:
    hasher = PrefixHasher(IDENTITY)
    for number in range(1, n_pages + 1):
        hasher.feed(page_tokens(seed, number))
    return hasher


# Missing, foreign, truncated


def test_a_reader_makes_no_library(tmp_path: Path) -> None:
    refused(tmp_path / "none" / "library.db", "missing", read_only=True)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "empty.db").touch()
    refused(tmp_path / "empty.db", "missing", read_only=True)
    assert (tmp_path / "empty.db").stat().st_size == 0


def test_an_empty_file_becomes_a_library(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    path.touch()
    with Library.open(path) as library:
        assert library.documents.all() == []


def test_another_programs_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    database, text = tmp_path / "other.db", tmp_path / "text.db"
    conn = sqlite3.connect(database)
    conn.execute("CREATE TABLE theirs (x)")
    conn.commit()
    conn.close()
    text.write_text("This is no database at all. " * 100)
    for path in (database, text):
        before = path.read_bytes()
        refused(path, "foreign")
        assert path.read_bytes() == before
    refused(tmp_path, "disk", read_only=False)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_a_truncated_library_is_called_damaged(path: Path, share: float) -> None:
    size = path.stat().st_size
    os.truncate(path, int(size * share) // 4096 * 4096 + 100)
    refused(path, "damaged")


# Damage inside


def flip_bit_of_state(path: Path, n_tokens: int, at: int = 100_000) -> None:
    conn = sqlite3.connect(path)
    (snapshot,) = conn.execute("SELECT id FROM snapshots WHERE n_tokens = ?", [n_tokens]).fetchone()
    with conn.blobopen("snapshot_blobs", "data", snapshot) as blob:
        blob[at] ^= 1
    conn.commit()
    conn.close()


def test_a_flipped_bit_in_a_state_makes_it_as_if_it_were_not_there(path: Path) -> None:
    hasher = wanted()
    whole = hasher.n_tokens
    flip_bit_of_state(path, whole)
    with Library.open(path, read_only=True) as window:
        found = window.snapshots.longest(hasher)
        assert found is not None and found.n_tokens == whole
        assert window.snapshots.load(found.id) is None
        resumed = window.snapshots.load_longest(hasher)
        assert resumed is not None and resumed[0].n_tokens < whole
        assert [row.id for row in window.maintenance.verify().damaged] == [found.id]
        assert window.snapshots.longest(hasher) == found
    with Library.open(path) as library:
        resumed = library.snapshots.load_longest(hasher)
        assert resumed is not None
        assert resumed[1] == state_after(hasher.at(resumed[0].n_tokens).hash)
        assert library.snapshots.longest(hasher) == next(r for r in library.snapshots.all() if r.id == resumed[0].id)
        assert 0 < read_fake_document(library, 1, 10, QUIET) == whole - resumed[0].n_tokens
        assert library.documents.all()[0].state == "done"


def test_verify_drops_damaged_states_and_only_those(path: Path) -> None:
    hasher = wanted()
    flip_bit_of_state(path, hasher.n_tokens)
    flip_bit_of_state(path, len(page_tokens(1, 1)), at=0)
    with Library.open(path) as library:
        before = len(library.snapshots.all())
        report = library.maintenance.verify()
        assert {row.n_tokens for row in report.damaged} == {hasher.n_tokens, len(page_tokens(1, 1))}
        assert report.checked == before and not report.sound
        assert len(library.snapshots.all()) == before - 2
        assert library.maintenance.verify().sound


@pytest.mark.parametrize("column", ["prefix_hash", "checksum", "n_tokens", "size"])
def test_a_damaged_row_never_yields_a_wrong_state(path: Path, column: str) -> None:
    hasher = wanted()
    conn = sqlite3.connect(path)
    if column in ("n_tokens", "size"):
        conn.execute(f"UPDATE snapshots SET {column} = {column} - 1")
    else:
        conn.execute(f"UPDATE snapshots SET {column} = randomblob(32)")
    conn.commit()
    conn.close()
    with Library.open(path) as library:
        found = library.snapshots.load_longest(hasher)
        if found is not None:
            assert found[1] == state_after(hasher.at(found[0].n_tokens).hash)


def test_a_search_index_that_lost_its_way_is_made_again(path: Path) -> None:
    conn = sqlite3.connect(path)
    conn.execute("INSERT INTO sections_fts (sections_fts) VALUES ('delete-all')")
    conn.commit()
    conn.close()
    with Library.open(path) as library:
        document = library.documents.all()[0].id
        assert library.search.sections(document, "heading") == []
        assert not library.maintenance.verify().sound
        assert library.search.sections(document, "heading") != []
        assert library.maintenance.verify().sound


def test_damage_in_the_pages_of_the_file_ends_in_a_sentence_or_in_what_is_sound(path: Path) -> None:
    original = path.read_bytes()
    for at in range(4096, len(original), len(original) // 40):
        path.write_bytes(original[:at] + os.urandom(512) + original[at + 512 :])
        for leftover in path.parent.glob("library.db-*"):
            leftover.unlink()
        try:
            with Library.open(path) as library:
                library.maintenance.verify()
                library.documents.all()
                found = library.snapshots.load_longest(wanted())
                assert found is None or found[1] == state_after(wanted().at(found[0].n_tokens).hash)
        except LibraryError as error:
            assert error.kind == "damaged"


# Busy, read-only, full


def test_a_library_that_another_program_holds_is_called_busy(path: Path) -> None:
    with Library.open(path, busy_seconds=0.1) as library:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LibraryError) as error:
            library.documents.for_file(FakeFile(sha256="new"))
        assert error.value.kind == "busy"
        other.execute("ROLLBACK")
        other.close()
        library.documents.for_file(FakeFile(sha256="new"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("closed_cleanly", [True, False])
def test_a_library_that_cannot_be_written_can_be_read(closed_cleanly: bool) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        path = folder / "library.db"
        library = Library.open(path)
        read_fake_document(library, 1, 3, QUIET)
        if not closed_cleanly:
            shutil.copytree(folder, folder / "copy")
            path = folder / "copy" / "library.db"
        library.close()
        for file in path.parent.iterdir():
            file.chmod(0o555)
        folder.chmod(0o755)
        path.parent.chmod(0o555)
        assert in_a_child_without_rights(lambda: open_for_reading_only(path)) == 0
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder, onerror=lambda function, name, _: (os.chmod(Path(name).parent, 0o755), function(name)))


def open_for_reading_only(path: Path) -> None:
    with pytest.raises(LibraryError) as error:
        Library.open(path)
    assert error.value.kind in ("disk", "read_only") and "\n" not in str(error.value)
    with Library.open(path, read_only=True) as library:
        assert library.documents.all()[0].pages_read == 3
        assert library.snapshots.load_longest(wanted(n_pages=3)) is not None
        assert library.maintenance.verify().sound


def in_a_child_without_rights(work) -> int:
    """Exit status of a forked child that runs `work` as nobody: root may write everywhere."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            work()
            status = 0
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_full_disk_loses_nothing_and_reading_goes_on_when_there_is_space(path: Path) -> None:
    with Library.open(path) as library:
        with library._db.read() as conn:
            (pages,) = conn.execute("PRAGMA page_count").fetchone()
            conn.execute(f"PRAGMA max_page_count = {pages + 150}").fetchone()
        with pytest.raises(LibraryError) as error:
            read_fake_document(library, 2, 30, QUIET)
        assert error.value.kind == "full"
        assert library.maintenance.verify().sound
        stopped = library.documents.all()[0]
        assert 0 < stopped.tokens_read < wanted(2, 30).n_tokens
        with library._db.read() as conn:
            conn.execute("PRAGMA max_page_count = 1000000").fetchone()
        assert read_fake_document(library, 2, 30, QUIET) == wanted(2, 30).n_tokens - stopped.tokens_read


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("cannot mount a small file system here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_small_file_system_that_fills_up_loses_nothing_and_space_can_be_made(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = small_disk / "library.db"
    # More than the 4 MB of the log that may have to go into the file at once, as the real 32 MB are.
    monkeypatch.setattr(database, "SPARE_BYTES", 5 << 20)
    with Library.open(path) as library:
        read_fake_document(library, 1, 4, QUIET)
        with pytest.raises(LibraryError) as error:
            read_fake_document(library, 2, 60, QUIET)
        assert error.value.kind == "full"
        read = library.documents.all()[0].tokens_read
    with Library.open(path) as library:
        assert library.maintenance.verify().sound
        assert library.documents.all()[0].tokens_read == read > 0
        before = library.maintenance.file_size()
        library.documents.remove(library.documents.all()[0].id)
        assert library.maintenance.compact() > 0 and library.maintenance.file_size() < before
        assert library.snapshots.load_longest(wanted(1, 4)) is not None
        read_fake_document(library, 3, 3, QUIET)


def test_a_disk_full_to_the_last_byte_loses_nothing(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, ballast = small_disk / "library.db", small_disk / "ballast"
    ballast.write_bytes(bytes(7 << 20))
    monkeypatch.setattr(database, "SPARE_BYTES", -(1 << 40))
    with Library.open(path) as library:
        with pytest.raises(LibraryError) as error:
            read_fake_document(library, 2, 60, QUIET)
        assert error.value.kind == "full"
        read = library.documents.all()[0].tokens_read
    with Library.open(path, read_only=True) as window:
        assert window.documents.all()[0].tokens_read == read > 0
        assert window.maintenance.verify().sound
    with Library.open(path) as library:
        assert library.maintenance.verify().sound
        ballast.unlink()
        resumed = library.snapshots.load_longest(wanted(2, 60))
        assert resumed is not None and resumed[0].n_tokens == read
        assert read_fake_document(library, 2, 60, QUIET) == wanted(2, 60).n_tokens - read
        assert library.documents.all()[0].state == "done"


# Versions


def m900_later(db) -> None:
    """A migration of some later version."""
    db.conn.execute("ALTER TABLE documents ADD COLUMN later TEXT")


def schema_of(path: Path) -> list[tuple]:
    conn = sqlite3.connect(path)
    rows = conn.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
    conn.close()
    return rows


def test_a_newer_library_is_refused_and_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as later:
        later.setattr(schema, "STEPS", [*schema.STEPS, m900_later])
        Library.open(path).close()
    before = path.read_bytes()
    refused(path, "newer")
    assert path.read_bytes() == before


def test_an_older_library_is_updated_by_a_writer_only(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "STEPS", [*schema.STEPS, m900_later])
    before = path.read_bytes()
    refused(path, "older", read_only=True)
    assert path.read_bytes() == before
    with Library.open(path) as library:
        assert library.documents.all()[0].pages_read == 10
        assert library.snapshots.load_longest(wanted()) is not None
    Library.open(path, read_only=True).close()


def test_a_migration_that_fails_leaves_the_library_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def m901_fails(db) -> None:
        db.conn.execute("DROP TABLE turns")
        raise RuntimeError("half-way")

    before = schema_of(path)
    with monkeypatch.context() as later:
        later.setattr(schema, "STEPS", [*schema.STEPS, m901_fails])
        with pytest.raises(RuntimeError, match="half-way"):
            Library.open(path)
    assert schema_of(path) == before
    with Library.open(path) as library:
        assert library.maintenance.verify().sound


@pytest.mark.parametrize("n_steps", range(len(schema.STEPS) + 1))
def test_every_shipped_schema_becomes_todays(tmp_path: Path, n_steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    blank, old = tmp_path / "blank.db", tmp_path / "old.db"
    Library.open(blank).close()
    if n_steps:
        with monkeypatch.context() as earlier:
            earlier.setattr(schema, "STEPS", schema.STEPS[:n_steps])
            Library.open(old).close()
    Library.open(old).close()
    assert schema_of(old) == schema_of(blank)


def test_the_file_is_set_up_as_designed(path: Path) -> None:
    conn = sqlite3.connect(path)
    settings = {name: conn.execute(f"PRAGMA {name}").fetchone()[0] for name in ("auto_vacuum", "journal_mode")}
    assert settings == {"auto_vacuum": 2, "journal_mode": "wal"}
    assert conn.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    conn.close()
    with Library.open(path) as library, library._db.read() as inside:
        assert inside.execute("PRAGMA foreign_keys").fetchone() == (1,)
        assert inside.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_program_killed_while_making_the_library_leaves_one_that_opens(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    conn = sqlite3.connect(path)
    conn.execute("PRAGMA auto_vacuum = INCREMENTAL")
    conn.execute("PRAGMA journal_mode = WAL")
    conn.close()
    with Library.open(path) as library:
        document = library.documents.for_file(FakeFile()).id
        reading = library.reading(document, IDENTITY)
        new = NewSnapshot("end", hash_tokens(IDENTITY, [1]), b"x", "fp32")
        reading.finish(Progress(1, [NewPage(1, "x", 0, 1)], snapshot=new))
        assert library.maintenance.verify().sound
