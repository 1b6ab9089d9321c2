"""Sentence indexes: saved with a document, loaded as they were, built anew for other pages or damaged bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.grounding.sentence_index import SentenceIndex
from engine.library.library import Library
from engine.reading import kept_indexes
from engine.reading.kept_indexes import MOST, KeptIndexes
from tests.engine.library_fakes import read_fake_document

PAGES = {
    1: "Pumps\n\nThe pump was repaired in March. It was painted because it had",
    2: "rusted at the flange. Paint dries in a day.\n\nPart\tPrice\nseal\t12.50\nvalve\t80.00",
}


def test_an_index_survives_its_bytes():
    index = SentenceIndex(PAGES.items())
    again = SentenceIndex.from_bytes(index.to_bytes(PAGES), PAGES)
    assert again.sentences == index.sentences and again.language == index.language
    joined = next(one for one in again.sentences if one.text.startswith("It was painted"))
    assert joined.text.endswith("at the flange.") and joined.page == 1
    for wanted in (["pump"], ["paint", "dri"], ["seal", "price"]):
        assert again.search(wanted, 5) == index.search(wanted, 5) != []
    assert again.rarity("paint") == index.rarity("paint")


@pytest.fixture
def built(monkeypatch):
    """The texts from which indexes were built."""
    found: list[list[tuple[int, str]]] = []

    class Counted(SentenceIndex):
        def __init__(self, pages):
            pages = list(pages)
            found.append(pages)
            super().__init__(pages)

    monkeypatch.setattr(kept_indexes, "SentenceIndex", Counted)
    return found


def test_a_saved_index_is_loaded_for_the_same_pages_only(tmp_path: Path, built):
    with Library.open(tmp_path / "library.db") as library:
        read_fake_document(library, 1, 6, lambda _: None)
        pages = library.pages.of(1)
        first = KeptIndexes().of(library, 1, pages, save=True)
        second = KeptIndexes().of(library, 1, pages, save=True)
        assert len(built) == 1 and second.sentences == first.sentences
        KeptIndexes().of(library, 1, pages[:-1], save=False)
        KeptIndexes().of(library, 1, pages, save=True)
        assert len(built) == 2
        library.documents.remove(1)
        KeptIndexes().of(library, 1, pages, save=True)
        assert len(built) == 3


def test_a_damaged_index_is_built_anew(tmp_path: Path, built, monkeypatch):
    with Library.open(tmp_path / "library.db") as library:
        read_fake_document(library, 1, 6, lambda _: None)
        pages = library.pages.of(1)
        for damage in (b"torn", b"x\x01c`\x00\x00\x00\x01\x00\x01"):
            with monkeypatch.context() as patch:
                patch.setattr(library.sentence_indexes, "of", lambda *_, damage=damage: damage)
                assert KeptIndexes().of(library, 1, pages, save=False).sentences
        assert len(built) == 2


def test_the_last_few_indexes_stay_in_memory(built, tmp_path: Path):
    with Library.open(tmp_path / "library.db") as library:
        read_fake_document(library, 1, 6, lambda _: None)
        pages = library.pages.of(1)
        kept = KeptIndexes()
        first = kept.of(library, 1, pages, save=False)
        assert kept.of(library, 1, pages, save=False) is first
        for count in range(1, MOST + 1):
            kept.of(library, 1, pages[:count], save=False)
        assert kept.of(library, 1, pages, save=False) is not first
        assert len(built) == MOST + 2
