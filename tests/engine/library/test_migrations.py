"""Libraries that stand at any step of the schema are brought up to date, also when an update was interrupted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.library import schema, sql_functions
from engine.library.library import Library

ROWS = """
INSERT INTO identities VALUES (1, 'k', 'a model', 'w', 't', 'p', 'fp32', '1');
INSERT INTO documents (id, sha256, path, title, kind, size, n_pages, added, opened, used)
    VALUES (1, 'aa', '/x/报告.txt', '报告', 'text', 9, 1, 1.0, 2.0, 1);
INSERT INTO pages (document, number, text) VALUES (1, 1, '安娜检修了冷却塔。 The valve was inspected.');
INSERT INTO readings (id, document, identity, state, tokens_read, tokens_saved, started, updated, used)
    VALUES (1, 1, 1, 'done', 50, 50, 1.0, 2.0, 1);
INSERT INTO page_tokens VALUES (1, 1, 0, 50);
INSERT INTO sections (reading, number, heading, text, first_page, last_page, first_token, n_tokens)
    VALUES (1, 1, 'Part', '安娜检修了冷却塔。 The valve was inspected.', 1, 1, 0, 50);
INSERT INTO turns (document, identity, question, answer, evidence, created) VALUES (1, 1, 'Q', 'A', 'null', 1.0);
INSERT INTO summaries (document, identity, method, focus, text, evidence, n_tokens, created)
    VALUES (1, 1, 'state', '', 'All is well.', 'null', 50, 1.0);
"""


LAST_OF_OLD_ROWS = 4
"""The rows are as a program with this schema wrote them; later migrations add to them."""


def library_at(path: Path, steps: int) -> Path:
    """Make a library that stands after the first `steps` migrations, with a row of every old kind."""
    from sqlite_utils import Database, Migrations

    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        sql_functions.register(conn)
        for until in sorted({min(steps, LAST_OF_OLD_ROWS), steps}):
            migrations = Migrations(schema.MIGRATION_SET)
            for step in schema.STEPS[:until]:
                migrations()(step)
            migrations.apply(Database(conn, recursive_triggers=False, execute_plugins=False))
            if until == min(steps, LAST_OF_OLD_ROWS):
                conn.executescript(ROWS)
    return path


def check_everything_is_there(path: Path) -> None:
    with Library.open(path) as library:
        (document,) = library.documents.all()
        assert (document.title, document.state, document.paths) == ("报告", "done", ["/x/报告.txt"])
        assert library.pages.of(1)[0].text.startswith("安娜")
        assert [turn.answer for turn in library.turns.of(1)] == ["A"]
        assert [summary.text for summary in library.summaries.of(1)] == ["All is well."]
        assert library.search.sections(1, "谁检修了冷却塔？")
        assert library.search.sections(1, "inspection of valves")
        assert not [problem for problem in library.maintenance.verify().problems if "refers to" in problem]
        with library._db.read() as conn:
            assert schema.pending(conn) == 0


@pytest.mark.parametrize("steps", range(1, len(schema.STEPS)))
def test_every_earlier_schema_is_brought_up_to_date(tmp_path: Path, steps: int) -> None:
    path = library_at(tmp_path / "library.db", steps)
    before = path.read_bytes()
    check_everything_is_there(path)
    with closing(sqlite3.connect(path.with_name("library.db.before-update"))) as copy:
        assert copy.execute("SELECT count(*) FROM _sqlite_migrations").fetchone() == (steps,)
    assert before != path.read_bytes()


@pytest.mark.parametrize("steps", range(1, len(schema.STEPS)))
def test_an_update_that_fails_leaves_a_step_whole(tmp_path: Path, steps: int, monkeypatch) -> None:
    path = library_at(tmp_path / "library.db", steps)
    broken = schema.STEPS[steps]

    def fail(db) -> None:
        broken(db)
        raise OSError(28, "no space left on device")

    fail.__name__ = broken.__name__
    monkeypatch.setattr(schema, "STEPS", [*schema.STEPS[:steps], fail, *schema.STEPS[steps + 1 :]])
    with pytest.raises(Exception, match="no space left"):
        Library.open(path)
    monkeypatch.undo()
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT count(*) FROM _sqlite_migrations").fetchone() == (steps,)
    check_everything_is_there(path)
