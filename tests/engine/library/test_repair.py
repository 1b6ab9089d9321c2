"""Damage: one sentence for every command, a backup that is whole, and a repair that saves what can be read."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from engine.cli.library import LibraryWish
from engine.cli.library import run_action as run_with
from engine.cli.options import Options
from engine.errors import KnownError
from engine.library import schema
from engine.library.database import LibraryError
from engine.library.export import to_json
from engine.library.library import Library
from engine.library.records import NewSummary, NewTurn
from engine.library.repair import repair
from tests.engine.library_fakes import IDENTITY, read_fake_document

ACTIONS = [("list", None), ("show", "1"), ("export", "1"), ("verify", None), ("compact", None), ("remove", "1")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A library of two documents with turns and summaries, closed."""
    path = tmp_path / "library.db"
    with Library.open(path) as library:
        for seed in (1, 2):
            read_fake_document(library, seed, 6, lambda _: None)
            library.turns.add(seed, IDENTITY, NewTurn("Which pump?", "P-120"))
            library.summaries.add(seed, IDENTITY, NewSummary("state", "All is well.", 5))
    return path


def run_action(action: str, name: str | None, path: Path) -> int:
    return run_with(action, LibraryWish(name), Options(library=path))


def exported(path: Path) -> list[str]:
    with Library.open(path, read_only=True) as library:
        return [to_json(library, document.id, with_text=True) for document in library.documents.all()]


def test_backup_is_the_same_library(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "copy.db"
    assert run_action("backup", str(copy), path) == 0
    assert exported(copy) == exported(path)
    with pytest.raises(LibraryError, match="already"):
        run_action("backup", str(copy), path)
    assert "Backed up" in capsys.readouterr().out


def test_backup_while_a_writer_has_the_library_open(path: Path, tmp_path: Path) -> None:
    with Library.open(path) as writer:
        writer.turns.add(1, IDENTITY, NewTurn("Another?", "Yes."))
        run_action("backup", str(tmp_path / "copy.db"), path)
    assert exported(tmp_path / "copy.db") == exported(path)


def test_repair_of_a_sound_library_loses_nothing(path: Path) -> None:
    before = exported(path)
    done = repair(path)
    assert done.lost == {}
    assert done.kept.exists()
    assert exported(path) == before
    with Library.open(path) as library:
        assert library.maintenance.verify().sound
        assert len(library.search.sections(1, "text")) > 1
    assert (
        sorted(file.name for file in path.parent.iterdir())
        == [
            "library.db",
            done.kept.name,
            "library.db.lock",
        ]
        or len(list(path.parent.iterdir())) == 3
    )


@pytest.mark.parametrize("seed", range(25))
def test_damage_is_one_sentence_and_repair_saves_the_rest(path: Path, seed: int, capsys) -> None:
    """Bytes are flipped in the schema page, in one page, or all over; nothing ends in a traceback."""
    chance = random.Random(seed)
    data = bytearray(path.read_bytes())
    first, size = [(100, 4096), (4096 * chance.randrange(1, 40), 4096), (100, len(data))][seed % 3]
    for _ in range(chance.choice([1, 8, 200])):
        at = first + chance.randrange(min(size, len(data) - first - 1))
        data[at] ^= 1 << chance.randrange(8)
    path.write_bytes(data)
    for action, name in ACTIONS:
        copy = path.with_name("trial.db")
        copy.write_bytes(data)
        try:
            run_action(action, name, copy)
        except KnownError as error:
            assert "\n" not in str(error)
        for side in path.parent.glob("trial.db*"):
            side.unlink()
    try:
        done = repair(path)
    except LibraryError as error:
        assert error.kind in ("foreign", "newer", "damaged")
        return
    with Library.open(path) as library:
        assert library.maintenance.verify().sound, done
        for document in library.documents.all():
            to_json(library, document.id, with_text=True)
        assert read_fake_document(library, 1, 6, lambda _: None) >= 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE pages SET text = 'Another text.' WHERE number = 2 AND document = 1",
        "UPDATE sections SET heading = 'Another heading' WHERE number = 2",
        "UPDATE turns SET answer = 'P-999'",
        "UPDATE summaries SET text = 'All is lost.'",
    ],
)
def test_verify_finds_changed_texts(path: Path, statement: str) -> None:
    conn = sqlite3.connect(path)
    conn.execute(statement)
    conn.commit()
    conn.close()
    with Library.open(path) as library:
        found = library.maintenance.verify()
        assert not found.sound
        assert "changed since" in " ".join(found.problems)


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE page_tokens",
        "DELETE FROM _sqlite_migrations WHERE name = 'm002_turn_tokens'",
        "UPDATE turns SET evidence = 'no JSON'",
        "UPDATE section_notes SET line_pages = '{'",
        "UPDATE turns SET question = CAST(x'ff' AS TEXT)",
        "UPDATE documents SET title = CAST(x'c328' AS TEXT)",
    ],
)
def test_damaged_rows_and_schema_are_one_sentence(path: Path, statement: str) -> None:
    conn = sqlite3.connect(path)
    conn.execute("INSERT INTO section_notes VALUES (1, 1, 'r', '', 't', '[]', 0, x'00', 1)")
    conn.execute(statement)
    conn.commit()
    conn.close()
    for action, name in ACTIONS:
        try:
            run_action(action, name, path)
        except KnownError as error:
            assert "\n" not in str(error)
            assert str(error).endswith(".")


def test_library_of_an_older_version_is_copied_before_it_is_updated(path: Path, monkeypatch) -> None:
    def m999_later(db) -> None:
        db.conn.execute("ALTER TABLE documents ADD COLUMN later TEXT")

    before = exported(path)
    monkeypatch.setattr(schema, "STEPS", [*schema.STEPS, m999_later])
    Library.open(path).close()
    monkeypatch.undo()
    copy = path.with_name("library.db.before-update")
    assert exported(copy) == before
    with pytest.raises(LibraryError) as error:
        Library.open(path)
    assert error.value.kind == "newer"
