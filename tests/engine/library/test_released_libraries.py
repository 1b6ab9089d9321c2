"""Libraries made by released versions are brought up to date with all that they hold.

`released/VERSION.db.xz` was made by that version (0.1.0 by hand, later ones by `make_released`): two documents of three
pages, read to the end by one model, with section states' decay, retention, a summary, section summaries, entities, and
two turns each.
"""

from __future__ import annotations

import contextlib
import lzma
import sqlite3
from pathlib import Path

import pytest

from engine.library import schema
from engine.library.database import LibraryError
from engine.library.export import to_json
from engine.library.library import Library
from engine.library.prefix import PrefixHasher
from tests.engine.library_fakes import IDENTITY

RELEASED = sorted((Path(__file__).parent / "released").glob("*.db.xz"))


@pytest.fixture(params=RELEASED, ids=lambda path: path.name)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "library.db"
    path.write_bytes(lzma.decompress(request.param.read_bytes()))
    return path


def is_older(path: Path) -> bool:
    with contextlib.closing(sqlite3.connect(path)) as conn:
        return schema.pending(conn) > 0


def test_a_window_asks_for_the_update(path: Path) -> None:
    if not is_older(path):
        Library.open(path, read_only=True).close()
        return
    with pytest.raises(LibraryError) as error:
        Library.open(path, read_only=True)
    assert error.value.kind == "older"


def test_everything_is_kept(path: Path) -> None:
    older = is_older(path)
    with Library.open(path) as library:
        assert library.maintenance.verify().sound
        assert path.with_name("library.db.before-update").exists() == older
        assert path.stat().st_mode & 0o077 == 0 or not older
        documents = library.documents.all()
        assert [document.path for document in documents] == ["/documents/log_zh.txt", "/documents/report.pdf"]
        for document in documents:
            assert (document.state, document.pages_read, document.paths) == ("done", 3, [document.path])
            assert len(library.pages.of(document.id)) == len(library.sections.of(document.id)) == 3
            assert [turn.answer for turn in library.turns.of(document.id)] == ["Ann Weber", "Not in this document."]
            assert all(turn.current and turn.sha256 == document.sha256 for turn in library.turns.of(document.id))
            (summary,) = library.summaries.of(document.id)
            assert (summary.text, summary.current) == ("All is well.", True)
            assert [found.text for found in library.section_summaries.of(document.id)] == ["- Fine."] * 3
            entities = library.entities.of(document.id)
            assert entities is not None and entities.entries[0].text == "Ann Weber"
            retention = library.retention.of(document.id)
            assert retention is not None and retention.retained == [0.1, 0.5, 1.0]
            kinds = [snapshot.kind for snapshot in library.snapshots.of(document.id)]
            assert kinds == ["checkpoint", "checkpoint", "end", "turn"]
            to_json(library, document.id, with_text=True)


def test_states_and_sections_are_found(path: Path) -> None:
    hasher = PrefixHasher(IDENTITY)
    for page in (1, 2, 3):
        hasher.feed(list(range(page * 100, page * 100 + 50)))
    with Library.open(path) as library:
        found = library.snapshots.load_longest(hasher)
        assert found is not None
        assert (found[0].n_tokens, bytes(found[1])) == (150, bytes([3]) * 400)
        assert found[0].exact
        chinese, report = library.documents.all()
        assert len(library.search.sections(chinese.id, "谁检修了冷却塔？")) == 3
        assert len(library.search.sections(report.id, "inspection of valves")) == 3
