"""Everyday words: found by stem, both ways, never the word itself."""

from __future__ import annotations

import pytest

from engine.grounding.words import stem
from engine.scoring.everyday_words import alike


@pytest.mark.parametrize(("asked", "written"), [("holiday", "vacation"), ("dangerous", "unsafe"), ("firm", "company")])
def test_words_of_one_meaning_stand_for_each_other(asked, written):
    one, other = stem(asked, "en"), stem(written, "en")
    assert other in alike(one) and one in alike(other)
    assert one not in alike(one)


def test_unknown_words_have_none():
    assert alike("zyxw") == ()
