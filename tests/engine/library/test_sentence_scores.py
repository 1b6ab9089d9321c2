"""Saved scores of sentences: by section and model, gone with their section, never taken where they are damaged."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from engine.library.library import Library
from tests.engine.library_fakes import read_fake_document


def test_scores_belong_to_a_section_and_a_model(tmp_path: Path):
    with Library.open(tmp_path / "library.db") as library:
        read_fake_document(library, 1, 6, lambda _: None)
        ids = [section.id for section in library.sections.of(1)]
        library.sentence_scores.save("a", {ids[0]: b"one", 999: b"gone"})
        library.sentence_scores.save("a", {ids[0]: b"two"})
        library.sentence_scores.save("b", {ids[0]: b"three"})
        assert library.sentence_scores.of("a", [*ids, 999]) == {ids[0]: b"two"}
        assert library.sentence_scores.of("b", ids) == {ids[0]: b"three"}
        assert library.sentence_scores.of("c", ids) == {}
        library.documents.remove(1)
        assert library.sentence_scores.of("a", ids) == {}


def test_damaged_scores_are_not_taken(tmp_path: Path):
    path = tmp_path / "library.db"
    with Library.open(path) as library:
        read_fake_document(library, 1, 6, lambda _: None)
        first = library.sections.of(1)[0].id
        library.sentence_scores.save("a", {first: b"one"})
    conn = sqlite3.connect(path)
    conn.execute("UPDATE sentence_scores SET data = x'00'")
    conn.commit()
    conn.close()
    with Library.open(path) as library:
        assert library.sentence_scores.of("a", [first]) == {}
        assert not library.maintenance.verify().sound
