"""A focus: only the sentences around its words are read, and what tells about it is preferred."""

from __future__ import annotations

import numpy as np
import pytest

from engine.library.records import Page, Section
from engine.summarising import focus_scores
from engine.summarising.focus_scores import Focus, focus_logits, stretches
from engine.summarising.section_text import SectionText
from engine.summarising.selection import Selection

TEXT = (
    "The board decided to close the Leeds plant in March because its furnace no longer meets the emission limits. "
    "Coffee was served at ten. The chair thanked the members for their patience. "
    "The move to Cardiff will cost 12 million pounds and takes two years. "
    "A member asked whether the canteen could be visited. It was built in 1954 and seats four hundred people."
)


def section(text: str) -> SectionText:
    return SectionText.of(Section(1, 1, 1, "", text, 1, 1, 0, 90, None), [Page(1, None, text, None, None, None)])


def test_stretches_reach_one_sentence_around():
    assert stretches([False, True, False, False, False, True]) == [range(3), range(4, 6)]
    assert stretches([False, False]) == stretches([]) == []


def test_sections_that_name_nothing_or_are_in_another_language_are_not_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(focus_scores, "reader_model", lambda: pytest.fail("loaded for nothing"))
    russian = section("Насосная станция подаёт воду из реки в старое водохранилище.")
    assert focus_logits(Focus.of("elephants"), [section(TEXT)]) == [None]
    assert focus_logits(Focus.of("станция"), [russian]) == [None]


@pytest.mark.timeout(300)
def test_only_what_lies_around_the_words_is_read_and_scored():
    (logits,) = focus_logits(Focus.of("the canteen"), [section(TEXT)])
    assert logits is not None
    assert np.isnan(logits).tolist() == [True, True, True, False, False, False]


def test_a_sentence_without_the_words_is_chosen_only_where_the_network_is_sure():
    here = section(TEXT)
    selection = Selection("", "canteen")
    quiet = np.array([np.nan, np.nan, np.nan, -2.0, 1.0, -1.0], np.float32)
    sure = np.array([np.nan, np.nan, np.nan, -2.0, 1.0, 3.0], np.float32)
    said = [[key.sentence.text[:8] for key in selection.digest(0, here, None, about).key] for about in (quiet, sure)]
    assert said == [["A member"], ["A member", "It was b"]]
