"""Scores by a network that reads, with those by words: the focus tells; what was read is saved and not read again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.library.library import Library
from engine.library.records import Page, Section
from engine.scoring.reader_model import reader_identity, reader_model
from engine.scoring.section import choose
from engine.summarising import read_scores
from engine.summarising.read_scores import read_sections, saved_logits, score
from engine.summarising.section_text import SectionText
from engine.summarising.selection_summary import texts_of
from engine.summarising.sentence_scores import WordScores
from tests.engine.library_fakes import read_fake_document

TEXT = (
    "The board decided to close the Leeds plant in March because its furnace no longer meets the emission limits. "
    "Coffee was served at ten. The move to Cardiff will cost 12 million pounds and takes two years. "
    "The canteen in Cardiff gets a new kitchen with gas stoves. The weather was fair."
)


def rows(library: Library) -> tuple[list[Section], list[SectionText]]:
    """Return the sections of a document of six pages, and their texts, all TEXT."""
    read_fake_document(library, 1, 6, lambda _: None)
    sections = library.sections.of(1)
    return sections, texts_of(sections, [Page(n, None, TEXT, None, None, None) for n in range(1, 7)])


@pytest.mark.timeout(300)
def test_the_focus_decides_what_is_chosen():
    section = SectionText.of(Section(1, 1, 1, "", TEXT, 1, 1, 0, 90, None), [Page(1, None, TEXT, None, None, None)])
    texts = [sentence.text for sentence in section.sentences]
    reader = reader_model()
    assert reader is not None
    (logits,) = read_scores.sentence_logits(
        reader.model, reader.heads, reader.tokenizer, [(section.text, section.spans)]
    )

    def chosen(focus: str, most: int) -> str:
        return " ".join(texts[i] for i in choose(score(section, logits, WordScores(focus=focus)), texts, most))

    assert "Leeds" in chosen("", 2) or "12 million" in chosen("", 2)
    assert "Coffee" not in chosen("", 2) and "weather" not in chosen("", 2)
    assert "stoves" in chosen("canteen kitchen stoves", 1)


@pytest.mark.timeout(300)
def test_what_was_read_is_saved_and_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with Library.open(tmp_path / "library.db") as library:
        sections, texts = rows(library)
        first = [logits for some in read_sections(library, sections, texts) for logits in some]
        assert len(first) == len(sections) and all(logits is not None for logits in first)

        def never(*_: object) -> None:
            raise AssertionError("read again")

        monkeypatch.setattr(read_scores, "sentence_logits", never)
        again = [logits for some in read_sections(library, sections, texts) for logits in some]
        for one, other in zip(first, again, strict=True):
            assert (one is None) == (other is None)
            if one is not None:
                np.testing.assert_array_equal(one, other)


def test_scores_of_another_model_or_another_splitting_do_not_count(tmp_path: Path):
    with Library.open(tmp_path / "library.db") as library:
        sections, texts = rows(library)
        identity = reader_identity()
        assert identity is not None
        count = len(texts[0].sentences)
        library.sentence_scores.save("another", {sections[0].id: np.zeros((count, 2), np.float32).tobytes()})
        assert saved_logits(library, sections, texts) == [None] * len(sections)
        library.sentence_scores.save(identity, {sections[0].id: np.zeros((count + 1, 2), np.float32).tobytes()})
        assert saved_logits(library, sections, texts) == [None] * len(sections)
        library.sentence_scores.save(identity, {sections[0].id: np.zeros((count, 2), np.float32).tobytes()})
        found = saved_logits(library, sections[:1], texts[:1])[0]
        assert found is not None and found.shape == (count, 2)


def test_another_language_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    text = "Насосная станция подаёт воду из реки в старое водохранилище. У каждого насоса есть двигатель и клапан."
    section = Section(1, 1, 1, "", text, 1, 1, 0, 50, None)
    texts = [SectionText.of(section, [Page(1, None, text, None, None, None)])]
    monkeypatch.setattr(read_scores, "reader_model", lambda: pytest.fail("loaded for a language it does not know"))
    with Library.open(tmp_path / "library.db") as library:
        assert list(read_sections(library, [section], texts)) == [[None]]
